//! What a program counts itself while it fills something: `bytes` in `bytes += row.length`.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{BinaryExpression, Expression, IdentifierReference};
use oxc_semantic::{ScopeId, Scoping, Semantic, SymbolId};
use oxc_span::{GetSpan, Span};

/// Whose a counter is: it tells of what belongs to the same object or is declared in the same scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    This,
    Scope(ScopeId),
}

/// When the test of a counter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// While it is low: `bytes < LIMIT`.
    Low,
    /// Once it is high.
    High,
    /// Now and then: `++uses % 100 === 0`.
    Periodic,
}

impl Sense {
    /// The same when the test holds, the opposite when it does not.
    pub fn of(self, holds: bool) -> Self {
        match self {
            Sense::Low if !holds => Sense::High,
            Sense::High if !holds => Sense::Low,
            same => same,
        }
    }
}

/// A test of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub owner: Owner,
    pub sense: Sense,
}

/// The counters of one file.
pub(super) struct Counters<'s> {
    text: &'s str,
    scoping: &'s Scoping,
    known: HashSet<(Owner, &'s str)>,
}

impl<'s> Counters<'s> {
    pub fn of(text: &'s str, semantic: &'s Semantic) -> Self {
        let (scoping, nodes) = (semantic.scoping(), semantic.nodes());
        let is_raised = |node, span: Span| match nodes.parent_kind(node) {
            AstKind::UpdateExpression(update) => update.operator.as_str() == "++",
            AstKind::AssignmentExpression(sum) => sum.operator.as_str() == "+=" && sum.left.span() == span,
            _ => false,
        };
        let named = nodes.iter().filter_map(|node| Some((node, owner_of(scoping, node.kind())?)));
        let raised = named.filter(|(node, _)| is_raised(node.id(), node.kind().span()));
        let known = raised.map(|(node, owner)| (owner, node.kind().span().source_text(text))).collect();
        Counters { text, scoping, known }
    }

    /// The counter that `test` compares with anything but 0 and 1.
    pub fn tested(&self, test: &BinaryExpression) -> Option<Counted> {
        let operator = test.operator.as_str();
        let is_order = matches!(operator, "<" | "<=" | ">" | ">=");
        if !is_order && !test.operator.is_equality() {
            return None;
        }
        let is_low = |is_left: bool| match operator {
            "<" | "<=" => is_left,
            ">" | ">=" => !is_left,
            _ => operator.starts_with('!'),
        };
        [(&test.left, &test.right, true), (&test.right, &test.left, false)].into_iter().find_map(
            |(side, bound, is_left)| {
                let (owner, is_periodic) = self.counter(side)?;
                let is_tiny = matches!(bound, Expression::NumericLiteral(number) if number.value < 2.0);
                let sense = match is_periodic {
                    true => Sense::Periodic,
                    false if is_tiny => return None,
                    false if is_low(is_left) => Sense::Low,
                    false => Sense::High,
                };
                Some(Counted { owner, sense })
            },
        )
    }

    /// Does `test` compare a counter of the same kind of object, `cache.length` where this file raises `this.length`?
    pub fn tests_alike(&self, test: &BinaryExpression) -> bool {
        let is_alike = |side: &Expression| {
            let side = side.get_inner_expression();
            let member = side.as_member_expression().map(|member| member.object().span());
            member.is_some_and(|object| {
                let part = &side.span().source_text(self.text)[object.size() as usize..];
                self.known.iter().any(|(_, name)| name.ends_with(part))
            })
        };
        matches!(test.operator.as_str(), "<" | "<=" | ">" | ">=")
            && (is_alike(&test.left) || is_alike(&test.right))
    }

    /// Is an expression computed from a counter?
    pub fn counts(&self, expression: &Expression) -> bool {
        self.counter(expression).is_some()
    }

    /// Whose counter an expression is computed from, and whether it is its remainder.
    fn counter(&self, expression: &Expression) -> Option<(Owner, bool)> {
        let expression = expression.get_inner_expression();
        match expression {
            Expression::BinaryExpression(computed) => {
                let (owner, is_periodic) =
                    self.counter(&computed.left).or_else(|| self.counter(&computed.right))?;
                Some((owner, is_periodic || computed.operator.as_str() == "%"))
            }
            Expression::UpdateExpression(update) => {
                let counted = update.argument.span().source_text(self.text);
                self.known.iter().find(|(_, name)| *name == counted).map(|&(owner, _)| (owner, false))
            }
            _ => {
                let owner = owner_of_expression(self.scoping, expression)?;
                let name = expression.span().source_text(self.text);
                self.known.contains(&(owner, name)).then_some((owner, false))
            }
        }
    }
}

/// Whose `a`, `this.a`, `this.#a`, `a.b` are.
pub(super) fn owner_of(scoping: &Scoping, named: AstKind) -> Option<Owner> {
    match named {
        AstKind::IdentifierReference(name) => owner_of_name(scoping, name),
        AstKind::StaticMemberExpression(member) => owner_of_expression(scoping, &member.object),
        AstKind::PrivateFieldExpression(member) => owner_of_expression(scoping, &member.object),
        AstKind::ComputedMemberExpression(member) if fixed_key(scoping, &member.expression).is_some() => {
            owner_of_expression(scoping, &member.object)
        }
        _ => None,
    }
}

/// The variable that `key` is, when it stands for one property: a module's own, which is never assigned again.
pub(super) fn fixed_key(scoping: &Scoping, key: &Expression) -> Option<SymbolId> {
    let Expression::Identifier(name) = key.get_inner_expression() else { return None };
    let symbol = scoping.get_reference(name.reference_id.get()?).symbol_id()?;
    let is_fixed =
        scoping.symbol_scope_id(symbol) == scoping.root_scope_id() && !scoping.symbol_is_mutated(symbol);
    is_fixed.then_some(symbol)
}

pub(super) fn owner_of_expression(scoping: &Scoping, expression: &Expression) -> Option<Owner> {
    match expression.get_inner_expression() {
        Expression::ThisExpression(_) => Some(Owner::This),
        Expression::Identifier(name) => owner_of_name(scoping, name),
        Expression::StaticMemberExpression(member) => owner_of_expression(scoping, &member.object),
        Expression::PrivateFieldExpression(member) => owner_of_expression(scoping, &member.object),
        Expression::ComputedMemberExpression(member) => {
            fixed_key(scoping, &member.expression).and_then(|_| owner_of_expression(scoping, &member.object))
        }
        _ => None,
    }
}

fn owner_of_name(scoping: &Scoping, name: &IdentifierReference) -> Option<Owner> {
    let symbol = scoping.get_reference(name.reference_id.get()?).symbol_id()?;
    Some(Owner::Scope(scoping.symbol_scope_id(symbol)))
}
