// The part of the schema that generated documents name: what is stable.

const page = ["first", "after", "last", "before", "filter", "orderBy"];

// Fields of output types, with the arguments that are used.
export const outputs = {
  Query: {
    person: ["businessEntityId"],
    persons: page,
    product: ["productId"],
    products: page,
    customers: page,
    salesOrders: page,
    salesOrderLines: page,
    salesAggregate: ["groupBy", "having", "filter", "orderBy", "topPerGroup", "fillGaps", "first"],
    node: ["id"],
    nodes: ["ids"],
    loadRun: ["id"],
  },
  Mutation: { startLoad: ["input"], replayRejects: ["input"], requestReport: ["input"] },
  Subscription: { loadRun: ["id"], report: ["id"] },
  Node: { id: [] },
  Person: { id: [], businessEntityId: [], firstName: [], lastName: [], personType: [], customers: page },
  Product: {
    id: [], productId: [], name: [], color: [], listPrice: [], productLine: [], makeFlag: [],
    lines: page, sales: ["filter"],
  },
  Customer: { id: [], customerId: [], person: [], orders: page },
  SalesOrder: {
    id: [], salesOrderId: [], salesOrderNumber: [], comment: [], totalDue: [], status: [],
    customer: [], lines: page,
  },
  SalesOrderLine: { id: [], unitPrice: [], orderQuantity: [], product: [], order: [] },
  LoadRun: { id: [], state: [], requestedAt: [], atomic: [], rowsInserted: [] },
  Report: { id: [], state: [] },
  SalesGroup: { measures: ["filter"] },
  SalesMeasures: { orderCount: [], lineCount: [], orderTotal: [], unitPrice: [], orderQuantity: [] },
  SalesPriceStatistics: { avg: [], percentile: ["p"] },
  SalesQuantityStatistics: { sum: [], percentile: ["p"] },
  PageInfo: { hasNextPage: [], endCursor: [] },
  StartLoadPayload: { loadRun: [] },
  ReplayRejectsPayload: { loadRun: [] },
  RequestReportPayload: { report: [], reused: [] },
};
for (const row of ["Person", "Product", "Customer", "SalesOrder", "SalesOrderLine", "SalesGroup"]) {
  outputs[`${row}Connection`] = { nodes: [], edges: [], pageInfo: [], totalCount: [] };
  outputs[`${row}Edge`] = { node: [], cursor: [] };
}

// Fields of input types.
export const inputs = {
  PersonFilter: ["and", "or", "not", "firstName", "businessEntityId", "personType", "customers"],
  ProductFilter: [
    "and", "or", "not", "name", "color", "listPrice", "makeFlag", "productLine", "id", "lines",
  ],
  CustomerFilter: ["and", "or", "not", "person", "customerId"],
  SalesOrderFilter: ["and", "or", "not", "orderDate", "totalDue", "status", "customer"],
  SalesFilter: ["and", "or", "not", "unitPrice", "orderQuantity", "product", "keyword"],
  SalesMeasureFilter: ["and", "or", "not", "orderCount", "orderTotal"],
  SalesOrderLineListFilter: ["some", "none", "count"],
  CustomerListFilter: ["every", "count"],
  StringFilter: ["eq", "in", "isNull", "icontains"],
  IntFilter: ["eq", "in", "gt", "isNull"],
  DecimalFilter: ["eq", "in", "lt"],
  BooleanFilter: ["eq"],
  LocalDateTimeFilter: ["gte", "in"],
  CountFilter: ["gte"],
  IDFilter: ["eq", "in"],
  PersonTypeFilter: ["eq", "in"],
  ProductLineFilter: ["eq", "in"],
  OrderStatusFilter: ["eq", "in"],
  PersonOrder: ["field", "direction", "nulls"],
  ProductOrder: ["field", "direction", "nulls"],
  CustomerOrder: ["field", "direction"],
  SalesOrderOrder: ["field", "direction"],
  SalesOrderLineOrder: ["field", "nulls"],
  SalesGroupOrder: ["dimension", "measure", "direction"],
  SalesTopPerGroup: ["by", "first"],
  StartLoadInput: ["check", "mode", "source"],
  ReplayRejectsInput: ["fileId", "raw", "rejectId", "runId"],
  RequestReportInput: ["project", "kind", "columns", "filter", "variables", "groupBy", "from"],
};

// All of it as `Type.field(argument:): Type` and `Enum.VALUE`, in the schema at hand.
export function coordinates(schema) {
  const list = new Set();
  const named = (type) => {
    while (type.ofType) type = type.ofType;
    if (type.getValues) for (const { name } of type.getValues()) list.add(`${type.name}.${name}`);
    return type;
  };
  const known = (owner, fields, name) => {
    if (!fields[name]) throw new Error(`the schema has no ${owner}.${name}`);
    named(fields[name].type);
    return fields[name];
  };
  for (const [owner, names] of Object.entries(outputs)) {
    const fields = schema.getType(owner).getFields();
    for (const [name, names_of] of Object.entries(names)) {
      const field = known(owner, fields, name);
      list.add(`${owner}.${name}: ${field.type}`);
      for (const argument of names_of) {
        const found = field.args.find((known) => known.name === argument);
        if (!found) throw new Error(`the schema has no ${owner}.${name}(${argument}:)`);
        named(found.type);
        list.add(`${owner}.${name}(${argument}:): ${found.type}`);
      }
    }
  }
  for (const [owner, names] of Object.entries(inputs)) {
    const fields = schema.getType(owner).getFields();
    for (const name of names) list.add(`${owner}.${name}: ${known(owner, fields, name).type}`);
  }
  return [...list].sort();
}
