//! Enumerations that columns hold as codes.

use entity::Codes;

/// An enumeration: the names of the codes of a column.
#[derive(Debug)]
pub struct Enumeration {
    /// Name in the schema.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Its values.
    pub values: Vec<EnumValue>,
}

/// A value of an enumeration.
#[derive(Debug)]
pub struct EnumValue {
    /// The code in the column, as text.
    pub code: &'static str,
    /// Name in the schema, in capitals.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
}

impl Enumeration {
    pub(super) fn of(codes: &'static Codes) -> Self {
        let values = codes.values.iter().map(|value| EnumValue {
            code: value.code,
            name: screaming(value.name).leak(),
            description: value.description,
        });
        Self { name: codes.name, description: codes.description, values: values.collect() }
    }

    /// The value of a code.
    #[must_use]
    pub fn value(&self, code: &str) -> Option<&EnumValue> {
        self.values.iter().find(|value| value.code == code)
    }
}

/// `InProcess` as `IN_PROCESS`.
fn screaming(name: &str) -> String {
    let mut out = String::new();
    for (index, character) in name.char_indices() {
        if index > 0 && character.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(character.to_ascii_uppercase());
    }
    out
}
