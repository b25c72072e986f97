//! Judging a test run or a running process: JSON in, JSON out, so that the judge itself runs without Node.

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::guard::guarded;
use crate::detect::floors;
use crate::detect::growth::{growth_of, workers_worth_proving, worth_proving};
use crate::detect::input::{SnapshotAt, TestRun};
use crate::detect::judge::judge;
use crate::detect::listing::{self, Listing};
use crate::detect::monitor;
use crate::detect::observations::Observations;
use crate::detect::profile::AllocationProfile;
use crate::detect::proof::prove;
use crate::heap::HeapError;
use crate::report::{self, HistogramRows, Report, TextOptions, render};
use crate::source::SourceCache;

/// Terminals of unknown width are taken to have so many columns.
const DEFAULT_WIDTH: u32 = 100;

/// Does anything grow in a test run (JSON) so that heap snapshots are worth their time?
/// Returns JSON: `{ grows: boolean, workers: [threadId], series: [{ name, growth, perRequest, trend }] }`; `workers`: those
/// whose own heaps are worth snapshots, too.
#[napi(catch_unwind)]
pub fn growth_of_run(test_run: String) -> Result<String> {
    let run: TestRun = parse(&test_run, "test run")?;
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
    Ok(json!({ "grows": worth_proving(&run), "workers": workers_worth_proving(&run), "series": series })
        .to_string())
}

/// Judges a test run (JSON) on a thread of libuv's pool. Resolves to the report (JSON).
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn judge_test_run(test_run: String) -> AsyncTask<Judgement> {
    Judgement::of(move || to_json(&judge(&parse(&test_run, "test run")?).map_err(unreadable)?))
}

/// The report (JSON) on what the monitor measured (JSON).
#[napi(catch_unwind)]
pub fn judge_monitor(observations: String) -> Result<String> {
    let seen: Observations = parse(&observations, "set of observations")?;
    to_json(&monitor::judge_monitor(&seen))
}

/// Does the live memory that the monitor measured (JSON) rise so that heap snapshots are worth their cost?
#[napi(catch_unwind)]
pub fn worth_proving_monitor(observations: String) -> Result<bool> {
    Ok(floors::worth_proving(&parse(&observations, "set of observations")?))
}

/// What heap snapshots say (JSON of `{ suspects, doubts }`): JSON of `[{ path, requests, connections }]`, three in time order, of the
/// process that the monitor measured (JSON). `profile`: as `HeapProfiler.getSamplingProfile` gives it (JSON), of what was
/// allocated since the first of them. Works on a thread of libuv's pool.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn prove_monitor(
    observations: String,
    snapshots: String,
    profile: Option<String>,
) -> AsyncTask<Judgement> {
    Judgement::of(move || {
        let seen: Observations = parse(&observations, "set of observations")?;
        let snapshots: Vec<SnapshotAt> = parse(&snapshots, "list of snapshots")?;
        let profile = profile.map(|json| AllocationProfile::of_json(json.as_bytes())).unwrap_or_default();
        to_json(&prove(&seen, &snapshots, &profile).map_err(unreadable)?)
    })
}

/// The report (JSON) as text. `width` is in columns.
#[napi(catch_unwind)]
pub fn render_report(report: String, options: RenderOptions) -> Result<String> {
    let report: Report = parse(&report, "report")?;
    Ok(render(&report, (&options).into()))
}

/// Class histograms side by side (JSON: `{ classes, routes }`, each what `compareHistograms` returns) as text, at most
/// `top` rows each.
#[napi(catch_unwind)]
pub fn render_histograms(rows: String, top: u32, options: RenderOptions) -> Result<String> {
    let rows: HistogramRows = parse(&rows, "comparison of histograms")?;
    Ok(report::render_histograms(&rows, top as usize, (&options).into()))
}

/// What is alive, and how many more than the last time, as text. `listing`: JSON of `{ cwd, resources, before, minutes }`,
/// both lists as `TrackTable.groups` has them, `minutes` null the first time.
#[napi(catch_unwind)]
pub fn render_resources(listing: String, options: RenderOptions) -> Result<String> {
    let listing: Listing = parse(&listing, "listing of resources")?;
    let lines = listing::listing(&listing, &mut SourceCache::default());
    Ok(report::render_resources(&lines, (&options).into()))
}

/// How to print a report.
#[napi(object)]
pub struct RenderOptions {
    /// Use colours.
    pub color: Option<bool>,
    /// Columns to wrap at.
    pub width: Option<u32>,
}

impl From<&RenderOptions> for TextOptions {
    fn from(options: &RenderOptions) -> Self {
        let width = options.width.unwrap_or(DEFAULT_WIDTH) as usize;
        Self { color: options.color.unwrap_or(false), width }
    }
}

type Work = Box<dyn FnOnce() -> Result<String> + Send>;

/// JSON in the making.
pub struct Judgement {
    work: Option<Work>,
}

impl Judgement {
    fn of(work: impl FnOnce() -> Result<String> + Send + 'static) -> AsyncTask<Self> {
        AsyncTask::new(Judgement { work: Some(Box::new(work)) })
    }
}

impl Task for Judgement {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        let work =
            self.work.take().ok_or_else(|| Error::from_reason("ERR_LEAKWATCH_INTERNAL: judged twice"))?;
        guarded(work)
    }

    fn resolve(&mut self, _env: Env, json: String) -> Result<String> {
        Ok(json)
    }
}

fn parse<T: DeserializeOwned>(json: &str, what: &str) -> Result<T> {
    let invalid =
        |error| Error::new(Status::InvalidArg, format!("ERR_LEAKWATCH_INPUT: not a {what}: {error}"));
    serde_json::from_str(json).map_err(invalid)
}

fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::from_reason(error.to_string()))
}

fn unreadable(error: HeapError) -> Error {
    Error::new(Status::GenericFailure, format!("{}: {error}", error.code()))
}
