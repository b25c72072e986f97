//! What a piece of code runs: itself, and the functions that it calls by name, and those that they call.

use std::collections::{BTreeSet, HashMap};

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, Expression, ModuleExportName, PropertyKey};
use oxc_semantic::{AstNodes, NodeId};
use oxc_span::Span;

use super::names::function_name;
use super::sizes::name_of;

/// The calls of one file.
#[derive(Default)]
pub(super) struct Calls<'s> {
    all: Vec<(Span, &'s str)>,
    /// What the functions call, by their names.
    by_function: HashMap<String, BTreeSet<&'s str>>,
}

/// A piece of code and the functions it calls, by name.
pub(super) struct Runs {
    pub span: Span,
    pub called: Vec<String>,
}

impl<'s> Calls<'s> {
    pub fn of<'a: 's>(nodes: &AstNodes<'a>) -> Self {
        let is_function =
            |kind: AstKind| matches!(kind, AstKind::Function(_) | AstKind::ArrowFunctionExpression(_));
        let mut names: HashMap<NodeId, String> = HashMap::new();
        for node in nodes.iter().filter(|node| is_function(node.kind())) {
            names.extend(function_name(nodes, node.id()).map(|name| (node.id(), name)));
        }
        let mut calls = Calls::default();
        for node in nodes.iter() {
            if let Some((name, called)) = alias(node.kind()) {
                calls.by_function.entry(name.to_owned()).or_default().insert(called);
            }
            let AstKind::CallExpression(call) = node.kind() else { continue };
            let Some(name) = name_of(&call.callee) else { continue };
            calls.all.push((call.span, name));
            let around = nodes.ancestor_ids(node.id()).find_map(|id| names.get(&id));
            if let Some(around) = around {
                calls.by_function.entry(around.clone()).or_default().insert(name);
            }
        }
        calls
    }

    /// What the code at `span` runs.
    pub fn run_by(&self, span: Span) -> Runs {
        let inside = self.all.iter().filter(|(call, _)| span.contains_inclusive(*call));
        let direct: BTreeSet<&str> = inside.map(|(_, name)| *name).collect();
        let further = direct.iter().filter_map(|name| self.by_function.get(*name)).flatten();
        let called = direct.iter().chain(further).map(|name| (*name).to_owned()).collect();
        Runs { span, called }
    }
}

/// Another name of a function, and what it is one of: `import { setTimeout as sleep }`, `{ setTimeout: sleep } = timers`,
/// `sleep = promisify(setTimeout)`.
fn alias<'a>(kind: AstKind<'a>) -> Option<(&'a str, &'a str)> {
    match kind {
        AstKind::ImportSpecifier(import) => match &import.imported {
            ModuleExportName::IdentifierName(name) => Some((import.local.name.as_str(), name.name.as_str())),
            _ => None,
        },
        AstKind::BindingProperty(property) => match &property.key {
            PropertyKey::StaticIdentifier(name) => {
                Some((property.value.get_binding_identifier()?.name.as_str(), name.name.as_str()))
            }
            _ => None,
        },
        AstKind::VariableDeclarator(declarator) => match declarator.init.as_ref()?.get_inner_expression() {
            Expression::CallExpression(made) => {
                let function = made.arguments.first().and_then(Argument::as_expression).and_then(name_of)?;
                Some((declarator.id.get_binding_identifier()?.name.as_str(), function))
            }
            _ => None,
        },
        _ => None,
    }
}

impl Runs {
    /// Is what stands at `place`, inside functions of these names, a part of it?
    pub fn run(&self, place: Span, inside: &[&str]) -> bool {
        let is_called = |name: &&str| self.called.iter().any(|called| called == name);
        self.span.contains_inclusive(place) || inside.iter().any(is_called)
    }
}
