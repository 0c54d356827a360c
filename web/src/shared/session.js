/**
 * The token of this tab: in the tab's session storage only, which ends with the tab. It is
 * never put into an address, a cookie or the storage that tabs share.
 */
const KEY = "salesgraph.token";
/** Tabs that were opened from this one have a copy of the token, and of this name of it. */
const SESSION = "salesgraph.session";
const ended = new BroadcastChannel("salesgraph.ended");

export function readToken() {
  return sessionStorage.getItem(KEY) ?? undefined;
}

export function keepToken(token) {
  sessionStorage.setItem(KEY, token);
  sessionStorage.setItem(SESSION, crypto.getRandomValues(new Uint32Array(4)).join("-"));
}

/** Forgets the token, here and in the tabs that were opened with it. */
export function dropToken() {
  const session = sessionStorage.getItem(SESSION);
  forget();
  if (session) {
    ended.postMessage(session);
  }
}

function forget() {
  sessionStorage.removeItem(KEY);
  sessionStorage.removeItem(SESSION);
}

/** Forgets the token when it is dropped in another tab, and calls `listener` then. */
export function onDropped(listener) {
  const hear = ({ data }) => {
    if (data === sessionStorage.getItem(SESSION)) {
      forget();
      listener?.();
    }
  };
  ended.addEventListener("message", hear);
  return () => ended.removeEventListener("message", hear);
}

/**
 * Takes over the token that a link has in its fragment, as those have that the demo prints,
 * and takes it out of the address bar; returns whether there was one. Browsers send no
 * fragment to a server.
 */
export function takeFromFragment() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    keepToken(token);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return Boolean(token);
}

/** The same for links that are pasted into a tab with the page; calls `listener` then. */
export function onFragment(listener) {
  const take = () => takeFromFragment() && listener?.();
  addEventListener("hashchange", take);
  return () => removeEventListener("hashchange", take);
}
