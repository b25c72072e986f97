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
mod tests {
    use super::super::bounds::Bound;
    use super::*;
    use crate::report::{Growth, Location};

    fn suspect(kind: SuspectKind, name: &str, per_request: f64, line: Option<u32>) -> Suspect {
        let at = |line| Location { file: "app.js".into(), line, column: 1, function: None };
        Suspect {
            id: format!("{name}{line:?}"),
            kind,
            name: name.into(),
            growth: Growth { count: 100, count_per_request: per_request, ..Growth::default() },
            retainer_path: Vec::new(),
            created_at: line.map(at).into_iter().collect(),
            holder: None,
            held_at: None,
            package: None,
            routes: Vec::new(),
            confidence: Confidence::Medium,
            evidence: vec![format!("{name} grew")],
            advice: String::new(),
        }
    }

    fn cluster(name: &str, per_request: f64, classes: &[&str], rootlike: bool) -> HeapSuspect {
        let mut suspect = suspect(SuspectKind::Object, name, per_request, None);
        suspect.growth.bytes = 5_000;
        suspect.retainer_path = vec![Step { kind: StepKind::Internal, name: name.into(), constructor: None }];
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        HeapSuspect { suspect, classes, rootlike, bound: None }
    }

    fn names(suspects: &[Suspect]) -> Vec<&str> {
        suspects.iter().map(|suspect| suspect.name.as_str()).collect()
    }

    #[test]
    fn a_timer_and_the_heap_it_keeps_are_one_leak() {
        let merged = merge(
            vec![suspect(SuspectKind::Timer, "Timeout", 0.5, Some(7))],
            vec![cluster("Timeout", 0.5, &["Timeout", "ServerResponse"], false)],
        );
        assert_eq!(names(&merged), ["Timeout"]);
        assert_eq!((merged[0].growth.bytes, merged[0].created_at[0].line), (5_000, 7));
    }

    #[test]
    fn resources_of_one_line_are_one_leak_and_of_two_lines_two() {
        let resources = vec![
            suspect(SuspectKind::Socket, "Socket", 1.0, Some(7)),
            suspect(SuspectKind::Handle, "ClientRequest", 1.0, None),
            suspect(SuspectKind::Timer, "Timeout", 1.0, Some(9)),
        ];
        let merged = merge(resources, Vec::new());
        let mut told = names(&merged);
        told.sort_unstable();
        assert_eq!(told, ["Socket", "Timeout"]);
    }

    #[test]
    fn the_connections_a_pool_makes_for_those_it_does_not_get_back_are_one_leak_with_them() {
        let resources = vec![
            suspect(SuspectKind::Socket, "Socket", 1.0, Some(220)),
            suspect(SuspectKind::Checkout, "Client", 1.0, Some(7)),
            suspect(SuspectKind::Socket, "Socket", 0.4, Some(90)),
        ];
        let merged = merge(resources, Vec::new());
        let mut told: Vec<_> = merged.iter().map(|suspect| suspect.created_at[0].line).collect();
        told.sort_unstable();
        assert_eq!(told, [7, 90]);
    }

    #[test]
    fn a_thing_in_a_map_and_its_timer_are_one_leak_with_two_lines() {
        let timer = |rate| vec![suspect(SuspectKind::Timer, "Timeout", rate, Some(9))];
        let locks = || {
            let mut locks = cluster("Lock", 0.5, &["Lock", "Timeout"], false);
            let at = Location { file: "app.js".into(), line: 8, column: 1, function: None };
            (locks.suspect.held_at, locks.suspect.created_at) = (Some(at.clone()), vec![at]);
            vec![locks]
        };
        let merged = merge(timer(0.5), locks());
        let lines: Vec<_> = merged[0].created_at.iter().map(|at| at.line).collect();
        assert_eq!((names(&merged), lines), (vec!["Lock"], vec![8, 9]));
        assert_eq!(names(&merge(timer(2.0), locks())), ["Lock", "Timeout"], "others are made elsewhere, too");
    }

    #[test]
    fn what_node_keeps_for_each_worker_is_a_part_of_the_worker() {
        let on_route = |mut suspect: Suspect| {
            suspect.routes = vec!["GET /hash".into()];
            suspect
        };
        let resources = || {
            let worker = suspect(SuspectKind::Worker, "Worker", 0.5, Some(8));
            vec![on_route(worker), on_route(suspect(SuspectKind::Handle, "WorkerStdio", 1.0, Some(8)))]
        };
        let held = |name: &str, start: (StepKind, &str), rate: f64| {
            let mut cluster = cluster(name, rate, &[name], false);
            cluster.suspect = on_route(cluster.suspect);
            cluster.suspect.retainer_path =
                vec![Step { kind: start.0, name: start.1.into(), constructor: None }];
            cluster
        };
        let in_node = (StepKind::Internal, "node:internal/streams/readable");
        let in_pool = (StepKind::Module, "pool.js");
        let parts = vec![held("closure", in_node, 1.0), held("WorkerStdio", in_pool, 1.0)];
        assert_eq!(names(&merge(resources(), parts)), ["Worker"]);
        let others = vec![held("closure", in_pool, 1.0), held("string", in_node, 0.07)];
        let mut told = names(&merge(resources(), others)).into_iter().map(str::to_owned).collect::<Vec<_>>();
        told.sort_unstable();
        assert_eq!(told, ["Worker", "closure", "string"]);
    }

    #[test]
    fn what_has_no_holder_is_told_only_when_nothing_else_is() {
        let loose = || cluster("HTTPParser", 0.37, &["HTTPParser"], true);
        let held = cluster("Session", 1.0, &["Session"], false);
        assert_eq!(names(&merge(Vec::new(), vec![loose(), held])), ["Session"]);
        assert_eq!(names(&merge(Vec::new(), vec![loose()])), ["HTTPParser"]);
    }

    #[test]
    fn requests_that_stay_are_told_by_what_keeps_them() {
        let survivors = |rate| vec![suspect(SuspectKind::Request, "IncomingMessage", rate, None)];
        let keeper = || vec![cluster("PaymentError", 0.5, &["PaymentError", "IncomingMessage"], false)];
        assert_eq!(names(&merge(survivors(0.5), keeper())), ["PaymentError"]);
        assert_eq!(names(&merge(survivors(0.5), Vec::new())), ["IncomingMessage"]);
        assert_eq!(names(&merge(survivors(0.31), keeper())), ["PaymentError", "IncomingMessage"]);
    }

    #[test]
    fn a_process_and_its_pipes_are_called_after_the_process() {
        let resources = vec![
            suspect(SuspectKind::Handle, "Pipe", 3.0, Some(7)),
            suspect(SuspectKind::Handle, "Process", 1.0, Some(7)),
        ];
        assert_eq!(names(&merge(resources, Vec::new())), ["Process"]);
    }

    #[test]
    fn a_request_under_way_and_the_agent_it_made_are_called_after_the_request() {
        let resources = || {
            vec![
                suspect(SuspectKind::Handle, "Agent", 1.0, Some(7)),
                suspect(SuspectKind::Handle, "ClientRequest", 1.0, None),
            ]
        };
        let through = |constructors: &[&str]| {
            let mut agents = cluster("Agent", 1.0, &["Agent"], true);
            let step = |constructor: &&str| Step {
                kind: StepKind::Property,
                name: "held".into(),
                constructor: Some((*constructor).into()),
            };
            agents.suspect.retainer_path = constructors.iter().map(step).collect();
            let merged = merge(resources(), vec![agents]);
            (merged[0].name.clone(), merged[0].created_at[0].line, merged[0].retainer_path.len())
        };
        assert_eq!(through(&["HTTPParser", "ClientRequest", "Agent"]), ("ClientRequest".into(), 7, 2));
        assert_eq!(through(&["TCP", "Agent"]), ("Agent".into(), 7, 2));
    }

    #[test]
    fn listeners_of_one_line_are_called_after_the_event_that_holds_something() {
        let step = |kind, name: &str| Step { kind, name: name.into(), constructor: None };
        let listener = |event: &str, line| {
            let mut listener = suspect(SuspectKind::Listener, event, 1.0, Some(line));
            listener.retainer_path = vec![step(StepKind::Internal, "Bus"), step(StepKind::Internal, event)];
            listener
        };
        let mut queues = cluster("Queue", 1.0, &["Queue"], false);
        queues.suspect.retainer_path = vec![
            Step { constructor: Some("Bus".into()), ..step(StepKind::Variable, "bus") },
            step(StepKind::Property, "_events"),
            step(StepKind::Property, "tick"),
        ];
        let merged = merge(vec![listener("error", 7), listener("tick", 7)], vec![queues]);
        assert_eq!(names(&merged), ["tick"]);
        assert_eq!(merged[0].growth.bytes, 5_000);
    }

    #[test]
    fn what_may_stop_growing_is_no_proof_and_neither_are_its_sides() {
        let mut cache = cluster("Page", 0.5, &["Page"], false);
        cache.bound = Some(Bound::Room(5_000));
        let loose = |rate| cluster("string", rate, &["string"], true);
        let (proven, doubtful) = part_doubtful(vec![cache, loose(0.5), loose(0.33)]);
        assert_eq!((proven.len(), doubtful.len()), (1, 1));
        assert_eq!(proven[0].suspect.growth.count_per_request, 0.33);
    }

    #[test]
    fn what_a_library_keeps_below_one_variable_of_its_own_may_stop_growing_together() {
        let below = |variable: &str, property: &str| {
            let step = |kind, name: &str| Step { kind, name: name.into(), constructor: None };
            let mut held = cluster(property, 0.5, &["string"], false);
            held.suspect.retainer_path = vec![
                step(StepKind::Module, "node_modules/lru/index.js"),
                step(StepKind::Variable, variable),
                step(StepKind::Property, property),
            ];
            held
        };
        let mut values = below("store", "values");
        values.bound = Some(Bound::Room(5_000));
        let (proven, _) = part_doubtful(vec![values, below("store", "keys"), below("other", "keys")]);
        let left: Vec<_> = proven.iter().map(|held| held.suspect.retainer_path[1].name.as_str()).collect();
        assert_eq!(left, ["other"]);
    }
}
