//! From the syntax tree to the tree of async-graphql, which the engine plans and executes.
//! That one has no place for names that are given twice.

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, FragmentSpread,
    InlineFragment, OperationDefinition, Selection, SelectionSet, TypeCondition,
    VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned};
use async_graphql_value::{Number, Value};

use super::ast;
use super::lexer::SyntaxError;

type Lowered<T> = Result<T, SyntaxError>;

/// The document, whose operations and fragments have different names.
///
/// # Errors
/// When a number is beyond the range of floating point.
pub(crate) fn lower(document: &ast::Document<'_>) -> Lowered<ExecutableDocument> {
    let mut operations = Vec::with_capacity(document.operations.len());
    for operation in &document.operations {
        operations.push((operation.name, self::operation(operation)?));
    }
    let operations = match operations.pop() {
        Some((None, operation)) => DocumentOperations::Single(operation),
        last => {
            let all = operations.into_iter().chain(last);
            let named =
                all.filter_map(|(name, operation)| Some((Name::new(name?.text), operation)));
            DocumentOperations::Multiple(named.collect())
        }
    };
    let fragments = document.fragments.iter().map(|fragment| {
        let definition = FragmentDefinition {
            type_condition: condition(fragment.on),
            directives: directives(&fragment.directives)?,
            selection_set: set(&fragment.set)?,
        };
        Ok((Name::new(fragment.name.text), Positioned::new(definition, fragment.pos)))
    });
    Ok(ExecutableDocument { operations, fragments: fragments.collect::<Lowered<_>>()? })
}

fn operation(operation: &ast::Operation<'_>) -> Lowered<Positioned<OperationDefinition>> {
    let variables = operation.variables.iter().map(|variable| {
        let default_value = match &variable.default {
            Some(default) => {
                let constant = value(default)?.into_const();
                constant.map(|constant| Positioned::new(constant, default.pos))
            }
            None => None,
        };
        let definition = VariableDefinition {
            name: name(variable.name),
            var_type: variable.ty.clone(),
            directives: directives(&variable.directives)?,
            default_value,
        };
        Ok(Positioned::new(definition, variable.pos))
    });
    let definition = OperationDefinition {
        ty: operation.kind,
        variable_definitions: variables.collect::<Lowered<_>>()?,
        directives: directives(&operation.directives)?,
        selection_set: set(&operation.set)?,
    };
    Ok(Positioned::new(definition, operation.pos))
}

fn name(name: ast::Name<'_>) -> Positioned<Name> {
    Positioned::new(Name::new(name.text), name.pos)
}

fn condition(on: ast::Name<'_>) -> Positioned<TypeCondition> {
    Positioned::new(TypeCondition { on: name(on) }, on.pos)
}

fn set(set: &ast::SelectionSet<'_>) -> Lowered<Positioned<SelectionSet>> {
    let mut items = set.items.iter().map(selection).collect::<Lowered<Vec<_>>>()?;
    if items.is_empty() {
        // In this tree a field without selections is a leaf, an object with them is none.
        let selection_set = Positioned::new(SelectionSet::default(), set.pos);
        let nothing =
            InlineFragment { type_condition: None, directives: Vec::new(), selection_set };
        let nothing = Selection::InlineFragment(Positioned::new(nothing, set.pos));
        items.push(Positioned::new(nothing, set.pos));
    }
    Ok(Positioned::new(SelectionSet { items }, set.pos))
}

fn selection(selection: &ast::Selection<'_>) -> Lowered<Positioned<Selection>> {
    let (lowered, pos) = match selection {
        ast::Selection::Field(field) => {
            let none = || Positioned::new(SelectionSet::default(), field.pos);
            let lowered = Field {
                alias: field.alias.map(name),
                name: name(field.name),
                arguments: arguments(&field.arguments)?,
                directives: directives(&field.directives)?,
                selection_set: field.set.as_ref().map_or_else(|| Ok(none()), set)?,
            };
            (Selection::Field(Positioned::new(lowered, field.pos)), field.pos)
        }
        ast::Selection::Spread(spread) => {
            let lowered = FragmentSpread {
                fragment_name: name(spread.name),
                directives: directives(&spread.directives)?,
            };
            (Selection::FragmentSpread(Positioned::new(lowered, spread.pos)), spread.pos)
        }
        ast::Selection::Inline(inline) => {
            let lowered = InlineFragment {
                type_condition: inline.on.map(condition),
                directives: directives(&inline.directives)?,
                selection_set: set(&inline.set)?,
            };
            (Selection::InlineFragment(Positioned::new(lowered, inline.pos)), inline.pos)
        }
    };
    Ok(Positioned::new(lowered, pos))
}

fn directives(directives: &[ast::Directive<'_>]) -> Lowered<Vec<Positioned<Directive>>> {
    let lowered = directives.iter().map(|directive| {
        let arguments = arguments(&directive.arguments)?;
        Ok(Positioned::new(Directive { name: name(directive.name), arguments }, directive.pos))
    });
    lowered.collect()
}

type Arguments = Vec<(Positioned<Name>, Positioned<Value>)>;

fn arguments(arguments: &[ast::Argument<'_>]) -> Lowered<Arguments> {
    let lowered = arguments.iter().map(|argument| {
        let value = Positioned::new(value(&argument.value)?, argument.value.pos);
        Ok((name(argument.name), value))
    });
    lowered.collect()
}

fn value(given: &ast::Value<'_>) -> Lowered<Value> {
    Ok(match &given.kind {
        ast::ValueKind::Variable(name) => Value::Variable(Name::new(name)),
        ast::ValueKind::Int(text) | ast::ValueKind::Float(text) => {
            Value::Number(number(text).ok_or_else(|| too_large(given.pos))?)
        }
        ast::ValueKind::String { text, .. } => Value::String(text.clone()),
        ast::ValueKind::Boolean(is) => Value::Boolean(*is),
        ast::ValueKind::Null => Value::Null,
        ast::ValueKind::Enum(name) => Value::Enum(Name::new(name)),
        ast::ValueKind::List(list) => Value::List(list.iter().map(value).collect::<Lowered<_>>()?),
        ast::ValueKind::Object(fields) => {
            let fields =
                fields.iter().map(|field| Ok((Name::new(field.name.text), value(&field.value)?)));
            Value::Object(fields.collect::<Lowered<_>>()?)
        }
    })
}

/// Whole numbers stay exact as far as 64 bits reach.
fn number(text: &str) -> Option<Number> {
    text.parse::<i64>()
        .map(Number::from)
        .or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()
        .or_else(|| Number::from_f64(text.parse().ok()?))
}

fn too_large(pos: Pos) -> SyntaxError {
    SyntaxError { message: "a number is beyond the range of floating point".to_owned(), pos }
}
