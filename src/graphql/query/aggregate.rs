//! The root field of grouped sales.

use crate::graphql::schema::model::{Argument, RootField, RootValue};
use crate::graphql::types::SALES_GROUP;

pub(super) fn fields() -> Vec<RootField> {
    vec![RootField {
        name: "salesAggregate",
        description: "Order lines put together and measured: by default in the order of groupBy. \
                      Null only together with an error.",
        arguments: &GROUPS,
        value: RootValue::Groups(&SALES_GROUP),
    }]
}

/// The arguments of `salesAggregate`, without those of every page.
static GROUPS: [Argument; 7] = [
    Argument {
        name: "filter",
        ty: "SalesFilter",
        description: "Which order lines are looked at; without it, or null, all are.",
    },
    Argument {
        name: "groupBy",
        ty: "[SalesDimension!]",
        description: "What the groups are made by. Without any all lines are one group, also when \
                      there are none.",
    },
    Argument {
        name: "having",
        ty: "SalesMeasureFilter",
        description: "Keeps the groups whose measures, over all their lines, fulfil it.",
    },
    Argument {
        name: "orderBy",
        ty: "[SalesGroupOrder!]",
        description: "Order of the groups, the most important key first; groups that are equal in \
                      all of them are in the order of groupBy.",
    },
    Argument {
        name: "topPerGroup",
        ty: "SalesTopPerGroup",
        description: "Keeps the first groups within each value of some dimensions.",
    },
    Argument {
        name: "fillGaps",
        ty: "Boolean",
        description: "Adds groups without lines, whose counts and sums are 0, for the days, weeks, \
                      months, quarters, years or weekdays without sales: for each combination of \
                      the other dimensions that has any, from the first order to the last, kept to \
                      what the filter demands of order.orderDate of every line (not what or and \
                      not say of it); weekdays are always all seven. groupBy must have exactly \
                      one of these, and there may be 1000000 groups in all.",
    },
    Argument {
        name: "engine",
        ty: "AggregateEngine",
        description: "What puts the lines together; POSTGRES unless given, or null.",
    },
];
