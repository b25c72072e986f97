//! Any bytes: refused with an error or analysed, never a panic, a hang or much memory.
#![no_main]

use leakwatch_fuzz::{analyse, streamed};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // What is read as V8 writes it may be taken where a file is refused, and the other way round.
    let _ = streamed(bytes);
    if let Err(error) = analyse(bytes) {
        assert!(error.position.is_none_or(|position| position <= bytes.len() as u64), "{error}");
    }
});
