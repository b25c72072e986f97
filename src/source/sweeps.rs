//! Loops over all that is in something, and what runs in them only as a comparison of each with something tells:
//! `for (const [key, entry] of cache) if (entry.expires < now) cache.delete(key)`.

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, BinaryExpression, Expression};
use oxc_semantic::{AstNodes, NodeId};
use oxc_span::{GetSpan, Span};

use super::limits::{guarded, is_function};
use super::sizes::{Sizes, name_of};
use super::usage::entry_of;

/// Methods that call a function for each entry.
const VISITING: [&str; 3] = ["forEach", "filter", "some"];

/// What is gone through, and what the comparison decides.
struct Sweep<'s> {
    over: Over<'s>,
    decides: Span,
}

enum Over<'s> {
    /// All that is in this.
    All(&'s str),
    /// From one end on, as long as this test holds: `while (now - hits[0].at > WINDOW) hits.shift()`.
    While(&'s str),
}

/// The sweeps of one file.
#[derive(Default)]
pub(super) struct Sweeps<'s> {
    sweeps: Vec<Sweep<'s>>,
    /// Variables that take what is left, `recent` in `const recent = (hits[user] ?? []).filter((hit) => hit.at > since)`,
    /// and of what.
    rests: Vec<(&'s str, &'s str)>,
}

impl<'s> Sweeps<'s> {
    /// Notes the sweep that `test`, at `node`, decides in, if there is one.
    pub fn note(
        &mut self,
        (text, nodes): (&'s str, &AstNodes),
        (node, test): (NodeId, &BinaryExpression),
        sizes: &Sizes<'s>,
    ) {
        let is_order = matches!(test.operator.as_str(), "<" | "<=" | ">" | ">=");
        let is_size = |side| sizes.subject(side).is_some();
        if !is_order || is_size(&test.left) || is_size(&test.right) {
            return;
        }
        let over = |expression: &Expression| Over::All(sizes.listed(expression));
        let filtered = |expression: &Expression| sizes.listed(entry_of(expression).unwrap_or(expression));
        let decides = guarded(nodes, node, test.span).map(|decided| decided.span);
        let mut inner = test.span;
        for (kind, id) in nodes.ancestor_kinds(node).zip(nodes.ancestor_ids(node)) {
            let found = match kind {
                AstKind::ForOfStatement(it) if !it.right.span().contains_inclusive(inner) => {
                    Some((over(&it.right), decides))
                }
                AstKind::ForInStatement(it) if !it.right.span().contains_inclusive(inner) => {
                    Some((over(&it.right), decides))
                }
                AstKind::WhileStatement(it) if it.test.span().contains_inclusive(test.span) => {
                    Some((Over::While(it.test.span().source_text(text)), Some(it.span)))
                }
                AstKind::CallExpression(call) if is_visit(call.callee.get_inner_expression()) => {
                    let visited = object_of(&call.callee);
                    let is_inside = call.arguments.iter().any(|argument| is_function_around(argument, inner));
                    match (visited, nodes.parent_kind(id)) {
                        (Some(visited), AstKind::AssignmentExpression(kept)) if is_inside => {
                            Some((Over::All(filtered(visited)), Some(kept.span)))
                        }
                        (Some(visited), AstKind::VariableDeclarator(kept)) if is_inside => {
                            let variable = kept.id.get_binding_identifier().map(|name| name.span);
                            let rest = variable.map(|span| (span.source_text(text), filtered(visited)));
                            self.rests.extend(rest);
                            return;
                        }
                        (Some(visited), _) if is_inside => Some((over(visited), decides)),
                        _ => None,
                    }
                }
                _ => None,
            };
            if let Some((over, Some(decides))) = found {
                self.sweeps.push(Sweep { over, decides });
                return;
            }
            inner = kind.span();
        }
    }

    /// Is `variable` what a comparison has left of `subject`, or of one of its entries?
    pub fn is_rest(&self, variable: &str, subject: &str) -> bool {
        self.rests.contains(&(variable, subject))
    }

    /// Is what is done to `subject` at `at` done by a sweep over it?
    pub fn decide(&self, subject: &str, at: Span) -> bool {
        self.sweeps.iter().any(|Sweep { over, decides }| {
            let is_over = match over {
                Over::All(all) => *all == subject,
                Over::While(test) => looks_into(test, subject),
            };
            is_over && decides.contains_inclusive(at)
        })
    }
}

/// Does `test` read one of the things in `subject`?
fn looks_into(test: &str, subject: &str) -> bool {
    let is_name = |char: char| char.is_alphanumeric() || "_$.#".contains(char);
    test.match_indices(subject).any(|(at, _)| {
        let starts = !test[..at].ends_with(is_name);
        starts && test[at + subject.len()..].starts_with(['[', '.', '?'])
    })
}

fn is_visit(callee: &Expression) -> bool {
    name_of(callee).is_some_and(|name| VISITING.contains(&name))
}

fn object_of<'e, 'a>(callee: &'e Expression<'a>) -> Option<&'e Expression<'a>> {
    match callee.get_inner_expression() {
        Expression::StaticMemberExpression(member) => Some(&member.object),
        _ => None,
    }
}

fn is_function_around(argument: &Argument, inner: Span) -> bool {
    is_function(argument) && argument.span().contains_inclusive(inner)
}
