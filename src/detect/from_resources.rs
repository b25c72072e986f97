//! Suspects from resources that pile up: their creation site is known, line and route included.

use std::collections::BTreeMap;
use std::path::Path;

use super::advice::{advice, stop_in};
use super::input::{Frame, ResourceGroup};
use super::resources::ResourceGrowth;
use super::steps::shown;
use super::suspect_id::suspect_id;
use crate::report::{
    Confidence, Growth, Location, Package, Step, StepKind, Suspect, SuspectKind, location_text, units,
};
use crate::source::SourceCache;

/// A route with less than this share of what is alive is noise.
const MIN_ROUTE_SHARE: f64 = 0.1;

/// One suspect for each group that grows.
pub fn resource_suspects(growing: &[ResourceGrowth], cwd: &Path, sources: &mut SourceCache) -> Vec<Suspect> {
    growing.iter().map(|growth| suspect(growth, cwd, sources)).collect()
}

fn suspect(growth: &ResourceGrowth, cwd: &Path, sources: &mut SourceCache) -> Suspect {
    let group = growth.group;
    let kind = kind_of(&group.kind, &group.name);
    let path = path(growth, cwd);
    let created_at: Vec<Location> =
        application_first(&group.site, sources).iter().map(|frame| location(frame, cwd)).collect();
    let package = group.site.first().and_then(|frame| sources.dependency(Path::new(&frame.file)));
    Suspect {
        id: suspect_id(kind, &path, created_at.first()),
        kind,
        name: constructor(group).to_owned(),
        growth: Growth {
            count: growth.fit.growth.round() as u64,
            count_per_request: growth.fit.slope,
            ..Growth::default()
        },
        evidence: evidence(growth, created_at.first()),
        advice: match &package {
            Some(package) if kind == SuspectKind::Timer => stop_in(&package.name),
            _ => advice(kind, &group.name, &path, None),
        },
        confidence: if created_at.is_empty() { Confidence::Low } else { Confidence::High },
        routes: routes(growth),
        holder: group.holder.clone().filter(|_| kind == SuspectKind::Listener),
        held_at: None,
        package: package.map(|package| Package { name: package.name, version: package.version }),
        retainer_path: path,
        created_at,
    }
}

/// A frame as the report shows it.
pub fn location(frame: &Frame, cwd: &Path) -> Location {
    Location {
        file: shown(Path::new(&frame.file), cwd),
        line: frame.line,
        column: frame.column,
        function: frame.function.clone(),
    }
}

/// The innermost frame, then the first frame of the application when the innermost one is a dependency's.
fn application_first<'a>(site: &'a [Frame], sources: &mut SourceCache) -> Vec<&'a Frame> {
    let application = site.iter().find(|frame| sources.dependency(Path::new(&frame.file)).is_none());
    let mut frames: Vec<&Frame> = application.into_iter().collect();
    frames.extend(site.first().filter(|first| Some(*first) != application));
    frames
}

fn path(growth: &ResourceGrowth, cwd: &Path) -> Vec<Step> {
    let group = growth.group;
    let module = group.site.first().map(|frame| Step {
        kind: StepKind::Module,
        name: shown(Path::new(&frame.file), cwd),
        constructor: None,
    });
    let holder = group.holder.as_ref().map(|holder| Step {
        kind: StepKind::Internal,
        name: holder.clone(),
        constructor: None,
    });
    let itself = Step { kind: StepKind::Internal, name: group.name.clone(), constructor: None };
    module.into_iter().chain(holder).chain([itself]).collect()
}

fn evidence(growth: &ResourceGrowth, site: Option<&Location>) -> Vec<String> {
    let group = growth.group;
    let holder = group.holder.as_ref().map(|holder| format!(" on {holder}")).unwrap_or_default();
    let place = site.map(|site| format!(", created at {}", location_text(site))).unwrap_or_default();
    vec![format!(
        "{} '{}'{holder} alive: {} at first, {} in the end, more in {} of {} counts{place}",
        group.kind,
        group.name,
        units::count(growth.alive.0),
        units::count(growth.alive.1),
        growth.fit.rising_steps,
        growth.fit.steps
    )]
}

fn routes(growth: &ResourceGrowth) -> Vec<String> {
    let counts: BTreeMap<&str, u64> =
        growth.group.routes.iter().map(|row| (row.route.as_str(), row.count)).collect();
    let total: u64 = counts.values().sum();
    let mut routes: Vec<_> =
        counts.into_iter().filter(|(_, count)| *count as f64 >= total as f64 * MIN_ROUTE_SHARE).collect();
    routes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    routes.into_iter().map(|(route, _)| route.to_owned()).collect()
}

/// What a heap snapshot would call it. The function that made a timer, the endpoint of a socket and the path of a
/// file stand on the path and in the evidence.
fn constructor(group: &ResourceGroup) -> &str {
    match (group.kind.as_str(), group.name.as_str()) {
        ("timer", "setImmediate") => "Immediate",
        ("timer", _) => "Timeout",
        ("socket", _) => group.holder.as_deref().unwrap_or("Socket"),
        ("file", _) => "file descriptor",
        (_, name) => name,
    }
}

fn kind_of(kind: &str, name: &str) -> SuspectKind {
    match kind {
        "timer" => SuspectKind::Timer,
        "listener" => SuspectKind::Listener,
        "file" => SuspectKind::File,
        "socket" => SuspectKind::Socket,
        "worker" => SuspectKind::Worker,
        "checkout" => SuspectKind::Checkout,
        "request" => SuspectKind::Request,
        _ if name.contains("Socket") => SuspectKind::Socket,
        _ => SuspectKind::Handle,
    }
}

#[cfg(test)]
mod tests {
    use super::super::input::{Point, TestRun};
    use super::super::resources::piling;
    use super::*;

    /// What is said of intervals that pile up, set in these files, innermost first.
    fn told(files: &[&str]) -> (String, Option<String>) {
        let frame = |file: &&str| Frame { file: (*file).to_owned(), line: 7, column: 1, function: None };
        let group = |count: u64| ResourceGroup {
            kind: "timer".into(),
            name: "setInterval".into(),
            count,
            delay_ms: Some(1000.0),
            site: files.iter().map(frame).collect(),
            ..ResourceGroup::default()
        };
        let point = |round: u64| Point {
            requests: round as f64 * 50.0,
            at_ms: round as f64 * 1000.0,
            resources: vec![group(10 + round * 50)],
            ..Point::default()
        };
        let run = TestRun { points: (0..4).map(point).collect(), cwd: "/app".into(), ..TestRun::default() };
        let suspect =
            resource_suspects(&piling(&run), Path::new(&run.cwd), &mut SourceCache::default()).remove(0);
        (suspect.created_at[0].file.clone(), suspect.advice.split_once(':').map(|(does, _)| does.to_owned()))
    }

    #[test]
    fn a_timer_of_a_librarys_is_stopped_by_the_library_and_the_applications_own_is_cleared() {
        let breakers = told(&["/app/node_modules/breaker/status.js", "/app/stock.js"]);
        assert_eq!(
            breakers,
            ("stock.js".into(), Some("Stop what sets the timer in breaker when its work is done".into()))
        );
        assert_eq!(told(&["/app/stock.js"]), ("stock.js".into(), None));
    }
}
