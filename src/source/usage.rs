//! What an expression's surroundings do with it.

use oxc_ast::AstKind;
use oxc_ast::ast::Expression;
use oxc_semantic::{AstNodes, NodeId};
use oxc_span::{GetSpan, Span};

use super::facts::TouchKind;
use super::limits::is_removing;

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
    /// True when it takes something out of the expression itself.
    pub removes: bool,
}

/// How the expression at `node` is used, following `.property` and `[index]` outwards.
pub(super) fn usage(nodes: &AstNodes, node: NodeId) -> Usage {
    let mut used = Usage { kind: TouchKind::Reads, through: Vec::new(), method: None, removes: false };
    let mut inner = nodes.kind(node).span();
    let mut inside_literal = false;
    for parent in nodes.ancestor_kinds(node) {
        match parent {
            AstKind::StaticMemberExpression(member) if is(&member.object, inner) && !inside_literal => {
                used.through.push(member.property.name.to_string());
            }
            AstKind::PrivateFieldExpression(member) if is(&member.object, inner) && !inside_literal => {
                used.through.push(format!("#{}", member.field.name));
            }
            AstKind::ComputedMemberExpression(member) if is(&member.object, inner) && !inside_literal => {
                used.through.push("[]".to_owned());
            }
            AstKind::ArrayExpression(_)
            | AstKind::ObjectExpression(_)
            | AstKind::ObjectProperty(_)
            | AstKind::SpreadElement(_) => inside_literal = true,
            AstKind::Argument(_)
            | AstKind::ChainExpression(_)
            | AstKind::ParenthesizedExpression(_)
            | AstKind::TSNonNullExpression(_) => {}
            AstKind::CallExpression(call) if is(&call.callee, inner) => {
                used.method = used.through.pop();
                let adds = used.method.as_deref().is_some_and(|method| ADDING_METHODS.contains(&method));
                used.kind = if adds { TouchKind::Adds } else { TouchKind::Calls };
                used.removes = used.through.is_empty() && used.method.as_deref().is_some_and(is_removing);
                break;
            }
            AstKind::NewExpression(new) if is(&new.callee, inner) => {
                used.kind = TouchKind::Calls;
                break;
            }
            AstKind::CallExpression(_) | AstKind::NewExpression(_) => {
                used.kind = TouchKind::Passes;
                break;
            }
            AstKind::AssignmentExpression(assignment)
                if assignment.left.span() == inner && !inside_literal =>
            {
                let indexed = used.through.last().is_some_and(|last| last == "[]");
                used.kind = if indexed { TouchKind::Adds } else { TouchKind::Assigns };
                used.removes = used.through.is_empty() || used.through == ["length"];
                break;
            }
            AstKind::UnaryExpression(unary) if unary.operator.as_str() == "delete" => {
                used.removes = used.through == ["[]"];
                break;
            }
            _ => break,
        }
        inner = parent.span();
    }
    used
}

fn is(expression: &Expression, span: Span) -> bool {
    expression.span() == span
}
