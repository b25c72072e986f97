//! Loops over all that is in something, and what runs in them only as a comparison of each with something tells:
//! `for (const [key, entry] of cache) if (entry.expires < now) cache.delete(key)`.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, Expression};
use oxc_semantic::{AstNodes, NodeId};
use oxc_span::{GetSpan, Span};

use super::limits::{answers, guarded, is_function};
use super::sizes::{Sizes, name_of};
use super::usage::entry_of;

/// Methods that call a function for each entry.
const VISITING: [&str; 4] = ["forEach", "filter", "some", "findIndex"];

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

impl<'s> Sweep<'s> {
    fn all(&self) -> Option<&'s str> {
        match self.over {
            Over::All(all) => Some(all),
            Over::While(_) => None,
        }
    }

    /// What it goes through: `x` in `while (i < x.length && x[i].at < since)`.
    fn subject(&self) -> Option<&'s str> {
        match self.over {
            Over::All(_) => None,
            Over::While(test) => {
                let subject = &test[..test.find('[')?];
                Some(&subject[subject.rfind(|char: char| !is_part_of_name(char)).map_or(0, |at| at + 1)..])
            }
        }
    }
}

/// The sweeps of one file.
#[derive(Default)]
pub(super) struct Sweeps<'s> {
    sweeps: Vec<Sweep<'s>>,
    /// Variables that take what a comparison picks or leaves, `recent` in
    /// `const recent = (hits[user] ?? []).filter((hit) => hit.at > since)`, and of what.
    rests: Vec<(&'s str, &'s str)>,
}

impl<'s> Sweeps<'s> {
    pub fn of<'a: 's>(text: &'s str, nodes: &AstNodes<'a>, sizes: &Sizes<'s>) -> Self {
        let mut sweeps = Sweeps::default();
        // `isExpired` in `const isExpired = (entry) => entry.until < Date.now()`.
        let mut comparing: HashSet<&str> = HashSet::new();
        for node in nodes.iter() {
            let AstKind::BinaryExpression(test) = node.kind() else { continue };
            let is_order = matches!(test.operator.as_str(), "<" | "<=" | ">" | ">=");
            let is_size = |side| sizes.subject(side).is_some();
            if !is_order || is_size(&test.left) || is_size(&test.right) {
                continue;
            }
            let is_known = sweeps.note((text, nodes), (node.id(), test.span), sizes);
            if !is_known && guarded(nodes, node.id(), test.span).is_none() {
                comparing.extend(answers(nodes, node.id()));
            }
        }
        for node in nodes.iter().filter(|_| !comparing.is_empty()) {
            let asked = match node.kind() {
                AstKind::CallExpression(call) => name_of(&call.callee),
                AstKind::IdentifierReference(name) => Some(name.name.as_str()),
                _ => None,
            };
            if asked.is_some_and(|asked| comparing.contains(asked)) {
                sweeps.note((text, nodes), (node.id(), node.kind().span()), sizes);
            }
        }
        sweeps.note_picked(text, nodes);
        sweeps
    }

    /// Notes the sweep that `test`, at `node`, decides in, if there is one.
    fn note(
        &mut self,
        (text, nodes): (&'s str, &AstNodes),
        (node, test): (NodeId, Span),
        sizes: &Sizes<'s>,
    ) -> bool {
        let over = |expression: &Expression| Over::All(sizes.listed(expression));
        let filtered = |expression: &Expression| sizes.listed(entry_of(expression).unwrap_or(expression));
        let decides = guarded(nodes, node, test).map(|decided| decided.span);
        let mut inner = test;
        for (kind, id) in nodes.ancestor_kinds(node).zip(nodes.ancestor_ids(node)) {
            let found = match kind {
                AstKind::ForOfStatement(it) if !it.right.span().contains_inclusive(inner) => {
                    Some((over(&it.right), decides))
                }
                AstKind::ForInStatement(it) if !it.right.span().contains_inclusive(inner) => {
                    Some((over(&it.right), decides))
                }
                // `for (let i = x.length - 1; i >= 0; i--) …`
                AstKind::ForStatement(it) if it.body.span().contains_inclusive(inner) => {
                    sizes.counted_through(it).map(|all| (Over::All(all), decides))
                }
                AstKind::WhileStatement(it) if it.test.span().contains_inclusive(test) => {
                    Some((Over::While(it.test.span().source_text(text)), Some(it.span)))
                }
                AstKind::CallExpression(call) if is_visit(call.callee.get_inner_expression()) => {
                    let is_inside = call
                        .arguments
                        .iter()
                        .any(|argument| argument.span() == test || is_function_around(argument, inner));
                    match object_of(&call.callee).filter(|_| is_inside) {
                        Some(visited) => match taken_by(nodes, id) {
                            AstKind::AssignmentExpression(kept) => {
                                Some((Over::All(filtered(visited)), Some(kept.span)))
                            }
                            AstKind::VariableDeclarator(kept) => {
                                let variable = kept.id.get_binding_identifier().map(|name| name.span);
                                let rest = variable.map(|span| (span.source_text(text), filtered(visited)));
                                self.rests.extend(rest);
                                return true;
                            }
                            AstKind::ForOfStatement(each) => Some((over(visited), Some(each.span))),
                            // `.filter(…).forEach(…)`
                            AstKind::CallExpression(next) if is_visit(next.callee.get_inner_expression()) => {
                                Some((over(visited), decides.or(Some(next.span))))
                            }
                            _ => Some((over(visited), decides)),
                        },
                        None => None,
                    }
                }
                _ => None,
            };
            if let Some((over, Some(decides))) = found {
                self.sweeps.push(Sweep { over, decides });
                return true;
            }
            inner = kind.span();
        }
        false
    }

    /// Notes what goes through those that a comparison picked, `for (const key of expired) x.delete(key)`, and what takes
    /// out as many as it counted, `x.splice(0, old)`.
    fn note_picked(&mut self, text: &'s str, nodes: &AstNodes) {
        for node in nodes.iter() {
            match node.kind() {
                AstKind::CallExpression(call) if name_of(&call.callee) == Some("push") => {
                    let Some(list) = object_of(&call.callee) else { continue };
                    let picks =
                        self.sweeps.iter().filter(|sweep| sweep.decides.contains_inclusive(call.span));
                    let of: Vec<&str> = picks.filter_map(Sweep::all).collect();
                    self.rests.extend(of.into_iter().map(|of| (list.span().source_text(text), of)));
                }
                AstKind::UpdateExpression(update) => {
                    let counts =
                        self.sweeps.iter().filter(|sweep| sweep.decides.contains_inclusive(update.span));
                    let of: Vec<&str> = counts.filter_map(Sweep::subject).collect();
                    self.rests
                        .extend(of.into_iter().map(|of| (update.argument.span().source_text(text), of)));
                }
                _ => {}
            }
        }
        for node in nodes.iter().filter(|_| !self.rests.is_empty()) {
            let (picked, decides) = match node.kind() {
                AstKind::ForOfStatement(each) => (each.right.span(), each.span),
                AstKind::CallExpression(call) => match (object_of(&call.callee), call.arguments.get(1)) {
                    (Some(array), Some(count)) if name_of(&call.callee) == Some("splice") => {
                        let count = count.span().source_text(text);
                        if self.is_rest(count, array.span().source_text(text)) {
                            let over = Over::All(array.span().source_text(text));
                            self.sweeps.push(Sweep { over, decides: call.span });
                        }
                        continue;
                    }
                    (Some(list), _) if is_visit(call.callee.get_inner_expression()) => {
                        (list.span(), call.span)
                    }
                    _ => continue,
                },
                _ => continue,
            };
            let picked = picked.source_text(text);
            let of: Vec<&str> =
                self.rests.iter().filter(|(list, _)| *list == picked).map(|(_, of)| *of).collect();
            self.sweeps.extend(of.into_iter().map(|of| Sweep { over: Over::All(of), decides }));
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
    test.match_indices(subject).any(|(at, _)| {
        let starts = !test[..at].ends_with(is_part_of_name);
        starts && test[at + subject.len()..].starts_with(['[', '.', '?'])
    })
}

fn is_part_of_name(char: char) -> bool {
    char.is_alphanumeric() || "_$.#".contains(char)
}

/// What takes the value of the call at `node`, or what is made of it: `x = new Map([...x].filter(…))`.
fn taken_by<'a>(nodes: &AstNodes<'a>, node: NodeId) -> AstKind<'a> {
    let mut around = nodes.ancestor_kinds(node);
    let is_passed_on = |kind: &AstKind| match kind {
        AstKind::Argument(_) | AstKind::NewExpression(_) | AstKind::ParenthesizedExpression(_) => true,
        AstKind::StaticMemberExpression(member) => VISITING.contains(&member.property.name.as_str()),
        AstKind::CallExpression(call) => name_of(&call.callee) == Some("fromEntries"),
        _ => false,
    };
    around.find(|kind| !is_passed_on(kind)).unwrap_or_else(|| nodes.parent_kind(node))
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
