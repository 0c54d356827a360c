import { useEffect, useRef, useState } from "preact/hooks";
import { Empty, Failure, Skeleton } from "./states.jsx";
import { formatCount } from "../format.js";

const ROW = 37;
/** Rows beyond those that are seen, on either side. */
const SPARE = 8;

/**
 * A list of any length in a bounded number of elements: only the rows that are seen are in the
 * document, and the next page is asked for before its end is reached. Columns are
 * `{ key, label, width, numeric, cell(row) }`.
 */
export function VirtualTable({ label, columns, pages, empty, height = 520 }) {
  const frame = useRef();
  const [top, setTop] = useState(0);
  const { rows, total, loading, isPaging, error, retry, next, isCut } = pages;
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const end = Math.min(rows.length, Math.ceil((top + height) / ROW) + SPARE);
  useEffect(() => {
    if (end >= rows.length - 50 && next) {
      pages.more();
    }
  }, [end, rows.length, next, error, loading]);
  const isFirstPage = rows.length === 0;
  useEffect(() => {
    if (isFirstPage && frame.current) {
      frame.current.scrollTop = 0;
      setTop(0);
    }
  }, [isFirstPage]);

  if (error && isFirstPage) {
    return <Failure message={error} again={retry} />;
  }
  if (isFirstPage) {
    return loading ? <Skeleton lines={8} /> : <Empty>{empty}</Empty>;
  }
  return (
    <>
      <div
        class="frame"
        ref={frame}
        tabIndex={0}
        role="region"
        aria-label={label}
        style={{ maxHeight: `${height}px` }}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <table class="rows" aria-rowcount={(total ?? rows.length) + 1}>
          <caption class="visually-hidden">{label}</caption>
          <thead>
            <tr aria-rowindex={1}>
              {columns.map(({ key, label, width, numeric }) => (
                <th key={key} scope="col" class={numeric ? "number" : undefined} style={{ width }}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Spacer rows={first} columns={columns.length} />
            {rows.slice(first, end).map((row, index) => (
              <tr key={row.id} aria-rowindex={first + index + 2}>
                {columns.map(({ key, numeric, cell }) => (
                  <td key={key} class={numeric ? "number" : undefined}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
            <Spacer rows={rows.length - end} columns={columns.length} />
          </tbody>
        </table>
      </div>
      <p class="hint count" role="status">
        {`${formatCount(rows.length)} of ${formatCount(total ?? rows.length)} rows`}
        {isPaging && loading && " · loading more …"}
        {isCut && " · narrow the list to see the others"}
      </p>
      {error && <Failure message={error} again={retry} />}
    </>
  );
}

function Spacer({ rows, columns }) {
  return rows > 0 ? (
    <tr aria-hidden="true" class="spacer">
      <td colSpan={columns} style={{ height: `${rows * ROW}px` }} />
    </tr>
  ) : null;
}
