import {
  formatBytes,
  formatCount,
  formatDay,
  formatDuration,
  formatMoment,
  words,
} from "../format.js";
import { Badge, Empty, Failure, Skeleton } from "../parts/states.jsx";
import { VirtualTable } from "../parts/virtual-table.jsx";
import runOf from "../queries/run.graphql";
import runs from "../queries/runs.graphql";
import { useInterval, usePages, useQuery } from "../use-query.js";
import { link } from "../url.js";

/** A run changes each moment while it is running. */
const OFTEN = 3_000;
const SELDOM = 30_000;
const isOver = ({ finishedAt }) => Boolean(finishedAt);

const COLUMNS = [
  {
    key: "requested",
    label: "Requested",
    width: "14rem",
    cell: ({ id, requestedAt }) => (
      <a {...link({ view: "loads", run: id })}>{formatMoment(requestedAt)}</a>
    ),
  },
  {
    key: "state",
    label: "State",
    width: "12rem",
    cell: ({ state, isCheck }) => (
      <Badge state={state}>
        {words(state)}
        {isCheck && ", a check"}
      </Badge>
    ),
  },
  {
    key: "took",
    label: "Took",
    width: "5rem",
    numeric: true,
    cell: ({ startedAt, finishedAt }) => formatDuration(startedAt, finishedAt),
  },
  count("files", "Files", "filesFound"),
  count("read", "Read", "rowsRead"),
  count("inserted", "Inserted", "rowsInserted"),
  count("updated", "Updated", "rowsUpdated"),
  count("unchanged", "Unchanged", "rowsUnchanged"),
  count("rejected", "Rejected", "rowsRejected"),
  count("parked", "Parked", "rowsParked"),
  {
    key: "source",
    label: "Source",
    width: "18rem",
    cell: ({ sourceUri }) => <code title={sourceUri}>{sourceUri}</code>,
  },
];

function count(key, label, field) {
  return { key, label, width: "5.5rem", numeric: true, cell: (row) => formatCount(row[field]) };
}

/** The runs of the loader, and one of them with its files. */
export function Loads({ parameters, version }) {
  const pages = usePages({ query: runs }, (data) => data.loadRuns, { version });
  const hasRunning = pages.rows.some((run) => !isOver(run));
  // Only the first page: whoever reads older ones is not thrown back.
  useInterval(
    () => pages.loading || pages.rows.length > 100 || pages.again(),
    hasRunning ? OFTEN : SELDOM,
  );
  const shown = parameters.run ?? pages.rows[0]?.id;
  return (
    <div class="panels">
      <section class="panel wide" aria-labelledby="runs">
        <header class="panel-head">
          <h2 id="runs">Runs</h2>
        </header>
        <VirtualTable
          label="Load runs"
          columns={COLUMNS}
          pages={pages}
          empty="Nothing was loaded yet."
          height={260}
        />
      </section>
      {shown && <Run key={shown} id={shown} />}
    </div>
  );
}

function Run({ id }) {
  const query = useQuery({ query: runOf, variables: { id } }, { everyMs: SELDOM });
  const run = query.data?.loadRun;
  useInterval(() => query.loading || query.again(), run && !isOver(run) ? OFTEN : undefined);
  if (query.error) {
    return (
      <section class="panel wide">
        <h2>The run</h2>
        <Failure message={query.error} again={query.again} />
      </section>
    );
  }
  if (!run) {
    return (
      <section class="panel wide">
        <h2>The run</h2>
        {query.loading ? <Skeleton lines={8} /> : <Empty>There is no such run.</Empty>}
      </section>
    );
  }
  return (
    <>
      <section class="panel wide" aria-labelledby="run">
        <header class="panel-head">
          <div class="panel-title">
            <h2 id="run">Run of {formatMoment(run.requestedAt)}</h2>
            <p class="hint">
              <code>{run.runId}</code>
            </p>
          </div>
          <Badge state={run.state}>{words(run.state)}</Badge>
        </header>
        {run.error && (
          <p class="failure">
            <strong>{run.error.code}</strong> {run.error.message}
          </p>
        )}
        <dl class="facts">
          <Fact name="Source">
            <code>{run.sourceUri}</code>
          </Fact>
          <Fact name="Mode">{run.isCheck ? "check, nothing is written" : words(run.mode)}</Fact>
          <Fact name="Started">{formatMoment(run.startedAt)}</Fact>
          <Fact name="Took">{formatDuration(run.startedAt, run.finishedAt)}</Fact>
          <Fact name="Files">
            {formatCount(run.filesFound)} found, {formatCount(run.filesSkipped)} loaded before
          </Fact>
          <Fact name="Rows read">{formatCount(run.rowsRead)}</Fact>
          <Fact name="Inserted">{formatCount(run.rowsInserted)}</Fact>
          <Fact name="Updated">{formatCount(run.rowsUpdated)}</Fact>
          <Fact name="Unchanged">{formatCount(run.rowsUnchanged)}</Fact>
          <Fact name="Rejected">
            <a {...link({ view: "rejects", run: run.id })}>{formatCount(run.rowsRejected)} rows</a>
          </Fact>
          <Fact name="Parked">
            <a {...link({ view: "rejects", run: run.id, rows: "parked" })}>
              {formatCount(run.rowsParked)} rows
            </a>
          </Fact>
          {run.rowsRemoved > 0 && <Fact name="Removed">{formatCount(run.rowsRemoved)}</Fact>}
        </dl>
      </section>
      <Files run={run} />
      {run.findings.totalCount > 0 && <Findings findings={run.findings} />}
      {run.steps.nodes.length > 0 && <Steps steps={run.steps.nodes} />}
    </>
  );
}

function Fact({ name, children }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

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

function Files({ run }) {
  const { nodes, totalCount } = run.files;
  const pages = { rows: nodes, total: totalCount, isCut: totalCount > nodes.length };
  return (
    <section class="panel wide" aria-labelledby="files">
      <h2 id="files">Files</h2>
      {nodes.some(({ file }) => file.error) && (
        <ul class="failure">
          {nodes
            .filter(({ file }) => file.error)
            .map(({ file }) => (
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

function Findings({ findings }) {
  const columns = [
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
  const pages = { rows: findings.nodes, total: findings.totalCount };
  return (
    <section class="panel wide" aria-labelledby="findings">
      <h2 id="findings">Found by the check</h2>
      <VirtualTable label="What the check found" columns={columns} pages={pages} height={300} />
    </section>
  );
}

function Steps({ steps }) {
  return (
    <section class="panel wide" aria-labelledby="steps">
      <h2 id="steps">Derived afterwards</h2>
      <div class="frame" tabIndex={0} role="region" aria-label="Steps after the load">
        <table>
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col">From the day</th>
              <th scope="col" class="number">
                Rows written
              </th>
              <th scope="col" class="number">
                Data version
              </th>
              <th scope="col" class="number">
                Took
              </th>
            </tr>
          </thead>
          <tbody>
            {steps.map(({ id, step, since, rowsWritten, dataVersion, startedAt, finishedAt }) => (
              <tr key={id}>
                <th scope="row">{words(step)}</th>
                <td>{formatDay(since)}</td>
                <td class="number">{formatCount(rowsWritten)}</td>
                <td class="number">{formatCount(dataVersion)}</td>
                <td class="number">{formatDuration(startedAt, finishedAt)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
