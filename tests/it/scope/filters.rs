//! Every filter of the schema, with values that rows have.

use super::sdl::{Member, Sdl};
use super::twins::Values;

/// A filter: the text of its value, and whether it is of personal data.
pub(super) struct Filters<'a> {
    pub(super) sdl: &'a Sdl,
    pub(super) values: &'a Values,
}

impl Filters<'_> {
    /// Each filter of an entity down to a depth of relations: of every field, with every
    /// operator.
    pub(super) fn of(&self, filter: &str, depth: usize) -> Vec<String> {
        let entity = entity(filter);
        let mut all = Vec::new();
        for field in &self.sdl.ty(filter).inputs {
            let Member { name, ty, .. } = field;
            let wrap = |inner: String| format!("{{ {name}: {inner} }}");
            match name.as_str() {
                "and" | "or" | "not" => {}
                "keyword" => {
                    for word in ["First1", "Last4 First4", "SO4", "Product 7", "AW0000"] {
                        all.push(wrap(format!("{word:?}")));
                    }
                }
                _ if self.is_operand(ty) => {
                    let values = self.values.of(entity, name);
                    all.extend(self.compare(ty, &values).into_iter().map(wrap));
                }
                _ if ty.ends_with("ListFilter") => {
                    let Some(some) = self.sdl.ty(ty).inputs.iter().find(|it| it.name == "some")
                    else {
                        continue;
                    };
                    for count in ["{ gte: 2 }", "{ eq: 0 }", "{ lt: 4, gt: 1 }"] {
                        all.push(wrap(format!("{{ count: {count} }}")));
                    }
                    let Some(depth) = depth.checked_sub(1) else { continue };
                    let inner = self.of(&some.ty, depth);
                    for (index, inner) in inner.iter().enumerate() {
                        let quantifier = ["some", "every", "none"][index % 3];
                        all.push(wrap(format!("{{ {quantifier}: {inner} }}")));
                    }
                }
                _ => {
                    let is_part = !self.sdl.is_entity(self::entity(ty));
                    let depth = if is_part { Some(depth) } else { depth.checked_sub(1) };
                    let Some(depth) = depth else { continue };
                    all.extend(self.of(ty, depth).into_iter().map(wrap));
                    all.push(wrap("{}".to_owned()));
                }
            }
        }
        all
    }

    /// Whether a type compares a value.
    pub(super) fn is_operand(&self, ty: &str) -> bool {
        self.sdl.ty(ty).inputs.iter().any(|it| it.name == "eq")
    }

    /// Each operator, with a value from the beginning, the middle or the end.
    pub(super) fn compare(&self, ty: &str, values: &[&str]) -> Vec<String> {
        let mut all = Vec::new();
        for (index, operator) in self.sdl.ty(ty).inputs.iter().enumerate() {
            let name = &operator.name;
            if name == "isNull" {
                all.extend(["{ isNull: true }", "{ isNull: false }"].map(str::to_owned));
                continue;
            }
            let picks = [0, values.len() / 2, values.len().saturating_sub(1)];
            let picked = picks.map(|at| values.get(at).map(|value| self.literal(operator, value)));
            if operator.is_list {
                let list: Vec<_> = picked.into_iter().flatten().collect();
                all.push(format!("{{ {name}: [{}] }}", list.join(", ")));
            } else if let Some(value) = &picked[index % 3] {
                all.push(format!("{{ {name}: {value} }}"));
            }
        }
        all
    }

    /// A value as a document writes it: an enumeration's without quotes.
    fn literal(&self, operator: &Member, value: &str) -> String {
        if self.sdl.ty(&operator.ty).values.is_empty() {
            value.to_owned()
        } else {
            value.trim_matches('"').to_owned()
        }
    }
}

/// The type whose rows a filter is over.
pub(super) fn entity(filter: &str) -> &str {
    match filter {
        "SalesFilter" => "SalesOrderLine",
        other => other.strip_suffix("Filter").unwrap_or(other),
    }
}
