import { formatCount, formatMoney, formatShare, words } from "../format.js";
import { Panel } from "../parts/panel.jsx";
import named from "../queries/customers.graphql";
import unnamed from "../queries/customers-unnamed.graphql";
import products from "../queries/products.graphql";
import { useQuery } from "../use-query.js";

/** The products that sold best in the period. */
export function Products({ filters, version }) {
  const operation = { query: products, variables: { filter: filters.now } };
  const query = useQuery(operation, { version });
  const read = ({ product }) => ({
    id: product?.productId,
    name: product?.name ?? "Unknown product",
    hint: product?.productLine ? words(product.productLine) : "",
  });
  return (
    <Ranking title="Top products" of="products" what="Product" {...{ operation, query, read }} />
  );
}

/** The customers that bought most in the period; their names as far as the token may see them. */
export function Customers({ filters, version, isNamed }) {
  const operation = { query: isNamed ? named : unnamed, variables: { filter: filters.now } };
  const query = useQuery(operation, { version });
  const read = ({ customer }) => {
    const person = customer?.person;
    const name = person && [person.firstName, person.lastName].filter(Boolean).join(" ");
    const store = customer?.store?.name;
    return {
      id: customer?.customerId,
      name: store || name || customer?.accountNumber || "Unknown customer",
      hint: store && name ? name : customer?.accountNumber,
    };
  };
  const more = isNamed ? undefined : "Names of persons need the scope persons:read";
  return (
    <Ranking
      title="Top customers"
      of="customers"
      what="Customer"
      {...{ operation, query, read, more }}
    />
  );
}

/** The first of a list, by their sales, with bars for the eye. */
function Ranking({ title, of, what, operation, query, read, more }) {
  const total = query.data?.salesAggregate?.totalCount;
  const parts = [total !== undefined && `The first of ${formatCount(total)} ${of}`, more];
  const table = ({ salesAggregate: { nodes } }) => {
    const most = Number(nodes[0].measures.lineTotal.sum) || 1;
    return (
      <table class="ranking">
        <caption class="visually-hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{what}</th>
            <th scope="col" class="number narrow-hidden">
              Orders
            </th>
            <th scope="col" class="number narrow-hidden">
              Pieces
            </th>
            <th scope="col" class="number">
              Sales
            </th>
          </tr>
        </thead>
        <tbody>
          {nodes.map(({ key, measures }, index) => {
            const { id, name, hint } = read(key);
            const part = Math.max(0, Number(measures.lineTotal.sum) / most);
            return (
              <tr key={id ?? `none-${index}`}>
                <th scope="row">
                  <span class="name" title={name}>
                    {name}
                  </span>
                  <span class="muted">{hint}</span>
                  <span
                    class="meter"
                    style={{ "--part": part }}
                    aria-hidden="true"
                    title={formatShare(part)}
                  />
                </th>
                <td class="number narrow-hidden">{formatCount(measures.orderCount)}</td>
                <td class="number narrow-hidden">{formatCount(measures.orderQuantity.sum)}</td>
                <td class="number">{formatMoney(measures.lineTotal.sum)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    );
  };
  return (
    <Panel
      title={title}
      hint={parts.filter(Boolean).join(" · ")}
      operation={operation}
      query={query}
      table={table}
      isEmpty={({ salesAggregate }) => salesAggregate.nodes.length === 0}
      lines={10}
    />
  );
}
