//! Where a program keeps no more than so many of something, however many there are: `x = [...x, y].slice(-MAX)`,
//! `x.length = Math.min(x.length, MAX)`, `x.splice(0, x.length - MAX)`; of text and of bytes too: `x = (x + line).slice(-MAX)`.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, ArrayExpressionElement, CallExpression, Expression};
use oxc_semantic::{AstNodes, NodeId};
use oxc_span::{GetSpan, Span};

use super::sizes::{Sizes, name_of};
use super::usage::entry_of;

/// Methods that leave a part of an array, of text or of bytes.
const CUTTING: [&str; 4] = ["slice", "subarray", "substring", "substr"];

/// The cuts of one file.
#[derive(Default)]
pub(super) struct Cuts<'s> {
    /// What is cut where it stands.
    subjects: HashSet<Span>,
    /// Expressions and variables that are what is left, and of what.
    rests: Vec<(&'s str, &'s str)>,
}

impl<'s> Cuts<'s> {
    pub fn of(text: &'s str, nodes: &AstNodes, sizes: &Sizes<'s>) -> Self {
        let mut cuts = Cuts::default();
        for node in nodes.iter() {
            match node.kind() {
                AstKind::CallExpression(call) if keeps_few(call, sizes) => {
                    cuts.note((text, nodes), (node.id(), call), sizes);
                }
                AstKind::CallExpression(call) if method(call) == Some("splice") => {
                    let Some(array) = object(call) else { continue };
                    let is_surplus = |argument: &Argument| {
                        argument
                            .as_expression()
                            .is_some_and(|count| sizes.surplus(count) == Some(array.span().source_text(text)))
                    };
                    if call.arguments.get(1).is_some_and(is_surplus) {
                        cuts.subjects.insert(array.span());
                    }
                }
                AstKind::AssignmentExpression(assignment) => {
                    let left = assignment.left.span();
                    let Expression::CallExpression(least) = assignment.right.get_inner_expression() else {
                        continue;
                    };
                    let is_same =
                        |argument: &Argument| argument.span().source_text(text) == left.source_text(text);
                    let array = assignment.left.as_member_expression().map(|member| member.object().span());
                    if method(least) == Some("min") && least.arguments.iter().any(is_same) {
                        cuts.subjects.extend(array);
                    }
                }
                _ => {}
            }
        }
        cuts
    }

    /// Is `subject` cut at this place?
    pub fn cut(&self, subject: Span) -> bool {
        self.subjects.contains(&subject)
    }

    /// Is `value` what a cut has left of `subject`, or of one of its entries?
    pub fn is_rest(&self, value: &str, subject: &str) -> bool {
        self.rests.contains(&(value, subject))
    }

    /// Notes what a call of `slice` cuts: the array, those it is made of, and their properties of the name that takes the rest.
    fn note(
        &mut self,
        (text, nodes): (&'s str, &AstNodes),
        (node, call): (NodeId, &CallExpression),
        sizes: &Sizes<'s>,
    ) {
        let mut parts = Vec::new();
        object(call).into_iter().for_each(|array| parts_of(array, &mut parts));
        let mut around = nodes.ancestor_kinds(node);
        // `[...x.slice(1 - MAX), y]`
        let (parent, whole) = match (around.next(), around.next()) {
            (Some(AstKind::SpreadElement(_)), Some(AstKind::ArrayExpression(whole))) => {
                (around.next(), Some(whole.span))
            }
            (parent, _) => (parent, None),
        };
        let variable = match parent {
            Some(AstKind::VariableDeclarator(declarator)) => declarator.id.get_binding_identifier(),
            _ => None,
        };
        for part in parts {
            let rests = std::iter::once(call.span).chain(whole).chain(variable.map(|name| name.span));
            for rest in rests.map(|span| span.source_text(text)) {
                let of = std::iter::once(part).chain(entry_of(part));
                self.rests.extend(of.map(|of| (rest, sizes.listed(of))));
            }
            if let AstKind::ObjectProperty(property) = nodes.parent_kind(node)
                && property.key.name().as_deref() == name_of(part)
            {
                self.subjects.insert(part.span());
            }
        }
    }
}

/// The arrays, or the texts, of which `array` is put together.
fn parts_of<'e, 'a>(array: &'e Expression<'a>, parts: &mut Vec<&'e Expression<'a>>) {
    match array.get_inner_expression() {
        Expression::ArrayExpression(literal) => {
            for element in &literal.elements {
                if let ArrayExpressionElement::SpreadElement(spread) = element {
                    parts_of(&spread.argument, parts);
                }
            }
        }
        Expression::LogicalExpression(either) => parts_of(&either.left, parts),
        Expression::CallExpression(call) if method(call) == Some("concat") => {
            object(call).into_iter().for_each(|array| parts_of(array, parts));
            for argument in call.arguments.iter().filter_map(Argument::as_expression) {
                match argument.get_inner_expression() {
                    // `Buffer.concat([x, chunk])`
                    Expression::ArrayExpression(list) => {
                        let elements = list.elements.iter().filter_map(ArrayExpressionElement::as_expression);
                        elements.for_each(|element| parts_of(element, parts));
                    }
                    array => parts_of(array, parts),
                }
            }
        }
        Expression::BinaryExpression(sum) if sum.operator.as_str() == "+" => {
            parts_of(&sum.left, parts);
            parts_of(&sum.right, parts);
        }
        Expression::TemplateLiteral(template) => {
            template.expressions.iter().for_each(|part| parts_of(part, parts));
        }
        part => parts.push(part),
    }
}

/// `slice(-MAX)`, `slice(0, MAX)` and `slice(x.length - MAX)`; not `slice(1)`, which leaves all but one, nor `slice(0, -1)`.
fn keeps_few(call: &CallExpression, sizes: &Sizes) -> bool {
    if !method(call).is_some_and(|method| CUTTING.contains(&method)) {
        return false;
    }
    let arguments: Vec<_> = call.arguments.iter().filter_map(Argument::as_expression).collect();
    let is_zero = |argument: &Expression| matches!(argument, Expression::NumericLiteral(n) if n.value == 0.0);
    match arguments[..] {
        [from] => is_negative(from) || sizes.surplus(from).is_some(),
        [from, to] => is_zero(from) && !is_negative(to),
        _ => false,
    }
}

/// `-MAX`, `-MAX * 2`
fn is_negative(argument: &Expression) -> bool {
    match argument.get_inner_expression() {
        Expression::UnaryExpression(unary) => unary.operator.as_str() == "-",
        Expression::BinaryExpression(product) => {
            product.operator.as_str() == "*" && is_negative(&product.left)
        }
        _ => false,
    }
}

fn method<'e>(call: &'e CallExpression) -> Option<&'e str> {
    object(call).and_then(|_| name_of(&call.callee))
}

fn object<'e, 'a>(call: &'e CallExpression<'a>) -> Option<&'e Expression<'a>> {
    match call.callee.get_inner_expression() {
        Expression::StaticMemberExpression(member) => Some(member.object.get_inner_expression()),
        _ => None,
    }
}
