use async_graphql::registry::{MetaEnumValue, MetaInputValue, MetaType, Registry};

use crate::catalog::{Column, Kind, ToMany, ToOne};
use crate::graphql::inputs::order::keys_of;
use crate::graphql::inputs::register;
use crate::graphql::schema::model::{FieldValue, ObjectType};
use crate::graphql::types::{self, SALES_ORDER_LINE};
use crate::query::OrderBy;

fn registry() -> Registry {
    let mut registry = Registry::default();
    register(&mut registry, &SALES_ORDER_LINE);
    for entity in types::ALL.iter() {
        register(&mut registry, entity);
    }
    registry
}

fn fields(registry: &Registry, name: &str) -> Vec<String> {
    match registry.types.get(name) {
        Some(MetaType::InputObject { input_fields, .. }) => {
            input_fields.values().map(|field| format!("{}: {}", field.name, field.ty)).collect()
        }
        Some(MetaType::Enum { enum_values, .. }) => enum_values.keys().cloned().collect(),
        _ => panic!("{name} is not known"),
    }
}

fn has(registry: &Registry, name: &str, wanted: &[&str]) {
    let fields = fields(registry, name);
    for field in wanted {
        assert!(fields.iter().any(|known| known == field), "{name} has no {field}: {fields:?}");
    }
}

#[test]
fn filters_have_the_fields_of_their_entities() {
    let registry = registry();
    has(
        &registry,
        "SalesFilter",
        &[
            "and: [SalesFilter!]",
            "or: [SalesFilter!]",
            "not: SalesFilter",
            "id: IDFilter",
            "unitPrice: DecimalFilter",
            "orderQuantity: IntFilter",
            "rowguid: UUIDFilter",
            "modifiedDate: LocalDateTimeFilter",
            "carrierTrackingNumber: StringFilter",
            "order: SalesOrderFilter",
            "product: ProductFilter",
            "specialOfferProduct: SpecialOfferProductFilter",
            "customer: CustomerFilter",
            "person: PersonFilter",
            "source: SourceFilter",
            "keyword: String",
        ],
    );
    has(
        &registry,
        "SalesOrderFilter",
        &[
            "status: OrderStatusFilter",
            "onlineOrderFlag: BooleanFilter",
            "customer: CustomerFilter",
            "person: PersonFilter",
            "lines: SalesOrderLineListFilter",
        ],
    );
    has(&registry, "PersonFilter", &["customers: CustomerListFilter"]);
    has(&registry, "LoadRunFilter", &["error: LoadErrorFilter", "rowsRead: LongFilter"]);
    has(
        &registry,
        "SourceFilter",
        &["line: LongFilter", "loadedAt: DateTimeFilter", "file: LoadFileFilter"],
    );
    assert_eq!(
        fields(&registry, "SalesOrderLineListFilter"),
        ["some: SalesFilter", "every: SalesFilter", "none: SalesFilter", "count: CountFilter"]
    );
    assert_eq!(
        fields(&registry, "CountFilter"),
        ["eq: Int", "ne: Int", "lt: Int", "lte: Int", "gt: Int", "gte: Int"]
    );
    // Bytes and lists are not compared.
    let parked = fields(&registry, "LoadParkedFilter");
    assert!(!parked.iter().any(|field| field.starts_with("raw") || field.starts_with("parentKey")));
}

#[test]
fn each_kind_has_its_operators() {
    let registry = registry();
    let ordered = |ty: &str| {
        let list = |name: &str| format!("{name}: [{ty}!]");
        let one = |name: &str| format!("{name}: {ty}");
        let mut all = vec![one("eq"), one("ne"), list("in"), list("notIn")];
        all.extend(["lt", "lte", "gt", "gte"].map(one));
        all.push("isNull: Boolean".to_owned());
        all
    };
    for ty in ["Int", "Long", "Decimal", "LocalDateTime", "DateTime"] {
        assert_eq!(fields(&registry, &format!("{ty}Filter")), ordered(ty));
    }
    let mut text = ordered("String");
    text.extend(
        [
            "contains: String", "startsWith: String", "endsWith: String", "ieq: String",
            "ine: String", "iin: [String!]", "inotIn: [String!]", "icontains: String",
            "istartsWith: String", "iendsWith: String",
        ]
        .map(str::to_owned),
    );
    assert_eq!(fields(&registry, "StringFilter"), text);
    for ty in ["UUID", "OrderStatus", "LoadRunState"] {
        let expected = ["eq", "ne"].map(|name| format!("{name}: {ty}")).into_iter();
        let expected = expected.chain(["in", "notIn"].map(|name| format!("{name}: [{ty}!]")));
        let expected: Vec<String> = expected.chain(["isNull: Boolean".to_owned()]).collect();
        assert_eq!(fields(&registry, &format!("{ty}Filter")), expected);
    }
    let boolean = ["eq: Boolean", "ne: Boolean", "isNull: Boolean"];
    assert_eq!(fields(&registry, "BooleanFilter"), boolean);
    assert_eq!(fields(&registry, "IDFilter"), ["eq: ID", "in: [ID!]"]);
}

#[test]
fn all_inputs_are_described_and_of_known_types() {
    let registry = registry();
    let mut seen = 0;
    for (name, ty) in &registry.types {
        let (description, members) = match ty {
            MetaType::InputObject { description, input_fields, .. } => {
                for field in input_fields.values() {
                    let ty = field.ty.trim_matches(['[', ']', '!']);
                    let codes = types::ALL.iter().flat_map(|entity| entity.shape.fields).any(
                        |it| matches!(&it.value, FieldValue::Column(Column { codes: Some(codes), .. }) if codes.name == ty),
                    );
                    let own = ["Int", "Boolean", "String", "ID"].contains(&ty);
                    assert!(own || codes || registry.types.contains_key(ty), "{name}: {ty}");
                }
                let each =
                    |(name, it): (&String, &MetaInputValue)| (name.clone(), it.description.clone());
                (description, input_fields.iter().map(each).collect::<Vec<_>>())
            }
            MetaType::Enum { description, enum_values, .. } => {
                let each =
                    |(name, it): (&String, &MetaEnumValue)| (name.clone(), it.description.clone());
                (description, enum_values.iter().map(each).collect())
            }
            _ => continue,
        };
        assert!(description.as_deref().is_some_and(|text| text.ends_with('.')), "{name}");
        for (member, description) in members {
            seen += 1;
            let text = description.unwrap_or_default();
            assert!(text.ends_with('.'), "{name}.{member}: {text:?}");
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn names_are_given_once() {
    for entity in types::ALL.iter() {
        let own = entity.shape.fields.iter().map(|field| field.name);
        let paths = entity.inputs.paths.iter().map(|path| path.name);
        let keyword = entity.inputs.keyword.iter().map(|_| "keyword");
        let mut names: Vec<&str> =
            own.chain(paths).chain(keyword).chain(["and", "or", "not"]).collect();
        names.sort_unstable();
        for pair in names.windows(2) {
            assert_ne!(pair[0], pair[1], "{}", entity.shape.name);
        }
        let mut keys: Vec<&str> = keys_of(entity).iter().map(|key| key.name.as_str()).collect();
        assert!(!keys.is_empty(), "{}", entity.shape.name);
        keys.sort_unstable();
        for pair in keys.windows(2) {
            assert_ne!(pair[0], pair[1], "{}", entity.shape.name);
        }
    }
}

/// What is declared beyond the fields goes ways that fields go, too.
#[test]
fn declared_ways_are_those_of_fields() {
    let goes = |from: &'static str, way: &ToOne| {
        let entity = types::ALL.iter().find(|entity| entity.table.name == from).unwrap();
        let found = entity.shape.fields.iter().any(|field| match field.value {
            FieldValue::One(to, from) => *way == ToOne { table: to.table, from },
            _ => false,
        });
        assert!(found, "{from} does not lead to {}", way.table.name);
        way.table.name
    };
    for entity in types::ALL.iter() {
        for path in &entity.inputs.paths {
            let end = path.through.iter().fold(entity.table.name, goes);
            assert_eq!(end, path.to.table.name, "{}.{}", entity.shape.name, path.name);
        }
        for aggregate in &entity.inputs.aggregates {
            let of = entity.shape.fields.iter().find_map(|field| match field.value {
                FieldValue::Many(of, by) => {
                    (ToMany { table: of.table, by } == aggregate.of).then_some(of)
                }
                _ => None,
            });
            let of = of.unwrap_or_else(|| panic!("{}", aggregate.name));
            if let Some(sum) = &aggregate.sum {
                assert!(is_column(&of.shape, sum), "{}", aggregate.name);
            }
        }
        let mut searched: Vec<_> =
            entity.inputs.keyword.iter().map(|it| (entity.table.name, &it.searched)).collect();
        while let Some((table, next)) = searched.pop() {
            let entity = types::ALL.iter().find(|entity| entity.table.name == table).unwrap();
            for column in next.columns {
                assert!(is_column(&entity.shape, column), "{table}.{}", column.name);
            }
            searched.extend(next.related.iter().map(|(way, below)| (goes(table, way), below)));
        }
    }
}

fn is_column(shape: &ObjectType, wanted: &Column) -> bool {
    shape.fields.iter().any(|field| match &field.value {
        FieldValue::Column(column) => {
            (column.name, column.kind, column.nullable)
                == (wanted.name, wanted.kind, wanted.nullable)
        }
        _ => false,
    })
}

#[test]
fn orders_are_by_columns_relations_and_aggregates() {
    let registry = registry();
    has(
        &registry,
        "SalesOrderOrderField",
        &[
            "TOTAL_DUE", "ORDER_DATE", "STATUS", "SOURCE_LINE", "CUSTOMER_ACCOUNT_NUMBER",
            "PERSON_LAST_NAME", "LINE_COUNT", "QUANTITY",
        ],
    );
    has(
        &registry,
        "SalesOrderLineOrderField",
        &["LINE_TOTAL", "ORDER_ORDER_DATE", "PRODUCT_NAME", "CUSTOMER_ACCOUNT_NUMBER"],
    );
    has(&registry, "CustomerOrderField", &["ORDER_COUNT", "ORDER_TOTAL", "PERSON_FIRST_NAME"]);
    has(&registry, "ProductOrderField", &["LINE_COUNT", "QUANTITY_SOLD", "SALES_TOTAL"]);
    has(&registry, "PersonOrderField", &["CUSTOMER_COUNT"]);
    let order = ["field: CustomerOrderField!", "direction: OrderDirection!", "nulls: OrderNulls!"];
    assert_eq!(fields(&registry, "CustomerOrder"), order);
    for entity in types::ALL.iter() {
        for key in keys_of(entity) {
            if let OrderBy::Column(column) | OrderBy::Related { column, .. } = &key.by {
                let name = entity.shape.name;
                assert!(
                    !matches!(column.kind, Kind::Bytes | Kind::IntList | Kind::Json),
                    "{name}: {}",
                    key.name
                );
            }
        }
    }
}
