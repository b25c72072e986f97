//! The table itself: entries, their groups, and the requests that made them.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::group::{Kind, ResourceGroup, RouteCount};
use super::intern::Interner;
use super::site::{Location, SiteId};

/// How much a table may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Resources alive at once.
    pub entries: usize,
    /// Rows: combinations of kind, name, holder and site.
    pub groups: usize,
    /// Distinct creation stacks.
    pub sites: usize,
    /// Distinct routes beside `(other)`.
    pub routes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 1 << 20, groups: 8192, sites: 8192, routes: 511 }
    }
}

/// What did not fit.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dropped {
    /// Resources not recorded.
    pub entries: u64,
    /// Resources recorded without their site.
    pub sites: u64,
    /// Routes counted as `(other)`.
    pub routes: u64,
}

/// Number of one living resource, from 1; unique for the life of the table until 4 billion were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub u32);

/// Number of an interned route; 0 is `(other)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(pub u32);

/// Number of a request whose route is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(pub u32);

/// Who created a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// No request: start-up, a timer, a queue.
    Nobody,
    /// A request whose route is known.
    Route(RouteId),
    /// A request whose route [`TrackTable::resolve`] will tell.
    Request(RequestId),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct GroupKey {
    kind: Kind,
    name: String,
    holder: Option<String>,
    site: SiteId,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    created: u64,
    alive: u64,
}

#[derive(Debug)]
struct Entry {
    group: u32,
    created_ms: f64,
    delay_ms: Option<f64>,
    owner: Owner,
}

#[derive(Debug, Default)]
struct PendingRequest {
    alive: u32,
    route: Option<RouteId>,
}

/// Everything tracked in one JavaScript thread.
#[derive(Debug)]
pub struct TrackTable {
    limits: Limits,
    sites: Interner<Vec<Location>>,
    routes: Interner<String>,
    groups: Vec<GroupKey>,
    group_numbers: HashMap<GroupKey, u32>,
    counts: Vec<Counts>,
    entries: HashMap<EntryId, Entry>,
    requests: HashMap<RequestId, PendingRequest>,
    last_entry: u32,
    dropped_entries: u64,
}

impl TrackTable {
    /// An empty table.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            sites: Interner::new(Vec::new(), limits.sites),
            routes: Interner::new("(other)".to_owned(), limits.routes),
            groups: Vec::new(),
            group_numbers: HashMap::new(),
            counts: Vec::new(),
            entries: HashMap::new(),
            requests: HashMap::new(),
            last_entry: 0,
            dropped_entries: 0,
        }
    }

    /// The number of a creation stack.
    pub fn site(&mut self, frames: Vec<Location>) -> SiteId {
        SiteId(self.sites.intern(frames))
    }

    /// The number of a route.
    pub fn route(&mut self, name: &str) -> RouteId {
        RouteId(self.routes.intern(name.to_owned()))
    }

    /// The name of a route.
    pub fn route_name(&self, route: RouteId) -> &str {
        self.routes.get(route.0)
    }

    /// Records a new resource, `now_ms` on the caller's clock. `None` when the table is full.
    #[allow(clippy::too_many_arguments)]
    pub fn add(
        &mut self,
        kind: Kind,
        name: &str,
        holder: Option<&str>,
        site: SiteId,
        delay_ms: Option<f64>,
        owner: Owner,
        now_ms: f64,
    ) -> Option<EntryId> {
        let key = GroupKey { kind, name: name.to_owned(), holder: holder.map(str::to_owned), site };
        let group = self.group(key).filter(|_| self.entries.len() < self.limits.entries);
        let Some(group) = group else {
            self.dropped_entries += 1;
            return None;
        };
        let counts = &mut self.counts[group as usize];
        counts.created += 1;
        counts.alive += 1;
        if let Owner::Request(request) = owner {
            self.requests.entry(request).or_default().alive += 1;
        }
        let id = self.next_entry();
        self.entries.insert(id, Entry { group, created_ms: now_ms, delay_ms, owner });
        Some(id)
    }

    /// Forgets resources that are gone; numbers that are not in the table are ignored.
    pub fn remove(&mut self, ids: &[EntryId]) {
        for id in ids {
            let Some(entry) = self.entries.remove(id) else { continue };
            self.counts[entry.group as usize].alive -= 1;
            if let Owner::Request(request) = entry.owner {
                self.release(request);
            }
        }
    }

    /// Tells the route of a request; what it created and is still alive belongs to that route.
    pub fn resolve(&mut self, request: RequestId, route: RouteId) {
        if let Some(pending) = self.requests.get_mut(&request) {
            pending.route = Some(route);
        }
    }

    /// Everything alive at `now_ms`, in groups: most members first, then by name.
    pub fn groups(&self, now_ms: f64) -> Vec<ResourceGroup> {
        let mut rows: BTreeMap<u32, Row> = BTreeMap::new();
        for entry in self.entries.values() {
            let route = self.route_of(entry.owner);
            rows.entry(entry.group).or_insert_with(|| Row::new(entry)).add(entry, route);
        }
        let mut groups: Vec<_> =
            rows.into_iter().map(|(group, row)| self.describe(group, row, now_ms)).collect();
        groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        groups
    }

    /// How many resources are alive.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is alive.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What did not fit so far.
    pub fn dropped(&self) -> Dropped {
        Dropped { entries: self.dropped_entries, sites: self.sites.dropped(), routes: self.routes.dropped() }
    }

    fn group(&mut self, key: GroupKey) -> Option<u32> {
        if let Some(&number) = self.group_numbers.get(&key) {
            return Some(number);
        }
        let number = if self.groups.len() < self.limits.groups {
            self.groups.push(key.clone());
            self.counts.push(Counts::default());
            self.groups.len() as u32 - 1
        } else {
            self.reuse_dead_group(&key)?
        };
        self.group_numbers.insert(key, number);
        Some(number)
    }

    /// A full table gives the place of a group that has no living member to a new one.
    fn reuse_dead_group(&mut self, key: &GroupKey) -> Option<u32> {
        let number = self.counts.iter().position(|counts| counts.alive == 0)?;
        self.group_numbers.remove(&self.groups[number]);
        self.groups[number] = key.clone();
        self.counts[number] = Counts::default();
        Some(number as u32)
    }

    fn next_entry(&mut self) -> EntryId {
        loop {
            self.last_entry = self.last_entry.wrapping_add(1).max(1);
            let id = EntryId(self.last_entry);
            if !self.entries.contains_key(&id) {
                return id;
            }
        }
    }

    fn release(&mut self, request: RequestId) {
        if let Some(pending) = self.requests.get_mut(&request) {
            pending.alive -= 1;
            if pending.alive == 0 {
                self.requests.remove(&request);
            }
        }
    }

    fn route_of(&self, owner: Owner) -> Option<RouteId> {
        match owner {
            Owner::Nobody => None,
            Owner::Route(route) => Some(route),
            Owner::Request(request) => self.requests.get(&request).and_then(|pending| pending.route),
        }
    }

    fn describe(&self, group: u32, row: Row, now_ms: f64) -> ResourceGroup {
        let key = &self.groups[group as usize];
        let mut routes: Vec<_> = row
            .routes
            .into_iter()
            .map(|(route, count)| RouteCount { route: self.route_name(route).to_owned(), count })
            .collect();
        routes.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.route.cmp(&b.route)));
        ResourceGroup {
            kind: key.kind,
            name: key.name.clone(),
            holder: key.holder.clone(),
            count: row.count,
            created: self.counts[group as usize].created,
            oldest_ms: (now_ms - row.oldest).max(0.0),
            delay_ms: row.delay_ms,
            site: self.sites.get(key.site.0).clone(),
            routes,
        }
    }
}

/// One group while its members are counted.
struct Row {
    count: u64,
    oldest: f64,
    delay_ms: Option<f64>,
    routes: BTreeMap<RouteId, u64>,
}

impl Row {
    fn new(first: &Entry) -> Self {
        Self { count: 0, oldest: first.created_ms, delay_ms: first.delay_ms, routes: BTreeMap::new() }
    }

    fn add(&mut self, entry: &Entry, route: Option<RouteId>) {
        self.count += 1;
        self.oldest = self.oldest.min(entry.created_ms);
        if self.delay_ms != entry.delay_ms {
            self.delay_ms = None;
        }
        if let Some(route) = route {
            *self.routes.entry(route).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> TrackTable {
        TrackTable::new(Limits { entries: 4, groups: 2, sites: 2, routes: 2 })
    }

    fn timer(table: &mut TrackTable, name: &str, owner: Owner) -> Option<EntryId> {
        table.add(Kind::Timer, name, None, SiteId::default(), None, owner, 0.0)
    }

    #[test]
    fn route_known_after_the_creation_is_attributed() {
        let mut table = small();
        timer(&mut table, "setTimeout", Owner::Request(RequestId(7)));
        assert_eq!(table.groups(0.0)[0].routes, []);
        let route = table.route("GET /a");
        table.resolve(RequestId(7), route);
        assert_eq!(table.groups(0.0)[0].routes, [RouteCount { route: "GET /a".into(), count: 1 }]);
    }

    #[test]
    fn requests_are_forgotten_with_their_last_resource() {
        let mut table = small();
        let a = timer(&mut table, "a", Owner::Request(RequestId(1))).unwrap();
        let b = timer(&mut table, "a", Owner::Request(RequestId(1))).unwrap();
        table.remove(&[a]);
        assert_eq!(table.requests.len(), 1);
        table.remove(&[b, b]);
        assert!(table.requests.is_empty() && table.is_empty());
    }

    #[test]
    fn full_tables_drop_and_count() {
        let mut table = small();
        for _ in 0..4 {
            assert!(timer(&mut table, "a", Owner::Nobody).is_some());
        }
        assert_eq!(timer(&mut table, "a", Owner::Nobody), None);
        assert_eq!(table.dropped().entries, 1);
        assert_eq!(table.groups(0.0)[0].count, 4);
    }

    #[test]
    fn a_group_without_members_gives_up_its_place() {
        let mut table = small();
        let a = timer(&mut table, "a", Owner::Nobody).unwrap();
        timer(&mut table, "b", Owner::Nobody);
        assert_eq!(timer(&mut table, "c", Owner::Nobody), None);
        table.remove(&[a]);
        assert!(timer(&mut table, "c", Owner::Nobody).is_some());
        let names: Vec<_> = table.groups(0.0).into_iter().map(|group| group.name).collect();
        assert_eq!(names, ["b", "c"]);
    }

    #[test]
    fn delays_that_differ_are_no_delay() {
        let mut table = small();
        table.add(Kind::Timer, "a", None, SiteId::default(), Some(5.0), Owner::Nobody, 1.0);
        table.add(Kind::Timer, "a", None, SiteId::default(), Some(5.0), Owner::Nobody, 3.0);
        assert_eq!(table.groups(11.0)[0].delay_ms, Some(5.0));
        table.add(Kind::Timer, "a", None, SiteId::default(), Some(6.0), Owner::Nobody, 4.0);
        let group = &table.groups(11.0)[0];
        assert_eq!((group.delay_ms, group.oldest_ms, group.created), (None, 10.0, 3));
    }

    #[test]
    fn the_rest_of_the_routes_is_other() {
        let mut table = small();
        table.route("GET /a");
        table.route("GET /b");
        let rest = table.route("GET /c");
        assert_eq!(table.route_name(rest), "(other)");
        assert_eq!(table.dropped().routes, 1);
    }
}
