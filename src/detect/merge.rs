//! One leak, one row: resources and heap clusters that are sides of the same leak become one suspect.

use std::cmp::Ordering;

use super::advice::{advice, holder_name};
use super::from_heap::HeapSuspect;
use super::sides::{
    first_line, hangs_on_event, is_part_of, is_side_of, keeps, one_holder, replaces, same_rate,
};
use crate::report::{Confidence, Step, StepKind, Suspect, SuspectKind};
use crate::track::generalise;

/// Sentences of evidence after which another side has none of its own.
const MAX_EVIDENCE: usize = 3;

/// Joins suspects, biggest leak first.
pub fn merge(resources: Vec<Suspect>, heap: Vec<HeapSuspect>) -> Vec<Suspect> {
    let (mut survivors, resources): (Vec<_>, Vec<_>) =
        resources.into_iter().partition(|suspect| suspect.kind == SuspectKind::Request);
    let mut suspects = fold_resources(resources.clone());
    suspects.iter_mut().for_each(|suspect| name_after_held_event(suspect, &resources, &heap));
    let rest = absorb_sides(&mut suspects, heap);
    let rest = absorb_parts(&mut suspects, rest, &resources);
    suspects.iter_mut().for_each(|suspect| name_after_outermost(suspect, &resources));
    let (loose, mut held): (Vec<_>, Vec<_>) = rest.into_iter().partition(|cluster| cluster.rootlike);
    suspects.retain(|suspect| match held.iter_mut().find(|cluster| is_part_of(suspect, cluster)) {
        Some(cluster) => {
            add_part(cluster, suspect);
            false
        }
        None => true,
    });
    suspects.extend(fold_clusters(held));
    // That requests stay says nothing of what keeps them: what does know, says it.
    survivors.retain(|survivor| match suspects.iter_mut().find(|suspect| keeps(suspect, survivor)) {
        Some(suspect) => {
            testify(suspect, survivor);
            false
        }
        None => true,
    });
    // What is held from several sides has no holder and no line: it is told only when nothing else is.
    let loose = absorb_sides(&mut survivors, loose);
    suspects.extend(fold_resources(survivors));
    if suspects.is_empty() {
        suspects.extend(fold_clusters(loose));
    }
    suspects.sort_by(worst_first);
    suspects
}

/// Adds clusters to the suspects of which they are a side, and returns the others.
fn absorb_sides(suspects: &mut [Suspect], clusters: Vec<HeapSuspect>) -> Vec<HeapSuspect> {
    let mut rest = Vec::new();
    for cluster in clusters {
        match suspects.iter_mut().find(|suspect| is_side_of(&cluster, suspect)) {
            Some(suspect) => absorb(suspect, cluster),
            None => rest.push(cluster),
        }
    }
    rest
}

/// Adds clusters that have no line of their own to the suspects with whose parts, made at the same line, they grow.
fn absorb_parts(suspects: &mut [Suspect], clusters: Vec<HeapSuspect>, parts: &[Suspect]) -> Vec<HeapSuspect> {
    let mut rest = Vec::new();
    for cluster in clusters {
        let heap = &cluster.suspect;
        let is_one =
            |part: &&Suspect| part.name == heap.name && part.routes == heap.routes && same_rate(part, heap);
        let line = parts.iter().filter(|_| heap.created_at.is_empty()).find(is_one).and_then(first_line);
        match suspects.iter_mut().find(|suspect| line.is_some() && first_line(suspect) == line) {
            Some(suspect) => suspect.growth.bytes += heap.growth.bytes,
            None => rest.push(cluster),
        }
    }
    rest
}

/// Each of what the cluster holds has one of these resources, which takes a line of its own to let go.
fn add_part(cluster: &mut HeapSuspect, part: &Suspect) {
    let whole = &mut cluster.suspect;
    let lines = part.created_at.iter().filter(|at| !whole.created_at.contains(at));
    whole.created_at = whole.created_at.iter().chain(lines).cloned().collect();
    whole.evidence.extend(part.evidence.iter().take(1).cloned());
    whole.advice = format!("{} {}", whole.advice, part.advice);
    if whole.routes.is_empty() {
        whole.routes.clone_from(&part.routes);
    }
}

/// Adds what is known of surviving requests to what keeps them.
fn testify(suspect: &mut Suspect, survivor: &Suspect) {
    if suspect.evidence.len() < MAX_EVIDENCE {
        suspect.evidence.extend(survivor.evidence.iter().take(1).cloned());
    }
    if suspect.routes.is_empty() {
        suspect.routes.clone_from(&survivor.routes);
    }
}

/// Resources of the same line of source, or without one, that grow at the same rate are one leak. Of one kind, the
/// one there are fewest of is the thing, and the others are its parts: a process and its pipes.
fn fold_resources(resources: Vec<Suspect>) -> Vec<Suspect> {
    let mut sorted = resources;
    sorted.sort_by(|a, b| {
        let key = |suspect: &Suspect| (suspect.created_at.is_empty(), rank(suspect.kind));
        let rate = |suspect: &Suspect| suspect.growth.count_per_request;
        key(a).cmp(&key(b)).then_with(|| rate(a).total_cmp(&rate(b)))
    });
    let mut kept: Vec<Suspect> = Vec::new();
    for suspect in sorted {
        let same = kept.iter_mut().find(|other| {
            let depends = suspect.created_at.is_empty() || replaces(&suspect, other);
            first_line(other) == first_line(&suspect) || (depends && same_rate(other, &suspect))
        });
        match same {
            Some(other) => other.evidence.extend(suspect.evidence),
            None => kept.push(suspect),
        }
    }
    kept
}

/// What holds the others is the thing: the request under way, not the agent that it made for itself.
fn name_after_outermost(suspect: &mut Suspect, resources: &[Suspect]) {
    let is_part = |constructor: &str| {
        resources
            .iter()
            .any(|part| part.kind == suspect.kind && part.name == constructor && same_rate(part, suspect))
    };
    let outermost =
        suspect.retainer_path.iter().position(|step| step.constructor.as_deref().is_some_and(is_part));
    let Some(at) = outermost else { return };
    suspect.retainer_path.truncate(at + 1);
    let constructor = suspect.retainer_path[at].constructor.clone().unwrap_or_default();
    if constructor != suspect.name {
        suspect.holder = holder_name(&suspect.retainer_path);
        suspect.advice =
            advice(suspect.kind, &constructor, &suspect.retainer_path, suspect.holder.as_deref());
        suspect.name = constructor;
    }
}

/// Of the events that one line listens to, the one whose listeners hold something is the leak's name.
fn name_after_held_event(suspect: &mut Suspect, resources: &[Suspect], heap: &[HeapSuspect]) {
    let holds = |part: &&Suspect| heap.iter().any(|cluster| hangs_on_event(cluster, part));
    let same_line =
        |part: &&Suspect| part.kind == SuspectKind::Listener && first_line(part) == first_line(suspect);
    if suspect.kind != SuspectKind::Listener || suspect.created_at.is_empty() {
        return;
    }
    if let Some(part) = resources.iter().filter(same_line).find(holds) {
        suspect.name.clone_from(&part.name);
        suspect.holder.clone_from(&part.holder);
        suspect.retainer_path.clone_from(&part.retainer_path);
    }
}

/// The resource that says most about a leak comes first.
fn rank(kind: SuspectKind) -> u8 {
    match kind {
        SuspectKind::Checkout => 0,
        SuspectKind::Worker => 1,
        SuspectKind::Handle => 2,
        SuspectKind::Socket => 3,
        SuspectKind::File => 4,
        SuspectKind::Timer => 5,
        SuspectKind::Listener => 6,
        _ => 7,
    }
}

fn absorb(suspect: &mut Suspect, cluster: HeapSuspect) {
    let heap = cluster.suspect;
    // An EventTarget keeps a Listener object for each listener; an emitter keeps the bare function, and then the
    // event says more.
    if suspect.kind == SuspectKind::Listener && heap.name == "Listener" {
        suspect.name.clone_from(&heap.name);
    }
    // The first cluster says more than the creation site does; one that is called the same says most.
    let is_first = suspect.growth.bytes == 0;
    let says_more = is_first || heap.name == suspect.name;
    if says_more && !heap.retainer_path.is_empty() {
        suspect.holder = match suspect.kind {
            SuspectKind::Listener => emitter(&heap.retainer_path, &suspect.name).or(suspect.holder.take()),
            _ => heap.holder,
        };
        suspect.retainer_path = heap.retainer_path;
    }
    suspect.growth.bytes += heap.growth.bytes;
    suspect.growth.bytes_per_request += heap.growth.bytes_per_request;
    suspect.held_at = suspect.held_at.take().or(heap.held_at);
    // Of several, the first has most bytes.
    if is_first && suspect.evidence.len() < MAX_EVIDENCE {
        suspect.evidence.extend(heap.evidence.into_iter().take(1));
    }
    if suspect.routes.is_empty() {
        suspect.routes = heap.routes;
    }
    suspect.confidence = if suspect.created_at.is_empty() { Confidence::Medium } else { Confidence::High };
}

/// What the source calls the emitter whose listeners of `event` are on the path.
fn emitter(path: &[Step], event: &str) -> Option<String> {
    let at = path.iter().position(|step| generalise(&step.name) == event)?;
    let named = |step: &&Step| {
        let keeps_listeners = step.constructor.as_deref().is_none_or(|class| class == "Object");
        !keeps_listeners && matches!(step.kind, StepKind::Variable | StepKind::Property)
    };
    path[..at].iter().rev().find(named).map(|step| step.name.clone())
}

/// Parts what proves a leak from what may stop growing by itself. What grows with the latter, below the same variable
/// or without a holder of its own, is a side of it.
pub fn part_doubtful(clusters: Vec<HeapSuspect>) -> (Vec<HeapSuspect>, Vec<HeapSuspect>) {
    let (doubtful, proven): (Vec<_>, Vec<_>) =
        clusters.into_iter().partition(|cluster| cluster.bound.is_some());
    let is_side = |cluster: &HeapSuspect| {
        doubtful.iter().any(|other| {
            (cluster.rootlike || one_holder(&other.suspect, &cluster.suspect))
                && same_rate(&other.suspect, &cluster.suspect)
        })
    };
    (proven.into_iter().filter(|cluster| !is_side(cluster)).collect(), doubtful)
}

/// Clusters of the same rate below the same variable, or without a holder of their own, are one leak.
fn fold_clusters(clusters: Vec<HeapSuspect>) -> Vec<Suspect> {
    let mut kept: Vec<Suspect> = Vec::new();
    for cluster in clusters {
        let same = kept.iter_mut().find(|other| {
            let suspect = &cluster.suspect;
            (cluster.rootlike || one_holder(other, suspect)) && same_rate(other, suspect)
        });
        match same {
            Some(other) => {
                other.growth.bytes += cluster.suspect.growth.bytes;
                other.growth.bytes_per_request += cluster.suspect.growth.bytes_per_request;
            }
            None => kept.push(cluster.suspect),
        }
    }
    kept
}

fn worst_first(a: &Suspect, b: &Suspect) -> Ordering {
    let weight = |suspect: &Suspect| (suspect.growth.bytes, suspect.growth.count);
    weight(b).cmp(&weight(a)).then_with(|| a.id.cmp(&b.id))
}

#[cfg(test)]
mod tests;
