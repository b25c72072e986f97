//! Sides of one leak that become one suspect, and leaks that stay apart.

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
        cluster.suspect.retainer_path = vec![Step { kind: start.0, name: start.1.into(), constructor: None }];
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
