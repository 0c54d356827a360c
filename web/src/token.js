/**
 * The headers that a link with a token in its fragment opens with, as GraphiQL's editor
 * shows them; undefined without one. A fragment is not sent to the server, and it is taken
 * out of the address bar.
 */
export function readHeaders(location, history) {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) {
    return undefined;
  }
  history.replaceState(null, "", location.pathname + location.search);
  return JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2);
}
