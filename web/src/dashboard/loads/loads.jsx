import { formatCount, formatDay, formatDuration, formatMoment, words } from "../format.js";
import { Badge, Empty, Failure, Skeleton } from "../parts/states.jsx";
import { VirtualTable } from "../parts/virtual-table.jsx";
import runOf from "../queries/run.graphql";
import runs from "../queries/runs.graphql";
import { usePages } from "../use-pages.js";
import { useInterval, useQuery } from "../use-query.js";
import { link } from "../url.js";
import { count } from "./columns.jsx";
import { Files, Findings } from "./files.jsx";
import { OFTEN, SELDOM } from "./pace.js";

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

/** The runs of the loader, and one of them with its files. */
export function Loads({ parameters, version }) {
  const pages = usePages({ query: runs }, (data) => data.loadRuns, { version });
  const hasRunning = pages.rows.some((run) => !isOver(run));
  useInterval(() => pages.loading || pages.refresh(), hasRunning ? OFTEN : SELDOM);
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
            <Kept rows={run.rowsRejected} left="no longer rejected" to={{ run: run.id }} />
          </Fact>
          <Fact name="Parked">
            <Kept
              rows={run.rowsParked}
              left="no longer parked"
              to={{ run: run.id, rows: "parked" }}
            />
          </Fact>
          {run.rowsRemoved > 0 && <Fact name="Removed">{formatCount(run.rowsRemoved)}</Fact>}
        </dl>
      </section>
      <Files key={run.finishedAt} run={run} />
      {run.isCheck && <Findings key={`findings ${run.finishedAt}`} run={run} />}
      {run.steps.nodes.length > 0 && <Steps steps={run.steps.nodes} />}
    </>
  );
}

/** Rows that a run kept aside; a replay takes some of those that others did. */
function Kept({ rows, left, to }) {
  if (rows <= 0) {
    return rows < 0 ? `${formatCount(-rows)} ${left}` : "0 rows";
  }
  return (
    <a {...link({ view: "rejects", ...to })}>
      {formatCount(rows)} {rows === 1 ? "row" : "rows"}
    </a>
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
