//! Any bytes: refused with an error or analysed, never a panic, a hang or much memory.
#![no_main]

use leakwatch_fuzz::analyse;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = analyse(bytes) {
        assert!(error.position.is_none_or(|position| position <= bytes.len() as u64), "{error}");
    }
});
