//! Which functions are reached by their name alone, and which names a program uses: what nobody calls never runs, whatever
//! it would take out.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{AssignmentTarget, MethodDefinitionKind, ModuleExportName, PropertyKey};
use oxc_semantic::{AstNodes, NodeId};
use oxc_span::GetSpan;

/// Is the function at `node` one that is reached by its name alone: declared, a variable's value, exported, or a method of
/// a class that extends nothing? What is called by convention, as a constructor or what a base class calls, is not.
pub(super) fn is_reached_by_name(nodes: &AstNodes, node: NodeId) -> bool {
    if let AstKind::Function(function) = nodes.kind(node)
        && function.is_declaration()
    {
        return function.id.is_some();
    }
    match nodes.parent_kind(node) {
        AstKind::VariableDeclarator(declarator) => declarator.id.get_binding_identifier().is_some(),
        AstKind::AssignmentExpression(assignment) => is_exported(&assignment.left),
        AstKind::MethodDefinition(method) => {
            let is_plain = method.kind != MethodDefinitionKind::Constructor && method.decorators.is_empty();
            let is_named =
                matches!(method.key, PropertyKey::StaticIdentifier(_) | PropertyKey::PrivateIdentifier(_));
            let class = nodes.ancestor_kinds(node).find_map(|kind| match kind {
                AstKind::Class(class) => Some(class),
                _ => None,
            });
            is_plain && is_named && class.is_some_and(|class| class.super_class.is_none())
        }
        _ => false,
    }
}

/// The names that a file uses otherwise than to declare or to export what is called so.
pub(super) fn mentions(text: &str, nodes: &AstNodes) -> HashSet<String> {
    let mut names = HashSet::new();
    for node in nodes.iter() {
        let name = match node.kind() {
            AstKind::IdentifierReference(name) if !is_exposed(nodes, node.id()) => name.name.as_str(),
            AstKind::StaticMemberExpression(member) if !is_assigned(nodes, node.id()) => {
                member.property.name.as_str()
            }
            AstKind::PrivateFieldExpression(member) => member.field.name.as_str(),
            AstKind::ImportSpecifier(import) => match &import.imported {
                ModuleExportName::IdentifierName(name) if name.name != import.local.name => {
                    name.name.as_str()
                }
                _ => continue,
            },
            AstKind::BindingProperty(property) if !property.shorthand => {
                property.key.span().source_text(text)
            }
            AstKind::StringLiteral(string) => string.value.as_str(),
            _ => continue,
        };
        names.insert(name.to_owned());
    }
    names
}

/// Is it exported, or returned as a part of an object? Who uses it then says its name again.
fn is_exposed(nodes: &AstNodes, node: NodeId) -> bool {
    let mut around = nodes.ancestor_kinds(node);
    let mut outer = around.next();
    if matches!(outer, Some(AstKind::ObjectProperty(property)) if property.value.span() == nodes.kind(node).span())
        && matches!(around.next(), Some(AstKind::ObjectExpression(_)))
    {
        outer = around.next();
        if matches!(outer, Some(AstKind::ReturnStatement(_) | AstKind::ExportDefaultDeclaration(_))) {
            return true;
        }
    }
    match outer {
        Some(AstKind::ExportSpecifier(_)) => true,
        Some(AstKind::AssignmentExpression(assignment)) => is_exported(&assignment.left),
        _ => false,
    }
}

fn is_assigned(nodes: &AstNodes, node: NodeId) -> bool {
    let span = nodes.kind(node).span();
    matches!(nodes.parent_kind(node), AstKind::AssignmentExpression(it) if it.left.span() == span)
}

/// `exports.f`, `module.exports.f`, `module.exports`
fn is_exported(target: &AssignmentTarget) -> bool {
    let AssignmentTarget::StaticMemberExpression(member) = target else { return false };
    let object = match member.object.get_inner_expression() {
        oxc_ast::ast::Expression::Identifier(name) => name.name.as_str(),
        oxc_ast::ast::Expression::StaticMemberExpression(inner) => inner.property.name.as_str(),
        _ => return false,
    };
    object == "exports" || (object == "module" && member.property.name == "exports")
}
