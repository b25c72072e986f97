//! Numbers that begin again, with which a program puts things into the places of older ones:
//! `ring[next] = x; next = (next + 1) % SIZE`.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{BinaryExpression, Expression};
use oxc_semantic::{AstNodes, NodeId};
use oxc_span::{GetSpan, Span};

/// The remainders of one file, and what is assigned such.
#[derive(Default)]
pub(super) struct Rings<'s> {
    text: &'s str,
    remainders: Vec<Span>,
    names: HashSet<&'s str>,
}

impl<'s> Rings<'s> {
    pub fn of(text: &'s str, nodes: &AstNodes) -> Self {
        let mut rings = Rings { text, ..Rings::default() };
        for node in nodes.iter() {
            match node.kind() {
                AstKind::BinaryExpression(computed) if is_remainder(computed) => {
                    rings.remainders.push(computed.span);
                    rings.names.extend(taken_by(text, nodes, node.id()));
                }
                AstKind::AssignmentExpression(assignment) if assignment.operator.as_str() == "%=" => {
                    rings.names.insert(assignment.left.span().source_text(text));
                }
                _ => {}
            }
        }
        rings
    }

    /// Does the number at `index` begin again?
    pub fn begins_again(&self, index: Span) -> bool {
        let is_in = |remainder: &Span| index.contains_inclusive(*remainder);
        self.names.contains(index.source_text(self.text)) || self.remainders.iter().any(is_in)
    }
}

fn is_remainder(computed: &BinaryExpression) -> bool {
    let is_tiny = matches!(&computed.right, Expression::NumericLiteral(number) if number.value < 2.0);
    computed.operator.as_str() == "%" && !is_tiny
}

/// What takes the value that the expression at `node` is.
fn taken_by<'s>(text: &'s str, nodes: &AstNodes, node: NodeId) -> Option<&'s str> {
    match nodes.ancestor_kinds(node).find(|kind| !matches!(kind, AstKind::ParenthesizedExpression(_)))? {
        AstKind::AssignmentExpression(assignment) => Some(assignment.left.span().source_text(text)),
        AstKind::VariableDeclarator(declarator) => {
            declarator.id.get_binding_identifier().map(|name| name.span.source_text(text))
        }
        _ => None,
    }
}
