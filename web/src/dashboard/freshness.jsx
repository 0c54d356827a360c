import { useState } from "preact/hooks";
import { formatAgo, formatMoment, formatTime, words } from "./format.js";
import { Badge } from "./parts/states.jsx";
import { askAsUser, useInterval, useQuery } from "./use-query.js";
import { link } from "./url.js";

/** How often is asked whether the data have changed. */
const EVERY = 15_000;
/** Reads no rows, so that its answer has the version of all data. */
export const VERSION = { query: "query DataVersion { __typename }" };
const LAST_RUN = {
  query: `query LastLoad {
  loadRuns(first: 1, orderBy: [{ field: REQUESTED_AT, direction: DESC }]) { nodes { id state finishedAt rowsRead } }
}`,
};

/** Which data are shown, and how the last load went; views ask again when the data change. */
export function Freshness({ caller, version, onVersion }) {
  const [checked, setChecked] = useState({ asOf: caller.asOf, at: new Date() });
  useInterval(async () => {
    const answer = await askAsUser(VERSION).catch(() => undefined);
    if (answer?.extensions) {
      setChecked({ asOf: answer.extensions.dataAsOf, at: new Date() });
      onVersion(answer.extensions.dataVersion);
    } else {
      setChecked((last) => ({ ...last, isLost: true }));
    }
  }, EVERY);
  const { asOf, at, isLost } = checked;
  return (
    <dl class="freshness">
      <div>
        <dt>Data as of</dt>
        <dd>
          <time dateTime={asOf} title={formatMoment(asOf)}>
            {formatAgo(asOf)}
          </time>
          <span class="muted"> · version {version ?? "unknown"}</span>
          <span role="status" class="bad-text">
            {isLost && ` · server not reached since ${formatTime(at)}`}
          </span>
        </dd>
      </div>
      {!caller.refused.loadRuns && <LastLoad version={version} />}
    </dl>
  );
}

function LastLoad({ version }) {
  const { data } = useQuery(LAST_RUN, { version, everyMs: EVERY * 2 });
  const run = data?.loadRuns?.nodes[0];
  if (!run) {
    return null;
  }
  return (
    <div>
      <dt>Last load</dt>
      <dd>
        <a {...link({ view: "loads", run: run.id })}>
          <Badge state={run.state}>{words(run.state)}</Badge>
        </a>
        <span class="muted"> {run.finishedAt ? formatAgo(run.finishedAt) : "not over yet"}</span>
      </dd>
    </div>
  );
}
