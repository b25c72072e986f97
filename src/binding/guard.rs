//! What turns a panic into a JavaScript error.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use napi::{Error, Result, Status};
use napi_derive::module_init;

/// A library does not print: what panicked is told by the error that reaches JavaScript.
/// `NODE_DEBUG=leakwatch` keeps Rust's own message and backtrace.
#[module_init]
fn silence_panics() {
    let debugging = std::env::var("NODE_DEBUG").is_ok_and(|names| names.contains("leakwatch"));
    if !debugging {
        panic::set_hook(Box::new(|_| {}));
    }
}

/// Runs `work`, a panic in it becoming an error; for code that napi calls unguarded, such as `Task::compute`.
pub fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        Err(Error::new(
            Status::GenericFailure,
            format!("ERR_LEAKWATCH_INTERNAL: {}", panic_message(panic.as_ref())),
        ))
    })
}

/// The sentence a panic carries.
fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("panic without a message")
}
