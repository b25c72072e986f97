//! What to change, in one sentence for each kind of leak, and the leak's title.

use crate::report::{Step, StepKind, Suspect, SuspectKind};

/// `Session in sessions (POST /login)`: a leak in a few words.
pub fn title(suspect: &Suspect) -> String {
    let holder = holder_name(&suspect.retainer_path).map(|name| format!(" in {name}")).unwrap_or_default();
    let route = suspect.routes.first().map(|route| format!(" on {route}")).unwrap_or_default();
    format!("{}{holder} leaks{route}", suspect.name)
}

/// What to do about a leak of this kind. `holder` is the variable or property that holds it, where known.
pub fn advice(kind: SuspectKind, name: &str, path: &[Step]) -> String {
    let holder = holder_name(path).unwrap_or_else(|| "its holder".to_owned());
    match kind {
        SuspectKind::Collection | SuspectKind::String => {
            format!("Bound {holder}: delete entries once they are not needed, or use a cache with a maximum size and age.")
        }
        SuspectKind::Object => format!("Break the chain in {holder}: each {name} keeps the one before it; keep only what is needed of it."),
        SuspectKind::Closure => {
            format!("Do not let {holder} keep the closure: it keeps every variable of the function it was made in, and through them the ones before.")
        }
        SuspectKind::Buffer => {
            format!("Keep a copy of the bytes needed (Buffer.from(slice)) instead of a view that holds the whole memory, and bound {holder}.")
        }
        SuspectKind::Listener => {
            "Remove the listener when the work is done (off, removeEventListener, once, or the signal option), or add it once at start-up.".to_owned()
        }
        SuspectKind::Timer => "Keep the timer and clear it when what it serves ends, for a request on the response's 'close' event.".to_owned(),
        SuspectKind::Promise => {
            format!("Do not race or chain on {holder} again and again: each call adds a reaction that stays until it settles.")
        }
        SuspectKind::Request => format!("Drop the request or response from {holder} on its 'close' event."),
        SuspectKind::Handle => format!("Close each {name} when what it serves ends."),
        SuspectKind::Socket => "End or destroy the connection when its client goes away or the work is done, and set a timeout.".to_owned(),
        SuspectKind::File => "Close the file on every path, also when the request is aborted or fails (stream.pipeline, finally).".to_owned(),
        SuspectKind::Worker => "Terminate the worker when its work is done, or keep a pool of a fixed size.".to_owned(),
        SuspectKind::Checkout => format!("Give each {name} back to its pool on every path, also when the work fails (release it in a finally block)."),
        SuspectKind::Context => "Leave the context when its work is done.".to_owned(),
        SuspectKind::Native => "Look at what native code allocates: the JavaScript heap does not hold it.".to_owned(),
    }
}

/// The named thing nearest to the leak that holds it; `None` when that is a part of Node.
fn holder_name(path: &[Step]) -> Option<String> {
    if path.first()?.kind == StepKind::Internal {
        return None;
    }
    let mut names =
        path.iter().rev().skip(1).filter(|step| matches!(step.kind, StepKind::Variable | StepKind::Property));
    let only_step = path.last().filter(|step| step.kind == StepKind::Variable);
    names.next().or(only_step).map(|step| step.name.clone())
}
