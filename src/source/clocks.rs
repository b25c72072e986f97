//! What a program remembers of the clock, to begin anew when time has come: `if (hour !== hourOf(Date.now())) reset()`.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{AssignmentExpression, AssignmentTarget, BinaryExpression, CallExpression, Expression};
use oxc_semantic::{AstNodes, NodeId, Scoping, Semantic};
use oxc_span::{GetSpan, Span};

use super::counters::{Owner, owner_of, owner_of_expression};
use super::sizes::name_of;

/// Methods and functions that, by the conventions of the language and of Node, tell the time.
const TELLING: [&str; 4] = ["now", "hrtime", "bigint", "uptime"];
/// A time is handed on so often at most: `const now = Date.now(); const hour = hourOf(now); this.hour = hour`.
const MAX_HOPS: usize = 4;

/// The times that one file remembers.
pub(super) struct Clocks<'s> {
    text: &'s str,
    scoping: &'s Scoping,
    /// What is assigned a time, again and again.
    remembered: HashSet<(Owner, &'s str)>,
}

impl<'s> Clocks<'s> {
    pub fn of(text: &'s str, semantic: &'s Semantic) -> Self {
        let (scoping, nodes) = (semantic.scoping(), semantic.nodes());
        let mut clocks = Clocks { text, scoping, remembered: HashSet::new() };
        let mut told: HashSet<(Owner, &str)> = HashSet::new();
        let mut times: Vec<NodeId> =
            nodes.iter().filter(|node| tells_time(node.kind())).map(|node| node.id()).collect();
        for _ in 0..MAX_HOPS {
            let before = told.len();
            for time in times {
                let Some((taken, is_assigned)) = taken_by(scoping, nodes, time) else { continue };
                let Some(owner) = taken.0 else { continue };
                let name = (owner, taken.1.source_text(text));
                told.insert(name);
                if is_assigned {
                    clocks.remembered.insert(name);
                }
            }
            if told.len() == before {
                break;
            }
            let is_told = |kind: AstKind| {
                owner_of(scoping, kind)
                    .is_some_and(|owner| told.contains(&(owner, kind.span().source_text(text))))
            };
            times = nodes.iter().filter(|node| is_told(node.kind())).map(|node| node.id()).collect();
        }
        clocks
    }

    /// Whose the remembered time is that `test` compares.
    pub fn tested(&self, test: &BinaryExpression) -> Option<Owner> {
        if !matches!(test.operator.as_str(), "<" | "<=" | ">" | ">=" | "!=" | "!==") {
            return None;
        }
        self.remembered_in(&test.left).or_else(|| self.remembered_in(&test.right))
    }

    fn remembered_in(&self, expression: &Expression) -> Option<Owner> {
        let expression = expression.get_inner_expression();
        if let Expression::BinaryExpression(computed) = expression {
            return self.remembered_in(&computed.left).or_else(|| self.remembered_in(&computed.right));
        }
        let owner = owner_of_expression(self.scoping, expression)?;
        self.remembered.contains(&(owner, expression.span().source_text(self.text))).then_some(owner)
    }
}

fn tells_time(kind: AstKind) -> bool {
    match kind {
        AstKind::CallExpression(call) => is_telling(call),
        AstKind::NewExpression(new) => name_of(&new.callee) == Some("Date") && new.arguments.is_empty(),
        _ => false,
    }
}

fn is_telling(call: &CallExpression) -> bool {
    let is_method = matches!(call.callee.get_inner_expression(), Expression::StaticMemberExpression(_));
    is_method && name_of(&call.callee).is_some_and(|name| TELLING.contains(&name))
}

/// What takes a value computed from the expression at `node`: whose that is and where, and whether it is assigned, not
/// declared.
fn taken_by(scoping: &Scoping, nodes: &AstNodes, node: NodeId) -> Option<((Option<Owner>, Span), bool)> {
    let mut inner = nodes.kind(node).span();
    for kind in nodes.ancestor_kinds(node) {
        match kind {
            AstKind::AssignmentExpression(assignment) => {
                let is_value = assignment.right.span() == inner;
                let left = assignment.left.span();
                let owner = assigned(scoping, assignment);
                return is_value.then_some(((owner, left), true));
            }
            AstKind::VariableDeclarator(declarator) => {
                let name = declarator.id.get_binding_identifier()?;
                let scope = scoping.symbol_scope_id(name.symbol_id.get()?);
                return Some(((Some(Owner::Scope(scope)), name.span), false));
            }
            AstKind::PropertyDefinition(_) | AstKind::ObjectExpression(_) | AstKind::Function(_) => {
                return None;
            }
            AstKind::ArrowFunctionExpression(_) => return None,
            _ => inner = kind.span(),
        }
    }
    None
}

fn assigned(scoping: &Scoping, assignment: &AssignmentExpression) -> Option<Owner> {
    match &assignment.left {
        AssignmentTarget::AssignmentTargetIdentifier(name) => {
            owner_of(scoping, AstKind::IdentifierReference(name))
        }
        AssignmentTarget::StaticMemberExpression(member) => {
            owner_of(scoping, AstKind::StaticMemberExpression(member))
        }
        AssignmentTarget::PrivateFieldExpression(member) => {
            owner_of(scoping, AstKind::PrivateFieldExpression(member))
        }
        _ => None,
    }
}
