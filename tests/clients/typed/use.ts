// What a program of TypeScript sees. It is type-checked, never run.

import type {
  FollowSubscription,
  NameFragment,
  OrdersQuery,
  OrdersQueryVariables,
  OriginQuery,
} from "./operations";
import type { SalesOrder } from "./schema";

export const variables: OrdersQueryVariables = { first: 10, after: null };

export function lines(answer: OrdersQuery): string[] {
  const orders = answer.salesOrders?.nodes ?? [];
  return orders.map(({ salesOrderNumber, status, totalDue, customer }) => {
    const due: string = totalDue;
    const state = status === "SHIPPED" ? "shipped" : "open";
    return `${salesOrderNumber} ${state} ${due} ${name(customer?.person)}`;
  });
}

export function name(person: NameFragment | null | undefined): string {
  return person ? `${person.firstName} ${person.lastName}` : "a store";
}

export function line(answer: OriginQuery): number | undefined {
  // The interface tells by its type's name what an entity is.
  return answer.node?.__typename === "SalesOrder" ? answer.node.source.line : undefined;
}

export const due = (order: Pick<SalesOrder, "totalDue">): string => order.totalDue;

export function progress({ loadRun }: FollowSubscription): string {
  return loadRun ? `${loadRun.state}: ${loadRun.rowsRead.toFixed()} rows` : "there is no such run";
}

// @ts-expect-error An amount is text: arithmetic on it would not be exact.
export const doubled = (order: Pick<SalesOrder, "totalDue">) => order.totalDue * 2;

// @ts-expect-error The page size is required by the operation.
export const missing: OrdersQueryVariables = {};
