/** Filters of the API from the parameters of the address; what is not asked for is left out. */

export const LINES = ["MOUNTAIN", "ROAD", "STANDARD", "TOURING"];

/** The filter of order lines: a period, and what else the address says. */
export function salesFilter({ territory, line, channel }, { from, to }) {
  const order = { orderDate: { gte: from, lt: to } };
  if (/^\d+$/.test(territory ?? "")) {
    order.territoryId = { eq: Number(territory) };
  }
  if (channel === "online" || channel === "resellers") {
    order.onlineOrderFlag = { eq: channel === "online" };
  }
  return LINES.includes(line) ? { order, product: { productLine: { eq: line } } } : { order };
}

/** The filter of forecasts, which are of products only. */
export function lineFilter({ line }) {
  return LINES.includes(line) ? { product: { productLine: { eq: line } } } : undefined;
}
