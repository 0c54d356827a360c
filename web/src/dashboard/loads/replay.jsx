import { useEffect, useRef, useState } from "preact/hooks";
import { follow } from "../../shared/follow.js";
import { formatCount, words } from "../format.js";
import { Icon } from "../parts/icon.jsx";
import followRun from "../queries/follow-run.graphql";
import replay from "../queries/replay.graphql";
import { askAsUser } from "../use-query.js";
import { link } from "../url.js";

/** A button that queues the replay of rejected rows, and what the run says until it is over. */
export function Replay({ input, label, ended, isDisabled }) {
  const [state, setState] = useState();
  const following = useRef();
  useEffect(() => () => following.current?.abort(), []);

  const start = async () => {
    const controller = new AbortController();
    following.current = controller;
    const tell = (next) => controller.signal.aborted || setState(next);
    tell({ isBusy: true, text: "Asking for the replay …" });
    try {
      const answer = await askAsUser({ query: replay, variables: { input } }, controller.signal);
      const queued = answer.data.replayRejects?.loadRun;
      if (!queued) {
        throw new Error(answer.errors.map(({ message }) => message).join("; "));
      }
      let run = queued;
      for await (const data of follow(followRun, queued.id, controller.signal)) {
        run = data.loadRun;
        tell({ isBusy: true, run: queued.id, text: textOf(run) });
      }
      tell({ run: queued.id, text: textOf(run) });
      if (!controller.signal.aborted) {
        ended?.();
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        tell({ isFault: true, text: error.message });
      }
    }
  };
  return (
    <div class="replay">
      <button type="button" class="primary" disabled={state?.isBusy || isDisabled} onClick={start}>
        <Icon name="replay" />
        {label}
      </button>
      <p role="status" class={state?.isFault ? "bad-text" : undefined}>
        {state?.text}
        {state?.run && (
          <>
            {" "}
            <a {...link({ view: "loads", run: state.run })}>The run</a>
          </>
        )}
      </p>
    </div>
  );
}

/** A replay reads no file: its counters say what became of rows that were rejected before. */
function textOf({
  state,
  rowsInserted = 0,
  rowsUpdated = 0,
  rowsUnchanged = 0,
  rowsRejected = 0,
  rowsParked = 0,
  error,
}) {
  if (state === "QUEUED") {
    return "Queued: a worker begins it.";
  }
  const counts = [
    `${formatCount(rowsInserted + rowsUpdated + rowsUnchanged)} taken`,
    `${formatCount(Math.max(0, -rowsRejected))} no longer rejected`,
    rowsParked > 0 && `${formatCount(rowsParked)} parked`,
  ];
  return `${words(state)}: ${counts.filter(Boolean).join(", ")}.${error?.message ? ` ${error.message}` : ""}`;
}
