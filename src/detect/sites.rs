//! From what holds a leak to lines of source: where the holder is defined, and where it is made to grow.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::anchor::Anchor;
use super::declarations::held_at;
use super::input::Frame;
use super::profile::{AllocationProfile, NodeCall};
use super::site::{Site, site};
use crate::source::{
    FunctionId, PackageOf, Position, SourceCache, SourceFile, Touch, TouchKind, Variable, is_of_application,
};

/// What the source says about a leak's holder.
#[derive(Clone, Debug, Default)]
pub struct Sites {
    /// Lines that make the holder grow, most likely first.
    pub grows_at: Vec<Site>,
    /// Where the holder is defined.
    pub held_at: Option<Site>,
    /// The dependency whose code holds it.
    pub package: Option<PackageOf>,
}

/// More lines than this help nobody.
const MAX_SITES: usize = 4;
/// Files of the application that are searched for its uses of a dependency.
pub(super) const MAX_FILES: usize = 1000;
/// Anchors further up say little about this leak.
const MAX_ANCHORS: usize = 4;

/// Beside a function of which fewer samples are alive, another without any may have allocated as much: chance has it.
const TELLING_SAMPLES: f64 = 4.0;

/// Reads sources next to an allocation profile.
pub struct SiteFinder<'a> {
    sources: &'a mut SourceCache,
    profile: &'a AllocationProfile,
    live: HashMap<(PathBuf, Position), f64>,
    application_files: Vec<PathBuf>,
}

impl<'a> SiteFinder<'a> {
    /// `scripts`: the files that the process has loaded, where the application's uses of a dependency may stand.
    pub fn new(sources: &'a mut SourceCache, profile: &'a AllocationProfile, scripts: &[PathBuf]) -> Self {
        let mut live: HashMap<(PathBuf, Position), f64> = HashMap::new();
        for stack in &profile.stacks {
            let functions: BTreeSet<&Frame> = stack.frames.iter().map(|frame| frame.as_ref()).collect();
            for frame in functions {
                *live.entry((PathBuf::from(&frame.file), position(frame))).or_default() += stack.bytes;
            }
        }
        let of_application = scripts.iter().filter(|file| sources.dependency(file).is_none());
        let application_files = of_application.take(MAX_FILES).cloned().collect();
        SiteFinder { sources, profile, live, application_files }
    }

    /// The sites of a holder, given what names it: nearest anchor first. `of_entry`: what grows is an entry of what that
    /// one names.
    pub fn find(&mut self, anchors: &[Anchor], of_entry: bool) -> Sites {
        let nearest = &anchors[..anchors.len().min(MAX_ANCHORS)];
        let keys = nearest.iter().take_while(|anchor| self.is_key(anchor)).count();
        let mut touched = nearest.iter().enumerate().map(|(at, anchor)| {
            let of_entry = if keys == 0 { at == 0 && of_entry } else { at == keys };
            self.touched_at(anchor, of_entry)
        });
        let mut found = touched.find(|sites| !sites.is_empty());
        drop(touched);
        found = found.or_else(|| nearest.iter().find_map(|anchor| self.touched_elsewhere(anchor)));
        let mut grows_at = found.unwrap_or_default();
        let places = [anchors.first().map(Anchor::file), grows_at.first().map(|site| site.file.as_path())];
        let package = places.into_iter().flatten().find_map(|file| self.sources.dependency(file));
        if let Some(package) = &package {
            let mut uses = self.application_uses(package, anchors);
            uses.append(&mut grows_at);
            grows_at = uses;
        }
        dedup(&mut grows_at);
        grows_at.truncate(MAX_SITES);
        Sites { grows_at, held_at: held_at(self.sources, anchors), package }
    }

    /// Is it a property that its file never names: the key of an entry?
    fn is_key(&mut self, anchor: &Anchor) -> bool {
        let Anchor::Property { file, name, .. } = anchor else { return false };
        self.sources.file(file).is_some_and(|source| !source.properties.contains_key(name))
    }

    /// The lines that make an anchor's variable or property grow, in functions that allocated what is alive.
    fn touched_at(&mut self, anchor: &Anchor, of_entry: bool) -> Vec<Site> {
        let Some(source) = self.sources.file(anchor.file()) else { return Vec::new() };
        let mut touches = anchor.touches_at_home(&source);
        // Reading a property that is called so is too little: other classes have one, too.
        if matches!(anchor, Anchor::Property { .. }) {
            touches.retain(|touch| touch.kind <= TouchKind::Assigns);
        }
        let is_fitting = |touch: &Touch| touch.kind == TouchKind::Adds && touch.is_of_entry() == of_entry;
        if touches.iter().any(|touch| is_fitting(touch)) {
            touches.retain(|touch| is_fitting(touch) || touch.kind != TouchKind::Adds);
        }
        self.strongest(anchor.file(), &source, touches)
    }

    /// The lines of the application's other files that make what is called like the anchor grow: what one module
    /// holds another may fill. Of several files, only the one whose functions were seen to allocate.
    fn touched_elsewhere(&mut self, anchor: &Anchor) -> Option<Vec<Site>> {
        if self.sources.dependency(anchor.file()).is_some() {
            return None;
        }
        let (mut seen, mut unseen) = (Vec::new(), Vec::new());
        for file in self.application_files.clone() {
            let Some(source) = self.sources.file(&file).filter(|_| file != anchor.file()) else { continue };
            let mut touches = anchor.touches_from_afar(&source);
            touches.retain(|touch| touch.kind < TouchKind::Passes && touch.function.is_some());
            let is_live = touches.iter().any(|touch| self.live_bytes(&file, &source, touch.function) > 0.0);
            let files = if is_live { &mut seen } else { &mut unseen };
            files.extend((!touches.is_empty()).then(|| self.strongest(&file, &source, touches)));
        }
        let mut files = if seen.is_empty() { unseen } else { seen };
        if files.len() == 1 { files.pop() } else { None }
    }

    /// Of `touches`: those inside functions, of the strongest kind there is, in functions seen to allocate first; in others
    /// only when nothing was seen to allocate much.
    fn strongest(&self, file: &Path, source: &SourceFile, touches: Vec<&Touch>) -> Vec<Site> {
        let live = |touch: &Touch| self.live_bytes(file, source, touch.function);
        let mut inside: Vec<&Touch> = touches.into_iter().filter(|touch| touch.function.is_some()).collect();
        let seen = inside.iter().filter(|touch| live(touch) > 0.0 && touch.kind < TouchKind::Reads);
        let strongest = seen.map(|touch| touch.kind).min();
        let Some(kind) = strongest.or_else(|| inside.iter().map(|touch| touch.kind).min()) else {
            return Vec::new();
        };
        inside.retain(|touch| touch.kind == kind);
        let telling = TELLING_SAMPLES * self.profile.sample_bytes;
        if strongest.is_some() && inside.iter().any(|touch| live(touch) >= telling) {
            inside.retain(|touch| live(touch) > 0.0);
        }
        inside.sort_by(|a, b| live(b).total_cmp(&live(a)).then_with(|| a.at.cmp(&b.at)));
        inside.into_iter().map(|touch| site(file, source, touch.at, touch.function)).collect()
    }

    /// Live bytes of stacks through the function, or through the one around it: callbacks may run unseen.
    fn live_bytes(&self, file: &Path, source: &SourceFile, function: Option<FunctionId>) -> f64 {
        let of = |id: FunctionId| {
            self.live.get(&(file.to_owned(), source.function(id).reported_at)).copied().unwrap_or(0.0)
        };
        function.map_or(0.0, of)
    }

    /// Where the application uses a dependency: in functions that lead into it, else where it sets it up.
    fn application_uses(&mut self, package: &PackageOf, anchors: &[Anchor]) -> Vec<Site> {
        let mut sites = self.calls_into(package, anchors);
        let mut set_up = Vec::new();
        for file in self.application_files.clone() {
            let Some(source) = self.sources.file(&file) else { continue };
            let made_by = source
                .variables
                .iter()
                .filter(|v| v.from.as_deref().is_some_and(|from| package.is_imported_as(from)));
            let touches: Vec<&Touch> =
                made_by.flat_map(|v| &v.touches).filter(|t| t.kind < TouchKind::Passes).collect();
            set_up.extend(
                touches.iter().filter(|t| t.function.is_none()).map(|t| site(&file, &source, t.at, None)),
            );
            sites.extend(self.strongest(&file, &source, touches));
        }
        if sites.is_empty() { set_up } else { sites }
    }

    /// The application functions from which live allocations went into the dependency: the lines that use what the
    /// dependency made, or what leads to the leak.
    fn calls_into(&mut self, package: &PackageOf, anchors: &[Anchor]) -> Vec<Site> {
        // What the application uses may be another dependency on the path, which leads into this one.
        let others = anchors.iter().filter_map(|anchor| self.sources.dependency(anchor.file()));
        let holders: Vec<PackageOf> = std::iter::once(package.clone()).chain(others).collect();
        let mut sites = Vec::new();
        for caller in self.callers_of(package) {
            let file = PathBuf::from(&caller.file);
            let Some(source) = self.sources.file(&file) else { continue };
            let Some(function) = source.function_starting_at(position(&caller)) else { continue };
            let leads_there = |variable: &&Variable| {
                let from = |made_by: &PackageOf| {
                    variable.from.as_deref().is_some_and(|from| made_by.is_imported_as(from))
                };
                holders.iter().any(from)
                    || anchors.iter().any(|anchor| anchor.is_variable(&file, &variable.name))
            };
            let touches = source.variables.iter().filter(leads_there).flat_map(|variable| &variable.touches);
            let within =
                |touch: &&Touch| touch.function.is_some_and(|inner| source.is_within(inner, function));
            sites.extend(self.strongest(&file, &source, touches.filter(within).collect()));
        }
        sites
    }

    /// The lines of the application from which live allocations went into `scripts` of Node's own: what holds, and what
    /// defines the class of what is held.
    pub fn calls_into_node(&mut self, scripts: &[String]) -> Vec<Site> {
        let mut calls: HashMap<(&Frame, &str), f64> = HashMap::new();
        let is_inside = |call: &&NodeCall| call.scripts.iter().any(|on| scripts.contains(on));
        for call in self.profile.node_calls.iter().filter(is_inside) {
            let is_applications = |frame: &Rc<Frame>| is_of_application(Path::new(&frame.file));
            let Some(caller) = call.frames.iter().position(is_applications) else { continue };
            let called = match caller.checked_sub(1) {
                Some(between) => call.frames[between].function.as_deref().unwrap_or_default(),
                None => &call.called,
            };
            *calls.entry((&call.frames[caller], called)).or_default() += call.bytes;
        }
        let mut calls: Vec<_> = calls.into_iter().collect();
        calls.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut sites: Vec<Site> =
            calls.iter().flat_map(|((caller, called), _)| self.calls_of(caller, called)).collect();
        dedup(&mut sites);
        sites.truncate(MAX_SITES);
        sites
    }

    /// Where the function of `caller` calls what is called so.
    fn calls_of(&mut self, caller: &Frame, called: &str) -> Vec<Site> {
        let file = PathBuf::from(&caller.file);
        let Some(source) = self.sources.file(&file) else { return Vec::new() };
        let Some(function) = source.function_starting_at(position(caller)) else { return Vec::new() };
        let of_variables = source.variables.iter().map(|variable| (&variable.name, &variable.touches));
        let calls = of_variables.chain(&source.properties).flat_map(|(name, touches)| {
            let is_call = move |touch: &&Touch| match touch.method.as_deref() {
                Some(method) => method == called,
                None => touch.kind == TouchKind::Calls && name == called,
            };
            touches.iter().filter(is_call)
        });
        let within =
            calls.filter(|touch| touch.function.is_some_and(|inner| source.is_within(inner, function)));
        let mut sites: Vec<Site> =
            within.map(|touch| site(&file, &source, touch.at, touch.function)).collect();
        sites.sort();
        sites
    }

    /// The functions of the application that call into a dependency, those first below which most is alive.
    fn callers_of(&mut self, package: &PackageOf) -> Vec<Frame> {
        let mut alive: Vec<(f64, Frame)> = Vec::new();
        for stack in &self.profile.stacks {
            // The innermost of its frames: a router calls the application, which calls the router.
            let inside = |frame: &Frame| Path::new(&frame.file).starts_with(&package.root);
            let Some(innermost) = stack.frames.iter().position(|frame| inside(frame)) else { continue };
            let mut callers = stack.frames[innermost + 1..].iter();
            let caller = callers.find(|frame| self.sources.dependency(Path::new(&frame.file)).is_none());
            let Some(caller) = caller else { continue };
            match alive.iter_mut().find(|(_, known)| known == caller.as_ref()) {
                Some((bytes, _)) => *bytes += stack.bytes,
                None => alive.push((stack.bytes, caller.as_ref().clone())),
            }
        }
        alive.sort_by(|a, b| b.0.total_cmp(&a.0));
        alive.into_iter().map(|(_, caller)| caller).collect()
    }
}

fn position(frame: &Frame) -> Position {
    Position { line: frame.line, column: frame.column }
}

/// Keeps the first site of each line.
fn dedup(sites: &mut Vec<Site>) {
    let mut seen = BTreeSet::new();
    sites.retain(|site| seen.insert((site.file.clone(), site.at.line)));
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::profile::AllocationStack;
    use super::*;

    #[test]
    fn a_place_without_samples_is_left_out_only_beside_one_with_several() {
        let file = std::env::temp_dir().join(format!("leakwatch-sites-{}.js", std::process::id()));
        fs::write(&file, "const mails = [];\nfunction again(mail) {\n  mails.push(mail);\n}\nfunction send(mail) {\n  mails.push(mail);\n}\n")
            .expect("a file");
        let mut sources = SourceCache::default();
        let starts = sources.file(&file).expect("a source").functions[0].reported_at;
        let frame = Frame {
            file: file.to_string_lossy().into_owned(),
            line: starts.line,
            column: starts.column,
            function: None,
        };
        let anchor = Anchor::Variable { file: file.clone(), name: "mails".into(), function: None };
        let mut lines = |samples: f64| {
            let frames = vec![Rc::new(frame.clone())];
            let stacks = vec![AllocationStack { frames, bytes: samples * 100.0 }];
            let profile = AllocationProfile { stacks, sample_bytes: 100.0, ..AllocationProfile::default() };
            let sites =
                SiteFinder::new(&mut sources, &profile, &[]).find(std::slice::from_ref(&anchor), false);
            sites.grows_at.iter().map(|site| site.at.line).collect::<Vec<_>>()
        };
        assert_eq!([lines(1.0), lines(4.0)], [vec![3, 6], vec![3]]);
        fs::remove_file(&file).expect("the file");
    }
}
