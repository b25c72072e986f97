//! What an expression's surroundings do with it.

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, AssignmentExpression, AssignmentTarget, CallExpression, Expression};
use oxc_semantic::{AstNodes, NodeId};
use oxc_span::{GetSpan, Span};

use super::facts::{ENTRY, TouchKind};
use super::helpers::{Parameter, handed_to};
use super::limits::is_removing;
use super::sizes::name_of;

/// Methods that, by the conventions of the language and of Node, add something to their object.
const ADDING_METHODS: [&str; 20] = [
    "push",
    "unshift",
    "splice",
    "concat",
    "set",
    "add",
    "append",
    "put",
    "insert",
    "enqueue",
    "store",
    "save",
    "on",
    "once",
    "addListener",
    "prependListener",
    "addEventListener",
    "subscribe",
    "register",
    "write",
];

/// How an expression is used.
pub(super) struct Usage {
    pub kind: TouchKind,
    /// Properties on the way from it to what is done, `[]` for an index.
    pub through: Vec<String>,
    /// The method called on that.
    pub method: Option<String>,
    /// True when it takes something out of the expression itself, or of one of its entries.
    pub removes: bool,
    /// What it is taken out of, or put in.
    pub changed: Span,
    /// True when something empty takes an entry's place.
    pub empties: bool,
    /// The value that takes the place of an entry, or of all.
    pub replaced_by: Option<Span>,
    /// True when it takes out all there is, if it takes out anything.
    pub takes_all: bool,
    /// The index at which something is put.
    pub index: Option<Span>,
    /// The parameter of a function that it becomes.
    pub handed_to: Option<Parameter>,
}

/// How the expression at `node` is used, following `.property` and `[index]` outwards.
pub(super) fn usage(text: &str, nodes: &AstNodes, node: NodeId) -> Usage {
    let mut inner = nodes.kind(node).span();
    let own_name = match nodes.kind(node) {
        AstKind::IdentifierReference(name) => Some(name.name.as_str()),
        AstKind::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        _ => None,
    };
    let mut used = Usage {
        kind: TouchKind::Reads,
        through: Vec::new(),
        method: None,
        removes: false,
        changed: inner,
        empties: false,
        replaced_by: None,
        takes_all: false,
        index: None,
        handed_to: None,
    };
    let (mut inside_literal, mut is_spread, mut index) = (false, false, None);
    let mut around = nodes.ancestor_kinds(node).peekable();
    while let Some(parent) = around.next() {
        match parent {
            AstKind::StaticMemberExpression(member) if is(&member.object, inner) && !inside_literal => {
                used.through.push(member.property.name.to_string());
            }
            AstKind::PrivateFieldExpression(member) if is(&member.object, inner) && !inside_literal => {
                used.through.push(format!("#{}", member.field.name));
            }
            AstKind::ComputedMemberExpression(member) if is(&member.object, inner) && !inside_literal => {
                used.through.push(ENTRY.to_owned());
                index = Some(member.expression.span());
            }
            // `past: [...state.past, action]`: what is called so gets more than it had.
            AstKind::ObjectProperty(property)
                if is_spread
                    && property.key.name().as_deref()
                        == used.through.last().map(String::as_str).or(own_name) =>
            {
                used.kind = TouchKind::Adds;
                break;
            }
            AstKind::SpreadElement(_) => (is_spread, inside_literal) = (true, true),
            AstKind::ArrayExpression(_) | AstKind::ObjectExpression(_) | AstKind::ObjectProperty(_) => {
                inside_literal = true;
            }
            AstKind::Argument(_)
            | AstKind::ChainExpression(_)
            | AstKind::ParenthesizedExpression(_)
            | AstKind::TSNonNullExpression(_) => {}
            AstKind::CallExpression(call)
                if is(&call.callee, inner)
                    && used.through.last().is_some_and(|method| is_getter(method))
                    && around.peek().is_some_and(|next| is_object_of(next, call.span)) =>
            {
                used.through.pop();
                used.through.push(ENTRY.to_owned());
            }
            AstKind::CallExpression(call) if is(&call.callee, inner) => {
                used.method = used.through.pop();
                let adds = used.method.as_deref().is_some_and(|method| ADDING_METHODS.contains(&method));
                used.kind = if adds { TouchKind::Adds } else { TouchKind::Calls };
                let is_direct = used.through.iter().all(|part| part == ENTRY);
                used.removes = is_direct && used.method.as_deref().is_some_and(is_removing);
                used.takes_all = matches!(used.method.as_deref(), Some("clear" | "splice"));
                if is_direct && !used.through.is_empty() {
                    used.changed = owner_of_method(call).unwrap_or(used.changed);
                }
                if is_direct && used.method.as_deref() == Some("set") {
                    let value = call.arguments.get(1).and_then(Argument::as_expression);
                    used.replaced_by = value.map(|value| value.get_inner_expression().span());
                }
                break;
            }
            AstKind::NewExpression(new) if is(&new.callee, inner) => {
                used.kind = TouchKind::Calls;
                break;
            }
            AstKind::CallExpression(call) => {
                used.kind = TouchKind::Passes;
                used.handed_to = handed_to(call, inner);
                break;
            }
            AstKind::NewExpression(_) => {
                used.kind = TouchKind::Passes;
                break;
            }
            AstKind::AssignmentExpression(assignment)
                if assignment.left.span() == inner && !inside_literal =>
            {
                let indexed = used.through.last().is_some_and(|last| last == ENTRY);
                used.kind = if indexed { TouchKind::Adds } else { TouchKind::Assigns };
                used.removes = used.through.is_empty() || used.through == ["length"];
                used.empties = used.through == [ENTRY] && is_empty(&assignment.right);
                used.takes_all = used.removes;
                used.index = index.filter(|_| indexed);
                used.replaced_by = Some(made_of(&assignment.right).span());
                break;
            }
            // `head = head.next`: the first of a chain goes.
            AstKind::AssignmentExpression(assignment)
                if is(&assignment.right, inner) && used.through.is_empty() && !inside_literal =>
            {
                used.removes = is_moved_on(text, assignment);
                break;
            }
            AstKind::UnaryExpression(unary) if unary.operator.as_str() == "delete" => {
                used.removes = used.through == [ENTRY];
                break;
            }
            _ => break,
        }
        inner = parent.span();
    }
    used
}

fn owner_of_method(call: &CallExpression) -> Option<Span> {
    match call.callee.get_inner_expression() {
        Expression::StaticMemberExpression(member) => Some(member.object.span()),
        _ => None,
    }
}

/// Is what is assigned a property of what it is assigned to?
fn is_moved_on(text: &str, assignment: &AssignmentExpression) -> bool {
    let taken_from = match assignment.right.get_inner_expression() {
        Expression::StaticMemberExpression(member) => member.object.span(),
        _ => return false,
    };
    taken_from.source_text(text) == assignment.left.span().source_text(text)
}

/// What a collection is made of: `x` in `new Map(x)`, `Object.fromEntries(x)`.
pub(super) fn made_of<'e, 'a>(value: &'e Expression<'a>) -> &'e Expression<'a> {
    let value = value.get_inner_expression();
    let list = match value {
        Expression::NewExpression(new) => new.arguments.first(),
        Expression::CallExpression(call) if name_of(&call.callee) == Some("fromEntries") => {
            call.arguments.first()
        }
        _ => None,
    };
    list.and_then(Argument::as_expression).map_or(value, Expression::get_inner_expression)
}

/// `[]`, `{}`, `null`, `undefined`, `new Map()`.
pub(super) fn is_empty(value: &Expression) -> bool {
    match value.get_inner_expression() {
        Expression::ArrayExpression(array) => array.elements.is_empty(),
        Expression::ObjectExpression(object) => object.properties.is_empty(),
        Expression::NewExpression(new) => new.arguments.is_empty(),
        Expression::NullLiteral(_) => true,
        Expression::Identifier(name) => name.name == "undefined",
        _ => false,
    }
}

/// The collection of which the value of an expression is an entry: `m` in `m.get(k)`, `m[k]`, `m[k] ??= []`, and in
/// `m.get(k) ?? []`.
pub(super) fn entry_of<'e, 'a>(value: &'e Expression<'a>) -> Option<&'e Expression<'a>> {
    match value.get_inner_expression() {
        Expression::ComputedMemberExpression(member) => Some(&member.object),
        Expression::LogicalExpression(either) => entry_of(&either.left),
        Expression::AssignmentExpression(assignment) => match &assignment.left {
            AssignmentTarget::ComputedMemberExpression(member) => Some(&member.object),
            _ => None,
        },
        Expression::CallExpression(call) => match call.callee.get_inner_expression() {
            Expression::StaticMemberExpression(member) if is_getter(&member.property.name) => {
                Some(&member.object)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Methods that, by the conventions of the language, return one of the entries of their object.
fn is_getter(method: &str) -> bool {
    matches!(method, "get" | "at")
}

fn is_object_of(parent: &AstKind, span: Span) -> bool {
    match parent {
        AstKind::StaticMemberExpression(member) => is(&member.object, span),
        AstKind::ComputedMemberExpression(member) => is(&member.object, span),
        AstKind::PrivateFieldExpression(member) => is(&member.object, span),
        _ => false,
    }
}

fn is(expression: &Expression, span: Span) -> bool {
    expression.span() == span
}
