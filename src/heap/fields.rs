//! What the numbers of a table's rows may be: a type, a string, a node, 32 bits.

use super::error::HeapErrorKind;
use super::header::Header;

pub(super) type StoreResult = Result<(), (HeapErrorKind, String)>;

pub(super) fn known_type<T: Copy>(types: &[T], value: u64, what: &str) -> Result<T, (HeapErrorKind, String)> {
    let known = usize::try_from(value).ok().and_then(|value| types.get(value));
    known.copied().ok_or_else(|| {
        (HeapErrorKind::Range, format!("{what} type {value}, expected less than {}", types.len()))
    })
}

#[inline]
pub(super) fn string_index(value: u64, count: usize) -> Result<u32, (HeapErrorKind, String)> {
    if value >= count as u64 {
        return Err((HeapErrorKind::Range, format!("string {value}, expected less than {count}")));
    }
    Ok(value as u32)
}

#[inline]
pub(super) fn narrow(value: u64, what: &str) -> Result<u32, (HeapErrorKind, String)> {
    u32::try_from(value)
        .map_err(|_| (HeapErrorKind::Number, format!("{what} {value}, expected less than 2^32")))
}

/// Turns offsets into the node table's numbers into nodes.
#[derive(Clone, Copy)]
pub(super) struct NodeOffsets {
    fields: u64,
    /// 2^64 / `fields`, rounded up: multiplying is ten times faster than dividing, and exact below 2^64 / `fields`.
    inverse: u128,
    count: u64,
}

impl NodeOffsets {
    pub fn of(header: &Header) -> Self {
        let fields = header.node.fields as u64;
        Self { fields, inverse: (1u128 << 64).div_ceil(u128::from(fields)), count: header.node_count }
    }

    #[inline(always)]
    pub fn node(self, offset: u64) -> Result<u32, (HeapErrorKind, String)> {
        let node = ((u128::from(offset) * self.inverse) >> 64) as u64;
        if node.wrapping_mul(self.fields) != offset || node >= self.count {
            return Err(self.refused(offset));
        }
        Ok(node as u32)
    }

    #[cold]
    fn refused(self, offset: u64) -> (HeapErrorKind, String) {
        let Self { fields, count, .. } = self;
        let message =
            format!("node offset {offset}, expected a multiple of {fields} less than {}", count * fields);
        (HeapErrorKind::Range, message)
    }
}
