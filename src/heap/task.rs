//! What a long analysis tells while it works, and what it listens to: how far it is, and whether anybody still wants it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

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
        BEGINS[self as usize]
    }

    /// … and when it ends.
    fn ends_at(self) -> f64 {
        BEGINS[self as usize + 1]
    }
}

/// When each phase begins, and the last one ends.
const BEGINS: [f64; 6] = [0.0, 0.02, 0.25, 0.5, 0.85, 1.0];

/// The share of unpacking, in front of everything else, where a file is compressed.
const UNPACKING: f64 = 0.4;

/// Loops over nodes look up once in so many.
const BLOCK: usize = 1 << 16;

/// One analysis under way, shared by the threads that work on it and the one that waits.
#[derive(Debug)]
pub struct Task {
    cancelled: AtomicBool,
    phase: AtomicU8,
    file: AtomicU32,
    files: u32,
    unpacks: AtomicBool,
    /// Of the present phase, in whatever it counts: bytes, nodes, lists.
    done: AtomicU64,
    whole: AtomicU64,
    /// Bits of the greatest fraction told: those of positive numbers are ordered as they are.
    told: AtomicU64,
    blocks: AtomicU64,
    most_blocks: u64,
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
            unpacks: AtomicBool::new(false),
            done: AtomicU64::new(0),
            whole: AtomicU64::new(0),
            told: AtomicU64::new(0),
            blocks: AtomicU64::new(0),
            most_blocks: u64::MAX,
        }
    }

    /// Same as [`Task::new`], called off after so many blocks of work.
    pub fn of_blocks(files: usize, blocks: u64) -> Self {
        Self { most_blocks: blocks, ..Self::new(files) }
    }

    /// Asks the analysis to end soon with [`HeapErrorKind::Cancelled`].
    pub fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// # Errors
    /// [`HeapErrorKind::Cancelled`] when nobody wants the answer any more.
    pub fn check(&self) -> Result<(), HeapError> {
        if self.cancelled.load(Relaxed) {
            return Err(HeapError::new(HeapErrorKind::Cancelled, "the analysis was called off"));
        }
        Ok(())
    }

    /// Begins a phase of the present file: `whole` is how much there is to do, in whatever [`Task::advance`] counts; 0
    /// when opening is a matter of a moment.
    ///
    /// # Errors
    /// As [`Task::check`].
    pub fn enter(&self, phase: Phase, whole: usize) -> Result<(), HeapError> {
        if phase == Phase::Opening {
            self.unpacks.store(whole > 0, Relaxed);
        }
        self.done.store(0, Relaxed);
        self.whole.store(whole as u64, Relaxed);
        self.phase.store(phase as u8, Relaxed);
        self.check()
    }

    /// A block of work is done, `amount` of the phase's whole (0 beside the main work).
    ///
    /// # Errors
    /// As [`Task::check`].
    pub fn advance(&self, amount: usize) -> Result<(), HeapError> {
        self.check()?;
        self.done.fetch_add(amount as u64, Relaxed);
        if self.blocks.fetch_add(1, Relaxed) + 1 >= self.most_blocks {
            self.cancel();
        }
        self.check()
    }

    /// [`Task::advance`] in a loop over nodes, for each index: cheap, because it looks up once in a block.
    ///
    /// # Errors
    /// As [`Task::check`].
    #[inline(always)]
    pub(super) fn advance_at(&self, index: usize) -> Result<(), HeapError> {
        if index.is_multiple_of(BLOCK) { self.advance(BLOCK) } else { Ok(()) }
    }

    /// Same as [`Task::advance_at`] for work beside the main one, which says how far the phase is.
    ///
    /// # Errors
    /// As [`Task::check`].
    #[inline(always)]
    pub(super) fn check_at(&self, index: usize) -> Result<(), HeapError> {
        if index.is_multiple_of(BLOCK) { self.advance(0) } else { Ok(()) }
    }

    /// Blocks of work done so far.
    pub fn blocks(&self) -> u64 {
        self.blocks.load(Relaxed)
    }

    /// The present file is done.
    pub fn next_file(&self) {
        // In the order opposite to that in which they are read, so that no fraction is too great.
        self.phase.store(Phase::Opening as u8, Relaxed);
        self.file.fetch_add(1, Relaxed);
    }

    /// What is being done now.
    pub fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Relaxed))]
    }

    /// The share of the work that is over, 0 to 1; a guess from the phases, that never goes back.
    pub fn fraction(&self) -> f64 {
        let file = f64::from(self.file.load(Relaxed));
        let phase = self.phase();
        let whole = self.whole.load(Relaxed).max(1) as f64;
        let part = (self.done.load(Relaxed) as f64 / whole).min(1.0);
        let (begin, end) = (phase.begins_at(), phase.ends_at());
        let within = begin + (end - begin) * part;
        let files = file
            + match (self.unpacks.load(Relaxed), phase) {
                (false, _) => within,
                (true, Phase::Opening) => UNPACKING * part,
                (true, _) => UNPACKING + (1.0 - UNPACKING) * within,
            };
        let fraction = (files / f64::from(self.files)).min(1.0);
        let before = self.told.fetch_max(fraction.to_bits(), Relaxed);
        f64::from_bits(before).max(fraction)
    }
}
