//! One capture at a time: where it stands, how it ended, and how it is called off.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::Product;
use super::error::CaptureError;

/// A capture in progress or just ended. Shared by the thread that drains it and whoever waits for it.
#[derive(Debug, Default)]
pub struct Session {
    bytes: AtomicU64,
    cancelled: AtomicBool,
    outcome: Mutex<Option<Result<Product, CaptureError>>>,
}

/// The capture that is under way in this process, in whichever of its JavaScript threads.
static RUNNING: Mutex<Weak<Claim>> = Mutex::new(Weak::new());

/// The right to capture. While somebody holds it nobody else gets it.
#[derive(Debug)]
pub struct Claim(());

impl Claim {
    /// Takes the right to capture, or says that another capture has it.
    pub fn take() -> Result<Arc<Self>, CaptureError> {
        let mut running = RUNNING.lock();
        if running.strong_count() > 0 {
            return Err(CaptureError::new(
                "ERR_LEAKWATCH_BUSY",
                "Another capture is under way elsewhere in this process, and two would need twice the memory. Wait for it: its result cannot be joined from here.",
            ));
        }
        let claim = Arc::new(Self(()));
        *running = Arc::downgrade(&claim);
        Ok(claim)
    }
}

impl Session {
    /// Bytes that V8 has written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Counts bytes that V8 has written.
    pub fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Calls the capture off: it ends soon, with an error, and leaves nothing.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the capture was called off.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Starts the thread that does the capture's work and ends with its outcome.
    pub fn run(
        self: &Arc<Self>,
        work: impl FnOnce(&Arc<Session>) -> Result<Product, CaptureError> + Send + 'static,
    ) -> Result<(), CaptureError> {
        let session = Arc::clone(self);
        let started = crate::thread::spawn("leakwatch-drain", move || {
            // Without an outcome somebody would wait for ever.
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| work(&session)));
            *session.outcome.lock() = Some(outcome.unwrap_or_else(|_| Err(CaptureError::bug())));
        });
        started.map_err(|error| {
            CaptureError::new(
                "ERR_LEAKWATCH_SYSTEM",
                format!("Cannot start a thread for the capture: {error}."),
            )
        })
    }

    /// Whether there is an outcome that nobody has taken.
    pub fn has_ended(&self) -> bool {
        self.outcome.lock().is_some()
    }

    /// Takes the outcome, once there is one.
    pub fn take_outcome(&self) -> Option<Result<Product, CaptureError>> {
        self.outcome.lock().take()
    }
}
