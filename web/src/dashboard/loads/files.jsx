import { formatBytes, formatCount, words } from "../format.js";
import { Badge } from "../parts/states.jsx";
import { VirtualTable } from "../parts/virtual-table.jsx";
import filesOf from "../queries/run-files.graphql";
import findingsOf from "../queries/run-findings.graphql";
import { usePages } from "../use-pages.js";
import { useInterval } from "../use-query.js";
import { link } from "../url.js";
import { count } from "./columns.jsx";
import { OFTEN } from "./pace.js";

const FILE_COLUMNS = [
  {
    key: "file",
    label: "File",
    width: "24rem",
    cell: ({ file }) => <code title={file.error?.message ?? file.objectKey}>{file.objectKey}</code>,
  },
  {
    key: "state",
    label: "State",
    width: "6rem",
    cell: ({ file }) => <Badge state={file.state}>{words(file.state)}</Badge>,
  },
  count("read", "Read", "rowsRead"),
  kept("rejected", "Rejected", "rowsRejected"),
  kept("parked", "Parked", "rowsParked"),
  count("inserted", "Inserted", "rowsInserted"),
  count("updated", "Updated", "rowsUpdated"),
  count("unchanged", "Unchanged", "rowsUnchanged"),
  {
    key: "size",
    label: "Size",
    width: "5.5rem",
    numeric: true,
    cell: ({ file }) => formatBytes(file.byteSize),
  },
  {
    key: "took",
    label: "Took",
    width: "5.5rem",
    numeric: true,
    cell: ({ elapsedMilliseconds }) => `${formatCount(elapsedMilliseconds)} ms`,
  },
  { key: "table", label: "Table", width: "11rem", cell: ({ file }) => file.dataset },
];

/** A count of rows that are kept aside, which leads to them. */
function kept(key, label, field) {
  const cell = ({ file, [field]: rows }) =>
    rows > 0 ? (
      <a {...link({ view: "rejects", file: file.id, rows: key === "parked" ? key : undefined })}>
        {formatCount(rows)}
      </a>
    ) : (
      "0"
    );
  return { key, label, width: "5.5rem", numeric: true, cell };
}

/** What a run did to each file; read again while it runs, as their order changes. */
export function Files({ run }) {
  const operation = { query: filesOf, variables: { id: run.id } };
  const pages = usePages(operation, (data) => data.loadRun?.files);
  useInterval(() => pages.loading || pages.again(), run.finishedAt ? undefined : OFTEN);
  const failed = pages.rows.filter(({ file }) => file.error);
  return (
    <section class="panel wide" aria-labelledby="files">
      <h2 id="files">Files</h2>
      {failed.length > 0 && (
        <ul class="failure">
          {failed.map(({ file }) => (
            <li key={file.id}>
              <code>{file.objectKey}</code>: {file.error.message ?? file.error.code}
            </li>
          ))}
        </ul>
      )}
      <VirtualTable
        label="Files of the run"
        columns={FILE_COLUMNS}
        pages={pages}
        empty="The run found no new file."
        height={440}
      />
    </section>
  );
}

const FINDING_COLUMNS = [
  {
    key: "file",
    label: "File",
    width: "18rem",
    cell: ({ objectKey }) => <code title={objectKey}>{objectKey}</code>,
  },
  {
    key: "line",
    label: "Line",
    width: "5rem",
    numeric: true,
    cell: ({ line }) => formatCount(line),
  },
  { key: "column", label: "Column", width: "9rem", cell: ({ column }) => column ?? "–" },
  { key: "reason", label: "Reason", width: "10rem", cell: ({ reason }) => words(reason) },
  {
    key: "message",
    label: "What was found",
    width: "24rem",
    cell: ({ message }) => <span title={message}>{message}</span>,
  },
];

/** What a check found. */
export function Findings({ run }) {
  const operation = { query: findingsOf, variables: { id: run.id } };
  const pages = usePages(operation, (data) => data.loadRun?.findings);
  return (
    <section class="panel wide" aria-labelledby="findings">
      <h2 id="findings">Found by the check</h2>
      <VirtualTable
        label="What the check found"
        columns={FINDING_COLUMNS}
        pages={pages}
        empty={run.finishedAt ? "The check found nothing wrong." : "The check is not over yet."}
        height={300}
      />
    </section>
  );
}
