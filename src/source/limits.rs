//! Where a program takes out again what it put in: when there is too much of it, by a timer, or as a comparison of each
//! with something tells; and where it puts nothing in when there is much.
//!
//! A run may be too short to see either happen. The source cannot prove that a bound works, but that there is one
//! means that growth below it is no proof of a leak.

use std::collections::{HashMap, HashSet};

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, BinaryExpression, CallExpression, Expression, PropertyKey, Statement};
use oxc_semantic::{AstNodes, NodeId, Semantic};
use oxc_span::{GetSpan, Span};

use super::calls::{Calls, Runs};
use super::clocks::Clocks;
use super::counters::{Counted, Counters, Owner, Sense};
use super::cuts::Cuts;
use super::facts::Limit;
use super::helpers::{Asked, Parameter, parameter_around};
use super::rings::Rings;
use super::settings::Settings;
use super::sizes::{Sizes, name_of};
use super::sweeps::Sweeps;
use super::turnovers::turnovers;

/// Methods that, by the conventions of the language, take something out of their object.
const REMOVING_METHODS: [&str; 5] = ["delete", "clear", "pop", "shift", "splice"];

/// The tests and timers of one file.
#[derive(Default)]
pub(super) struct Limits<'s> {
    text: &'s str,
    sizes: Sizes<'s>,
    /// Statements that run only when something has reached a size.
    guards: Vec<Guard<'s>>,
    /// The same of what the program counts itself.
    counted: Vec<(Counted, Runs)>,
    /// The same of the time it remembers.
    timed: Vec<(Owner, Runs)>,
    /// Functions that are asked about something before something is done.
    asked: Asked<'s>,
    /// The parameters of which functions tell the size.
    measured: Vec<Parameter>,
    calls: Calls<'s>,
    cuts: Cuts<'s>,
    rings: Rings<'s>,
    sweeps: Sweeps<'s>,
    /// What is emptied and filled again in one go.
    turnovers: HashSet<Span>,
    /// What timers run.
    timers: Vec<Runs>,
    /// What timeouts run that decide whether they take out anything.
    timeouts: Vec<Runs>,
}

/// A statement whose test compares the size of `subject`, and what it runs.
struct Guard<'s> {
    subject: &'s str,
    runs: Runs,
}

/// A place that may take something out, or put something in.
pub(super) struct Change<'f> {
    /// The expression that is touched: `this.cache`.
    pub subject: Span,
    /// Whose that is.
    pub owner: Option<Owner>,
    /// The functions around it that have a name.
    pub inside: Vec<&'f str>,
    /// Whether it takes out all there is.
    pub takes_all: bool,
    /// At which index it puts something in.
    pub index: Option<Span>,
}

pub(super) fn is_removing(method: &str) -> bool {
    REMOVING_METHODS.contains(&method)
}

impl<'s> Limits<'s> {
    pub fn of<'a>(text: &'s str, semantic: &'s Semantic<'a>, settings: &mut Settings<'s, 'a>) -> Self {
        let nodes = semantic.nodes();
        let counters = Counters::of(text, semantic);
        let clocks = Clocks::of(text, semantic);
        let sizes = Sizes::of(text, nodes);
        let (cuts, rings) = (Cuts::of(text, nodes, &sizes), Rings::of(text, nodes));
        let (sweeps, asked_about) = (Sweeps::of(text, nodes, &sizes), Asked::of(text, nodes));
        let mut limits = Limits { text, sizes, cuts, rings, sweeps, asked: asked_about, ..Limits::default() };
        // `isFull` in `isFull() { return this.map.size >= this.max }`, and of what.
        let mut predicates: HashMap<&str, &str> = HashMap::new();
        let calls = Calls::of(nodes);
        let runs = |span: Span| calls.run_by(span);
        for node in nodes.iter() {
            match node.kind() {
                AstKind::BinaryExpression(test) => {
                    let decided = guarded(nodes, node.id(), test.span);
                    let counted = counters.tested(test);
                    let sized = limits.sized(test, &counters);
                    if (counted.is_some() || sized.is_some() || counters.tests_alike(test))
                        && decided.as_ref().is_some_and(|decided| !decided.repeats)
                    {
                        settings.bound_in(test);
                    }
                    if let (Some(counted), Some(decided)) = (counted, &decided) {
                        let sense = counted.sense.of(decided.holds);
                        limits.counted.push((Counted { sense, ..counted }, runs(decided.span)));
                    }
                    if let (Some(owner), Some(decided)) = (clocks.tested(test), &decided) {
                        limits.timed.push((owner, runs(decided.span)));
                    }
                    let Some(subject) = sized else { continue };
                    match decided {
                        Some(Decided { span, .. }) => limits.guards.push(Guard { subject, runs: runs(span) }),
                        None => {
                            predicates.extend(answers(nodes, node.id()).map(|name| (name, subject)));
                            limits.measured.extend(parameter_around(nodes, node.id(), subject));
                        }
                    }
                }
                AstKind::AwaitExpression(_) | AstKind::ForOfStatement(_) => {
                    limits.timers.extend(beat(nodes, node.id(), &calls));
                }
                AstKind::CallExpression(call) if name_of(&call.callee) == Some("setInterval") => {
                    limits.timers.extend(timer(call, runs));
                }
                AstKind::CallExpression(call) if name_of(&call.callee) == Some("setTimeout") => {
                    for timer in timer(call, runs) {
                        let straight = is_straight(nodes, timer.span);
                        if straight { &mut limits.timers } else { &mut limits.timeouts }.push(timer);
                    }
                }
                _ => {}
            }
        }
        for node in nodes.iter().filter(|_| !predicates.is_empty()) {
            let subject = asked(node.kind()).and_then(|name| predicates.get(name).copied());
            let Some(subject) = subject else { continue };
            let decided = guarded(nodes, node.id(), node.kind().span());
            limits.guards.extend(decided.map(|decided| Guard { subject, runs: runs(decided.span) }));
        }
        limits.calls = calls;
        limits.turnovers = turnovers(text, nodes);
        limits
    }

    /// The parameters of which functions tell whether there is much in them.
    pub fn take_measured(&mut self) -> Vec<Parameter> {
        std::mem::take(&mut self.measured)
    }

    /// The functions that are asked about what is taken out here, and decide it.
    pub fn asked(&self, change: &Change) -> Vec<Parameter> {
        let subject = change.subject.source_text(self.text);
        let runs = |span| self.calls.run_by(span).run(change.subject, &change.inside);
        self.asked.about(subject, runs).collect()
    }

    /// What decides that something is taken out here, if it is a size, a timer or a comparison of each.
    pub fn of_removal(&self, change: &Change) -> Option<Limit> {
        let subject = change.subject.source_text(self.text);
        if self.is_sized(change) || self.cuts.cut(change.subject) {
            Some(Limit::Size)
        } else if self.timers.iter().any(|timer| timer.run(change.subject, &change.inside)) {
            Some(if self.turnovers.contains(&change.subject) { Limit::Turnover } else { Limit::Timer })
        } else if self.sweeps.decide(subject, change.subject) {
            Some(Limit::Each)
        } else if self.is_timed(change) {
            Some(Limit::Clock)
        } else if self.is_counted(change, |_| true) {
            Some(Limit::Size)
        } else {
            self.timeouts
                .iter()
                .any(|timeout| timeout.run(change.subject, &change.inside))
                .then_some(Limit::Timeout)
        }
    }

    /// What has left `value` of `subject`, or of one of its entries, if that is a cut or a comparison of each.
    pub fn of_rest(&self, value: Span, subject: Span) -> Option<Limit> {
        let [value, subject] = [value, subject].map(|span| span.source_text(self.text));
        if self.cuts.is_rest(value, subject) {
            Some(Limit::Size)
        } else {
            self.sweeps.is_rest(value, subject).then_some(Limit::Each)
        }
    }

    /// Is what is read at `part` cut, and the rest put in its place?
    pub fn of_reading(&self, part: Span) -> Option<Limit> {
        self.cuts.cut(part).then_some(Limit::Size)
    }

    /// The same for something that is put in: only while there is little.
    pub fn of_addition(&self, change: &Change) -> Option<Limit> {
        let is_around = change.index.is_some_and(|index| self.rings.begins_again(index));
        let is_limited =
            is_around || self.is_sized(change) || self.is_counted(change, |sense| sense == Sense::Low);
        is_limited.then_some(Limit::Room)
    }

    fn is_sized(&self, change: &Change) -> bool {
        let subject = change.subject.source_text(self.text);
        // An object that counts for itself, `this.size`, is as large as what it has, `this.map`.
        let is_part = |of: &str| subject.strip_prefix(of).is_some_and(|rest| rest.starts_with('.'));
        let is_about = |guard: &Guard| guard.subject == subject || is_part(guard.subject);
        self.guards.iter().any(|guard| is_about(guard) && guard.runs.run(change.subject, &change.inside))
    }

    fn is_counted(&self, change: &Change, holds: impl Fn(Sense) -> bool) -> bool {
        let is_about = |counted: &Counted| Some(counted.owner) == change.owner && holds(counted.sense);
        self.counted
            .iter()
            .any(|(counted, runs)| is_about(counted) && runs.run(change.subject, &change.inside))
    }

    fn is_timed(&self, change: &Change) -> bool {
        let is_about = |owner: &Owner| Some(*owner) == change.owner;
        change.takes_all
            && self
                .timed
                .iter()
                .any(|(owner, runs)| is_about(owner) && runs.run(change.subject, &change.inside))
    }

    /// `x` in `x.size > LIMIT`, `x.length >= 10`, `Object.keys(x).length > max`; not in `x.length > 0`, nor in
    /// `i < x.length` when `i` counts.
    fn sized(&self, test: &BinaryExpression, counters: &Counters) -> Option<&'s str> {
        let (left, right) = (&test.left, &test.right);
        // `x.length % 1000 === 0`
        if let Expression::BinaryExpression(rest) = left
            && rest.operator.as_str() == "%"
            && test.operator.is_equality()
        {
            return self.sizes.subject(&rest.left);
        }
        // `x.length - LIMIT > 0`
        if let Some(subject) = self.sizes.surplus(left).or_else(|| self.sizes.surplus(right)) {
            return Some(subject);
        }
        let is_bound = |side: &Expression| match side {
            Expression::NumericLiteral(number) => number.value >= 2.0,
            _ => !counters.counts(side),
        };
        if !test.operator.is_compare() && !test.operator.is_equality() {
            return None;
        }
        [(left, right), (right, left)]
            .into_iter()
            .find_map(|(size, bound)| self.sizes.subject(size).filter(|_| is_bound(bound)))
    }
}

/// What runs only as a test decides.
pub(super) struct Decided {
    pub span: Span,
    /// Whether it runs when the test holds.
    pub holds: bool,
    /// Whether it is a loop that counts.
    pub repeats: bool,
}

/// A statement that runs only as `test` decides, or what comes after one that ends the block.
pub(super) fn guarded(nodes: &AstNodes, node: NodeId, test: Span) -> Option<Decided> {
    let mut around = nodes.ancestor_kinds(node);
    while let Some(kind) = around.next() {
        let Some(span) = guarded_by(kind, test) else { continue };
        let outer = around.next();
        let block = outer.filter(|outer| match kind {
            AstKind::IfStatement(it) => leaves(&it.consequent),
            // `x = x.length < MAX ? [...x, y] : [...x.slice(1), y]`
            AstKind::ConditionalExpression(_) => matches!(outer, AstKind::AssignmentExpression(_)),
            _ => false,
        });
        let holds = !(block.is_some() && matches!(kind, AstKind::IfStatement(_)));
        let repeats = matches!(kind, AstKind::ForStatement(it) if it.update.is_some());
        return Some(Decided { span: block.map_or(span, |block| block.span()), holds, repeats });
    }
    None
}

fn leaves(statement: &Statement) -> bool {
    match statement {
        Statement::BlockStatement(block) => block.body.last().is_some_and(leaves),
        Statement::ReturnStatement(_)
        | Statement::ContinueStatement(_)
        | Statement::BreakStatement(_)
        | Statement::ThrowStatement(_) => true,
        _ => false,
    }
}

/// The name of the function that the expression at `node` is the answer of.
pub(super) fn answers<'a>(nodes: &AstNodes<'a>, node: NodeId) -> Option<&'a str> {
    nodes.ancestor_kinds(node).find_map(|kind| match kind {
        AstKind::Function(function) => function.id.as_ref().map(|id| id.name.as_str()),
        AstKind::VariableDeclarator(declarator) => {
            declarator.id.get_binding_identifier().map(|id| id.name.as_str())
        }
        AstKind::MethodDefinition(method) => match &method.key {
            PropertyKey::StaticIdentifier(name) => Some(name.name.as_str()),
            PropertyKey::PrivateIdentifier(name) => Some(name.name.as_str()),
            _ => None,
        },
        _ => None,
    })
}

/// The last name of an expression that may ask a function or a getter.
fn asked<'a>(kind: AstKind<'a>) -> Option<&'a str> {
    match kind {
        AstKind::IdentifierReference(name) => Some(name.name.as_str()),
        AstKind::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        AstKind::PrivateFieldExpression(member) => Some(member.field.name.as_str()),
        _ => None,
    }
}

/// The whole of `kind` when `test` is part of what decides whether it runs.
fn guarded_by(kind: AstKind, test: Span) -> Option<Span> {
    let decides = |expression: &Expression| expression.span().contains_inclusive(test);
    match kind {
        AstKind::IfStatement(statement) => decides(&statement.test).then_some(statement.span),
        AstKind::WhileStatement(statement) => decides(&statement.test).then_some(statement.span),
        AstKind::DoWhileStatement(statement) => decides(&statement.test).then_some(statement.span),
        AstKind::ForStatement(statement) => {
            statement.test.as_ref().is_some_and(decides).then_some(statement.span)
        }
        AstKind::ConditionalExpression(expression) => decides(&expression.test).then_some(expression.span),
        AstKind::ExpressionStatement(statement) => match &statement.expression {
            Expression::LogicalExpression(logical) => decides(&logical.left).then_some(statement.span),
            _ => None,
        },
        _ => None,
    }
}

/// What a timer runs: a function written there, or one named (`this.sweep.bind(this)` too).
fn timer(call: &CallExpression, runs: impl Fn(Span) -> Runs) -> std::option::IntoIter<Runs> {
    let named = |name: Option<&str>, span| name.map(|name| Runs { span, called: vec![name.to_owned()] });
    let callback = call.arguments.first().and_then(Argument::as_expression);
    let found = callback.and_then(|callback| match callback.get_inner_expression() {
        Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_) => {
            Some(runs(callback.span()))
        }
        Expression::CallExpression(bound) => match bound.callee.get_inner_expression() {
            Expression::StaticMemberExpression(member) => named(name_of(&member.object), callback.span()),
            // `wrapped(function () { … })`
            _ => bound
                .arguments
                .first()
                .filter(|argument| is_function(argument))
                .map(|_| runs(callback.span())),
        },
        _ => named(name_of(callback), callback.span()),
    });
    found.into_iter()
}

/// What goes on for ever and waits for a timer each time: `for (;;) { await sleep(1000); … }`. `node`: what waits.
fn beat(nodes: &AstNodes, node: NodeId, calls: &Calls) -> Option<Runs> {
    let waits = |span, timer: &str| calls.run_by(span).called.iter().any(|called| called == timer);
    let awaited = match nodes.kind(node) {
        AstKind::ForOfStatement(each) if each.r#await => {
            return waits(each.right.span(), "setInterval").then(|| calls.run_by(each.span));
        }
        AstKind::AwaitExpression(awaited) => awaited.span,
        _ => return None,
    };
    let is_function =
        |kind: &AstKind| matches!(kind, AstKind::Function(_) | AstKind::ArrowFunctionExpression(_));
    let endless =
        nodes.ancestor_kinds(node).take_while(|kind| !is_function(kind)).find_map(|kind| match kind {
            AstKind::ForStatement(each) if each.test.is_none() => Some(each.span),
            AstKind::WhileStatement(each) if !matches!(each.test, Expression::BinaryExpression(_)) => {
                Some(each.span)
            }
            _ => None,
        })?;
    waits(awaited, "setTimeout").then(|| calls.run_by(endless))
}

/// Is it a function written in its place?
pub(super) fn is_function(argument: &Argument) -> bool {
    let function = argument.as_expression().map(Expression::get_inner_expression);
    matches!(function, Some(Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_)))
}

/// True when nothing in the code decides whether it goes on: what a timeout takes out if it pleases may stay for ever.
pub(super) fn is_straight(nodes: &AstNodes, span: Span) -> bool {
    !nodes.iter().any(|node| {
        let decides = matches!(
            node.kind(),
            AstKind::IfStatement(_) | AstKind::ConditionalExpression(_) | AstKind::LogicalExpression(_)
        );
        decides && span.contains_inclusive(node.kind().span())
    })
}
