//! `TrackTable` for JavaScript.

use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use parking_lot::Mutex;

use crate::source::SourceMaps;
use crate::track::{self, Checkpoint, EntryId, Kind, Limits, Location, Owner, RequestId, RouteId, SiteId};

/// One stack frame of the application or a dependency.
#[napi(object)]
pub struct Frame {
    /// Absolute path of the script.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1.
    pub column: u32,
    /// The function's name; absent at module level and in anonymous functions.
    pub function: Option<String>,
}

/// A bounded table of what the application made and has not let go.
#[napi]
pub struct TrackTable {
    table: Mutex<track::TrackTable>,
}

#[napi]
impl TrackTable {
    /// An empty table with the default limits.
    #[napi(constructor, catch_unwind)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { table: Mutex::new(track::TrackTable::new(Limits::default())) }
    }

    /// The number of a creation stack, innermost frame first; 0 when there is no place for more.
    #[napi(catch_unwind)]
    pub fn site(&self, frames: Vec<Frame>) -> u32 {
        let frames = frames.into_iter().map(|frame| Location {
            file: frame.file,
            line: frame.line,
            column: frame.column,
            function: frame.function,
        });
        self.table.lock().site(frames.collect()).0
    }

    /// The number of a route; 0, which is `(other)`, when there is no place for more.
    #[napi(catch_unwind)]
    pub fn route(&self, name: String) -> u32 {
        self.table.lock().route(&name).0
    }

    /// The name of a route's number.
    #[napi(catch_unwind)]
    pub fn route_name(&self, route: u32) -> String {
        self.table.lock().route_name(RouteId(route)).to_owned()
    }

    /// Records a resource; ids and numbers in the names of files and events become `*`. `owner`: nothing for no request, a route's number from 0, or `-n` for request `n`
    /// whose route is not known yet. Returns its number from 1, or 0 when the table is full.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments)]
    pub fn add(
        &self,
        kind: String,
        name: String,
        holder: Option<String>,
        site: u32,
        delay_ms: Option<f64>,
        owner: Option<i64>,
        now_ms: f64,
    ) -> Result<u32> {
        let kind = Kind::parse(&kind)
            .ok_or_else(|| Error::new(Status::InvalidArg, format!("unknown kind of resource: {kind}")))?;
        let owner = match owner {
            None => Owner::Nobody,
            Some(request) if request < 0 => Owner::Request(RequestId(request.unsigned_abs() as u32)),
            Some(route) => Owner::Route(RouteId(route as u32)),
        };
        let name = match kind {
            Kind::File | Kind::Listener => track::generalise(&name),
            _ => name,
        };
        let id = self.table.lock().add(kind, &name, holder.as_deref(), SiteId(site), delay_ms, owner, now_ms);
        Ok(id.map_or(0, |id| id.0))
    }

    /// Forgets resources that are gone.
    #[napi(catch_unwind)]
    pub fn remove(&self, ids: Vec<u32>) {
        let ids: Vec<_> = ids.into_iter().map(EntryId).collect();
        self.table.lock().remove(&ids);
    }

    /// Tells the route of a request.
    #[napi(catch_unwind)]
    pub fn resolve(&self, request: u32, route: u32) {
        self.table.lock().resolve(RequestId(request), RouteId(route));
    }

    /// Everything alive, as the JSON of an array of resource groups.
    #[napi(catch_unwind)]
    pub fn groups(&self, now_ms: f64) -> Result<String> {
        to_json(&self.table.lock().groups(now_ms))
    }

    /// As `groups`, every place told by its source where a source map says so. Reads a script and its map once.
    #[napi(catch_unwind)]
    pub fn groups_as_written(&self, now_ms: f64) -> Result<String> {
        let mut groups = self.table.lock().groups(now_ms);
        for at in groups.iter_mut().flat_map(|group| &mut group.site) {
            if let Some(original) = SourceMaps::shared().original(&at.file, at.line, at.column) {
                (at.file, at.line, at.column) = (original.file, original.line, original.column);
            }
        }
        to_json(&groups)
    }

    /// How many resources are alive.
    #[napi(getter, catch_unwind)]
    pub fn size(&self) -> u32 {
        self.table.lock().len() as u32
    }

    /// What did not fit, as JSON: `{ entries, sites, routes }`.
    #[napi(catch_unwind)]
    pub fn dropped(&self) -> Result<String> {
        to_json(&self.table.lock().dropped())
    }
}

/// Method and the first `segments` segments of the path, ids replaced by `*`.
#[napi(catch_unwind)]
pub fn url_route(method: String, url: String, segments: u32) -> String {
    track::url_route(&method, &url, segments as usize)
}

/// A function that V8 itself knows by this name, and that does nothing: heap snapshots show the name, which one given to a function later
/// is not. (A script would do as well. But Node keeps scripts in V8's heap for embedders, and while nothing is allocated there V8
/// does not shrink the heap of a process that rests, which makes it drop code and start anew.)
#[napi(catch_unwind)]
pub fn function_named<'env>(env: &'env Env, name: String) -> Result<Function<'env, (), ()>> {
    unsafe extern "C" fn nothing(_: sys::napi_env, _: sys::napi_callback_info) -> sys::napi_value {
        std::ptr::null_mut()
    }
    env.create_function(&name, nothing)
}

/// What the stretches between checkpoints keep. Takes the JSON of an array of checkpoints
/// (`name`, `atMs`, `requests`, `rss`, `floorBytes`, `collection`), returns the JSON of an array of stretches.
#[napi(catch_unwind)]
pub fn stretches(checkpoints: String) -> Result<String> {
    let checkpoints: Vec<Checkpoint> = serde_json::from_str(&checkpoints)
        .map_err(|error| Error::new(Status::InvalidArg, format!("wrong checkpoints: {error}")))?;
    to_json(&track::stretches(&checkpoints))
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::from_reason(error.to_string()))
}
