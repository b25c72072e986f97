//! Which module a variable takes its value from: what it imports, requires, or makes with that.

use std::collections::HashMap;

use oxc_ast::AstKind;
use oxc_ast::ast::Expression;
use oxc_semantic::{AstNodes, Scoping, Semantic, SymbolId};

/// The modules of the variables asked for so far, which those declared later may be made with.
pub(super) struct Origins<'s, 'a> {
    nodes: &'s AstNodes<'a>,
    scoping: &'s Scoping,
    known: HashMap<SymbolId, String>,
}

impl<'s, 'a> Origins<'s, 'a> {
    pub(super) fn of(semantic: &'s Semantic<'a>) -> Self {
        Self { nodes: semantic.nodes(), scoping: semantic.scoping(), known: HashMap::new() }
    }

    /// The module that `symbol` takes its value from.
    pub(super) fn origin(&mut self, symbol: SymbolId) -> Option<String> {
        let module = match self.declaration(symbol)? {
            AstKind::ImportDeclaration(import) => import.source.value.to_string(),
            AstKind::VariableDeclarator(declarator) => self.of_value(declarator.init.as_ref()?)?,
            _ => return None,
        };
        self.known.insert(symbol, module.clone());
        Some(module)
    }

    /// The module that what `callee` exports or makes is from; of those of the variables asked for.
    pub(super) fn module_of(&self, callee: &Expression<'a>) -> Option<String> {
        self.of_value(callee)
    }

    /// Is `symbol` what a module exports, and not made with that?
    pub(super) fn is_imported(&self, symbol: SymbolId) -> bool {
        match self.declaration(symbol) {
            Some(AstKind::ImportDeclaration(_)) => true,
            Some(AstKind::VariableDeclarator(declarator)) => {
                declarator.init.as_ref().is_some_and(is_required)
            }
            _ => false,
        }
    }

    /// The import or the declarator that declares `symbol`; `None` for parameters, functions and classes.
    fn declaration(&self, symbol: SymbolId) -> Option<AstKind<'a>> {
        let declared = self.scoping.symbol_declaration(symbol);
        let mut kinds = std::iter::once(self.nodes.kind(declared)).chain(self.nodes.ancestor_kinds(declared));
        kinds.find_map(|kind| match kind {
            AstKind::ImportDeclaration(_) | AstKind::VariableDeclarator(_) => Some(Some(kind)),
            AstKind::Program(_) | AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => Some(None),
            _ => None,
        })?
    }

    fn of_value(&self, value: &Expression<'a>) -> Option<String> {
        match value.get_inner_expression() {
            Expression::CallExpression(call) => {
                match (call.callee.get_inner_expression(), call.arguments.first()) {
                    (Expression::Identifier(callee), Some(argument)) if callee.name == "require" => {
                        match argument.as_expression() {
                            Some(Expression::StringLiteral(module)) => Some(module.value.to_string()),
                            _ => None,
                        }
                    }
                    (callee, _) => self.of_value(callee),
                }
            }
            Expression::NewExpression(new) => self.of_value(&new.callee),
            Expression::AwaitExpression(awaited) => self.of_value(&awaited.argument),
            Expression::StaticMemberExpression(member) => self.of_value(&member.object),
            Expression::Identifier(name) => {
                let reference = self.scoping.get_reference(name.reference_id.get()?);
                self.known.get(&reference.symbol_id()?).cloned()
            }
            _ => None,
        }
    }
}

/// `require('x')` or `require('x').y`.
fn is_required(value: &Expression) -> bool {
    match value.get_inner_expression() {
        Expression::CallExpression(call) => {
            matches!(call.callee.get_inner_expression(), Expression::Identifier(callee) if callee.name == "require")
        }
        Expression::StaticMemberExpression(member) => is_required(&member.object),
        _ => false,
    }
}
