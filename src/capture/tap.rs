//! Somebody who reads along while a snapshot is written.

use std::panic::{self, AssertUnwindSafe};

use super::error::CaptureError;

/// A reader of what goes into the file. Whatever happens to it, the snapshot is written.
pub trait Tap: Send {
    /// Takes the next piece of the file's text, before it is compressed.
    fn push(&mut self, text: &[u8]) -> Result<(), CaptureError>;

    /// What there is to say about the text, now that it is whole and the file has its name.
    fn finish(self: Box<Self>) -> Result<String, CaptureError>;
}

/// A tap until it fails, or nobody.
pub enum Reading {
    /// Nobody reads along.
    Unwanted,
    /// Somebody does.
    Open(Box<dyn Tap>),
    /// Somebody did, until this.
    Failed(CaptureError),
}

impl Reading {
    /// Hands on the next piece.
    pub fn push(&mut self, text: &[u8]) {
        if let Self::Open(tap) = self
            && let Err(reason) = caught(|| tap.push(text))
        {
            *self = Self::Failed(reason);
        }
    }

    /// What the reader has to say; `None` when there was none.
    pub fn finish(self) -> Option<Result<String, CaptureError>> {
        match self {
            Self::Unwanted => None,
            Self::Open(tap) => Some(caught(|| tap.finish())),
            Self::Failed(reason) => Some(Err(reason)),
        }
    }
}

fn caught<T>(work: impl FnOnce() -> Result<T, CaptureError>) -> Result<T, CaptureError> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(CaptureError::bug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(&'static str);

    impl Tap for Failing {
        fn push(&mut self, _text: &[u8]) -> Result<(), CaptureError> {
            assert!(self.0 != "panics");
            if self.0 == "refuses" { Err(CaptureError::new("ERR", "no")) } else { Ok(()) }
        }

        fn finish(self: Box<Self>) -> Result<String, CaptureError> {
            Ok(self.0.into())
        }
    }

    fn read(tap: Failing) -> Result<String, &'static str> {
        let mut reading = Reading::Open(Box::new(tap));
        reading.push(b"1");
        reading.push(b"2");
        reading.finish().unwrap().map_err(|error| error.code)
    }

    #[test]
    fn a_reader_that_fails_is_asked_no_more() {
        assert_eq!(read(Failing("reads")), Ok("reads".into()));
        assert_eq!(read(Failing("refuses")), Err("ERR"));
        assert_eq!(read(Failing("panics")), Err("ERR_LEAKWATCH_INTERNAL"));
        assert!(Reading::Unwanted.finish().is_none());
    }
}
