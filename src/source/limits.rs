//! Where a program takes out again what it put in: when there is too much of it, or by a timer; and where it puts
//! nothing in when there is much.
//!
//! A run may be too short to see either happen. The source cannot prove that a bound works, but that there is one
//! means that growth below it is no proof of a leak.

use std::collections::HashMap;

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, BinaryExpression, CallExpression, Expression, PropertyKey, Statement};
use oxc_semantic::{AstNodes, NodeId};
use oxc_span::{GetSpan, Span};

use super::facts::Limit;
use super::sizes::{Sizes, name_of};

/// Methods that, by the conventions of the language, take something out of their object.
const REMOVING_METHODS: [&str; 5] = ["delete", "clear", "pop", "shift", "splice"];

/// The tests and timers of one file.
#[derive(Default)]
pub(super) struct Limits<'s> {
    text: &'s str,
    sizes: Sizes<'s>,
    /// Statements that run only when something has reached a size.
    guards: Vec<Guard<'s>>,
    /// What timers run.
    timers: Vec<Runs>,
}

/// A statement whose test compares the size of `subject`, and what it runs.
struct Guard<'s> {
    subject: &'s str,
    runs: Runs,
}

/// A piece of code and the functions it calls, by name.
struct Runs {
    span: Span,
    called: Vec<String>,
}

/// A place that may take something out, or put something in.
pub(super) struct Change<'f> {
    /// The expression that is touched: `this.cache`.
    pub subject: Span,
    /// The functions around it that have a name.
    pub inside: Vec<&'f str>,
}

pub(super) fn is_removing(method: &str) -> bool {
    REMOVING_METHODS.contains(&method)
}

impl<'s> Limits<'s> {
    pub fn of(text: &'s str, nodes: &AstNodes) -> Self {
        let mut limits = Limits { text, sizes: Sizes::of(text, nodes), ..Limits::default() };
        // `isFull` in `isFull() { return this.map.size >= this.max }`, and of what.
        let mut predicates: HashMap<&str, &str> = HashMap::new();
        let calls: Vec<(Span, &str)> = nodes.iter().filter_map(|node| call(node.kind())).collect();
        let runs = |span: Span| {
            let inside = calls.iter().filter(|(call, _)| span.contains_inclusive(*call));
            Runs { span, called: inside.map(|(_, name)| (*name).to_owned()).collect() }
        };
        for node in nodes.iter() {
            match node.kind() {
                AstKind::BinaryExpression(test) => {
                    let Some(subject) = limits.sized(test) else { continue };
                    match guarded(nodes, node.id(), test.span) {
                        Some(span) => limits.guards.push(Guard { subject, runs: runs(span) }),
                        None => predicates.extend(answers(nodes, node.id()).map(|name| (name, subject))),
                    }
                }
                AstKind::CallExpression(call) if name_of(&call.callee) == Some("setInterval") => {
                    limits.timers.extend(timer(call, runs));
                }
                AstKind::CallExpression(call) if name_of(&call.callee) == Some("setTimeout") => {
                    limits.timers.extend(timer(call, runs).filter(|timer| is_straight(nodes, timer.span)));
                }
                _ => {}
            }
        }
        for node in nodes.iter().filter(|_| !predicates.is_empty()) {
            let subject = asked(node.kind()).and_then(|name| predicates.get(name).copied());
            let Some(subject) = subject else { continue };
            let span = guarded(nodes, node.id(), node.kind().span());
            limits.guards.extend(span.map(|span| Guard { subject, runs: runs(span) }));
        }
        limits
    }

    /// What decides that this happens, if it is a size or a timer.
    pub fn of_change(&self, change: &Change) -> Option<Limit> {
        let runs = |runs: &Runs| {
            runs.span.contains_inclusive(change.subject)
                || change.inside.iter().any(|name| runs.called.iter().any(|called| called == name))
        };
        let subject = change.subject.source_text(self.text);
        // An object that counts for itself, `this.size`, is as large as what it has, `this.map`.
        let is_part = |of: &str| subject.strip_prefix(of).is_some_and(|rest| rest.starts_with('.'));
        let is_about = |guard: &Guard| guard.subject == subject || is_part(guard.subject);
        if self.guards.iter().any(|guard| is_about(guard) && runs(&guard.runs)) {
            return Some(Limit::Size);
        }
        self.timers.iter().any(runs).then_some(Limit::Timer)
    }

    /// `x` in `x.size > LIMIT`, `x.length >= 10`, `Object.keys(x).length > max`; not in `x.length > 0`.
    fn sized(&self, test: &BinaryExpression) -> Option<&'s str> {
        let is_bound =
            |side: &Expression| !matches!(side, Expression::NumericLiteral(number) if number.value < 2.0);
        if !test.operator.is_compare() && !test.operator.is_equality() {
            return None;
        }
        [(&test.left, &test.right), (&test.right, &test.left)]
            .into_iter()
            .find_map(|(size, bound)| self.sizes.subject(size).filter(|_| is_bound(bound)))
    }
}

/// What runs only as `test` decides: a statement, or what comes after one that ends the block.
fn guarded(nodes: &AstNodes, node: NodeId, test: Span) -> Option<Span> {
    let mut around = nodes.ancestor_kinds(node);
    while let Some(kind) = around.next() {
        let Some(span) = guarded_by(kind, test) else { continue };
        let block =
            around.next().filter(|_| matches!(kind, AstKind::IfStatement(it) if leaves(&it.consequent)));
        return Some(block.map_or(span, |block| block.span()));
    }
    None
}

fn leaves(statement: &Statement) -> bool {
    match statement {
        Statement::BlockStatement(block) => block.body.last().is_some_and(leaves),
        Statement::ReturnStatement(_) | Statement::ContinueStatement(_) | Statement::BreakStatement(_) => {
            true
        }
        _ => false,
    }
}

/// The name of the function that the expression at `node` is the answer of.
fn answers<'a>(nodes: &AstNodes<'a>, node: NodeId) -> Option<&'a str> {
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

fn call<'a>(kind: AstKind<'a>) -> Option<(Span, &'a str)> {
    let AstKind::CallExpression(call) = kind else { return None };
    name_of(&call.callee).map(|name| (call.span, name))
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
            _ => None,
        },
        _ => named(name_of(callback), callback.span()),
    });
    found.into_iter()
}

/// True when nothing in the code decides whether it goes on: what a timeout takes out if it pleases may stay for ever.
fn is_straight(nodes: &AstNodes, span: Span) -> bool {
    !nodes.iter().any(|node| {
        let decides = matches!(
            node.kind(),
            AstKind::IfStatement(_) | AstKind::ConditionalExpression(_) | AstKind::LogicalExpression(_)
        );
        decides && span.contains_inclusive(node.kind().span())
    })
}
