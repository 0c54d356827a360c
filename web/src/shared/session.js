/**
 * The token of this tab: in the tab's session storage only, which ends with the tab. It is
 * never put into an address, a cookie or the storage that tabs share.
 */
const KEY = "salesgraph.token";

export function readToken() {
  return sessionStorage.getItem(KEY) ?? undefined;
}

export function keepToken(token) {
  sessionStorage.setItem(KEY, token);
}

export function dropToken() {
  sessionStorage.removeItem(KEY);
}

/**
 * Takes over the token that a link has in its fragment, as those have that the demo prints,
 * and takes it out of the address bar. Browsers send no fragment to a server.
 */
export function takeFromFragment() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    keepToken(token);
    history.replaceState(null, "", location.pathname + location.search);
  }
}
