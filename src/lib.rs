//! leakwatch's native core: finds memory leaks in Node.js processes.
//!
//! The JavaScript face lives in `lib/`; everything here works without a live JavaScript object.
//! Imports point one way: `heap` and `source` know nothing of the others, `detect` reads both,
//! `report` shapes what `detect` found, and `binding` (the only module that names Node-API)
//! converts and delegates. `sampler`, `track` and `capture` stand beside them and analyse nothing.

pub mod capture;
pub mod detect;
pub mod heap;
pub mod report;
pub mod sampler;
pub mod source;
pub mod thread;
pub mod track;

// napi registers nothing in a test build, where every export would be dead code.
#[cfg(all(feature = "node", not(test)))]
mod binding;
