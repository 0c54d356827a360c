//! The sources of the library, read by `syn`: the items that each file defines and
//! the paths that it names in `use` trees, code, attributes and macros' tokens.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, ItemMod, ItemUse, UseTree, Visibility};

/// A module, by its path from the crate's root: `["db", "pool"]`.
pub(super) type Module = Vec<String>;

/// A path that a source names, a `use` tree being several.
pub(super) struct Named {
    /// The module in whose scope it begins: the root for `crate::`, `super::` and
    /// `self::`, which are resolved.
    pub(super) from: Module,
    pub(super) path: Vec<String>,
    /// The line of its first segment below the root, from 1.
    pub(super) line: usize,
    /// What it brings into scope, if a `use` names it.
    pub(super) import: Option<Import>,
}

/// The effect of a `use`.
pub(super) struct Import {
    pub(super) into: Module,
    /// The name in scope; `*` for every name of a module.
    pub(super) name: String,
    pub(super) reexported: bool,
}

/// One file.
#[derive(Default)]
pub(super) struct Source {
    /// Its path below `src/`.
    pub(super) file: PathBuf,
    /// The modules in it, its own first.
    pub(super) modules: Vec<Module>,
    pub(super) items: Vec<(Module, String)>,
    pub(super) named: Vec<Named>,
}

impl Source {
    pub(super) fn parse(file: &str, text: &str) -> Self {
        let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let path = file.trim_end_matches(".rs").split('/').map(str::to_owned);
        let module: Module =
            path.filter(|name| !["mod", "lib", "main"].contains(&name.as_str())).collect();
        let modules = vec![module.clone()];
        let source = Self { file: PathBuf::from(file), modules, ..Self::default() };
        let mut reader = Reader { module, source };
        reader.visit_file(&syntax);
        reader.source
    }
}

/// Every file below `src/`, in the order of their paths.
pub(super) static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut files) = (vec![src.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let parse = |path: &PathBuf| {
        let file = path.strip_prefix(&src).expect("below src").to_str().expect("UTF-8");
        Source::parse(file, &std::fs::read_to_string(path).expect("a source"))
    };
    files.iter().map(parse).collect()
});

struct Reader {
    module: Module,
    source: Source,
}

impl Reader {
    fn name(&mut self, path: &[Ident], import: Option<Import>) {
        let Some(first) = path.first() else { return };
        let (from, mut below) = match first.to_string().as_str() {
            "crate" | "salesgraph" => (Vec::new(), Vec::new()),
            "self" | "super" => (Vec::new(), self.module.clone()),
            _ => (self.module.clone(), Vec::new()),
        };
        let mut line = first.span().start().line;
        let mut anchored = true;
        for ident in path {
            match ident.to_string().as_str() {
                "crate" | "salesgraph" | "self" => {}
                "super" => drop(below.pop()),
                name => {
                    if std::mem::take(&mut anchored) {
                        line = ident.span().start().line;
                    }
                    below.push(name.to_owned());
                }
            }
        }
        self.source.named.push(Named { from, path: below, line, import });
    }

    fn tree(&mut self, above: &[Ident], tree: &UseTree, reexported: bool) {
        let with = |ident: &Ident| [above, std::slice::from_ref(ident)].concat();
        let into = self.module.clone();
        let import = |name: &dyn ToString| Import { into, name: name.to_string(), reexported };
        match tree {
            UseTree::Path(path) => self.tree(&with(&path.ident), &path.tree, reexported),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.tree(above, tree, reexported));
            }
            UseTree::Glob(_) => self.name(above, Some(import(&"*"))),
            UseTree::Rename(name) => self.name(&with(&name.ident), Some(import(&name.rename))),
            UseTree::Name(name) => {
                let ident = above.last().filter(|_| name.ident == "self").unwrap_or(&name.ident);
                self.name(&with(&name.ident), Some(import(ident)));
            }
        }
    }

    /// The paths among tokens; `above` is the path before a group in braces.
    fn tokens(&mut self, above: &[Ident], tokens: TokenStream) {
        let start = if above.is_empty() { 0 } else { 2 };
        let (mut path, mut colons) = (above.to_vec(), start);
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.name(&std::mem::take(&mut path), None);
                    }
                    path.push(ident);
                    colons = 0;
                }
                TokenTree::Group(group) if colons == 2 => {
                    self.tokens(&std::mem::take(&mut path), group.stream());
                    colons = 0;
                }
                other => {
                    self.name(&path, None);
                    if let TokenTree::Group(group) = other {
                        self.tokens(&[], group.stream());
                    }
                    (path, colons) = (above.to_vec(), start);
                }
            }
        }
        self.name(&path, None);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let defined = match item {
            Item::Const(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Fn(item) => Some(&item.sig.ident),
            Item::Macro(item) => item.ident.as_ref(),
            Item::Static(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            _ => None,
        };
        let defined = defined.map(|ident| (self.module.clone(), ident.to_string()));
        self.source.items.extend(defined);
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.module.push(item.ident.to_string());
        if item.content.is_some() {
            self.source.modules.push(self.module.clone());
        }
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.visit_visibility(&item.vis);
        self.tree(&[], &item.tree, !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.clone()).collect();
        self.name(&segments, None);
        visit::visit_path(self, path);
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.tokens(&[], tokens.clone());
    }
}
