//! Properties that are named by a symbol: `this[kEntries]`, `globalThis[Symbol.for('app.cache')]`.

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, CallExpression, Expression};
use oxc_semantic::{AstNodes, Scoping, Semantic};

/// The symbols that expressions of one file stand for.
pub(super) struct Symbols<'s, 'a> {
    nodes: &'s AstNodes<'a>,
    scoping: &'s Scoping,
}

impl<'s, 'a> Symbols<'s, 'a> {
    pub(super) fn of(semantic: &'s Semantic<'a>) -> Self {
        Self { nodes: semantic.nodes(), scoping: semantic.scoping() }
    }

    /// The description of the symbol that `key` is: made in place, or the value of a variable made with one.
    pub(super) fn description(&self, key: &Expression<'a>) -> Option<&'a str> {
        match key.get_inner_expression() {
            Expression::CallExpression(call) => made(call),
            Expression::Identifier(name) => {
                let reference = self.scoping.get_reference(name.reference_id.get()?);
                let declared = self.scoping.symbol_declaration(reference.symbol_id()?);
                let AstKind::VariableDeclarator(declarator) = self.nodes.kind(declared) else { return None };
                match declarator.init.as_ref()?.get_inner_expression() {
                    Expression::CallExpression(call) => made(call),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// What a property is called whose name is a symbol.
pub(super) fn symbol_key(description: &str) -> String {
    format!("Symbol({description})")
}

/// `Symbol('x')` or `Symbol.for('x')`.
fn made<'a>(call: &CallExpression<'a>) -> Option<&'a str> {
    let is_symbol =
        |callee: &Expression| matches!(callee, Expression::Identifier(name) if name.name == "Symbol");
    let makes = match call.callee.get_inner_expression() {
        Expression::StaticMemberExpression(member) => {
            member.property.name == "for" && is_symbol(&member.object)
        }
        callee => is_symbol(callee),
    };
    match call.arguments.first()? {
        Argument::StringLiteral(text) if makes => Some(text.value.as_str()),
        _ => None,
    }
}
