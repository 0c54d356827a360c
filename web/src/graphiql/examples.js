import analytics from "./examples/analytics.graphql";
import customer from "./examples/customer.graphql";
import order from "./examples/order.graphql";
import products from "./examples/products.graphql";
import replay from "./examples/replay.graphql";
import report from "./examples/report.graphql";

/** The queries a first visitor finds open, one a tab; the first one is in front. */
export const examples = [order, customer, products, analytics, replay, report];
