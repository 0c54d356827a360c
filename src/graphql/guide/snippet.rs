//! Parts of the schema as SDL.

use std::fmt::Write as _;

use async_graphql::registry::{MetaField, MetaInputValue, MetaType, Registry};

/// Most members of a type that are shown of it.
const MEMBERS: usize = 40;

/// A type, or one of its members.
#[derive(Debug)]
pub(super) struct TypeOrPart {
    pub(super) ty: String,
    pub(super) part: Option<String>,
}

/// The type with the names and types of its members, or with this member alone, in full.
pub(super) fn of(registry: &Registry, at: &TypeOrPart) -> String {
    let mut text = String::new();
    let Some(ty) = registry.types.get(&at.ty) else { return text };
    let is_shown = |name: &str| at.part.as_deref().is_none_or(|part| part == name);
    let in_full = at.part.is_some();
    let (keyword, description, members) = match ty {
        MetaType::Object { description, fields, .. } => {
            let fields = fields.values().filter(|field| is_shown(&field.name));
            ("type", description, fields.map(|it| field(it, in_full)).collect())
        }
        MetaType::Interface { description, fields, .. } => {
            let fields = fields.values().filter(|field| is_shown(&field.name));
            ("interface", description, fields.map(|it| field(it, in_full)).collect())
        }
        MetaType::InputObject { description, input_fields, .. } => {
            let fields = input_fields.values().filter(|field| is_shown(&field.name));
            ("input", description, fields.map(|it| member(it, in_full)).collect())
        }
        MetaType::Enum { description, enum_values, .. } => {
            let values = enum_values.values().filter(|value| is_shown(&value.name));
            let values = values.map(|value| {
                format!("{}  {}\n", said(value.description.as_deref(), "  "), value.name)
            });
            ("enum", description, values.collect())
        }
        MetaType::Scalar { description, .. } => ("scalar", description, Vec::<String>::new()),
        MetaType::Union { description, possible_types, .. } => {
            let types = possible_types.iter().map(|name| format!("  | {name}\n"));
            ("union", description, types.collect())
        }
    };
    if !in_full {
        text += &said(description.as_deref(), "");
    }
    // Writing to a String cannot fail.
    let _ = write!(text, "{keyword} {}", at.ty);
    if members.is_empty() {
        text.push('\n');
        return text;
    }
    text += " {\n";
    for member in members.iter().take(MEMBERS) {
        text += member;
    }
    if let Some(more) = members.len().checked_sub(MEMBERS).filter(|more| *more > 0) {
        let _ = writeln!(text, "  # and {more} more");
    }
    text += "}\n";
    text
}

fn field(field: &MetaField, in_full: bool) -> String {
    let mut text = String::new();
    if in_full {
        text += &said(field.description.as_deref(), "  ");
    }
    let _ = write!(text, "  {}", field.name);
    if in_full && !field.args.is_empty() {
        text += "(\n";
        for argument in field.args.values() {
            text += &said(argument.description.as_deref(), "    ");
            let _ = writeln!(text, "    {}", input(argument));
        }
        text += "  )";
    } else if !field.args.is_empty() {
        let arguments: Vec<String> = field.args.values().map(input).collect();
        let _ = write!(text, "({})", arguments.join(", "));
    }
    let _ = writeln!(text, ": {}", field.ty);
    text
}

fn member(of: &MetaInputValue, in_full: bool) -> String {
    let said = if in_full { said(of.description.as_deref(), "  ") } else { String::new() };
    format!("{said}  {}\n", input(of))
}

fn input(of: &MetaInputValue) -> String {
    let default = of.default_value.as_ref().map(|value| format!(" = {value}"));
    format!("{}: {}{}", of.name, of.ty, default.unwrap_or_default())
}

fn said(description: Option<&str>, indent: &str) -> String {
    description.map_or_else(String::new, |text| {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
        format!("{indent}\"{text}\"\n")
    })
}
