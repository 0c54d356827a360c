import { useEffect, useRef, useState } from "preact/hooks";
import { ask, demandWhole, refusals, Unauthenticated } from "../shared/api.js";

const REJECTED = "salesgraph:unauthenticated";

/** Calls `listener` when the server wants another token. */
export function onUnauthenticated(listener) {
  addEventListener(REJECTED, listener);
  return () => removeEventListener(REJECTED, listener);
}

/** As `ask`; that a token is no longer accepted is also told to the page. */
export async function askAsUser(operation, signal) {
  try {
    return await ask(operation, signal);
  } catch (error) {
    if (error instanceof Unauthenticated) {
      dispatchEvent(new CustomEvent(REJECTED, { detail: error.message }));
    }
    throw error;
  }
}

/** As `askAsUser`, of a query: the answer must be whole, but for what the token may not see. */
export async function read(operation, signal) {
  const answer = await askAsUser(operation, signal);
  demandWhole(answer);
  return answer;
}

/** Why a part of the page has nothing to show: its field was refused. */
export function refusalOf(answer) {
  const [name] = Object.entries(answer.data).find(([, value]) => value === null) ?? [];
  return refusals(answer)[name];
}

/**
 * The answer to an operation, asked again when it or `version` changes, and every `everyMs`
 * while the page is seen. The last answer stays until the next one is there, `stale` if it is
 * the answer to another operation; `about` is what was given with the one that it answers.
 */
export function useQuery(operation, { version, everyMs, about } = {}) {
  const [state, setState] = useState({ loading: true });
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify(operation);
  useEffect(() => {
    const controller = new AbortController();
    // An answer that came while another operation was chosen is none any more.
    const tell = (next) => controller.signal.aborted || setState(next);
    setState((last) => ({
      ...last,
      asked: key,
      loading: true,
      error: last.asked === key ? last.error : undefined,
    }));
    read(operation, controller.signal).then(
      (answer) =>
        tell({
          asked: key,
          key,
          about,
          loading: false,
          data: answer.data,
          refused: refusalOf(answer),
        }),
      (error) =>
        tell((last) => ({
          ...(last.key === key ? last : {}),
          asked: key,
          loading: false,
          error: error.message,
        })),
    );
    return () => controller.abort();
  }, [key, version, turn]);
  const again = () => setTurn((last) => last + 1);
  // A slow answer is waited for, and not asked for anew.
  useInterval(() => state.loading || again(), everyMs);
  const stale = Boolean(state.data) && state.key !== key;
  return { ...state, stale, again };
}

/** Calls `act` every `everyMs` while the page is seen, and when it is seen again. */
export function useInterval(act, everyMs) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!everyMs) {
      return undefined;
    }
    const tick = () => document.visibilityState === "visible" && latest.current();
    const timer = setInterval(tick, everyMs);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [everyMs]);
}
