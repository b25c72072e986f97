//! The Node-API edge: convert, delegate, map errors.
//!
//! No panic may cross into Node: one in an `extern "C"` function aborts the process. So every exported
//! function says `#[napi(catch_unwind)]`, and every `Task::compute`, which napi does not guard, goes
//! through [`guard::guarded`]. `__test__/house-rules.test.js` checks both.

mod capture;
mod guard;
mod heap;
mod judge;
mod sampler;
mod track;
