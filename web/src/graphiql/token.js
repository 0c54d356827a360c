import { readToken } from "../shared/session.js";

/**
 * The headers that the page opens with, as GraphiQL's editor shows them; undefined without a
 * token. It is the one in the link's fragment, which is not sent to the server and is taken out
 * of the address bar, or else the one that the dashboard was given in this tab.
 */
export function readHeaders(location, history) {
  const linked = new URLSearchParams(location.hash.slice(1)).get("token");
  if (linked) {
    history.replaceState(null, "", location.pathname + location.search);
  }
  const token = linked ?? readToken();
  return token && JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2);
}
