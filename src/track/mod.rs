//! Bounded tables of what the application made and has not let go.
//!
//! The JavaScript side knows when a timer, listener, handle or descriptor is born and looks whether
//! it is still alive; everything it would have to remember about it lives here: the interned creation
//! site, the route that made it, its age. A [`TrackTable`] never grows past its limits: what does not
//! fit is counted in [`Dropped`] and forgotten.
//!
//! ```
//! use leakwatch::track::{Kind, Limits, Owner, TrackTable};
//!
//! let mut table = TrackTable::new(Limits::default());
//! let route = table.route("GET /jobs/:id");
//! let timer = table.add(Kind::Timer, "setInterval", None, Default::default(), Some(500.0), Owner::Route(route), 10.0);
//! assert_eq!(table.groups(1010.0)[0].oldest_ms, 1000.0);
//! table.remove(&[timer.unwrap()]);
//! assert!(table.groups(2000.0).is_empty());
//! ```

mod checkpoint;
mod group;
mod intern;
mod pattern;
mod site;
mod table;

pub use checkpoint::{Checkpoint, Stretch, stretches};
pub use group::{Kind, ResourceGroup, RouteCount};
pub use intern::Interner;
pub use pattern::{generalise, url_route};
pub use site::{Location, SiteId};
pub use table::{Dropped, EntryId, Limits, Owner, RequestId, RouteId, TrackTable};
