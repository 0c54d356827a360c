// What a program on Relay asks: a page of orders, more of them as one scrolls,
// and one customer again, by its global id. It is compiled, never run.

import { graphql } from "react-relay";

export const page = graphql`
  query ordersPageQuery($first: Int!) {
    ...orders_list @arguments(first: $first)
  }
`;

// For usePaginationFragment.
export const list = graphql`
  fragment orders_list on Query
  @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" })
  @refetchable(queryName: "ordersListPaginationQuery") {
    salesOrders(first: $first, after: $after) @connection(key: "orders_salesOrders") {
      edges {
        node {
          id
          ...orders_order
        }
      }
    }
  }
`;

export const order = graphql`
  fragment orders_order on SalesOrder {
    salesOrderNumber
    status
    orderDate
    totalDue
    customer {
      ...orders_customer
    }
  }
`;

// For useRefetchableFragment: by node(id:), because a customer is a Node. Its
// orders are a list of their own within it.
export const customer = graphql`
  fragment orders_customer on Customer
  @argumentDefinitions(count: { type: "Int", defaultValue: 5 }, cursor: { type: "String" })
  @refetchable(queryName: "ordersCustomerRefetchQuery") {
    accountNumber
    orders(first: $count, after: $cursor) @connection(key: "orders_customer_orders") {
      edges {
        node {
          totalDue
        }
      }
    }
  }
`;

// For useSubscription.
export const progress = graphql`
  subscription ordersProgressSubscription($id: ID!) {
    loadRun(id: $id) {
      state
      rowsRead
    }
  }
`;
