import { useEffect, useRef, useState } from "preact/hooks";
import { ask, Unauthenticated } from "../shared/api.js";

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

/** What was refused for want of a scope: `{ customers: "this needs the scope …" }`. */
export function refusals({ errors = [] }) {
  const forbidden = errors.filter(({ extensions }) => extensions?.code === "FORBIDDEN");
  return Object.fromEntries(forbidden.map(({ path, message }) => [path?.[0], message]));
}

/**
 * The answer to an operation, asked again when it or `version` changes, and every `everyMs`
 * while the page is seen. The last answer stays until the next one is there.
 */
export function useQuery(operation, { version, everyMs } = {}) {
  const [state, setState] = useState({ loading: true });
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify(operation);
  const asked = useRef();
  useEffect(() => {
    const controller = new AbortController();
    const isOther = asked.current !== key;
    asked.current = key;
    setState((last) => ({ ...last, loading: true, stale: isOther }));
    askAsUser(operation, controller.signal)
      .then((answer) => setState({ loading: false, answer, data: answer.data }))
      .catch((error) => {
        if (error.name !== "AbortError") {
          setState((last) => ({ ...(isOther ? {} : last), loading: false, error: error.message }));
        }
      });
    return () => controller.abort();
  }, [key, version, turn]);
  const again = () => setTurn((last) => last + 1);
  // A slow answer is waited for, and not asked for anew.
  useInterval(() => state.loading || again(), everyMs);
  return { ...state, again };
}

/** Calls `act` every `everyMs` while the page is seen; never without a time. */
export function useInterval(act, everyMs) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!everyMs) {
      return undefined;
    }
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") {
        latest.current();
      }
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}

/** Rows that a page keeps; who needs more narrows the list, or asks for a file. */
const MOST_ROWS = 20_000;

/**
 * The rows of a list, page by page: `more` asks for the page after the last row. `pick` takes
 * the connection out of the data.
 */
export function usePages(operation, pick, { version } = {}) {
  const [state, setState] = useState({ rows: [], loading: true });
  const key = JSON.stringify(operation);
  const controller = useRef();
  const read = async (after, rows, shown = rows) => {
    controller.current?.abort();
    const mine = new AbortController();
    controller.current = mine;
    setState((last) => ({
      ...last,
      key,
      rows: shown ?? last.rows,
      loading: true,
      error: undefined,
    }));
    try {
      const variables = { ...operation.variables, ...(after && { after }) };
      const answer = await askAsUser({ ...operation, variables }, mine.signal);
      const page = pick(answer.data);
      const { hasNextPage, endCursor } = page?.pageInfo ?? {};
      const all = rows.concat(page?.nodes ?? []);
      const next = hasNextPage && all.length < MOST_ROWS ? endCursor : undefined;
      const refused = Object.values(refusals(answer))[0];
      const isCut = hasNextPage && next === undefined;
      setState({ key, rows: all, total: page?.totalCount, next, refused, isCut, loading: false });
    } catch (error) {
      if (error.name !== "AbortError") {
        setState((last) => ({ ...last, loading: false, error: error.message }));
      }
    }
  };
  const again = (shown) => read(undefined, [], shown);
  const asked = useRef();
  useEffect(() => {
    // Another list begins empty; of the same one the last rows stay until the new ones come.
    again(asked.current === key ? null : []);
    asked.current = key;
    return () => controller.current?.abort();
  }, [key, version]);
  const more = () => state.next && !state.loading && !state.error && read(state.next, state.rows);
  // The rows of another list may be of another kind.
  const own = state.key === key ? state : { rows: [], loading: true };
  return { ...own, more, again: () => again(null) };
}
