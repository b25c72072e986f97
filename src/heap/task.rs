//! What a long analysis tells while it works, and what it listens to: how far it is, and whether anybody still wants it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};

use super::error::{HeapError, HeapErrorKind};

/// What is done to a file, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Phase {
    /// The file is mapped, or unpacked.
    Opening,
    /// Its sections and strings are found.
    Scanning,
    /// The tables of nodes and edges are read.
    Parsing,
    /// Sizes, classes, dominators.
    Graph,
    /// What was asked is answered.
    Answering,
}

impl Phase {
    const ALL: [Self; 5] = [Self::Opening, Self::Scanning, Self::Parsing, Self::Graph, Self::Answering];

    /// The name JavaScript sees.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Scanning => "scanning",
            Self::Parsing => "parsing",
            Self::Graph => "graph",
            Self::Answering => "answering",
        }
    }

    /// The share of a file's time that is over when the phase begins, about.
    fn begins_at(self) -> f64 {
        [0.0, 0.02, 0.25, 0.5, 0.85][self as usize]
    }
}

/// One analysis under way, shared by the threads that work on it and the one that waits.
#[derive(Debug)]
pub struct Task {
    cancelled: AtomicBool,
    phase: AtomicU8,
    file: AtomicU32,
    files: u32,
}

impl Default for Task {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Task {
    /// An analysis of so many files, one after the other.
    pub fn new(files: usize) -> Self {
        Self {
            cancelled: AtomicBool::new(false),
            phase: AtomicU8::new(0),
            file: AtomicU32::new(0),
            files: files.max(1) as u32,
        }
    }

    /// Asks the analysis to end soon with [`HeapErrorKind::Cancelled`].
    pub fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// # Errors
    /// [`HeapErrorKind::Cancelled`] when nobody wants the answer any more. Cheap: call it between phases, and in long
    /// loops every few thousand rounds.
    pub fn check(&self) -> Result<(), HeapError> {
        if self.cancelled.load(Relaxed) {
            return Err(HeapError::new(HeapErrorKind::Cancelled, "the analysis was called off"));
        }
        Ok(())
    }

    /// Begins a phase of the present file.
    ///
    /// # Errors
    /// As [`Task::check`].
    pub fn enter(&self, phase: Phase) -> Result<(), HeapError> {
        self.phase.store(phase as u8, Relaxed);
        self.check()
    }

    /// The present file is done.
    pub fn next_file(&self) {
        self.phase.store(Phase::Opening as u8, Relaxed);
        self.file.fetch_add(1, Relaxed);
    }

    /// What is being done now.
    pub fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Relaxed))]
    }

    /// The share of the work that is over, 0 to 1; a guess from the phases, that never goes back.
    pub fn fraction(&self) -> f64 {
        let file = f64::from(self.file.load(Relaxed)) + self.phase().begins_at();
        (file / f64::from(self.files)).min(1.0)
    }
}
