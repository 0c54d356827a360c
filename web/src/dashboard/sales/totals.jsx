import { formatChange, formatCompact, formatCount, formatMoney } from "../format.js";
import totals from "../queries/totals.graphql";
import { Failure, Refused } from "../parts/states.jsx";
import { useQuery } from "../use-query.js";

const FIGURES = [
  {
    title: "Sales",
    read: ({ lineTotal }) => lineTotal.sum,
    format: formatMoney,
    short: formatCompact,
  },
  { title: "Orders", read: ({ orderCount }) => orderCount, format: formatCount },
  { title: "Customers", read: ({ customerCount }) => customerCount, format: formatCount },
  { title: "Pieces", read: ({ orderQuantity }) => orderQuantity.sum ?? 0, format: formatCount },
];

/** The sums of the period, each beside that of the year before. */
export function Totals({ filters, either, before, first, version }) {
  const operation = { query: totals, variables: { ...filters, either } };
  // Of a year of which a part is missing there is nothing to compare with.
  const about = { isKnown: before.from >= first };
  const query = useQuery(operation, { version, about });
  const { data, error, refused, stale, again } = query;
  if (refused) {
    return <Refused title="Totals" message={refused} />;
  }
  if (error) {
    return <Failure message={error} again={again} />;
  }
  const group = data?.salesAggregate?.nodes[0];
  return (
    <section class={`tiles${stale ? " stale" : ""}`} aria-label="Totals of the period">
      {FIGURES.map(({ title, read, format, short = format }) => (
        <div class="tile" key={title}>
          <h2>{title}</h2>
          <p class="figure-now">{group ? format(read(group.now)) : "…"}</p>
          <p class="hint">
            {group && query.about.isKnown && (
              <Change now={read(group.now)} before={read(group.before)} format={short} />
            )}
            {group ? !query.about.isKnown && "no whole year before" : "\u00a0"}
          </p>
        </div>
      ))}
    </section>
  );
}

function Change({ now, before, format }) {
  const change = formatChange(now, before);
  if (change === undefined) {
    return "nothing a year before";
  }
  const tone = Number(now) < Number(before) ? "down" : "up";
  return (
    <>
      <span class={tone}>{change}</span> from {format(before)} a year before
    </>
  );
}
