import { useState } from "preact/hooks";
import { formatBytes, formatCount, formatDuration, formatMoment, words } from "../format.js";
import { Download } from "../parts/download.jsx";
import { Labelled } from "../parts/labelled.jsx";
import { Badge } from "../parts/states.jsx";
import { VirtualTable } from "../parts/virtual-table.jsx";
import cancelReport from "../queries/cancel-report.graphql";
import reports from "../queries/reports.graphql";
import { usePages } from "../use-pages.js";
import { askAsUser, useInterval } from "../use-query.js";
import { go } from "../url.js";

const OFTEN = 3_000;
const SELDOM = 60_000;
const STATES = ["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED", "EXPIRED"];
const isOpen = ({ state }) => state === "QUEUED" || state === "RUNNING";

/** The files that were asked for: their states and their links. */
export function Reports({ parameters, version }) {
  const [told, setTold] = useState("");
  const state = STATES.includes(parameters.state) ? parameters.state : undefined;
  const variables = state ? { filter: { state: { eq: state } } } : {};
  const pages = usePages({ query: reports, variables }, (data) => data.reports, { version });
  const isWaiting = pages.rows.some(isOpen);
  useInterval(() => pages.loading || pages.refresh(), isWaiting ? OFTEN : SELDOM);

  const cancel = async ({ id, project }) => {
    try {
      const answer = await askAsUser({
        query: cancelReport,
        variables: { input: { reportId: id } },
      });
      setTold(answer.errors?.[0]?.message ?? `The report ${project} is canceled.`);
      pages.refresh();
    } catch (error) {
      setTold(error.message);
    }
  };
  const columns = [
    {
      key: "state",
      label: "State",
      width: "7.5rem",
      cell: (row) => <Badge state={row.state}>{words(row.state)}</Badge>,
    },
    {
      key: "file",
      label: "File",
      width: "9.5rem",
      cell: (row) => <File row={row} cancel={cancel} />,
    },
    {
      key: "requested",
      label: "Requested",
      width: "14rem",
      cell: ({ requestedAt }) => formatMoment(requestedAt),
    },
    { key: "kind", label: "Rows of", width: "8.5rem", cell: ({ kind }) => words(kind) },
    {
      key: "project",
      label: "Project",
      width: "9rem",
      cell: ({ project }) => <span title={project}>{project}</span>,
    },
    {
      key: "rows",
      label: "Rows",
      width: "6rem",
      numeric: true,
      cell: (row) => formatCount(row.rowCount ?? row.progress.rows),
    },
    {
      key: "size",
      label: "Size",
      width: "6rem",
      numeric: true,
      cell: (row) => formatBytes(row.byteSize ?? row.progress.bytes),
    },
    {
      key: "took",
      label: "Took",
      width: "5rem",
      numeric: true,
      cell: (row) => (row.startedAt ? formatDuration(row.startedAt, row.finishedAt) : "–"),
    },
    {
      key: "current",
      label: "Data",
      width: "8rem",
      cell: (row) => (row.current === null ? "–" : row.current ? "current" : "older"),
    },
    {
      key: "by",
      label: "Asked by",
      width: "8rem",
      cell: ({ requestedBy }) => <span title={requestedBy}>{requestedBy}</span>,
    },
  ];
  return (
    <section class="panel wide" aria-labelledby="reports">
      <header class="panel-head">
        <h2 id="reports">Files of this organisation</h2>
        <form
          class="filters"
          aria-label="Filter of the reports"
          onSubmit={(event) => event.preventDefault()}
        >
          <Labelled label="State">
            {(id) => (
              <select
                id={id}
                value={state ?? ""}
                onChange={({ currentTarget }) => go({ ...parameters, state: currentTarget.value })}
              >
                <option value="">All states</option>
                {STATES.map((name) => (
                  <option key={name} value={name}>
                    {words(name)}
                  </option>
                ))}
              </select>
            )}
          </Labelled>
        </form>
      </header>
      <p role="status" class="hint">
        {told}
      </p>
      <VirtualTable
        label="Reports"
        columns={columns}
        pages={pages}
        empty={
          state
            ? `No report is ${words(state)}.`
            : "No report was asked for yet. “As CSV” beside a chart asks for one."
        }
        height={600}
      />
    </section>
  );
}

function File({ row, cancel }) {
  if (isOpen(row)) {
    return (
      <button type="button" class="quiet small" onClick={() => cancel(row)}>
        Cancel<span class="visually-hidden"> the report of {formatMoment(row.requestedAt)}</span>
      </button>
    );
  }
  if (row.state === "SUCCEEDED") {
    return (
      <Download report={row}>
        Download {row.format.replace("_", " ")}
        <span class="visually-hidden"> of {formatMoment(row.requestedAt)}</span>
      </Download>
    );
  }
  return <span title={row.error?.message}>{row.error?.message ?? "–"}</span>;
}
