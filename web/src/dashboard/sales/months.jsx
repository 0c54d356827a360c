import { formatChange, formatCount, formatMoney, formatMonth } from "../format.js";
import { Figure } from "../parts/figure.jsx";
import { Panel } from "../parts/panel.jsx";
import { addYears, monthsOf } from "../period.js";
import months from "../queries/months.graphql";
import { useQuery } from "../use-query.js";

/** More months than these are lines. */
const MOST_BARS = 18;
const NOTHING = { orderCount: 0, lineTotal: { sum: "0" } };
const UNKNOWN = { lineTotal: { sum: null } };

/**
 * Sales by month, each with the same part of the same month of the year before: a period may
 * begin and end within a month, and be longer than a year.
 */
export function Months({ filters, either, period, before, version, first }) {
  const operation = { query: months, variables: { ...filters, either } };
  const query = useQuery(operation, { version, about: { period, before, first } });
  const rows = (data) => rowsOf(data.salesAggregate.nodes, query.about);
  const chart = (data) => {
    const all = rows(data);
    const series = [
      {
        label: "The year before",
        color: "before",
        values: all.map(({ before }) => before.lineTotal.sum),
      },
      { label: "This period", color: "accent", values: all.map(({ now }) => now.lineTotal.sum) },
    ];
    const best = all.reduce((top, row) =>
      Number(row.now.lineTotal.sum) > Number(top.now.lineTotal.sum) ? row : top,
    );
    const summary =
      `Sales of ${all.length} months beside the same months of the year before; the best is ` +
      `${formatMonth(best.month)} with ${formatMoney(best.now.lineTotal.sum)}.`;
    return (
      <Figure
        type={all.length > MOST_BARS ? "line" : "bar"}
        labels={all.map(({ month }) => formatMonth(month))}
        series={series}
        summary={summary}
      />
    );
  };
  const table = (data) => (
    <div class="frame" tabIndex={0} role="region" aria-label="Table of sales by month">
      <table>
        <thead>
          <tr>
            <th scope="col">Month</th>
            <th scope="col" class="number">
              Orders
            </th>
            <th scope="col" class="number">
              Sales
            </th>
            <th scope="col" class="number">
              The year before
            </th>
            <th scope="col" class="number">
              Change
            </th>
          </tr>
        </thead>
        <tbody>
          {rows(data).map(({ month, now, before }) => (
            <tr key={month}>
              <th scope="row">{formatMonth(month)}</th>
              <td class="number">{formatCount(now.orderCount)}</td>
              <td class="number">{formatMoney(now.lineTotal.sum)}</td>
              <td class="number">{formatMoney(before.lineTotal.sum)}</td>
              <td class="number">{formatChange(now.lineTotal.sum, before.lineTotal.sum) ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
  return (
    <Panel
      title="Sales by month"
      hint="Beside the same days of the year before"
      operation={operation}
      query={query}
      chart={chart}
      table={table}
      isEmpty={(data) => data.salesAggregate.nodes.length === 0}
      lines={8}
      wide
    />
  );
}

function rowsOf(nodes, { period, before, first }) {
  const groups = new Map(nodes.map((node) => [node.key.orderMonth, node]));
  // What was before the first order is unknown, and not nothing.
  const isKnown = (month) => (month > before.from ? month : before.from) >= first;
  return monthsOf(period).map((month) => {
    const earlier = addYears(month, -1);
    return {
      month,
      now: groups.get(month)?.now ?? NOTHING,
      before: isKnown(earlier) ? (groups.get(earlier)?.before ?? NOTHING) : UNKNOWN,
    };
  });
}
