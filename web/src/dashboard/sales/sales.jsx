import { Empty } from "../parts/states.jsx";
import { periodOf, yearBefore } from "../period.js";
import { Filters } from "./filters.jsx";
import { lineFilter, salesFilter } from "./filter.js";
import { Months } from "./months.jsx";
import { Customers, Products } from "./ranking.jsx";
import { Shortages } from "./shortages.jsx";
import { Territories } from "./territories.jsx";
import { Totals } from "./totals.jsx";

// The library of the charts comes while the first answers are awaited.
import("../parts/chart.js").catch(() => undefined);

/** What a sales manager asks first: how it goes, with whom, with what, and what runs out. */
export function Sales({ parameters, caller, version }) {
  const { newest, oldest, territories } = caller.data;
  const last = newest?.nodes[0]?.orderDate.slice(0, 10);
  const first = oldest?.nodes[0]?.orderDate.slice(0, 10);
  if (!last || !first) {
    return <Empty>There are no orders yet, or none that this token may see.</Empty>;
  }
  const bounds = { first, last };
  const period = periodOf(parameters, bounds);
  const before = yearBefore(period);
  const filters = { now: salesFilter(parameters, period), before: salesFilter(parameters, before) };
  const either = { or: [filters.now, filters.before] };
  const shared = { parameters, period, before, filters, either, first, version };
  return (
    <>
      <Filters
        parameters={parameters}
        period={period}
        bounds={bounds}
        territories={territories?.nodes ?? []}
      />
      <Totals {...shared} />
      <div class="panels">
        <Months {...shared} />
        <Products {...shared} />
        <Customers {...shared} isNamed={!caller.refused.persons} />
        <Territories {...shared} />
        <Shortages {...shared} last={last} filter={lineFilter(parameters)} />
      </div>
    </>
  );
}
