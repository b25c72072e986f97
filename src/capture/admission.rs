//! How much memory a snapshot will take, and whether there is that much.
//!
//! V8 builds the whole graph in native memory before it writes the first byte: many times the heap, when
//! the heap is many small objects. All of it counts in the container's limit, so it is predicted and refused
//! beforehand rather than left to the kernel's out-of-memory killer.

use parking_lot::Mutex;

use super::error::CaptureError;
use crate::sampler::{CgroupMemory, probe};

/// A heap's size, split by what a snapshot of it costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeapSize {
    /// Bytes in ordinary spaces: many objects.
    pub small_bytes: u64,
    /// Bytes in V8's large-object spaces: few objects (long arrays and strings).
    pub large_bytes: u64,
}

/// Bytes of snapshot per byte of ordinary heap. Measured on Node 20 to 26: 9 to 13 where objects hold a few
/// values each, 19 where most of them are empty, 0.1 where they are strings.
const PER_SMALL_BYTE: f64 = 16.0;
/// Bytes of snapshot per byte of large objects. Measured: 0.1 for numbers and text, 26 for arrays of objects,
/// each element of which is an edge. What outgrows this is ended by [`Budget::check`].
const PER_LARGE_BYTE: f64 = 8.0;
/// Bytes that counting objects takes per byte of heap; measured 1.4 at 500 MB.
const COUNTING_PER_BYTE: u64 = 2;
/// Bytes of file per byte of heap; measured 1.4 on heaps of small objects.
const FILE_PER_BYTE: f64 = 1.5;
/// What an earlier snapshot in this process took, this much more is expected of the next one.
const CAUTION: f64 = 1.25;
/// Memory to leave untouched, as a part of the limit; at least [`LEAST_KEPT`].
const KEPT_PART: u64 = 10;
const LEAST_KEPT: u64 = 64 << 20;

/// What the last snapshot took per byte that [`HeapSize::worst_case`] had expected.
static EXPERIENCE: Mutex<Option<f64>> = Mutex::new(None);

impl HeapSize {
    /// Bytes that building a snapshot of this heap takes, as far as can be known beforehand.
    pub fn expected_growth(&self) -> u64 {
        match *EXPERIENCE.lock() {
            Some(part) => (self.worst_case() * (part * CAUTION).min(1.0)) as u64,
            None => self.worst_case() as u64,
        }
    }

    /// Bytes that counting this heap's objects takes.
    pub fn expected_counting_growth(&self) -> u64 {
        self.total() * COUNTING_PER_BYTE
    }

    /// Bytes of a file that holds a snapshot of this heap, uncompressed.
    pub fn expected_file(&self) -> u64 {
        (self.total() as f64 * FILE_PER_BYTE) as u64
    }

    /// A snapshot of this heap took `grown_bytes`: the next one will take as much in proportion.
    pub fn remember(&self, grown_bytes: u64) {
        if self.worst_case() > 0.0 {
            *EXPERIENCE.lock() = Some(grown_bytes as f64 / self.worst_case());
        }
    }

    fn worst_case(&self) -> f64 {
        self.small_bytes as f64 * PER_SMALL_BYTE + self.large_bytes as f64 * PER_LARGE_BYTE
    }

    fn total(&self) -> u64 {
        self.small_bytes + self.large_bytes
    }
}

/// Memory that nobody uses yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes left.
    pub available: u64,
    /// Bytes of them that must stay free.
    pub kept: u64,
    /// The container's limit; `None` when the machine itself is what is nearest to its end.
    pub limit: Option<u64>,
}

impl Room {
    /// What is left right now; `None` where the system does not tell.
    pub fn now() -> Option<Self> {
        Self::of(machine_available(), probe().read().cgroup)
    }

    fn of(machine: Option<u64>, cgroup: Option<CgroupMemory>) -> Option<Self> {
        let limited = cgroup.and_then(|cgroup| Some((cgroup.headroom()?, cgroup.limit?)));
        let (available, limit) = match (machine, limited) {
            (Some(machine), Some((headroom, limit))) if headroom < machine => (headroom, Some(limit)),
            (Some(machine), _) => (machine, None),
            (None, Some((headroom, limit))) => (headroom, Some(limit)),
            (None, None) => return None,
        };
        let kept = (limit.unwrap_or(available) / KEPT_PART).max(LEAST_KEPT);
        Some(Self { available, kept, limit })
    }
}

#[cfg(target_os = "linux")]
fn machine_available() -> Option<u64> {
    crate::sampler::linux::machine_available()
}

#[cfg(not(target_os = "linux"))]
fn machine_available() -> Option<u64> {
    None
}

impl Room {
    /// Refuses `work` that takes `needed` bytes when there are not so many.
    pub fn admit(room: Option<Self>, work: &str, needed: u64) -> Result<(), CaptureError> {
        match room {
            Some(room) if room.available < needed.saturating_add(room.kept) => Err(refusal(format!(
                "{work} takes about {}, and there are {} left, of which {} must stay free.",
                megabytes(needed),
                megabytes(room.available),
                megabytes(room.kept),
            ))),
            _ => Ok(()),
        }
    }
}

/// How much a running capture may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Bytes that it may add to what it started with.
    pub max_growth: u64,
    /// Bytes that nobody will need meanwhile.
    pub spare: u64,
}

impl Budget {
    /// The budget for a capture of `heap` that takes about `growth` bytes in a forked child, or why there is
    /// none. `max_bytes`: what the caller allows it to add at most.
    pub fn admit(
        heap: HeapSize,
        growth: u64,
        max_bytes: Option<u64>,
        room: Option<Room>,
    ) -> Result<Self, CaptureError> {
        // Both processes write to the heap they share, and each write to a shared page copies it.
        let needed = growth + heap.total();
        if let Some(max) = max_bytes
            && growth > max
        {
            return Err(refusal(format!(
                "A capture of this heap ({} in use) would take about {}, and maxMemoryBytes allows {}. Raise maxMemoryBytes, or take it while the heap is smaller.",
                megabytes(heap.total()),
                megabytes(growth),
                megabytes(max),
            )));
        }
        let allowed = max_bytes.unwrap_or(u64::MAX);
        let Some(room) = room else { return Ok(Self { max_growth: allowed, spare: allowed - growth }) };
        let free = room.available.saturating_sub(room.kept);
        if needed > free {
            let whose = match room.limit {
                Some(limit) => format!("the container (limit {}) has", megabytes(limit)),
                None => "the machine has".into(),
            };
            return Err(refusal(format!(
                "A capture of this heap ({} in use) would take about {}, and {whose} {} left, of which {} must stay free. Take it while the heap is smaller, or give more memory.",
                megabytes(heap.total()),
                megabytes(needed),
                megabytes(room.available),
                megabytes(room.kept),
            )));
        }
        Ok(Self { max_growth: allowed.min(free), spare: (free - needed).min(allowed - growth) })
    }

    /// Whether a capture that has grown by `grown` bytes may go on.
    pub fn check(&self, grown: u64) -> Result<(), CaptureError> {
        if grown > self.max_growth {
            return Err(refusal(format!(
                "The capture took more memory than it may ({} of {}), so its process was ended. Take it while the heap is smaller, or allow more.",
                megabytes(grown),
                megabytes(self.max_growth),
            )));
        }
        match Room::now() {
            Some(room) if room.available < room.kept => Err(refusal(format!(
                "Memory ran short meanwhile ({} left), so the capture's process was ended. Nothing was written.",
                megabytes(room.available),
            ))),
            _ => Ok(()),
        }
    }
}

fn refusal(message: String) -> CaptureError {
    CaptureError::new("ERR_LEAKWATCH_MEMORY", message)
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    fn room(available: u64, limit: Option<u64>) -> Option<Room> {
        let cgroup =
            limit.map(|limit| CgroupMemory { usage: limit - available, reclaimable: 0, limit: Some(limit) });
        Room::of(Some(64_000 * MB), cgroup)
    }

    #[test]
    fn predicts_refuses_and_learns() {
        // Peaks of V8's own snapshot beyond the heap, as measured: (heap, growth) in MB, small objects.
        let measured = [(50, 350), (200, 2300), (500, 6350), (1000, 11300)];
        for (used, grown) in measured {
            let heap = HeapSize { small_bytes: used * MB, large_bytes: 0 };
            let expected = heap.worst_case() as u64 / MB;
            assert!(expected >= grown && expected <= grown * 2 + 150, "{used} MB: {expected} for {grown}");
        }
        let heap = HeapSize { small_bytes: 100 * MB, large_bytes: 0 };
        let refused =
            Budget::admit(heap, heap.expected_growth(), None, room(1000 * MB, Some(2000 * MB))).unwrap_err();
        assert_eq!(refused.code, "ERR_LEAKWATCH_MEMORY");
        for figure in ["100 MB in use", "1700 MB", "limit 2000 MB", "1000 MB left"] {
            assert!(refused.message.contains(figure), "{}", refused.message);
        }
        assert_eq!(
            Budget::admit(heap, heap.expected_growth(), None, room(2500 * MB, Some(4000 * MB))).unwrap(),
            Budget { max_growth: 2100 * MB, spare: 400 * MB }
        );
        assert_eq!(
            Budget::admit(heap, heap.expected_growth(), Some(1700 * MB), room(2500 * MB, Some(4000 * MB)))
                .unwrap(),
            Budget { max_growth: 1700 * MB, spare: 100 * MB }
        );
        assert!(
            Budget::admit(heap, heap.expected_growth(), Some(1000 * MB), None)
                .unwrap_err()
                .message
                .contains("maxMemoryBytes allows 1000 MB")
        );
        assert_eq!(Budget::admit(heap, heap.expected_growth(), None, None).unwrap().max_growth, u64::MAX);
        heap.remember(280 * MB);
        assert_eq!(HeapSize { small_bytes: 200 * MB, large_bytes: 0 }.expected_growth(), 700 * MB);
        heap.remember(5000 * MB);
        assert_eq!(heap.expected_growth(), 1600 * MB, "never beyond the worst case");
        *EXPERIENCE.lock() = None;
    }

    #[test]
    fn the_nearest_limit_counts() {
        assert_eq!(
            room(500 * MB, Some(1000 * MB)).unwrap(),
            Room { available: 500 * MB, kept: 100 * MB, limit: Some(1000 * MB) }
        );
        assert_eq!(
            Room::of(Some(100 * MB), None).unwrap(),
            Room { available: 100 * MB, kept: LEAST_KEPT, limit: None }
        );
        assert_eq!(room(900_000 * MB, Some(1_000_000 * MB)).unwrap().limit, None);
        assert_eq!(Room::of(None, None), None);
    }

    #[test]
    fn other_work_is_refused_with_the_figures() {
        assert!(Room::admit(room(500 * MB, Some(1000 * MB)), "Analysing", 400 * MB).is_ok());
        assert!(Room::admit(None, "Analysing", u64::MAX).is_ok());
        let refused = Room::admit(room(500 * MB, Some(1000 * MB)), "Analysing", 401 * MB).unwrap_err();
        assert_eq!(
            (refused.code, refused.message.as_str()),
            (
                "ERR_LEAKWATCH_MEMORY",
                "Analysing takes about 401 MB, and there are 500 MB left, of which 100 MB must stay free."
            )
        );
    }

    #[test]
    fn a_snapshot_over_its_budget_is_ended() {
        assert!(Budget { max_growth: 10 * MB, spare: 0 }.check(9 * MB).is_ok());
        assert_eq!(
            Budget { max_growth: 10 * MB, spare: 0 }.check(11 * MB).unwrap_err().code,
            "ERR_LEAKWATCH_MEMORY"
        );
    }
}
