//! What functions are called.

use oxc_ast::AstKind;
use oxc_ast::ast::{AssignmentTarget, BindingPatternKind, PropertyKey};
use oxc_semantic::{AstNodes, NodeId};

/// The name of the function at `node`: its own, or of what it is assigned to.
pub(super) fn function_name(nodes: &AstNodes, node: NodeId) -> Option<String> {
    if let AstKind::Function(function) = nodes.kind(node)
        && let Some(id) = &function.id
    {
        return Some(id.name.to_string());
    }
    match nodes.parent_kind(node) {
        AstKind::VariableDeclarator(declarator) => match &declarator.id.kind {
            BindingPatternKind::BindingIdentifier(id) => Some(id.name.to_string()),
            _ => None,
        },
        AstKind::MethodDefinition(method) => key_name(&method.key),
        AstKind::PropertyDefinition(property) => key_name(&property.key),
        AstKind::ObjectProperty(property) => key_name(&property.key),
        AstKind::AssignmentExpression(assignment) => match &assignment.left {
            AssignmentTarget::StaticMemberExpression(member) => Some(member.property.name.to_string()),
            _ => None,
        },
        _ => None,
    }
}

fn key_name(key: &PropertyKey) -> Option<String> {
    key.name().map(|name| name.into_owned())
}
