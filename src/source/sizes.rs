//! Expressions that say how much is in something: `x.size`, `Object.keys(x).length`, and variables made of such.

use std::collections::HashMap;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, ArrayExpressionElement, BindingPatternKind, Expression, ForStatement, ForStatementInit,
    PropertyKey,
};
use oxc_semantic::AstNodes;
use oxc_span::GetSpan;

/// Methods and functions that list what is in something.
const LISTING: [&str; 4] = ["keys", "values", "entries", "from"];

/// What the variables of one file list or count.
#[derive(Default)]
pub(super) struct Sizes<'s> {
    text: &'s str,
    /// `keys` in `const keys = Object.keys(x)`: of `x`.
    lists: HashMap<&'s str, &'s str>,
    /// `size` in `const size = x.size`: of `x`.
    counts: HashMap<&'s str, &'s str>,
    /// `surplus` in `const surplus = x.length - MAX`: of `x`.
    surpluses: HashMap<&'s str, &'s str>,
    /// `count` in `count() { return this.x.size; }`: of `this.x`.
    answers: HashMap<&'s str, &'s str>,
}

impl<'s> Sizes<'s> {
    pub fn of<'a: 's>(text: &'s str, nodes: &AstNodes<'a>) -> Self {
        let mut sizes = Sizes { text, ..Sizes::default() };
        for node in nodes.iter() {
            let AstKind::ReturnStatement(answer) = node.kind() else { continue };
            let method = nodes.ancestor_kinds(node.id()).nth(2);
            let (Some(value), Some(AstKind::MethodDefinition(method))) = (&answer.argument, method) else {
                continue;
            };
            if let (Some(counted), Some(name)) = (sizes.subject(value), key_in(&method.key)) {
                sizes.answers.insert(name, counted);
            }
        }
        for node in nodes.iter() {
            let AstKind::VariableDeclarator(declarator) = node.kind() else { continue };
            if let (BindingPatternKind::ObjectPattern(parts), Some(value)) =
                (&declarator.id.kind, &declarator.init)
            {
                let counted = sizes.listed(value);
                let counts =
                    parts.properties.iter().filter(|part| part.key.name().is_some_and(|key| is_size(&key)));
                let names = counts.filter_map(|part| part.value.get_binding_identifier());
                sizes.counts.extend(names.map(|name| (name.span.source_text(text), counted)));
                continue;
            }
            let name = declarator.id.get_binding_identifier().map(|name| name.span.source_text(text));
            let (Some(name), Some(value)) = (name, &declarator.init) else { continue };
            if let Some(listed) = listed(value) {
                sizes.lists.insert(name, listed.span().source_text(text));
            } else if let Some(counted) = sizes.subject(value) {
                sizes.counts.insert(name, counted);
            } else if let Some(counted) = sizes.surplus(value) {
                sizes.surpluses.insert(name, counted);
            }
        }
        sizes
    }

    /// The source of what an expression lists, else its own.
    pub fn listed(&self, list: &Expression) -> &'s str {
        let subject = listed(list).unwrap_or(list.get_inner_expression()).span().source_text(self.text);
        self.lists.get(subject).copied().unwrap_or(subject)
    }

    /// The source of what `size` is the size of.
    pub fn subject(&self, size: &Expression) -> Option<&'s str> {
        match size.get_inner_expression() {
            Expression::Identifier(name) => self.counts.get(name.span.source_text(self.text)).copied(),
            Expression::StaticMemberExpression(member) if is_size(&member.property.name) => {
                Some(self.listed(&member.object))
            }
            Expression::StaticMemberExpression(member) if is_this(&member.object) => {
                self.answers.get(member.property.name.as_str()).copied()
            }
            Expression::CallExpression(call) if call.arguments.is_empty() => {
                let Expression::StaticMemberExpression(callee) = call.callee.get_inner_expression() else {
                    return None;
                };
                self.answers.get(callee.property.name.as_str()).copied().filter(|_| is_this(&callee.object))
            }
            _ => None,
        }
    }

    /// The source of what a loop counts through: `x` in `for (let i = 0; i < x.length; i++)`, in either direction.
    pub fn counted_through(&self, each: &ForStatement) -> Option<&'s str> {
        let started = match &each.init {
            Some(ForStatementInit::VariableDeclaration(started)) => &started.declarations[..],
            _ => &[],
        };
        let from = started.iter().filter_map(|declared| declared.init.as_ref()).find_map(|from| match from {
            Expression::BinaryExpression(last) => self.subject(&last.left),
            from => self.subject(from),
        });
        from.or_else(|| match &each.test {
            Some(Expression::BinaryExpression(test)) => self.subject(&test.right),
            _ => None,
        })
    }

    /// The source of what `count` says how much there is too much of: `x.length - MAX`, `Math.max(0, x.length - MAX)`.
    pub fn surplus(&self, count: &Expression) -> Option<&'s str> {
        match count.get_inner_expression() {
            Expression::UpdateExpression(update) => {
                self.surpluses.get(update.argument.span().source_text(self.text)).copied()
            }
            Expression::CallExpression(call) if matches!(name_of(&call.callee), Some("max" | "min")) => {
                let arguments = call.arguments.iter().filter_map(Argument::as_expression);
                arguments.filter_map(|argument| self.surplus(argument)).next()
            }
            Expression::Identifier(name) => self.surpluses.get(name.span.source_text(self.text)).copied(),
            Expression::BinaryExpression(less) if less.operator.as_str() == "-" => {
                let is_tiny = matches!(&less.right, Expression::NumericLiteral(number) if number.value < 2.0);
                self.subject(&less.left).filter(|_| !is_tiny)
            }
            _ => None,
        }
    }
}

fn key_in<'a>(key: &'a PropertyKey<'a>) -> Option<&'a str> {
    match key {
        PropertyKey::StaticIdentifier(name) => Some(name.name.as_str()),
        _ => None,
    }
}

fn is_size(name: &str) -> bool {
    matches!(name, "size" | "length")
}

fn is_this(expression: &Expression) -> bool {
    matches!(expression.get_inner_expression(), Expression::ThisExpression(_))
}

/// `x` in `Object.keys(x)`, `x.values()`, `Array.from(x)`, `[...x]`, sorted or not.
pub(super) fn listed<'e, 'a>(value: &'e Expression<'a>) -> Option<&'e Expression<'a>> {
    let inner = |expression: &'e Expression<'a>| listed(expression).unwrap_or(expression);
    match value.get_inner_expression() {
        Expression::ArrayExpression(array) => match array.elements.first() {
            Some(ArrayExpressionElement::SpreadElement(spread)) if array.elements.len() == 1 => {
                Some(inner(&spread.argument))
            }
            _ => None,
        },
        Expression::CallExpression(call) => {
            let Expression::StaticMemberExpression(callee) = call.callee.get_inner_expression() else {
                return None;
            };
            let lists = name_of(&call.callee).is_some_and(|name| LISTING.contains(&name));
            match call.arguments.first().and_then(Argument::as_expression) {
                Some(argument) if lists => Some(inner(argument)),
                None if lists => Some(inner(&callee.object)),
                _ => listed(&callee.object),
            }
        }
        _ => None,
    }
}

/// The last name of `f`, `this.f`, `this.#f`, `x.f`.
pub(super) fn name_of<'e>(expression: &'e Expression) -> Option<&'e str> {
    match expression.get_inner_expression() {
        Expression::Identifier(identifier) => Some(identifier.name.as_str()),
        Expression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        Expression::PrivateFieldExpression(member) => Some(member.field.name.as_str()),
        _ => None,
    }
}
