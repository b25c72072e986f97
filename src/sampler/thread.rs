//! The sampling thread: one per process, however many JavaScript threads want its readings.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::{Probe, Reading, Ring, probe};

/// A share in the sampling thread. The thread ends when the last share is dropped.
#[derive(Debug)]
pub struct Sampler(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    readings: Mutex<Ring<Reading>>,
    stop: Arc<Stop>,
}

/// Outlives the shares, so that the thread can wait on it without keeping them alive.
#[derive(Debug, Default)]
struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

static RUNNING: Mutex<Weak<Shared>> = Mutex::new(Weak::new());

impl Sampler {
    /// Joins the running thread, or starts it: a reading now and then every `interval`, the newest
    /// `capacity` of them kept. The interval and capacity of a running thread stay as they are.
    pub fn start(interval: Duration, capacity: usize) -> std::io::Result<Self> {
        let mut running = RUNNING.lock();
        if let Some(shared) = running.upgrade() {
            return Ok(Self(shared));
        }
        let shared = Arc::new(Shared { readings: Mutex::new(Ring::new(capacity)), stop: Arc::default() });
        let (stop, weak) = (Arc::clone(&shared.stop), Arc::downgrade(&shared));
        crate::thread::spawn("leakwatch-sample", move || sample(&stop, &weak, probe().as_mut(), interval))?;
        *running = Arc::downgrade(&shared);
        Ok(Self(shared))
    }

    /// The readings so far, oldest first.
    pub fn readings(&self) -> Vec<Reading> {
        self.0.readings.lock().iter().cloned().collect()
    }

    /// The last reading; none before the first.
    pub fn newest(&self) -> Option<Reading> {
        self.0.readings.lock().iter().next_back().cloned()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        *self.stop.stopped.lock() = true;
        self.stop.changed.notify_all();
    }
}

fn sample(stop: &Stop, shared: &Weak<Shared>, probe: &mut dyn Probe, interval: Duration) {
    loop {
        let reading = probe.read();
        match shared.upgrade() {
            Some(shared) => shared.readings.lock().push(reading),
            None => return,
        }
        let mut stopped = stop.stopped.lock();
        if !*stopped {
            stop.changed.wait_for(&mut stopped, interval);
        }
        if *stopped {
            return;
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn sampling_threads() -> usize {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
        names.filter(|name| name.trim() == "leakwatch-sampl").count()
    }

    #[test]
    fn shares_one_thread_and_ends_with_the_last_share() {
        let first = Sampler::start(Duration::from_millis(1), 4).unwrap();
        let second = Sampler::start(Duration::from_secs(3600), 400).unwrap();
        while first.readings().len() < 4 {
            std::thread::yield_now();
        }
        assert_eq!(sampling_threads(), 1);
        drop(first);
        let newest = second.readings().last().unwrap().at_ms;
        while second.readings().last().unwrap().at_ms <= newest {
            std::thread::yield_now();
        }
        assert_eq!(second.readings().len(), 4);
        drop(second);
        while sampling_threads() > 0 {
            std::thread::yield_now();
        }
    }
}
