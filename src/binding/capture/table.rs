//! The captures that this JavaScript thread has started and not yet heard the end of.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use napi::{Error, Result, Status};

use crate::capture::background::Start;
use crate::capture::session::Session;

/// One of them.
pub struct Capture {
    pub session: Arc<Session>,
    /// What forks its child; `None` once it has, and for a capture in this process.
    pub start: Option<Start>,
}

#[derive(Default)]
struct Captures {
    by_number: HashMap<u32, Capture>,
    last: u32,
}

thread_local! {
    static CAPTURES: RefCell<Captures> = RefCell::default();
}

/// Keeps a capture; returns the number JavaScript asks for it with.
pub fn keep(capture: Capture) -> u32 {
    CAPTURES.with_borrow_mut(|captures| {
        captures.last = captures.last.wrapping_add(1);
        captures.by_number.insert(captures.last, capture);
        captures.last
    })
}

/// Lets `work` have the capture with a number.
pub fn with<T>(number: u32, work: impl FnOnce(&mut Capture) -> T) -> Result<T> {
    CAPTURES.with_borrow_mut(|captures| match captures.by_number.get_mut(&number) {
        Some(capture) => Ok(work(capture)),
        None => Err(Error::new(Status::InvalidArg, format!("no capture {number}"))),
    })
}

/// Forgets a capture; a child that it would still have forked is never forked.
pub fn forget(number: u32) {
    CAPTURES.with_borrow_mut(|captures| captures.by_number.remove(&number));
}
