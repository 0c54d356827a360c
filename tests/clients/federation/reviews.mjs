// A small subgraph beside the API: reviews of products, on a port of its own.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

// One copy of graphql for all packages: a schema of another is refused.
const require = createRequire(import.meta.url);
const { buildSubgraphSchema } = require("@apollo/subgraph");
const { parse } = require("graphql");
const { createHandler } = require("graphql-http/lib/use/http");

export const typeDefs = parse(
  readFileSync(new URL("reviews.graphql", import.meta.url), "utf8"),
);

const review = (number, productId, line) => ({
  __typename: "Review",
  id: `review-${number}`,
  stars: 1 + (number % 5),
  product: { productId },
  line,
});

const REVIEWS = [
  review(1, 3, { salesOrderId: 7001, salesOrderDetailId: 1 }),
  review(2, 4, { salesOrderId: 7001, salesOrderDetailId: 2 }),
  review(3, 3, { salesOrderId: 7001, salesOrderDetailId: 999 }),
  review(4, 99, null),
];

// The one with this global id; others are of the other subgraph.
const node = (id) => REVIEWS.find((known) => known.id === id) ?? { __typename: "Customer", id };

const page = (nodes) => ({
  nodes,
  edges: nodes.map((node) => ({ cursor: node.id, node })),
  pageInfo: { hasNextPage: false, hasPreviousPage: false },
  totalCount: nodes.length,
});

const resolvers = {
  Query: {
    bestProducts: (_, { first }) =>
      Array.from({ length: first }, (_, index) => ({ productId: first - index })),
    reviews: () => REVIEWS,
    node: (_, { id }) => node(id),
    nodes: (_, { ids }) => ids.map(node),
  },
  Product: {
    isBargain: ({ listPrice }) => Number(listPrice) < 50,
    reviews: ({ productId }, { first }) =>
      page(REVIEWS.filter(({ product }) => product.productId === productId).slice(0, first)),
  },
  SalesOrderLine: {
    returned: ({ salesOrderDetailId }) => salesOrderDetailId % 2 === 0,
  },
  Review: {
    __resolveReference: ({ id }) => REVIEWS.find((known) => known.id === id),
  },
};

// Serves it; the address, and what ends it.
export async function serve() {
  const schema = buildSubgraphSchema([{ typeDefs, resolvers }]);
  const server = createServer(createHandler({ schema }));
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, close };
}
