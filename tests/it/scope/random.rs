//! Random documents under random scopes answer as on a database of the visible rows.

use salesgraph::auth::{Grant, Grants};

use super::filters::Filters;
use super::sdl::{Member, Sdl};
use super::twins::{Values, Whole};
use crate::support::draw::Draw;

/// Documents for each scope; more by the variable of the environment.
const DOCUMENTS: usize = 60;
const MORE: &str = "SALESGRAPH_SCOPE_DOCUMENTS";

/// Draws documents.
pub(super) struct Author<'a> {
    pub(super) sdl: &'a Sdl,
    pub(super) filters: Filters<'a>,
    pub(super) draw: Draw,
}

impl Author<'_> {
    pub(super) fn document(&mut self) -> String {
        let lists: Vec<&Member> =
            self.sdl.roots().iter().filter(|root| root.arg("filter").is_some()).collect();
        let roots: Vec<String> = (0..1 + self.draw.below(2))
            .map(|index| {
                let root = *self.draw.one(&lists);
                let field = self.list(root, 3);
                format!("r{index}: {field}")
            })
            .collect();
        format!("{{ {} }}", roots.join(" "))
    }

    fn list(&mut self, field: &Member, depth: usize) -> String {
        let mut given = Vec::new();
        let first = if self.draw.once_in(4) { "last" } else { "first" };
        given.push(format!("{first}: {}", self.draw.below(8)));
        if field.arg("from").is_some() {
            given.push("from: \"2011-06-01\", to: \"2013-06-01\"".to_owned());
        }
        if let Some(group) = field.arg("groupBy") {
            let dimensions = &self.sdl.ty(&group.ty).values;
            let (one, other) = (self.draw.one(dimensions), self.draw.one(dimensions));
            let list = if one == other { one.clone() } else { format!("{one}, {other}") };
            given.push(format!("groupBy: [{list}]"));
        }
        if let Some(filter) = field.arg("filter").filter(|_| self.draw.flip()) {
            given.push(format!("filter: {}", self.filter(&filter.ty, 2)));
        }
        let order = field.arg("orderBy").filter(|_| field.arg("groupBy").is_none());
        if let Some(order) = order.filter(|_| self.draw.flip()) {
            given.push(format!("orderBy: [{}]", self.order(&order.ty)));
        }
        let node = self.sdl.node_of(&field.ty).unwrap_or_default().to_owned();
        let inner = self.selection(&node, depth);
        let count = if self.draw.flip() { "totalCount " } else { "" };
        let given = given.join(", ");
        let name = &field.name;
        format!("{name}({given}) {{ {count}edges {{ cursor node {{ {inner} }} }} }}")
    }

    fn order(&mut self, order: &str) -> String {
        let field = self.sdl.ty(order).inputs.iter().find(|it| it.name == "field");
        let keys = &self.sdl.ty(&field.expect("a field to order by").ty).values;
        let direction = *self.draw.one(&["ASC", "DESC"]);
        format!("{{ field: {}, direction: {direction} }}", self.draw.one(keys))
    }

    fn filter(&mut self, filter: &str, depth: usize) -> String {
        let all = self.filters.of(filter, depth);
        let mut one = || self.draw.one(&all).clone();
        match one().len() % 4 {
            0 => format!("{{ or: [{}, {}] }}", one(), one()),
            1 => format!("{{ not: {} }}", one()),
            2 => format!("{{ and: [{}, {{ not: {} }}] }}", one(), one()),
            _ => one(),
        }
    }

    fn selection(&mut self, ty: &str, depth: usize) -> String {
        let mut out = String::from("__typename");
        for field in &self.sdl.ty(ty).fields {
            let is_page = field.ty.ends_with("Connection");
            // It has what few callers may see, and an answer with an error compares less.
            if field.name == "source" && !self.draw.once_in(8) {
                continue;
            }
            let is_far = is_page || self.sdl.is_entity(&field.ty);
            if is_far && (depth == 0 || !self.draw.once_in(3)) || !is_far && self.draw.flip() {
                continue;
            }
            out.push(' ');
            if is_page {
                out.push_str(&self.list(field, depth - 1));
            } else if is_far {
                let inner = self.selection(&field.ty, depth - 1);
                out.push_str(&format!("{} {{ {inner} }}", field.name));
            } else {
                out.push_str(&self.sdl.field(field, 0).unwrap_or_default());
            }
        }
        out
    }
}

#[tokio::test]
async fn random_documents_answer_as_if_only_the_visible_rows_existed() {
    let (whole, sdl) = (Whole::start().await, Sdl::read().await);
    let values: Values = whole.values(&sdl).await;
    let more = std::env::var(MORE).ok().and_then(|text| text.parse().ok());
    for seed in 1..=3_u64 {
        let mut draw = Draw::new(seed);
        let territories: Vec<i32> = [1, 2, 3, 7, 9].into_iter().filter(|_| draw.flip()).collect();
        let mut grants: Vec<Grant> = Grant::ALL.into_iter().filter(|_| !draw.once_in(4)).collect();
        grants.push(Grant::SalesRead);
        let grants: Grants = grants.into_iter().collect();
        let mut twins = whole.part(grants, &territories).await;
        let filters = Filters { sdl: &sdl, values: &values };
        let mut author = Author { sdl: &sdl, filters, draw };
        for _ in 0..more.unwrap_or(DOCUMENTS) {
            let document = author.document();
            twins.ask(&document).await;
        }
        assert!(twins.answered > twins.asked / 10, "{} of {}", twins.answered, twins.asked);
    }
}
