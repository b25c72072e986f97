//! When two suspects are sides of one leak.

use super::from_heap::HeapSuspect;
use crate::report::{Step, StepKind, Suspect, SuspectKind};
use crate::track::generalise;

/// Rates are the same when the smaller is at least this share of the larger.
const SAME_RATE: f64 = 0.8;

/// May the suspect be what keeps the surviving requests? It grows with them, or on their route.
pub(super) fn keeps(suspect: &Suspect, survivor: &Suspect) -> bool {
    same_rate(suspect, survivor) || suspect.routes.iter().any(|route| survivor.routes.contains(route))
}

/// A pool makes a new connection for each that it does not get back.
pub(super) fn replaces(socket: &Suspect, checkout: &Suspect) -> bool {
    (socket.kind, checkout.kind) == (SuspectKind::Socket, SuspectKind::Checkout)
}

/// Does the cluster consist of what the resource suspect counts, or hang below it?
pub(super) fn is_side_of(cluster: &HeapSuspect, suspect: &Suspect) -> bool {
    let contains = |class: &str| cluster.classes.iter().any(|other| other == class);
    let consists_of = match suspect.kind {
        SuspectKind::Timer => contains("Timeout") || contains("Immediate"),
        SuspectKind::Listener => contains("Listener"),
        _ => contains(&suspect.name),
    };
    let heap = &cluster.suspect.growth;
    // A holder that grows without gaining objects has no count of its own.
    let enough = heap.count == 0 || heap.count_per_request >= suspect.growth.count_per_request * 0.5;
    (suspect.kind == SuspectKind::Listener && hangs_on_event(cluster, suspect))
        || (consists_of && enough && held_by_system(cluster))
        || ((cluster.rootlike || of_one_line(&cluster.suspect, suspect) || is_nodes_part(cluster, suspect))
            && same_rate(&cluster.suspect, suspect))
}

/// Is the cluster something that Node keeps for each of what the application makes at a line, on the same routes? Of its own
/// it has neither a holder nor a line that anybody could change.
fn is_nodes_part(cluster: &HeapSuspect, suspect: &Suspect) -> bool {
    let part = &cluster.suspect;
    let in_node = part.retainer_path.first().is_some_and(|step| step.name.starts_with("node:"));
    let has_line = !part.created_at.is_empty() || part.held_at.is_some();
    in_node && !has_line && !suspect.created_at.is_empty() && part.routes == suspect.routes
}

/// Does each of what the cluster holds have one of these resources, and nothing else of them?
pub(super) fn is_part_of(resource: &Suspect, cluster: &HeapSuspect) -> bool {
    let [part, whole] = [resource, &cluster.suspect].map(|suspect| suspect.growth.count_per_request);
    let as_many = part.min(whole) >= part.max(whole) * SAME_RATE;
    let is_kept = matches!(resource.kind, SuspectKind::Timer | SuspectKind::Handle | SuspectKind::Worker);
    is_kept && as_many && cluster.classes.contains(&resource.name)
}

/// Is the cluster held by the emitter and event whose listeners pile up?
pub(super) fn hangs_on_event(cluster: &HeapSuspect, listener: &Suspect) -> bool {
    let path = &cluster.suspect.retainer_path;
    let emitter = listener.retainer_path.iter().rev().nth(1).map(|step| step.name.as_str());
    let event = path.iter().any(|step| generalise(&step.name) == listener.name);
    event
        && path
            .iter()
            .any(|step| step.constructor.as_deref() == emitter || Some(step.name.as_str()) == emitter)
}

/// True when no variable of the source holds the cluster: what holds it is the resource itself.
fn held_by_system(cluster: &HeapSuspect) -> bool {
    cluster.rootlike
        || cluster.suspect.held_at.is_none()
        || matches!(cluster.suspect.kind, SuspectKind::Listener | SuspectKind::Timer | SuspectKind::Closure)
}

/// Are both held by one variable: one that is declared at the same place, or else at the start of both paths?
pub(super) fn one_holder(a: &Suspect, b: &Suspect) -> bool {
    let holder = |suspect: &Suspect| suspect.held_at.as_ref().map(|at| (at.file.clone(), at.line, at.column));
    match (holder(a), holder(b)) {
        (None, None) => start(a).is_some() && start(a) == start(b),
        (a, b) => a == b,
    }
}

/// The file that a path starts in and its variable.
fn start(suspect: &Suspect) -> Option<[&Step; 2]> {
    match suspect.retainer_path.as_slice() {
        [module, variable, ..] if variable.kind == StepKind::Variable => Some([module, variable]),
        _ => None,
    }
}

pub(super) fn same_rate(a: &Suspect, b: &Suspect) -> bool {
    let (a, b) = (a.growth.count_per_request, b.growth.count_per_request);
    // One leaked thing may consist of several of what the other counts.
    let ratio = a.max(b) / a.min(b).max(f64::MIN_POSITIVE);
    let whole = ratio.round();
    whole <= 8.0 && (ratio / whole).min(whole / ratio) >= SAME_RATE.max(1.0 - 0.1 / whole)
}

fn of_one_line(a: &Suspect, b: &Suspect) -> bool {
    first_line(a).is_some() && first_line(a) == first_line(b)
}

pub(super) fn first_line(suspect: &Suspect) -> Option<(&str, u32)> {
    suspect.created_at.first().map(|at| (at.file.as_str(), at.line))
}
