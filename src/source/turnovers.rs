//! Where a program takes all out to begin anew, and puts back what it could not use, without asking whether it should:
//! `const batch = queue; queue = []; for (const job of batch) try { … } catch { queue.push(job); }`.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::Expression;
use oxc_semantic::AstNodes;
use oxc_span::{GetSpan, Span};

use super::limits::is_straight;
use super::sizes::name_of;
use super::usage::is_empty;

/// What is emptied and filled again by one function, where it is emptied.
pub(super) fn turnovers(text: &str, nodes: &AstNodes) -> HashSet<Span> {
    let emptied = nodes.iter().filter_map(|node| match node.kind() {
        AstKind::AssignmentExpression(assignment) if is_empty(&assignment.right) => {
            let around = nodes.ancestor_kinds(node.id());
            let function = around
                .into_iter()
                .find(|kind| matches!(kind, AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)))?;
            Some((assignment.left.span(), function.span()))
        }
        _ => None,
    });
    let is_refilled = |&(emptied, function): &(Span, Span)| {
        let mut puts = nodes.iter().filter_map(|node| added_to(node.kind()));
        puts.any(|(call, to)| {
            function.contains_inclusive(call)
                && call.start > emptied.end
                && to.source_text(text) == emptied.source_text(text)
        }) && is_straight(nodes, function)
    };
    emptied.filter(is_refilled).map(|(emptied, _)| emptied).collect()
}

/// A call that adds something, and to what.
fn added_to(kind: AstKind) -> Option<(Span, Span)> {
    let AstKind::CallExpression(call) = kind else { return None };
    let Expression::StaticMemberExpression(callee) = call.callee.get_inner_expression() else { return None };
    matches!(name_of(&call.callee)?, "push" | "unshift" | "add" | "set")
        .then(|| (call.span, callee.object.span()))
}
