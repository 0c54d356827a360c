import { useState } from "preact/hooks";
import { graphiqlLink } from "../../shared/api.js";
import { formatCount, words } from "../format.js";
import { useCsvFile } from "../parts/csv.jsx";
import { Icon } from "../parts/icon.jsx";
import { Labelled } from "../parts/labelled.jsx";
import { Refused } from "../parts/states.jsx";
import { VirtualTable } from "../parts/virtual-table.jsx";
import parked from "../queries/parked.graphql";
import rejects from "../queries/rejects.graphql";
import { usePages } from "../use-pages.js";
import { go, link } from "../url.js";
import { Replay } from "./replay.jsx";
import { RowDialog } from "./row-dialog.jsx";

const place = [
  {
    key: "file",
    label: "File",
    width: "15rem",
    cell: ({ objectKey }) => <code title={objectKey}>{objectKey?.split("/").pop() ?? "–"}</code>,
  },
  {
    key: "line",
    label: "Line",
    width: "5.5rem",
    numeric: true,
    cell: ({ line }) => formatCount(line),
  },
];
// Text of the files is shown as text, never as markup.
const raw = {
  key: "raw",
  label: "Raw text",
  width: "24rem",
  cell: ({ raw }) => <code title={raw}>{raw ?? "–"}</code>,
};

const VIEWS = {
  rejected: {
    query: rejects,
    pick: (data) => data.loadRejects,
    empty: "No row is rejected.",
    columns: [
      { key: "reason", label: "Reason", width: "10rem", cell: ({ reason }) => words(reason) },
      ...place,
      {
        key: "column",
        label: "Column",
        width: "9rem",
        cell: ({ column }) => column ?? "whole row",
      },
      {
        key: "message",
        label: "What was found",
        width: "20rem",
        cell: ({ message }) => <span title={message}>{message ?? "–"}</span>,
      },
      raw,
    ],
  },
  parked: {
    query: parked,
    pick: (data) => data.loadParked,
    empty: "No row waits for another.",
    columns: [
      ...place,
      { key: "dataset", label: "Table", width: "9rem", cell: ({ dataset }) => dataset },
      {
        key: "parent",
        label: "Waits for",
        width: "14rem",
        cell: ({ parent, parentKey }) => `${parent} ${parentKey.join(", ")}`,
      },
      raw,
    ],
  },
};

/** Rejected and parked rows, of all runs or of what the address says, and their replay. */
export function Rows({ parameters, version }) {
  const [shown, setShown] = useState();
  const [turn, setTurn] = useState(0);
  const name = parameters.rows === "parked" ? "parked" : "rejected";
  const view = VIEWS[name];
  const scope = {
    ...(parameters.run && { runId: parameters.run }),
    ...(parameters.file && { fileId: parameters.file }),
  };
  const filter = filterOf(name, parameters);
  const operation = { query: view.query, variables: filter ? { ...scope, filter } : scope };
  const pages = usePages(operation, view.pick, { version: `${version}/${turn}` });
  const file = useCsvFile(operation, `${name} rows`);
  const set = (patch) => go({ ...parameters, ...patch });
  // A replay knows runs and files, and no names and reasons.
  const obstacle = filter
    ? "It would take the rows of all files and reasons: clear the two filters above first, or replay single rows."
    : { undefined: "The rows are counted first.", 0: "There is no row to replay." }[pages.total];
  if (pages.refused && pages.rows.length === 0) {
    return <Refused title="Rejected rows" message={pages.refused} />;
  }
  const open = (row) => (
    <button type="button" class="quiet small" onClick={() => setShown(row)}>
      Details<span class="visually-hidden"> of line {row.line}</span>
    </button>
  );
  const columns = [{ key: "open", label: "Row", width: "5.5rem", cell: open }, ...view.columns];
  return (
    <section class="panel wide" aria-label="Rows that were not taken">
      <header class="panel-head">
        <div class="tabs" role="group" aria-label="Which rows">
          <button
            type="button"
            aria-pressed={name === "rejected"}
            onClick={() => set({ rows: undefined })}
          >
            Rejected
          </button>
          <button
            type="button"
            aria-pressed={name === "parked"}
            onClick={() => set({ rows: "parked" })}
          >
            Parked
          </button>
        </div>
        <form
          class="filters"
          aria-label="Filters of the rows"
          onSubmit={(event) => event.preventDefault()}
        >
          <Search
            label="File contains"
            value={parameters.name}
            search={(text) => set({ name: text })}
          />
          {name === "rejected" && (
            <Search
              label="Reason contains"
              value={parameters.reason}
              search={(text) => set({ reason: text })}
            />
          )}
        </form>
        <div class="actions">
          {Object.keys(scope).length > 0 && (
            <a class="quiet" {...link({ ...parameters, run: undefined, file: undefined })}>
              Of all runs
            </a>
          )}
          <a class="quiet" href={graphiqlLink(operation)} target="_blank" rel="opener">
            <Icon name="query" />
            <span>See the query</span>
          </a>
          {file.button}
        </div>
      </header>
      <p class="hint">
        {Object.keys(scope).length > 0 ? `Of one ${scope.fileId ? "file" : "run"} only. ` : ""}
        {name === "rejected"
          ? "A replay loads rows again, after the rules, a parent or their text were corrected."
          : "A parked row is loaded by itself, as soon as a load brings the row it waits for."}
      </p>
      {name === "rejected" && (
        <Replay
          key={JSON.stringify(scope)}
          obstacle={obstacle}
          count={pages.total}
          input={scope}
          label={
            Object.keys(scope).length > 0
              ? "Replay the rejected rows of this " + (scope.fileId ? "file" : "run")
              : "Replay all rejected rows"
          }
          ended={() => setTurn(turn + 1)}
        />
      )}
      <VirtualTable
        label={`${name === "parked" ? "Parked" : "Rejected"} rows`}
        columns={columns}
        pages={pages}
        empty={view.empty}
        height={560}
      />
      {file.line}
      {shown && (
        <RowDialog
          row={shown}
          isRejected={name === "rejected"}
          close={() => setShown(undefined)}
          ended={() => setTurn(turn + 1)}
        />
      )}
    </section>
  );
}

function filterOf(view, { name, reason }) {
  const filter = {
    ...(name && { objectKey: { icontains: name } }),
    ...(view === "rejected" && reason && { reason: { icontains: reason.replaceAll(" ", "_") } }),
  };
  return Object.keys(filter).length > 0 ? filter : undefined;
}

function Search({ label, value, search }) {
  return (
    <Labelled label={label}>
      {(id) => (
        <input
          id={id}
          type="search"
          value={value ?? ""}
          maxLength={200}
          onChange={({ currentTarget }) => search(currentTarget.value.trim())}
        />
      )}
    </Labelled>
  );
}
