//! Enumerations that a table stores as codes.

/// An enumeration as data: what a column of codes may hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Codes {
    /// Name of the enumeration.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Its values.
    pub values: &'static [CodeValue],
}

/// A value of an enumeration.
#[derive(Debug, PartialEq, Eq)]
pub struct CodeValue {
    /// The code in the column, as text.
    pub code: &'static str,
    /// Name of the variant.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
}

/// Declares an enumeration over text of at most so many characters, or over `i16`:
/// SeaORM's enum, and the same as data in its constant `CODES`.
macro_rules! codes {
    (#[doc = $doc:literal] $name:ident: i16 {
        $(#[doc = $meaning:literal] $variant:ident = $code:literal,)+
    }) => {
        codes!(@enum $doc $name "i16" "SmallInteger" num_value
            $($meaning $variant $code (stringify!($code)))+);
    };
    (#[doc = $doc:literal] $name:ident: $db_type:literal {
        $(#[doc = $meaning:literal] $variant:ident = $code:literal,)+
    }) => {
        codes!(@enum $doc $name "String" $db_type string_value
            $($meaning $variant $code ($code))+);
    };
    (@enum $doc:literal $name:ident $rs_type:literal $db_type:literal $value:ident
        $($meaning:literal $variant:ident $code:literal ($text:expr))+
    ) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
        #[sea_orm(rs_type = $rs_type, db_type = $db_type)]
        pub enum $name {
            $(#[doc = $meaning] #[sea_orm($value = $code)] $variant,)+
        }

        impl $name {
            /// The enumeration as data.
            pub const CODES: $crate::Codes = $crate::Codes {
                name: stringify!($name),
                description: $doc.trim_ascii_start(),
                values: &[$($crate::CodeValue {
                    code: $text,
                    name: stringify!($variant),
                    description: $meaning.trim_ascii_start(),
                },)+],
            };
        }
    };
}
