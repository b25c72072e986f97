//! The report's tables: traffic per route, and what is alive.

use std::collections::BTreeMap;
use std::path::Path;

use super::from_resources::location;
use super::input::ResourceGroup;
use crate::report::{ResourceRow, RouteRow};

/// Nobody reads a longer table.
const MAX_RESOURCE_ROWS: usize = 30;

/// Traffic per route, most requests first.
pub fn route_rows(routes: &BTreeMap<String, u64>) -> Vec<RouteRow> {
    let row = |(route, &requests): (&String, &u64)| RouteRow { route: route.clone(), requests };
    let mut rows: Vec<RouteRow> = routes.iter().map(row).collect();
    rows.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.route.cmp(&b.route)));
    rows
}

/// What is alive, most first.
pub fn resource_rows(groups: &[ResourceGroup], cwd: &Path) -> Vec<ResourceRow> {
    let row = |group: &ResourceGroup| ResourceRow {
        kind: group.kind.clone(),
        name: group.name.clone(),
        holder: group.holder.clone(),
        count: group.count,
        site: group.site.first().map(|frame| location(frame, cwd)),
    };
    let mut rows: Vec<ResourceRow> = groups.iter().map(row).collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.kind, &a.name).cmp(&(&b.kind, &b.name))));
    rows.truncate(MAX_RESOURCE_ROWS);
    rows
}
