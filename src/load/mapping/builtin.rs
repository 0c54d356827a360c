//! The mappings that come with the product.

/// A mapping by name.
#[derive(Debug, Clone, Copy)]
pub struct Builtin {
    /// What `--mapping` calls it.
    pub name: &'static str,
    /// Its TOML.
    pub text: &'static str,
}

macro_rules! builtin {
    ($($name:literal),*) => {
        /// All of them.
        pub const ALL: &[Builtin] =
            &[$(Builtin { name: $name, text: include_str!(concat!("builtin/", $name, ".toml")) }),*];
    };
}

builtin!(
    "adventureworks", "excel-de", "excel-fr", "excel-pt-br", "pandas", "postgres-copy", "bcp",
    "sqlcmd"
);
