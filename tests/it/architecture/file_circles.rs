//! Files of `src/` use each other in no circle: a file uses another when its code names
//! an item defined there. Method calls are not followed, only the names of types.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::sources::{Module, SOURCES, Source};

/// The circles that are allowed: the reason, and their files or whole folders of them.
const ALLOWED: &[(&str, &[&str])] = &[
    ("tables, and so their types, refer to each other", &["graphql/types/"]),
    ("the functions `column` and `table` have the names of files", &["catalog/"]),
    (
        "tests go through the specifications of all files",
        &[
            "sample/defects.rs", "sample/files.rs", "sample/inventory.rs", "sample/rates.rs",
            "sample/stores.rs", "sample/territories.rs",
        ],
    ),
];

/// What a module brings into scope.
#[derive(Default)]
struct Scope<'a> {
    file: String,
    items: BTreeSet<&'a str>,
    /// By name, each from the module in which its path begins.
    imports: BTreeMap<&'a str, Vec<(&'a Module, &'a [String])>>,
}

struct Modules<'a>(BTreeMap<&'a Module, Scope<'a>>);

/// What a path leads to.
enum Target<'a> {
    Module(Module),
    Item { file: &'a str, name: &'a str },
}

impl<'a> Modules<'a> {
    fn of(sources: &'a [Source]) -> Self {
        let mut modules = BTreeMap::<_, Scope>::new();
        for source in sources {
            for module in &source.modules {
                modules.entry(module).or_default().file = source.file.display().to_string();
            }
            for (module, name) in &source.items {
                modules.entry(module).or_default().items.insert(name);
            }
            for named in &source.named {
                if let Some(import) = &named.import {
                    let scope = modules.entry(&import.into).or_default();
                    let imports = scope.imports.entry(&import.name).or_default();
                    imports.push((&named.from, &named.path));
                }
            }
        }
        Self(modules)
    }

    /// Follows a path that begins in `module`, through as many re-exports.
    fn resolve(&self, module: &Module, path: &[String], hops: usize) -> Option<Target<'_>> {
        let mut module = module.clone();
        for (at, name) in path.iter().enumerate() {
            match self.find(&module, name, at + 1 == path.len(), hops)? {
                Target::Module(found) => module = found,
                item @ Target::Item { .. } => return Some(item),
            }
        }
        Some(Target::Module(module))
    }

    /// What `name` is in `module`: at the end of a path rather an item than a module.
    fn find(&self, module: &Module, name: &str, last: bool, hops: usize) -> Option<Target<'_>> {
        let scope = self.0.get(module).filter(|_| hops > 0)?;
        let child = [&module[..], &[name.to_owned()]].concat();
        let child = self.0.contains_key(&child).then_some(Target::Module(child));
        if child.is_some() && !last {
            return child;
        }
        if let Some(name) = scope.items.get(name) {
            return Some(Target::Item { file: &scope.file, name });
        }
        let imports = |name| scope.imports.get(name).into_iter().flatten();
        let imported = imports(name).find_map(|(from, path)| self.resolve(from, path, hops - 1));
        let imported = imported.or_else(|| {
            imports("*").find_map(|(from, path)| match self.resolve(from, path, hops - 1)? {
                Target::Module(module) => self.find(&module, name, last, hops - 1),
                Target::Item { .. } => None,
            })
        });
        imported.or(child)
    }
}

/// The files that each file uses, with the names of what it uses.
type Uses = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn uses(sources: &[Source]) -> Uses {
    let modules = Modules::of(sources);
    let mut uses = Uses::new();
    for source in sources {
        let own = source.file.display().to_string();
        for named in &source.named {
            // To hand a name on is not to use it.
            if named.import.as_ref().is_none_or(|import| !import.reexported)
                && let Some(Target::Item { file, name }) =
                    modules.resolve(&named.from, &named.path, 8)
                && file != own
            {
                let used = uses.entry(own.clone()).or_default().entry(file.to_owned());
                used.or_default().insert(name.to_owned());
            }
        }
    }
    uses
}

/// The files that `start` uses, directly or through others, each with the file that
/// uses it on a shortest path.
fn reached<'a>(uses: &'a Uses, start: &'a str) -> BTreeMap<&'a str, &'a str> {
    let (mut reached, mut queue) = (BTreeMap::new(), VecDeque::from([start]));
    while let Some(user) = queue.pop_front() {
        for used in uses.get(user).into_iter().flat_map(BTreeMap::keys) {
            reached.entry(used.as_str()).or_insert_with(|| {
                queue.push_back(used);
                user
            });
        }
    }
    reached
}

/// The largest sets of files that all reach each other, each with one circle.
fn circles(uses: &Uses) -> BTreeMap<BTreeSet<&str>, String> {
    let all: BTreeMap<_, _> = uses.keys().map(|file| (&**file, reached(uses, file))).collect();
    let mut circles = BTreeMap::new();
    for (&file, reached) in all.iter().filter(|(file, reached)| reached.contains_key(*file)) {
        let back = |other: &&str| all.get(other).is_some_and(|reached| reached.contains_key(file));
        let files: BTreeSet<_> = reached.keys().copied().filter(back).collect();
        let (mut trail, mut used) = (String::new(), file);
        while trail.is_empty() || used != file {
            let user = reached[used];
            let names: Vec<_> = uses[user][used].iter().map(String::as_str).collect();
            trail = format!("\n  src/{user} -> src/{used}: {}{trail}", names.join(", "));
            used = user;
        }
        circles.entry(files).or_insert(trail);
    }
    circles
}

/// The circles that are not allowed, and the allowed ones that do not exist.
fn faults(uses: &Uses, allowed: &[(&str, &[&str])]) -> Vec<String> {
    let circles = circles(uses);
    let is_in = |file: &&str, place: &str| {
        *file == place || place.ends_with('/') && file.starts_with(place)
    };
    let covers = |places: &[&str], files: &BTreeSet<&str>| {
        files.iter().all(|file| places.iter().any(|place| is_in(file, place)))
            && places.iter().all(|place| files.iter().any(|file| is_in(file, place)))
    };
    let mut faults = Vec::new();
    for (files, trail) in &circles {
        if !allowed.iter().any(|(_, places)| covers(places, files)) {
            let files: Vec<_> = files.iter().copied().collect();
            faults.push(format!("{} use each other:{trail}", files.join(", ")));
        }
    }
    for (reason, places) in allowed {
        if !circles.keys().any(|files| covers(places, files)) {
            faults.push(format!("allowed ({reason}), but no circle: {}", places.join(", ")));
        }
    }
    faults
}

#[test]
fn files_use_each_other_in_no_circle() {
    let faults = faults(&uses(&SOURCES), ALLOWED);
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

fn planted(files: &[(&str, &str)], allowed: &[(&str, &[&str])]) -> Vec<String> {
    let files = files.iter().chain(&[("lib.rs", "")]);
    let sources: Vec<_> = files.map(|(file, text)| Source::parse(file, text)).collect();
    faults(&uses(&sources), allowed)
}

#[test]
fn a_planted_circle_is_found_through_re_exports() {
    let files = [
        ("room/mod.rs", "mod b; mod c; pub use b::*; pub use self::c::{Inner as Outer};"),
        ("a.rs", "use crate::room; fn f() { room::b() }"),
        ("room/b.rs", "use super::Outer; pub fn b() -> Outer { Outer }"),
        ("room/c.rs", "pub struct Inner; fn f() { assert!(crate::a::f()) }"),
        ("z.rs", "use crate::a::f;"),
    ];
    let found = "a.rs, room/b.rs, room/c.rs use each other:\
        \n  src/a.rs -> src/room/b.rs: b\
        \n  src/room/b.rs -> src/room/c.rs: Inner\
        \n  src/room/c.rs -> src/a.rs: f";
    assert_eq!(planted(&files, &[]), [found]);
    assert_eq!(planted(&files, &[("", &["a.rs", "room/"])]), [""; 0]);
    assert_eq!(planted(&files, &[("", &["a.rs", "room/b.rs"])])[0], found);
}

#[test]
fn a_module_may_declare_and_re_export_its_children() {
    let child = ("room/child.rs", "use super::Parent; pub struct Child(Parent);");
    let parent = "mod child; pub use child::Child; pub struct Parent;";
    assert_eq!(planted(&[("room/mod.rs", parent), child], &[]), [""; 0]);
    let parent = format!("{parent} fn f(_: Child) {{}}");
    assert_eq!(planted(&[("room/mod.rs", &parent), child], &[]).len(), 1);
}

#[test]
fn an_allowed_circle_must_exist() {
    let files = [("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "pub struct B;")];
    let stale = "allowed (why), but no circle: a.rs, b.rs";
    assert_eq!(planted(&files, &[("why", &["a.rs", "b.rs"])]), [stale]);
}
