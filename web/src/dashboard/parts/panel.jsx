import { useState } from "preact/hooks";
import { graphiqlLink } from "../../shared/api.js";
import { Boundary } from "./boundary.jsx";
import { useCsvFile } from "./csv.jsx";
import { Icon } from "./icon.jsx";
import { Empty, Failure, Skeleton } from "./states.jsx";

/**
 * A part of the page about one query: its title, the ways to its query and its file, and its
 * content, as a chart, a table or both by turns.
 */
export function Panel({
  title,
  hint,
  operation,
  query,
  chart,
  table,
  isEmpty,
  empty,
  controls,
  wide,
  lines = 6,
  isBusy,
}) {
  const [asTable, setAsTable] = useState(!chart);
  const id = title.toLowerCase().replaceAll(/\W+/g, "-");
  const { data, error, refused, stale, loading } = query;
  const { button, line } = useCsvFile(operation, title);
  const content = () => {
    if (error) {
      return <Failure message={error} again={query.again} />;
    }
    if (refused) {
      return <Empty>Not shown with this token: {refused}.</Empty>;
    }
    if (!data) {
      return <Skeleton lines={lines} />;
    }
    if (isEmpty?.(data)) {
      return <Empty>{empty ?? "No sales match the period and the filters."}</Empty>;
    }
    return asTable ? table(data) : chart(data);
  };
  return (
    <section
      class={`panel${wide ? " wide" : ""}`}
      aria-labelledby={id}
      aria-busy={loading || isBusy}
    >
      <header class="panel-head">
        <div class="panel-title">
          <h2 id={id}>{title}</h2>
          {hint && <p class="hint">{hint}</p>}
        </div>
        <div class="actions">
          {controls}
          {chart && (
            <button
              type="button"
              class="quiet"
              aria-pressed={asTable}
              onClick={() => setAsTable(!asTable)}
            >
              <Icon name={asTable ? "chart" : "table"} />
              <span>Table</span>
              <span class="visually-hidden"> of {title}</span>
            </button>
          )}
          <a class="quiet" href={graphiqlLink(operation)} target="_blank" rel="opener">
            <Icon name="query" />
            <span>See the query</span>
            <span class="visually-hidden"> of {title} (opens GraphiQL)</span>
          </a>
          {button}
        </div>
      </header>
      <div class={`panel-body${stale ? " stale" : ""}`}>
        <Boundary key={asTable}>
          <Content of={content} />
        </Boundary>
      </div>
      {line}
    </section>
  );
}

/** A component of its own: what is thrown while it is drawn reaches the boundary around it. */
const Content = ({ of }) => of();
