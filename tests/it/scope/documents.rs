//! Documents that ask for everything, each way there is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::filters::Filters;
use super::sdl::{Member, Sdl, connection};
use super::twins::Values;
use crate::support::subgraph::representations_of;

/// Documents in one, under aliases: so many root fields at a time.
const AT_ONCE: usize = 60;

/// What documents are made from.
pub(super) struct Documents<'a> {
    pub(super) sdl: &'a Sdl,
    pub(super) values: &'a Values,
}

impl Documents<'_> {
    /// The content of every type, so many steps from every root field.
    pub(super) fn content(&self, depth: usize) -> Vec<String> {
        let mut all = Vec::new();
        for root in self.sdl.roots() {
            for given in self.required(root) {
                let name = &root.name;
                all.push(match self.sdl.node_of(&root.ty) {
                    Some(node) => {
                        let page = connection(&self.sdl.selection(node, depth));
                        let more =
                            if given.is_empty() { String::new() } else { format!("{given}, ") };
                        format!("{{ {name}({more}first: 4) {{ {page} }} }}")
                    }
                    None if root.ty == "Node" => {
                        let each = self.sdl.entities().map(|entity| {
                            format!(
                                "... on {entity} {{ {} }}",
                                self.sdl.selection(entity, depth - 1)
                            )
                        });
                        // Fields of one name may differ in their type.
                        let each: Vec<String> = each.collect();
                        let documents = each
                            .iter()
                            .map(|one| format!("{{ {name}({given}) {{ __typename id {one} }} }}"));
                        all.extend(documents);
                        continue;
                    }
                    None => {
                        format!(
                            "{{ {name}({given}) {{ {} }} }}",
                            self.sdl.selection(&root.ty, depth)
                        )
                    }
                });
            }
        }
        all
    }

    /// What a root field must be given, each way.
    fn required(&self, root: &Member) -> Vec<String> {
        let required: Vec<&Member> = root.args.iter().filter(|arg| arg.is_required).collect();
        match required.as_slice() {
            [] => vec![String::new()],
            [arg] if arg.name == "ids" => vec![format!("ids: [{}]", self.values.ids().join(", "))],
            [arg] if arg.name == "id" && root.ty == "Node" => {
                self.values.ids().iter().step_by(23).map(|id| format!("id: {id}")).collect()
            }
            [from, to] if from.ty == "Date" => {
                vec![format!("{}: \"2011-01-01\", {}: \"2015-12-31\"", from.name, to.name)]
            }
            keys => {
                let columns: Vec<Vec<&str>> =
                    keys.iter().map(|key| self.values.of(&root.ty, &key.name)).collect();
                let rows = columns.iter().map(Vec::len).max().unwrap_or(0).clamp(1, 400);
                let value = |column: &Vec<&str>, row: usize| {
                    column
                        .get(row % column.len().max(1))
                        .map_or("0".to_owned(), |v| (*v).to_owned())
                };
                let given = (0..rows).step_by(rows.div_ceil(5)).map(|row| {
                    let pairs = keys
                        .iter()
                        .zip(&columns)
                        .map(|(key, column)| format!("{}: {}", key.name, value(column, row)));
                    pairs.collect::<Vec<_>>().join(", ")
                });
                given.collect()
            }
        }
    }

    /// Whether each row that there is exists for the caller: by every key.
    pub(super) fn existence(&self) -> Vec<String> {
        let mut all = Vec::new();
        for ids in self.values.ids().chunks(500) {
            all.push(format!("{{ nodes(ids: [{}]) {{ id }} }}", ids.join(", ")));
        }
        all
    }

    /// The entities that a router asks for, so many steps from each: all of a type at a time, by
    /// each of its keys.
    pub(super) fn represented(&self, depth: usize) -> BTreeMap<String, String> {
        let mut of = BTreeMap::<_, Vec<String>>::new();
        for id in self.values.ids() {
            let (name, all) = representations_of(id.trim_matches('"'));
            of.entry(name).or_default().extend(all.iter().map(literal));
        }
        let document = |(name, all): (String, Vec<String>)| {
            let (all, selection) = (all.join(", "), self.sdl.selection(&name, depth));
            let document = format!(
                "{{ _entities(representations: [{all}]) {{ ... on {name} {{ {selection} }} }} }}"
            );
            (name, document)
        };
        of.into_iter().map(document).collect()
    }

    /// Every list by every filter.
    pub(super) fn filtered(&self, depth: usize) -> Vec<String> {
        let filters = Filters { sdl: self.sdl, values: self.values };
        let mut all = Vec::new();
        for root in self.sdl.roots() {
            let Some(filter) = root.arg("filter") else { continue };
            let given = self.required(root).swap_remove(0);
            let given = if given.is_empty() { given } else { format!("{given}, ") };
            let selection = match root.name.as_str() {
                "salesAggregate" => "nodes { measures { lineCount orderTotal } }",
                _ => "totalCount nodes { id }",
            };
            // The filter of lines reaches far: one step less of it.
            let depth = depth - usize::from(root.name == "salesAggregate");
            all.extend(filters.of(&filter.ty, depth).into_iter().map(|filter| {
                format!("{}({given}first: 5, filter: {filter}) {{ {selection} }}", root.name)
            }));
        }
        together(&all)
    }

    /// Every list in every order, with its cursors.
    pub(super) fn ordered(&self) -> Vec<String> {
        let mut all = Vec::new();
        for root in self.sdl.roots() {
            let (Some(order), Some(_)) = (root.arg("orderBy"), root.arg("filter")) else {
                continue;
            };
            let Some(field) = self.sdl.ty(&order.ty).inputs.iter().find(|it| it.name == "field")
            else {
                continue;
            };
            let given = self.required(root).swap_remove(0);
            let given = if given.is_empty() { given } else { format!("{given}, ") };
            for key in &self.sdl.ty(&field.ty).values {
                for (direction, page) in [("ASC", "first"), ("DESC", "first"), ("ASC", "last")] {
                    all.push(format!(
                        "{}({given}{page}: 6, orderBy: [{{ field: {key}, direction: {direction} }}]) \
                         {{ pageInfo {{ hasNextPage hasPreviousPage }} edges {{ cursor node {{ id }} }} }}",
                        root.name
                    ));
                }
            }
        }
        together(&all)
    }

    /// Every list after and before every so many rows that there are, be they visible or not.
    pub(super) fn continued(&self) -> Vec<String> {
        let mut all = Vec::new();
        for root in self.sdl.roots() {
            let cursors = self.values.cursors(&root.name);
            for cursor in cursors.iter().step_by(cursors.len().div_ceil(12).max(1)) {
                for (page, place) in [("first", "after"), ("last", "before")] {
                    all.push(format!(
                        "{}({page}: 3, {place}: {cursor}) {{ totalCount pageInfo {{ hasNextPage \
                         hasPreviousPage }} edges {{ cursor node {{ id }} }} }}",
                        root.name
                    ));
                }
            }
        }
        together(&all)
    }

    /// Every subscription to each row that can be followed.
    pub(super) fn followed(&self) -> Vec<String> {
        let roots = &self.sdl.ty("Subscription").fields;
        let all = roots.iter().flat_map(|root| {
            let selection = self.sdl.selection(&root.ty, 1);
            self.values.of(&root.ty, "id").into_iter().map(move |id| {
                format!("subscription {{ {}(id: {id}) {{ {selection} }} }}", root.name)
            })
        });
        all.collect()
    }

    /// Groups by every dimension, measured every way.
    pub(super) fn aggregated(&self) -> Vec<String> {
        let measures = self.sdl.selection("SalesMeasures", 0);
        let key = self.sdl.selection("SalesGroupKey", 1);
        let dimensions = &self.sdl.ty("SalesDimension").values;
        let mut all = Vec::new();
        for dimension in dimensions {
            all.push(format!(
                "salesAggregate(groupBy: [{dimension}], first: 200) {{ totalCount \
                 edges {{ cursor node {{ key {{ {key} }} measures {{ {measures} }} }} }} }}"
            ));
            all.push(format!(
                "salesAggregate(groupBy: [{dimension}, ORDER_YEAR], first: 50, \
                 topPerGroup: {{ by: [ORDER_YEAR], first: 2 }}, \
                 orderBy: [{{ measure: LINE_TOTAL_SUM, direction: DESC }}]) {{ totalCount nodes {{ \
                 key {{ {key} }} measures(filter: {{ orderQuantity: {{ gt: 3 }} }}) {{ {measures} }} }} }}"
            ));
            if dimension.starts_with("ORDER_") && dimension != "ORDER_STATUS" {
                all.push(format!(
                    "salesAggregate(groupBy: [{dimension}, ONLINE], fillGaps: true, first: 500) {{ \
                     totalCount nodes {{ key {{ {key} }} measures {{ {measures} }} }} }}"
                ));
            }
        }
        for measure in &self.sdl.ty("SalesMeasure").values {
            all.push(format!(
                "salesAggregate(groupBy: [CUSTOMER], first: 9, orderBy: [{{ measure: {measure}, \
                 direction: DESC }}]) {{ edges {{ cursor node {{ key {{ customer {{ id }} }} }} }} }}"
            ));
        }
        let filters = Filters { sdl: self.sdl, values: self.values };
        let numbers = ["0", "7", "200"];
        for field in &self.sdl.ty("SalesMeasureFilter").inputs {
            let having: Vec<String> = if filters.is_operand(&field.ty) {
                filters.compare(&field.ty, &numbers)
            } else if matches!(field.name.as_str(), "and" | "or" | "not") {
                continue;
            } else {
                let parts = &self.sdl.ty(&field.ty).inputs;
                let parts = parts.iter().filter(|part| filters.is_operand(&part.ty));
                parts
                    .flat_map(|part| {
                        let compared = filters.compare(&part.ty, &numbers);
                        compared.into_iter().map(|it| format!("{{ {}: {it} }}", part.name))
                    })
                    .collect()
            };
            all.extend(having.iter().map(|it| {
                format!(
                    "salesAggregate(groupBy: [TERRITORY], having: {{ {}: {it} }}) \
                     {{ totalCount nodes {{ key {{ territoryId }} }} }}",
                    field.name
                )
            }));
        }
        together(&all)
    }
}

/// A representation in a document.
fn literal(representation: &Value) -> String {
    let fields = representation.as_object().expect("an object").iter();
    let fields: Vec<String> = fields.map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{{ {} }}", fields.join(", "))
}

/// Many root fields in few documents.
fn together(fields: &[String]) -> Vec<String> {
    let documents = fields.chunks(AT_ONCE).map(|fields| {
        let aliased: Vec<String> =
            fields.iter().enumerate().map(|(index, field)| format!("f{index}: {field}")).collect();
        format!("{{ {} }}", aliased.join("\n"))
    });
    documents.collect()
}
