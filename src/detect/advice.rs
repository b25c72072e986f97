//! What to change, in one sentence for each kind of leak, and the leak's title.

use crate::report::{Step, StepKind, Suspect, SuspectKind};

/// `Session in sessions leaks on POST /login`: a leak in a few words.
pub fn title(suspect: &Suspect) -> String {
    format!("{} leaks{}", thing(suspect), on_route(suspect))
}

/// ` on POST /login`; nothing when the route is not known.
pub fn on_route(suspect: &Suspect) -> String {
    suspect.routes.first().map(|route| format!(" on {route}")).unwrap_or_default()
}

/// `Session in sessions`.
pub fn thing(suspect: &Suspect) -> String {
    let name = &suspect.name;
    let is_holders_class =
        |step: &Step| step.constructor.as_ref() == Some(name) && Some(&step.name) == suspect.holder.as_ref();
    match &suspect.holder {
        Some(holder) if suspect.kind == SuspectKind::Listener => format!("'{name}' listener on {holder}"),
        Some(holder) if suspect.retainer_path.iter().any(is_holders_class) => format!("{holder} ({name})"),
        Some(holder) => format!("{name} in {holder}"),
        None => name.clone(),
    }
}

/// What to do about a leak of this kind. `holder` is the variable or property that holds it, where known.
pub fn advice(kind: SuspectKind, name: &str, path: &[Step], holder: Option<&str>) -> String {
    let is_nodes = holder.is_none() && path.first().is_some_and(|step| step.kind == StepKind::Internal);
    let holder = holder.unwrap_or("its holder");
    match kind {
        _ if waits_to_be_written(path) => {
            format!("Write no more to {holder} while write() returns false, go on at its 'drain' event (stream.pipeline does both), and end or destroy it when nobody reads what it carries.")
        }
        SuspectKind::Buffer if name == WASM_MEMORY => {
            format!("Free what each request allocates in {holder} (the module's own free, delete or dispose): a WebAssembly memory never shrinks. Or drop the instance after a while and make a new one.")
        }
        SuspectKind::Collection | SuspectKind::Object | SuspectKind::String if is_nodes => {
            format!("Node.js itself keeps each {name}: make it once at start-up, or let go of it with the call that undoes the one that makes it (clear…, close, revoke…, unsubscribe).")
        }
        SuspectKind::Collection if name == "WeakRef" => {
            format!("Take each WeakRef out of {holder} when what it refers to is gone (FinalizationRegistry): the WeakRef itself stays. Or do not put one in for each request.")
        }
        SuspectKind::Object if is_collected(path) => bounded(holder),
        SuspectKind::Closure if is_collected(path) => {
            format!("Take each closure out of {holder} once it is not needed: it keeps every variable of the function it was made in.")
        }
        SuspectKind::Collection | SuspectKind::String => bounded(holder),
        SuspectKind::Object => format!("Break the chain in {holder}: each {name} keeps the one before it; keep only what is needed of it."),
        SuspectKind::Closure => {
            format!("Do not let {holder} keep the closure: it keeps every variable of the function it was made in, and through them the ones before.")
        }
        SuspectKind::Buffer => {
            format!("{} Of a slice keep a copy (Buffer.from(slice)): a view holds the whole memory.", bounded(holder))
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

/// What a `WebAssembly.Memory` is called.
pub const WASM_MEMORY: &str = "WebAssembly.Memory";

/// The path of a `WebAssembly.Memory` up to its buffer: a slot of V8's own leads there, which no class of an application has.
pub fn is_wasm_memory(path: &[Step]) -> bool {
    let [.., memory, buffer] = path else { return false };
    let is = |step: &Step, class: &str| step.constructor.as_deref() == Some(class);
    is(memory, "Memory") && is(buffer, "ArrayBuffer") && buffer.kind == StepKind::Internal
}

/// Does it wait in a writable stream until somebody reads?
fn waits_to_be_written(path: &[Step]) -> bool {
    path.windows(2).any(|pair| {
        pair[0].constructor.as_deref() == Some("WritableState")
            && pair[1].name.to_lowercase().contains("buffered")
    })
}

fn bounded(holder: &str) -> String {
    format!(
        "Bound {holder}: delete entries once they are not needed, or use a cache with a maximum size and age."
    )
}

/// Are the leaked things entries of a collection, rather than each held by the one after it?
fn is_collected(path: &[Step]) -> bool {
    path.iter().any(is_entry)
}

fn is_entry(step: &Step) -> bool {
    matches!(step.kind, StepKind::Entry | StepKind::Element)
}

/// What to do about entries of what a library keeps.
pub fn bound_in(package: &str, holder: Option<&str>) -> String {
    let holder = holder.unwrap_or("its holder");
    format!(
        "Bound {holder}: let {package} drop entries once they are not needed (a maximum size, an age), use a store that \
         does, or give it fewer different keys."
    )
}

/// What to do about timers that a library sets for what it makes.
pub fn stop_in(package: &str) -> String {
    format!(
        "Stop what sets the timer in {package} when its work is done: it has a method for that (close, stop, shutdown, \
         destroy …), and keeps its timer until then. Or make it once, at start-up."
    )
}

/// What to do about functions that are handed to a library one by one, and stay there.
pub fn unregister(name: &str, holder: Option<&str>) -> String {
    let holder = holder.unwrap_or("its holder");
    format!(
        "Take each {name} off {holder} again when its work is done (off, unsubscribe, eject …), or hand it over once at \
         start-up; if {holder} is a cache, give it a maximum size and age."
    )
}

/// The named thing nearest to the leak that holds it: the collection they are entries of, if they are. `None` when it
/// is a part of Node. A symbol names a part of what a variable or property before it holds.
pub fn holder_name(path: &[Step]) -> Option<String> {
    if path.first()?.kind == StepKind::Internal {
        return None;
    }
    let is_name = |step: &&Step| matches!(step.kind, StepKind::Variable | StepKind::Property);
    let above = path.iter().rposition(is_entry).unwrap_or(path.len() - 1);
    let names = || path[..above].iter().enumerate().rev().filter(|(_, step)| is_name(step));
    let is_symbol = |step: &Step| step.name.starts_with("Symbol(");
    let written = names().find(|(index, step)| *index > 0 && !is_symbol(step));
    let only_step = path.last().filter(|step| step.kind == StepKind::Variable);
    written.or_else(|| names().next()).map(|(_, step)| step).or(only_step).map(|step| step.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(steps: &[(StepKind, &str)]) -> Vec<Step> {
        steps.iter().map(|&(kind, name)| Step { kind, name: name.into(), constructor: None }).collect()
    }

    #[test]
    fn what_holds_is_the_collection_and_not_a_part_of_its_entries() {
        use StepKind::{Element, Entry, Internal, Module, Property, Variable};
        let name = |steps: &[(StepKind, &str)]| holder_name(&path(steps));
        let told = |name: &str| Some(name.to_owned());
        let in_hits =
            [(Module, "a.js"), (Variable, "hits"), (Element, "[]"), (Property, "ctx"), (Property, "res")];
        assert_eq!(name(&in_hits), told("hits"));
        let chain = [(Module, "a.js"), (Variable, "list"), (Property, "head"), (Property, "next")];
        assert_eq!(name(&chain), told("head"));
        let in_bus = [(Module, "a.js"), (Variable, "bus"), (Property, "Symbol(kEvents)"), (Entry, "value")];
        assert_eq!(name(&in_bus), told("bus"));
        let in_global = [(Variable, "globalThis"), (Property, "Symbol(events)"), (Element, "[]")];
        assert_eq!(name(&in_global), told("Symbol(events)"));
        assert_eq!(name(&[(Module, "a.js"), (Variable, "last")]), told("last"));
        assert_eq!(name(&[(Internal, "node:net"), (Variable, "all"), (Entry, "key")]), None);
    }

    #[test]
    fn memory_of_webassembly_and_what_waits_to_be_written_are_told_from_buffers_in_a_list() {
        use StepKind::{Element, Internal, Module, Property, Variable};
        let made_of = |steps: &[(StepKind, &str, &str)]| -> Vec<Step> {
            let step = |&(kind, name, class): &(StepKind, &str, &str)| Step {
                kind,
                name: name.into(),
                constructor: Some(class.into()),
            };
            steps.iter().map(step).collect()
        };
        let wasm = made_of(&[(Variable, "memory", "Memory"), (Internal, "2", "ArrayBuffer")]);
        let own = made_of(&[(Variable, "memory", "Memory"), (Property, "bytes", "ArrayBuffer")]);
        assert!(is_wasm_memory(&wasm) && !is_wasm_memory(&own));
        let of = |name, path: &[Step], holder| advice(SuspectKind::Buffer, name, path, Some(holder));
        assert!(of(WASM_MEMORY, &wasm, "memory").contains("allocates in memory"));
        let piped = made_of(&[
            (Variable, "child", "ChildProcess"),
            (Property, "stdin", "Socket"),
            (Property, "_writableState", "WritableState"),
            (Property, "Symbol(kBufferedValue)", "Array"),
            (Element, "[]", "Object"),
        ]);
        assert!(
            of("Buffer", &piped, "stdin").starts_with("Write no more to stdin while write() returns false")
        );
        let kept = path(&[(Module, "a.js"), (Variable, "uploads"), (Element, "[]")]);
        assert!(of("Buffer", &kept, "uploads").starts_with("Bound uploads:"));
    }

    #[test]
    fn entries_of_a_collection_hold_no_others_before_them() {
        use StepKind::{Element, Module, Property, Variable};
        let copied = path(&[(Module, "a.js"), (Variable, "history"), (Element, "[]")]);
        let chained = path(&[(Module, "a.js"), (Variable, "list"), (Property, "head"), (Property, "next")]);
        assert!(
            advice(SuspectKind::Object, "Object", &copied, Some("history")).starts_with("Bound history:")
        );
        assert!(
            advice(SuspectKind::Object, "Item", &chained, Some("head"))
                .starts_with("Break the chain in head:")
        );
        assert!(
            !advice(SuspectKind::Closure, "closure", &copied, Some("history")).contains("the ones before")
        );
    }
}
