//! Parses one file and collects its facts.

use std::collections::HashMap;
use std::path::Path;

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, BindingPatternKind, Expression, ForStatementLeft};
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::{AstNodes, NodeId, Scoping, Semantic, SemanticBuilder};
use oxc_span::{GetSpan, SourceType};

use super::counters::owner_of;
use super::facts::{ENTRY, Function, FunctionId, Limit, Made, SourceFile, Touch, TouchKind, Variable};
use super::helpers::parameters;
use super::limits::{Change, Limits};
use super::lines::Lines;
use super::mentions::{is_reached_by_name, mentions};
use super::names::function_name;
use super::origins::Origins;
use super::settings::Settings;
use super::sizes::listed;
use super::symbols::{Symbols, symbol_key};
use super::usage::{Usage, entry_of, usage};

/// The facts of `text`; `None` when it is not JavaScript or TypeScript that oxc can parse.
pub(super) fn scan(text: &str, path: &Path) -> Option<SourceFile> {
    let allocator = Allocator::default();
    let source_type = SourceType::from_path(path).unwrap_or_default().with_unambiguous(true);
    let options = ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() };
    let parsed = Parser::new(&allocator, text, source_type).with_options(options).parse();
    if parsed.panicked {
        return None;
    }
    let semantic = SemanticBuilder::new().build(&parsed.program).semantic;
    Some(Scan::new(text, &semantic).collect())
}

struct Scan<'s, 'a> {
    text: &'s str,
    lines: Lines<'s>,
    nodes: &'s AstNodes<'a>,
    scoping: &'s Scoping,
    limits: Limits<'s>,
    settings: Settings<'s, 'a>,
    origins: Origins<'s, 'a>,
    symbols: Symbols<'s, 'a>,
    function_of_node: HashMap<NodeId, FunctionId>,
    facts: SourceFile,
}

impl<'s, 'a> Scan<'s, 'a> {
    fn new(text: &'s str, semantic: &'s Semantic<'a>) -> Self {
        let mut settings = Settings::of(semantic);
        Scan {
            text,
            lines: Lines::new(text),
            nodes: semantic.nodes(),
            scoping: semantic.scoping(),
            limits: Limits::of(text, semantic, &mut settings),
            settings,
            origins: Origins::of(semantic),
            symbols: Symbols::of(semantic),
            function_of_node: HashMap::new(),
            facts: SourceFile::default(),
        }
    }

    fn collect(mut self) -> SourceFile {
        self.collect_functions();
        self.collect_properties();
        self.collect_globals();
        self.collect_own_limits();
        self.collect_variables();
        self.collect_entries();
        self.collect_made();
        self.collect_helpers();
        self.facts.bounding = self.settings.bounding();
        self.facts.mentions = mentions(self.text, self.nodes);
        self.facts
    }

    fn collect_functions(&mut self) {
        for node in self.nodes.iter() {
            let (span, reported) = match node.kind() {
                AstKind::Function(function) => (function.span, function.params.span),
                AstKind::ArrowFunctionExpression(arrow) => (arrow.span, arrow.span),
                _ => continue,
            };
            let function = Function {
                name: function_name(self.nodes, node.id()),
                start: self.lines.position(span.start),
                reported_at: self.lines.position(reported.start),
                end: self.lines.position(span.end),
                parent: self.function_around(node.id()),
                by_name: is_reached_by_name(self.nodes, node.id()),
            };
            self.function_of_node.insert(node.id(), FunctionId(self.facts.functions.len() as u32));
            self.facts.functions.push(function);
        }
    }

    fn collect_properties(&mut self) {
        for node in self.nodes.iter() {
            let name = match node.kind() {
                AstKind::StaticMemberExpression(member) => member.property.name.as_str().to_owned(),
                AstKind::PrivateFieldExpression(member) => format!("#{}", member.field.name),
                AstKind::ComputedMemberExpression(member) => {
                    match self.symbols.description(&member.expression) {
                        Some(description) => symbol_key(description),
                        None => continue,
                    }
                }
                _ => continue,
            };
            self.add_property(name, node.id());
        }
    }

    fn add_property(&mut self, name: String, node: NodeId) {
        let touch = self.touch(node);
        if touch.kind != TouchKind::Calls || touch.method.is_some() {
            self.facts.properties.entry(name).or_default().push(touch);
        }
    }

    fn collect_own_limits(&mut self) {
        for node in self.nodes.iter().filter(|node| matches!(node.kind(), AstKind::ThisExpression(_))) {
            let touch = self.touch(node.id());
            let class = self.nodes.ancestor_kinds(node.id()).find_map(|kind| match kind {
                AstKind::Class(class) => Some(class),
                _ => None,
            });
            if let Some(name) = class.and_then(|class| class.name())
                && touch.limit.is_some()
            {
                self.facts.own_limits.entry(name.to_string()).or_default().push(touch);
            }
        }
    }

    /// A name that nothing declares is a property of the global object.
    fn collect_globals(&mut self) {
        let scoping = self.scoping;
        for (name, references) in scoping.root_unresolved_references() {
            for &reference in references {
                self.add_property(name.to_string(), scoping.get_reference(reference).node_id());
            }
        }
    }

    fn collect_variables(&mut self) {
        for symbol in self.scoping.symbol_ids() {
            let from = self.origins.origin(symbol);
            let touches =
                self.scoping.get_resolved_references(symbol).map(|reference| self.touch(reference.node_id()));
            let variable = Variable {
                name: self.scoping.symbol_name(symbol).to_owned(),
                declared: self.lines.position(self.scoping.symbol_span(symbol).start),
                function: self.function_around(self.scoping.symbol_declaration(symbol)),
                from,
                is_imported: self.origins.is_imported(symbol),
                touches: touches.collect(),
            };
            self.facts.variables.push(variable);
        }
    }

    /// What is done to a variable that is an entry of a collection is done to what the collection holds.
    fn collect_entries(&mut self) {
        for node in self.nodes.iter() {
            match node.kind() {
                AstKind::VariableDeclarator(declarator) => {
                    let Some(collection) = declarator.init.as_ref().and_then(entry_of) else { continue };
                    self.add_entry(&declarator.id, collection);
                }
                AstKind::ForOfStatement(each) => {
                    let ForStatementLeft::VariableDeclaration(declared) = &each.left else { continue };
                    let collection = listed(&each.right).unwrap_or(&each.right);
                    for declarator in &declared.declarations {
                        self.add_entry(&declarator.id, collection);
                    }
                }
                _ => {}
            }
        }
    }

    /// `entry` is one of the entries of `collection`, or the key and the value of one.
    fn add_entry(&mut self, entry: &BindingPattern<'a>, collection: &Expression<'a>) {
        let names = match &entry.kind {
            BindingPatternKind::ArrayPattern(pair) => pair.elements.iter().flatten().collect(),
            _ => vec![entry],
        };
        let symbols = names.into_iter().filter_map(|name| name.get_binding_identifier()?.symbol_id.get());
        for symbol in symbols {
            let touches = self.scoping.get_resolved_references(symbol).map(|reference| {
                let touch = self.touch(reference.node_id());
                let through = std::iter::once(ENTRY.to_owned()).chain(touch.through).collect();
                Touch { through, ..touch }
            });
            let touches: Vec<Touch> =
                touches.filter(|touch| touch.kind < TouchKind::Calls || touch.limit.is_some()).collect();
            if let Some(known) = self.touches_of(collection) {
                known.extend(touches);
            }
        }
    }

    /// With `new`, or by calling what a module exports and keeping what that answers.
    fn collect_made(&mut self) {
        for node in self.nodes.iter() {
            let (callee, arguments) = match node.kind() {
                AstKind::NewExpression(new) => (&new.callee, &new.arguments),
                AstKind::CallExpression(call) if self.is_kept(node.id()) && self.is_import(&call.callee) => {
                    (&call.callee, &call.arguments)
                }
                _ => continue,
            };
            let Some(from) = self.origins.module_of(callee) else { continue };
            let at = self.lines.position(node.kind().span().start);
            let (function, numbers) = (self.function_around(node.id()), self.settings.numbers(arguments));
            self.facts.made.push(Made { from, at, function, numbers });
        }
    }

    /// What functions do to what they are handed.
    fn collect_helpers(&mut self) {
        self.facts.measured = self.limits.take_measured().into_iter().collect();
        for node in self.nodes.iter() {
            for (symbol, parameter) in parameters(self.nodes, node.id()) {
                // One variable for each symbol, in the order of their ids.
                let touches = &self.facts.variables[symbol.index()].touches;
                let limit = touches.iter().find_map(|touch| touch.limit.filter(|_| !touch.is_of_entry()));
                self.facts.trimmed.extend(limit.map(|limit| (parameter, limit)));
            }
        }
    }

    fn is_kept(&self, node: NodeId) -> bool {
        let mut around = self.nodes.ancestor_kinds(node);
        let kept = around.find(|kind| !matches!(kind, AstKind::AwaitExpression(_)));
        matches!(
            kept,
            Some(
                AstKind::VariableDeclarator(_)
                    | AstKind::AssignmentExpression(_)
                    | AstKind::PropertyDefinition(_)
                    | AstKind::ObjectProperty(_)
            )
        )
    }

    fn is_import(&self, callee: &Expression) -> bool {
        match callee.get_inner_expression() {
            Expression::Identifier(name) => {
                let reference =
                    name.reference_id.get().map(|reference| self.scoping.get_reference(reference));
                let symbol = reference.and_then(|reference| reference.symbol_id());
                symbol.is_some_and(|symbol| self.origins.is_imported(symbol))
            }
            Expression::StaticMemberExpression(member) => self.is_import(&member.object),
            _ => false,
        }
    }

    /// The touches of the variable or property that an expression is.
    fn touches_of(&mut self, expression: &Expression) -> Option<&mut Vec<Touch>> {
        let property = match expression.get_inner_expression() {
            Expression::Identifier(name) => {
                let symbol = self.scoping.get_reference(name.reference_id.get()?).symbol_id()?;
                // One for each symbol, in the order of their ids.
                return self.facts.variables.get_mut(symbol.index()).map(|variable| &mut variable.touches);
            }
            Expression::StaticMemberExpression(member) => member.property.name.to_string(),
            Expression::PrivateFieldExpression(member) => format!("#{}", member.field.name),
            _ => return None,
        };
        Some(self.facts.properties.entry(property).or_default())
    }

    fn touch(&self, node: NodeId) -> Touch {
        let used = usage(self.text, self.nodes, node);
        let function = self.function_around(node);
        let change = || self.change(node, &used, function);
        let rest = used.replaced_by.and_then(|by| self.limits.of_rest(by, used.changed));
        let removal = || self.limits.of_removal(&change());
        // By anything but a timer it is how an entry begins.
        let emptied = || removal().filter(|limit| used.empties && *limit == Limit::Timer);
        let emptied = if used.removes { None } else { rest.or_else(emptied) };
        let limit = match used.kind {
            _ if used.removes => removal().or(rest),
            TouchKind::Reads => self.limits.of_reading(used.changed),
            TouchKind::Adds if emptied.is_none() => self.limits.of_addition(&change()),
            _ => emptied,
        };
        let left_to = match used.kind {
            _ if limit.is_some() => Vec::new(),
            _ if used.removes => self.limits.asked(&change()),
            _ => used.handed_to.clone().into_iter().collect(),
        };
        let at = self.lines.position(self.nodes.kind(node).span().start);
        let Usage { kind, through, method, .. } = used;
        Touch { kind, at, function, through, method, empties: emptied.is_some(), limit, left_to }
    }

    fn change(&self, node: NodeId, used: &Usage, function: Option<FunctionId>) -> Change<'_> {
        let around = std::iter::successors(function, |&id| self.facts.functions[id.0 as usize].parent);
        let inside = around.filter_map(|id| self.facts.functions[id.0 as usize].name.as_deref()).collect();
        let kind = self.nodes.kind(node);
        let Usage { changed: subject, takes_all, index, .. } = *used;
        Change { subject, owner: owner_of(self.scoping, kind), inside, takes_all, index }
    }

    fn function_around(&self, node: NodeId) -> Option<FunctionId> {
        self.nodes.ancestor_ids(node).find_map(|id| self.function_of_node.get(&id).copied())
    }
}

#[cfg(test)]
mod tests;
