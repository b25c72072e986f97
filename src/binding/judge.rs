//! Judging a test run: JSON in, JSON out, so that the judge itself runs without Node.

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;
use serde_json::json;

use super::guard::guarded;
use crate::detect::input::TestRun;
use crate::detect::judge::{growth_of, judge, worth_proving};
use crate::detect::monitor::{self, Observations};
use crate::report::{Report, TextOptions, render};

/// Narrower terminals than this are treated as this wide.
const DEFAULT_WIDTH: u32 = 100;

/// Does anything grow in a test run (JSON) so that heap snapshots are worth their time?
/// Returns JSON: `{ grows: boolean, series: [{ name, growth, perRequest, trend }] }`.
#[napi(catch_unwind)]
pub fn growth_of_run(test_run: String) -> Result<String> {
    let run = parse_run(&test_run)?;
    let series: Vec<_> = growth_of(&run)
        .iter()
        .map(|growth| {
            json!({
                "name": growth.name,
                "growth": growth.fit.growth,
                "perRequest": growth.fit.slope,
                "trend": format!("{:?}", growth.fit.trend).to_lowercase(),
            })
        })
        .collect();
    Ok(json!({ "grows": worth_proving(&run), "series": series }).to_string())
}

/// Judges a test run (JSON) on a thread of libuv's pool. Resolves to the report (JSON).
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn judge_test_run(test_run: String) -> AsyncTask<Judgement> {
    AsyncTask::new(Judgement { test_run })
}

/// The report (JSON) on what the monitor measured (JSON).
#[napi(catch_unwind)]
pub fn judge_monitor(observations: String) -> Result<String> {
    let seen: Observations =
        serde_json::from_str(&observations).map_err(|error| invalid("set of observations", &error))?;
    serde_json::to_string(&monitor::judge_monitor(&seen))
        .map_err(|error| Error::new(Status::GenericFailure, error.to_string()))
}

/// The report (JSON) as text. `width` is in columns.
#[napi(catch_unwind)]
pub fn render_report(report: String, options: RenderOptions) -> Result<String> {
    let report: Report = serde_json::from_str(&report).map_err(|error| invalid("report", &error))?;
    let width = options.width.unwrap_or(DEFAULT_WIDTH) as usize;
    Ok(render(&report, TextOptions { color: options.color.unwrap_or(false), width }))
}

/// How to print a report.
#[napi(object)]
pub struct RenderOptions {
    /// Use colours.
    pub color: Option<bool>,
    /// Columns to wrap at.
    pub width: Option<u32>,
}

/// The work of [`judge_test_run`].
pub struct Judgement {
    test_run: String,
}

impl Task for Judgement {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        guarded(|| {
            let run = parse_run(&self.test_run)?;
            let report = judge(&run)
                .map_err(|error| Error::new(Status::GenericFailure, format!("{}: {error}", error.code())))?;
            serde_json::to_string(&report)
                .map_err(|error| Error::new(Status::GenericFailure, error.to_string()))
        })
    }

    fn resolve(&mut self, _env: Env, report: String) -> Result<String> {
        Ok(report)
    }
}

fn parse_run(json: &str) -> Result<TestRun> {
    serde_json::from_str(json).map_err(|error| invalid("test run", &error))
}

fn invalid(what: &str, error: &serde_json::Error) -> Error {
    Error::new(Status::InvalidArg, format!("ERR_LEAKWATCH_INPUT: not a {what}: {error}"))
}
