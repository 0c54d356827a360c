import { useEffect, useRef, useState } from "preact/hooks";
import { read, refusalOf } from "./use-query.js";

/** Rows that a page keeps; who needs more narrows the list, or asks for a file. */
const MOST_ROWS = 20_000;
/** The most that one request may ask for. */
const MOST_AT_ONCE = 1_000;

/**
 * The rows of a list, page by page. `pick` takes the connection out of the data; `more` asks for
 * the page after the last row, `again` for as many rows as there are, and `refresh` for the
 * first page only, where rows keep their order and new ones come first. What failed is repeated
 * by `retry`.
 */
export function usePages(operation, pick, { version } = {}) {
  const [state, setState] = useState({ rows: [], loading: true });
  const key = JSON.stringify(operation);
  const controller = useRef();
  const held = state.key === key ? state : { rows: [] };

  const begin = async (load, isPaging = false) => {
    controller.current?.abort();
    const mine = new AbortController();
    controller.current = mine;
    const tell = (next) => mine.signal.aborted || setState(next);
    const page = async (variables) => {
      const asked = { ...operation, variables: { ...operation.variables, ...variables } };
      const answer = await read(asked, mine.signal);
      const connection = pick(answer.data);
      const { hasNextPage, endCursor } = connection?.pageInfo ?? {};
      return {
        rows: connection?.nodes ?? [],
        total: connection?.totalCount,
        next: hasNextPage ? endCursor : undefined,
        refused: refusalOf(answer),
      };
    };
    // Of the same list the last rows stay until the new ones come.
    setState((last) => ({
      ...(last.key === key ? last : { rows: [] }),
      key,
      loading: true,
      isPaging,
      retry: undefined,
    }));
    try {
      const { rows, next, ...others } = await load(page);
      const isCut = Boolean(next) && rows.length >= MOST_ROWS;
      tell({ ...others, key, rows, next: isCut ? undefined : next, isCut, loading: false });
    } catch (error) {
      const failed = { loading: false, isPaging: false, error: error.message };
      tell((last) => ({ ...last, ...failed, retry: () => begin(load, isPaging) }));
    }
  };
  const again = () => begin((page) => asMany(page, held.rows.length));
  const refresh = () => begin((page) => onlyFirst(page, held));
  const more = () =>
    held.next && !held.loading && !held.error && begin((page) => onePageMore(page, held), true);
  useEffect(() => {
    again();
    return () => controller.current?.abort();
  }, [key, version]);
  // The rows of another list may be of another kind.
  const own = state.key === key ? state : { rows: [], loading: true };
  return { ...own, more, again, refresh };
}

async function onePageMore(page, { rows, next }) {
  const last = await page({ after: next });
  return { ...last, rows: rows.concat(last.rows) };
}

/** At least as many rows as these, if there are: who has scrolled is not thrown back. */
async function asMany(page, count) {
  let all = await page(count > 0 ? { first: Math.min(count, MOST_AT_ONCE) } : {});
  while (all.next && all.rows.length < count) {
    all = await onePageMore(async ({ after }) => {
      const first = Math.min(count - all.rows.length, MOST_AT_ONCE);
      return page({ first, after });
    }, all);
  }
  return all;
}

async function onlyFirst(page, held) {
  const first = await page({});
  const end = held.rows.findIndex(({ id }) => id === first.rows.at(-1)?.id);
  if (!first.next || held.rows.length <= first.rows.length) {
    return first;
  }
  // Of a page that has nothing of the rows that are held, what is between them is not known.
  return end < 0
    ? asMany(page, held.rows.length)
    : { ...first, rows: first.rows.concat(held.rows.slice(end + 1)), next: held.next };
}
