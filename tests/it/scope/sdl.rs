//! The schema as introspection tells it: what documents are made from, so that new fields are
//! asked without a change of the tests.

use std::collections::BTreeMap;

use salesgraph::auth::Scope;
use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::Value;
use sqlx::PgPool;

const INTROSPECTION: &str = "{ __schema { types { name kind
    fields { name args { name type { ...t } } type { ...t } }
    inputFields { name type { ...t } } enumValues { name } } } }
    fragment t on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// A field, an argument or a field of an input.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// Without the marks of lists and of what is not null.
    pub(super) ty: String,
    pub(super) is_list: bool,
    pub(super) is_required: bool,
    pub(super) args: Vec<Member>,
}

/// A type.
#[derive(Debug, Default)]
pub(super) struct Ty {
    kind: String,
    pub(super) fields: Vec<Member>,
    pub(super) inputs: Vec<Member>,
    pub(super) values: Vec<String>,
}

/// The schema.
#[derive(Debug)]
pub(super) struct Sdl(BTreeMap<String, Ty>);

impl Sdl {
    /// As the engine tells it; no database is asked.
    pub(super) async fn read() -> Self {
        let pool = PgPool::connect_lazy("postgres://nowhere/none").expect("a URL");
        let engine = Engine::new(Reader::new(pool), Limits { depth: 32, ..Limits::default() });
        let request = async_graphql::Request::new(INTROSPECTION);
        let answer = engine.execute(engine.prepare(request), &Scope::everything()).await;
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        let data: Value = serde_json::from_slice(&answer.data.unwrap()).unwrap();
        let types = data["__schema"]["types"].as_array().unwrap().iter();
        Self(types.map(|ty| (text(&ty["name"]), Ty::of(ty))).collect())
    }

    pub(super) fn ty(&self, name: &str) -> &Ty {
        self.0.get(name).unwrap_or_else(|| panic!("no type {name}"))
    }

    pub(super) fn roots(&self) -> &[Member] {
        &self.ty("Query").fields
    }

    /// The types that `node` can answer.
    pub(super) fn entities(&self) -> impl Iterator<Item = &str> {
        let is_entity = |ty: &Ty| {
            ty.kind == "OBJECT"
                && ty.fields.iter().any(|field| field.ty == "ID" && field.is_required)
        };
        self.0.iter().filter(move |(_, ty)| is_entity(ty)).map(|(name, _)| name.as_str())
    }

    /// Everything of every list, for somebody who sees everything.
    pub(super) fn everything(&self) -> Vec<String> {
        let lists = self.roots().iter().filter(|root| {
            root.ty.ends_with("Connection") && root.args.iter().all(|arg| !arg.is_required)
        });
        lists
            .map(|root| {
                let node = self.node_of(&root.ty);
                let selection = node.map_or(String::new(), |node| self.selection(node, 0));
                format!(
                    "{{ {}(first: 1000) {{ nodes {{ {selection} }} edges {{ cursor }} }} }}",
                    root.name
                )
            })
            .collect()
    }

    /// The type of a connection's nodes.
    pub(super) fn node_of(&self, connection: &str) -> Option<&str> {
        let nodes = self.0.get(connection)?.fields.iter().find(|field| field.name == "nodes")?;
        Some(&nodes.ty)
    }

    /// All fields of a type, with those of other entities down to a depth.
    pub(super) fn selection(&self, ty: &str, depth: usize) -> String {
        let mut out = String::from("__typename");
        for field in &self.ty(ty).fields {
            out.push(' ');
            out.push_str(&self.field(field, depth).unwrap_or_default());
        }
        out
    }

    /// A field with all that is in it; none where that would go deeper.
    pub(super) fn field(&self, field: &Member, depth: usize) -> Option<String> {
        let name = &field.name;
        let has = |name: &str| field.args.iter().any(|arg| arg.name == name);
        let given = match (has("p"), has("currency")) {
            (true, _) => "(p: 0.6)",
            (_, true) => "(currency: EUR)",
            _ => "",
        };
        match self.ty(&field.ty).kind.as_str() {
            "SCALAR" | "ENUM" => Some(format!("{name}{given}")),
            _ if field.ty.ends_with("Connection") => {
                let node = self.node_of(&field.ty)?;
                let page = depth.checked_sub(1).map(|depth| self.selection(node, depth))?;
                Some(format!("{name}(first: 3) {{ {} }}", connection(&page)))
            }
            // Parts of the same row cost no depth.
            _ if !self.is_entity(&field.ty) => {
                Some(format!("{name}{given} {{ {} }}", self.selection(&field.ty, depth)))
            }
            _ => {
                let inner = depth.checked_sub(1).map(|depth| self.selection(&field.ty, depth))?;
                Some(format!("{name} {{ {inner} }}"))
            }
        }
    }

    pub(super) fn is_entity(&self, ty: &str) -> bool {
        self.entities().any(|name| name == ty)
    }
}

/// All of a connection, with this selection on its nodes.
pub(super) fn connection(node: &str) -> String {
    format!(
        "totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} \
         edges {{ cursor node {{ {node} }} }}"
    )
}

impl Ty {
    fn of(ty: &Value) -> Self {
        let members = |name: &str| ty[name].as_array().into_iter().flatten().map(Member::of);
        let values = ty["enumValues"].as_array().into_iter().flatten();
        Self {
            kind: text(&ty["kind"]),
            fields: members("fields").collect(),
            inputs: members("inputFields").collect(),
            values: values.map(|value| text(&value["name"])).collect(),
        }
    }
}

impl Member {
    fn of(member: &Value) -> Self {
        let (mut ty, mut is_list) = (&member["type"], false);
        let is_required = ty["kind"] == "NON_NULL";
        while ty["name"].is_null() {
            is_list |= ty["kind"] == "LIST";
            ty = &ty["ofType"];
        }
        let args = member["args"].as_array().into_iter().flatten().map(Self::of).collect();
        Self { name: text(&member["name"]), ty: text(&ty["name"]), is_list, is_required, args }
    }

    pub(super) fn arg(&self, name: &str) -> Option<&Self> {
        self.args.iter().find(|arg| arg.name == name)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
