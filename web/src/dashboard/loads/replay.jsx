import { useEffect, useId, useRef, useState } from "preact/hooks";
import { demandField } from "../../shared/api.js";
import { follow } from "../../shared/follow.js";
import { formatCount, words } from "../format.js";
import { Icon } from "../parts/icon.jsx";
import followRun from "../queries/follow-run.graphql";
import replay from "../queries/replay.graphql";
import { askAsUser } from "../use-query.js";
import { link } from "../url.js";

/**
 * A button that queues the replay of rejected rows, and what the run says until it is over. With
 * a `count` of rows it asks first; an `obstacle` says why it cannot be pressed.
 */
export function Replay({ input, label, count, obstacle, started, ended }) {
  const [state, setState] = useState();
  const [isAsking, setAsking] = useState(false);
  const id = useId();
  const following = useRef();
  const button = useRef();
  const confirmation = useRef();
  const isUsed = useRef(false);
  useEffect(() => () => following.current?.abort(), []);
  useEffect(() => {
    if (isUsed.current) {
      (isAsking ? confirmation : button).current?.focus();
    }
  }, [isAsking]);
  const isOff = Boolean(state?.isBusy || obstacle);
  const press = () => {
    isUsed.current = true;
    if (!isOff) {
      count === undefined ? start() : setAsking(true);
    }
  };
  const confirm = () => {
    setAsking(false);
    start();
  };

  const start = async () => {
    started?.();
    const controller = new AbortController();
    following.current = controller;
    const tell = (next) => controller.signal.aborted || setState(next);
    tell({ isBusy: true, text: "Asking for the replay …" });
    try {
      const answer = await askAsUser({ query: replay, variables: { input } }, controller.signal);
      const queued = demandField({ data: demandField(answer), errors: answer.errors });
      let run = queued;
      for await (const now of follow(followRun, queued.id, controller.signal)) {
        run = now;
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
      {isAsking && !obstacle ? (
        <div class="replay" role="group" aria-labelledby={id}>
          <strong id={id}>
            {`${formatCount(count)} ${count === 1 ? "row is" : "rows are"} loaded again.`}
          </strong>
          <button type="button" class="primary" ref={confirmation} onClick={confirm}>
            Replay {count === 1 ? "it" : "them"}
          </button>
          <button type="button" onClick={() => setAsking(false)}>
            Do not
          </button>
        </div>
      ) : (
        <button
          type="button"
          class="primary"
          ref={button}
          aria-disabled={isOff}
          aria-describedby={obstacle && id}
          onClick={press}
        >
          <Icon name="replay" />
          {label}
        </button>
      )}
      {obstacle && (
        <span class="hint" id={id}>
          {obstacle}
        </span>
      )}
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
