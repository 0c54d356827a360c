import { formatDay, formatQuantity, formatWeekday } from "../format.js";
import { Panel } from "../parts/panel.jsx";
import { VirtualTable } from "../parts/virtual-table.jsx";
import { addDays } from "../period.js";
import forecast from "../queries/forecast.graphql";
import { usePages } from "../use-pages.js";
import { go } from "../url.js";

const DAYS = { 7: "Next week", 14: "Next 2 weeks", 28: "Next 4 weeks" };

const COLUMNS = [
  { key: "date", label: "Date", width: "9rem", cell: ({ date }) => formatWeekday(date) },
  {
    key: "product",
    label: "Product",
    width: "11rem",
    cell: ({ product }) => <span title={product.name}>{product.name}</span>,
  },
  {
    key: "short",
    label: "Short",
    width: "4.25rem",
    numeric: true,
    cell: ({ shortfall }) => <strong>{formatQuantity(shortfall)}</strong>,
  },
  {
    key: "predicted",
    label: "Predicted",
    width: "5rem",
    numeric: true,
    cell: ({ predictedQuantity }) => formatQuantity(predictedQuantity),
  },
  {
    key: "available",
    label: "In stock",
    width: "4.5rem",
    numeric: true,
    cell: ({ availableQuantity }) => formatQuantity(availableQuantity),
  },
];

/** What will be short in the days after the last order, the worst first. */
export function Shortages({ parameters, last, filter, version }) {
  const days = DAYS[parameters.days] ? Number(parameters.days) : 28;
  const isAll = parameters.forecast === "all";
  const variables = { from: addDays(last, 1), to: addDays(last, days), onlyShortfall: !isAll };
  const operation = { query: forecast, variables: filter ? { ...variables, filter } : variables };
  const pages = usePages(operation, (data) => withIds(data.demandForecast), { version });
  const set = (patch) => go({ ...parameters, ...patch });
  const controls = (
    <>
      <select
        aria-label="Days of the forecast"
        value={String(days)}
        onChange={({ currentTarget }) =>
          set({ days: currentTarget.value === "28" ? undefined : currentTarget.value })
        }
      >
        {Object.entries(DAYS).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <button
        type="button"
        class="quiet"
        aria-pressed={isAll}
        onClick={() => set({ forecast: isAll ? undefined : "all" })}
      >
        All forecasts
      </button>
    </>
  );
  const period = `${formatDay(variables.from)} – ${formatDay(variables.to)}`;
  const empty = isAll
    ? `There is no forecast for ${period}.`
    : `Nothing is predicted to run short, ${period}: the stock covers every forecast.`;
  const table = () => (
    <VirtualTable
      label="Forecast of demand beside the stock"
      columns={COLUMNS}
      pages={pages}
      empty={empty}
      height={400}
    />
  );
  return (
    <Panel
      title="What will be short"
      hint={`Predicted demand beside the stock, ${period}; of all territories and channels`}
      operation={operation}
      query={{ data: pages, loading: pages.loading, refused: pages.refused }}
      controls={controls}
      table={table}
    />
  );
}

function withIds(connection) {
  const nodes = connection?.nodes.map((row) => ({
    ...row,
    id: `${row.date}/${row.product.productId}`,
  }));
  return connection && { ...connection, nodes };
}
