//! A suspect's id: the same leak has the same id in another run, another process, another deployment.

use crate::report::{Location, Step, SuspectKind};

/// 16 hex digits: FNV-1a (Fowler, Noll, Vo) over the kind and the names on the path; over the creation site's
/// file and function when the path has no names. Lines are left out: they move with every edit.
pub fn suspect_id(kind: SuspectKind, path: &[Step], site: Option<&Location>) -> String {
    let mut hash = Fnv::default();
    hash.add(&format!("{kind:?}"));
    for step in path {
        hash.add(&step.name);
        hash.add(step.constructor.as_deref().unwrap_or_default());
    }
    if let Some(site) = site {
        hash.add(&site.file);
        hash.add(site.function.as_deref().unwrap_or_default());
    }
    format!("{:016x}", hash.0)
}

struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
