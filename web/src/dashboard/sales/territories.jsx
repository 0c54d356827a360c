import { formatCount, formatMoney, formatShare } from "../format.js";
import { Figure } from "../parts/figure.jsx";
import { Panel } from "../parts/panel.jsx";
import territories from "../queries/territories.graphql";
import { useQuery } from "../use-query.js";

const nameOf = ({ territoryId, territory }) =>
  territory?.name ?? (territoryId === null ? "No territory" : `Territory ${territoryId}`);

/** Sales by territory: all that the token may see. */
export function Territories({ filters, version }) {
  const operation = { query: territories, variables: { filter: filters.now } };
  const query = useQuery(operation, { version });
  const { totalCount, nodes = [] } = query.data?.salesAggregate ?? {};
  const hint =
    totalCount > nodes.length
      ? `Sales of the period, of the first ${formatCount(nodes.length)} of ${formatCount(totalCount)}`
      : "Sales of the period";
  const chart = ({ salesAggregate: { nodes } }) => (
    <Figure
      type="bar"
      horizontal
      height={Math.max(160, nodes.length * 40 + 50)}
      labels={nodes.map(({ key }) => nameOf(key))}
      series={[
        {
          label: "Sales",
          color: "accent",
          values: nodes.map(({ measures }) => measures.lineTotal.sum),
        },
      ]}
      summary={`Sales of ${nodes.length} territories; ${nameOf(nodes[0].key)} is first with ${formatMoney(nodes[0].measures.lineTotal.sum)}.`}
    />
  );
  const table = ({ salesAggregate: { nodes } }) => {
    const sum =
      nodes.reduce((total, { measures }) => total + Number(measures.lineTotal.sum), 0) || 1;
    return (
      <div class="frame" tabIndex={0} role="region" aria-label="Table of territories">
        <table>
          <thead>
            <tr>
              <th scope="col">Territory</th>
              <th scope="col" class="number">
                Customers
              </th>
              <th scope="col" class="number">
                Orders
              </th>
              <th scope="col" class="number">
                Sales
              </th>
              <th scope="col" class="number">
                Share
              </th>
            </tr>
          </thead>
          <tbody>
            {nodes.map(({ key, measures }) => (
              <tr key={key.territoryId}>
                <th scope="row">{nameOf(key)}</th>
                <td class="number">{formatCount(measures.customerCount)}</td>
                <td class="number">{formatCount(measures.orderCount)}</td>
                <td class="number">{formatMoney(measures.lineTotal.sum)}</td>
                <td class="number">{formatShare(Number(measures.lineTotal.sum) / sum)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    );
  };
  return (
    <Panel
      title="Territories"
      hint={hint}
      operation={operation}
      query={query}
      chart={chart}
      table={table}
      isEmpty={({ salesAggregate }) => salesAggregate.nodes.length === 0}
      lines={10}
    />
  );
}
