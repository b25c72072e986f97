//! Large vectors on large pages.
//!
//! Analysing a file touches as much fresh memory as the file has bytes; with 4 KB pages the kernel's page faults take
//! a quarter of the time. Linux gives 2 MB pages to memory that asks for them.

/// Large pages are worth asking for from this size on.
#[cfg(target_os = "linux")]
const MIN_BYTES: usize = 4 << 20;

/// `length` times 0. The memory is touched only when it is written: by the thread that fills it.
pub(super) fn zeroed<T: Copy + Default>(length: usize) -> Vec<T> {
    let vector = vec![T::default(); length];
    #[cfg(target_os = "linux")]
    ask_for_large_pages(&vector);
    vector
}

/// Asks the processor for what stands at `index`, which will be read soon; nothing happens where there is nothing.
#[inline(always)]
pub(super) fn prefetch<T>(values: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(value) = values.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing and never faults, and every x86-64 processor has SSE.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, index);
}

/// An empty vector whose memory was touched already. Where a machine gives fresh memory slowly, that is what takes longest
/// about a large vector, and another thread can do it beforehand.
pub(super) fn warm<T: Copy + Default>(capacity: usize) -> Vec<T> {
    let mut vector = with_room(capacity);
    vector.resize(capacity, T::default());
    std::hint::black_box(&mut vector).clear();
    vector
}

/// An empty vector with room for `capacity` values.
pub(super) fn with_room<T>(capacity: usize) -> Vec<T> {
    let vector = Vec::with_capacity(capacity);
    #[cfg(target_os = "linux")]
    ask_for_large_pages(&vector);
    vector
}

#[cfg(target_os = "linux")]
fn ask_for_large_pages<T>(vector: &Vec<T>) {
    let bytes = vector.capacity() * size_of::<T>();
    if bytes < MIN_BYTES {
        return;
    }
    // SAFETY: sysconf only reads a constant of the system.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) }.max(4096) as usize;
    let start = (vector.as_ptr() as usize).next_multiple_of(page);
    let end = (vector.as_ptr() as usize + bytes) / page * page;
    // SAFETY: the range lies inside the vector's own allocation, and this advice changes no content. Failure (an old
    // kernel, huge pages switched off) leaves ordinary pages.
    unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE) };
}
