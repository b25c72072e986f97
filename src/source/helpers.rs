//! What a program leaves to functions that get the thing as a parameter: to tell whether there is too much of it,
//! `isFull(batch)`, or to take out what is too much, `trim(cache, MAX)`. Such functions often stand in a file of their own.

use std::collections::HashMap;

use oxc_ast::AstKind;
use oxc_ast::ast::{CallExpression, Expression, FormalParameters};
use oxc_semantic::{AstNodes, NodeId, SymbolId};
use oxc_span::{GetSpan, Span};

use super::limits::guarded;
use super::names::function_name;
use super::sizes::name_of;

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// The function's name.
    pub function: String,
    /// Its place among the parameters.
    pub index: usize,
}

/// Functions that are asked about something before something is done, by what they are asked about.
#[derive(Default)]
pub(super) struct Asked<'s>(HashMap<&'s str, Vec<Question<'s>>>);

struct Question<'s> {
    function: &'s str,
    index: usize,
    /// What runs only as the answer is.
    decides: Span,
}

impl<'s> Asked<'s> {
    pub fn of<'a: 's>(text: &'s str, nodes: &AstNodes<'a>) -> Self {
        let mut asked = Asked::default();
        for node in nodes.iter() {
            let AstKind::CallExpression(call) = node.kind() else { continue };
            let Some(function) = name_of(&call.callee) else { continue };
            let mut things = handed(call).peekable();
            let decided = things.peek().and_then(|_| guarded(nodes, node.id(), call.span));
            let Some(decides) = decided.map(|decided| decided.span) else { continue };
            for (index, thing) in things {
                let questions = asked.0.entry(thing.source_text(text)).or_default();
                questions.push(Question { function, index, decides });
            }
        }
        asked
    }

    /// The functions that are asked about `subject`, and decide whether what `runs` says happens.
    pub fn about<'q>(
        &'q self,
        subject: &str,
        runs: impl Fn(Span) -> bool + 'q,
    ) -> impl Iterator<Item = Parameter> + 'q {
        let questions = self.0.get(subject).into_iter().flatten();
        let decisive = questions.filter(move |question| runs(question.decides));
        decisive.map(|question| Parameter { function: question.function.to_owned(), index: question.index })
    }
}

/// The parameter of the function called at `call` that `thing` becomes.
pub(super) fn handed_to(call: &CallExpression, thing: Span) -> Option<Parameter> {
    let function = name_of(&call.callee)?.to_owned();
    let index = handed(call).find(|(_, handed)| *handed == thing)?.0;
    Some(Parameter { function, index })
}

/// Variables and properties among the arguments.
fn handed<'e>(call: &'e CallExpression) -> impl Iterator<Item = (usize, Span)> + 'e {
    let is_thing = |argument: &Expression| {
        matches!(
            argument,
            Expression::Identifier(_)
                | Expression::StaticMemberExpression(_)
                | Expression::PrivateFieldExpression(_)
        )
    };
    let arguments = call.arguments.iter().enumerate();
    arguments.filter_map(move |(index, argument)| {
        let argument = argument.as_expression()?.get_inner_expression();
        is_thing(argument).then(|| (index, argument.span()))
    })
}

/// The parameters of the function at `node`, by what declares them.
pub(super) fn parameters<'a>(nodes: &AstNodes<'a>, node: NodeId) -> Vec<(SymbolId, Parameter)> {
    let Some(parameters) = parameters_of(nodes.kind(node)) else { return Vec::new() };
    let Some(function) = function_name(nodes, node) else { return Vec::new() };
    let symbols = parameters.items.iter().enumerate().filter_map(|(index, parameter)| {
        let symbol = parameter.pattern.get_binding_identifier()?.symbol_id.get()?;
        Some((symbol, Parameter { function: function.clone(), index }))
    });
    symbols.collect()
}

/// The parameter called `name` of the function whose answer the expression at `node` is.
pub(super) fn parameter_around(nodes: &AstNodes, node: NodeId, name: &str) -> Option<Parameter> {
    let function = nodes.ancestor_ids(node).find(|&id| parameters_of(nodes.kind(id)).is_some())?;
    let parameters = parameters_of(nodes.kind(function))?;
    let is_called = |parameter: &oxc_ast::ast::FormalParameter| {
        parameter.pattern.get_binding_identifier().is_some_and(|id| id.name == name)
    };
    let index = parameters.items.iter().position(is_called)?;
    Some(Parameter { function: function_name(nodes, function)?, index })
}

fn parameters_of<'a>(kind: AstKind<'a>) -> Option<&'a FormalParameters<'a>> {
    match kind {
        AstKind::Function(function) => Some(&function.params),
        AstKind::ArrowFunctionExpression(arrow) => Some(&arrow.params),
        _ => None,
    }
}
