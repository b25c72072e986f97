//! What is alive, grouped so that one line of code is one row.

use serde::Serialize;

use super::site::Location;

/// What kind of thing the application forgot to let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A timeout, interval or immediate.
    Timer,
    /// A listener on an EventEmitter or EventTarget.
    Listener,
    /// A libuv handle that is none of the others: watcher, server, child process, message port.
    Handle,
    /// An open file descriptor.
    File,
    /// A stream that is none of the others, neither ended nor destroyed.
    Stream,
    /// A network connection.
    Socket,
    /// A worker thread.
    Worker,
    /// A connection that a pool has handed out and not got back.
    Checkout,
    /// A request that outlives its response.
    Request,
    /// The context of a request that outlives its response: a promise, timer or callback keeps it.
    Context,
}

impl Kind {
    /// The kind with this name in the report (`timer`, `listener` …).
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "timer" => Self::Timer,
            "listener" => Self::Listener,
            "handle" => Self::Handle,
            "file" => Self::File,
            "stream" => Self::Stream,
            "socket" => Self::Socket,
            "worker" => Self::Worker,
            "checkout" => Self::Checkout,
            "request" => Self::Request,
            "context" => Self::Context,
            _ => return None,
        })
    }
}

/// How many of a group's living members one route created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteCount {
    /// Express pattern with its mount path: `GET /users/:id`.
    pub route: String,
    /// Alive now.
    pub count: u64,
}

/// Everything of one kind and name that was created at one site.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceGroup {
    /// What it is.
    pub kind: Kind,
    /// `setInterval`, the event, `FSWatcher`, the path pattern, the endpoint.
    pub name: String,
    /// Listeners: the emitter's constructor. Sockets: `Socket`. Checkouts: the pool's constructor. Else `None`.
    pub holder: Option<String>,
    /// Alive now.
    pub count: u64,
    /// Ever created.
    pub created: u64,
    /// Age of the oldest alive.
    pub oldest_ms: f64,
    /// Timers: the delay that all those alive share; `None` when they differ.
    pub delay_ms: Option<f64>,
    /// Creation stack, innermost frame first; empty when unknown.
    pub site: Vec<Location>,
    /// Who created those alive, most first; what no request created is in no row.
    pub routes: Vec<RouteCount>,
}
