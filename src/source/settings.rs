//! Numbers that a program gives a library when it makes something of it, `new Cache({ max: 500 })`, and what a library
//! compares with what it counts.

use std::collections::{BTreeSet, HashMap, HashSet};

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, AssignmentTarget, BinaryExpression, BindingPattern, BindingPatternKind, Expression,
    ObjectPropertyKind, PropertyKey,
};
use oxc_semantic::{AstNodes, ReferenceId, Scoping, Semantic, SymbolId};

use super::counters::fixed_key;

/// A variable, all properties of one name, or all that one key stands for: `MAX` in `this[MAX]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Name<'a> {
    Variable(SymbolId),
    Property(&'a str),
    Key(SymbolId),
}

/// What the names of one file take their values from.
pub(super) struct Settings<'s, 'a> {
    nodes: &'s AstNodes<'a>,
    scoping: &'s Scoping,
    made_of: HashMap<Name<'a>, Vec<Name<'a>>>,
    /// What is compared with a size or a counter.
    bounds: Vec<Name<'a>>,
}

impl<'s, 'a> Settings<'s, 'a> {
    pub fn of(semantic: &'s Semantic<'a>) -> Self {
        let (nodes, scoping) = (semantic.nodes(), semantic.scoping());
        let mut settings = Settings { nodes, scoping, made_of: HashMap::new(), bounds: Vec::new() };
        for node in nodes.iter() {
            match node.kind() {
                AstKind::VariableDeclarator(declarator) => {
                    let name = bound_by(&declarator.id);
                    settings.note(name, declarator.init.as_ref());
                }
                AstKind::AssignmentExpression(assignment) => {
                    let name = settings.assigned(&assignment.left);
                    settings.note(name, Some(&assignment.right));
                }
                AstKind::PropertyDefinition(field) => {
                    settings.note(key_name(&field.key).map(Name::Property), field.value.as_ref());
                }
                AstKind::BindingProperty(property) => {
                    if let (Some(name), Some(key)) = (bound_by(&property.value), key_name(&property.key)) {
                        settings.made_of.entry(name).or_default().push(Name::Property(key));
                    }
                }
                _ => {}
            }
        }
        settings
    }

    /// Notes a test of a size or a counter.
    pub fn bound_in(&mut self, test: &BinaryExpression<'a>) {
        let mut names = Vec::new();
        self.names_in(&test.left, &mut names);
        self.names_in(&test.right, &mut names);
        self.bounds.extend(names);
    }

    /// The properties whose values are, or become, what sizes and counters are compared with.
    pub fn bounding(&self) -> BTreeSet<String> {
        let mut pending = self.bounds.clone();
        let mut seen = HashSet::new();
        while let Some(name) = pending.pop() {
            if seen.insert(name) {
                pending.extend(self.made_of.get(&name).into_iter().flatten().copied());
            }
        }
        let properties = seen.into_iter().filter_map(|name| match name {
            Name::Property(name) => Some(name.to_owned()),
            Name::Variable(_) | Name::Key(_) => None,
        });
        properties.collect()
    }

    /// The options in `arguments` that are finite numbers.
    pub fn numbers(&self, arguments: &[Argument<'a>]) -> Vec<String> {
        let options = arguments.iter().filter_map(|argument| self.value(argument.as_expression()?));
        let properties = options.filter_map(|value| match value {
            Expression::ObjectExpression(object) => Some(&object.properties),
            _ => None,
        });
        let numbers = properties.flatten().filter_map(|property| match property {
            ObjectPropertyKind::ObjectProperty(option) if self.is_finite(&option.value) => {
                key_name(&option.key).map(str::to_owned)
            }
            _ => None,
        });
        numbers.collect()
    }

    fn note(&mut self, name: Option<Name<'a>>, value: Option<&Expression<'a>>) {
        let (Some(name), Some(value)) = (name, value) else { return };
        let mut names = Vec::new();
        self.names_in(value, &mut names);
        self.made_of.entry(name).or_default().extend(names);
    }

    fn assigned(&self, target: &AssignmentTarget<'a>) -> Option<Name<'a>> {
        match target {
            AssignmentTarget::AssignmentTargetIdentifier(name) => self.variable(name.reference_id.get()?),
            AssignmentTarget::StaticMemberExpression(member) => {
                Some(Name::Property(member.property.name.as_str()))
            }
            AssignmentTarget::PrivateFieldExpression(member) => {
                Some(Name::Property(member.field.name.as_str()))
            }
            AssignmentTarget::ComputedMemberExpression(member) => {
                fixed_key(self.scoping, &member.expression).map(Name::Key)
            }
            _ => None,
        }
    }

    fn variable(&self, reference: ReferenceId) -> Option<Name<'a>> {
        self.scoping.get_reference(reference).symbol_id().map(Name::Variable)
    }

    /// The names that `value` is computed from.
    fn names_in(&self, value: &Expression<'a>, names: &mut Vec<Name<'a>>) {
        match value.get_inner_expression() {
            Expression::Identifier(name) => {
                names.extend(name.reference_id.get().and_then(|reference| self.variable(reference)));
            }
            Expression::StaticMemberExpression(member) => {
                names.push(Name::Property(member.property.name.as_str()));
            }
            Expression::PrivateFieldExpression(member) => {
                names.push(Name::Property(member.field.name.as_str()));
            }
            Expression::ComputedMemberExpression(member) => {
                names.extend(fixed_key(self.scoping, &member.expression).map(Name::Key));
            }
            Expression::BinaryExpression(both) => {
                self.names_in(&both.left, names);
                self.names_in(&both.right, names);
            }
            Expression::LogicalExpression(both) => {
                self.names_in(&both.left, names);
                self.names_in(&both.right, names);
            }
            Expression::ConditionalExpression(either) => {
                self.names_in(&either.consequent, names);
                self.names_in(&either.alternate, names);
            }
            Expression::UnaryExpression(unary) => self.names_in(&unary.argument, names),
            Expression::AssignmentExpression(assignment) => self.names_in(&assignment.right, names),
            Expression::CallExpression(call) => {
                let arguments = call.arguments.iter().filter_map(Argument::as_expression);
                arguments.for_each(|argument| self.names_in(argument, names));
            }
            _ => {}
        }
    }

    /// Is `value` a number that something can reach? Infinity is a name that nothing declares.
    fn is_finite(&self, value: &Expression<'a>) -> bool {
        match self.value(value) {
            Some(Expression::NumericLiteral(number)) => number.value > 0.0 && number.value.is_finite(),
            Some(Expression::BinaryExpression(both)) => {
                self.is_finite(&both.left) && self.is_finite(&both.right)
            }
            // `process.env.MAX || 500`
            Some(Expression::LogicalExpression(either)) => self.is_finite(&either.right),
            Some(Expression::UnaryExpression(unary)) => self.is_finite(&unary.argument),
            Some(Expression::CallExpression(call)) => {
                let first = call.arguments.first().and_then(Argument::as_expression);
                first.is_some_and(|argument| self.is_finite(argument))
            }
            _ => false,
        }
    }

    /// What an expression stands for: the value of a constant.
    fn value<'e>(&'e self, value: &'e Expression<'a>) -> Option<&'e Expression<'a>> {
        let value = value.get_inner_expression();
        let Expression::Identifier(name) = value else { return Some(value) };
        let symbol = self.scoping.get_reference(name.reference_id.get()?).symbol_id()?;
        match self.nodes.kind(self.scoping.symbol_declaration(symbol)) {
            AstKind::VariableDeclarator(declarator) if declarator.kind.is_const() => {
                declarator.init.as_ref().map(Expression::get_inner_expression)
            }
            _ => None,
        }
    }
}

fn bound_by<'a>(pattern: &BindingPattern<'a>) -> Option<Name<'a>> {
    match &pattern.kind {
        BindingPatternKind::BindingIdentifier(name) => name.symbol_id.get().map(Name::Variable),
        BindingPatternKind::AssignmentPattern(with_default) => bound_by(&with_default.left),
        _ => None,
    }
}

fn key_name<'a>(key: &PropertyKey<'a>) -> Option<&'a str> {
    match key {
        PropertyKey::StaticIdentifier(name) => Some(name.name.as_str()),
        PropertyKey::PrivateIdentifier(name) => Some(name.name.as_str()),
        PropertyKey::StringLiteral(name) => Some(name.value.as_str()),
        _ => None,
    }
}
