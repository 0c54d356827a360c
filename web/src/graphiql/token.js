import { onDropped, onFragment, readToken, takeFromFragment } from "../shared/session.js";

/**
 * The token is the one in the link's fragment, which is not sent to the server and is taken out
 * of the address bar, or else the one that the dashboard was given in this tab.
 */
takeFromFragment();
onFragment();
onDropped();

export function authorization() {
  const token = readToken();
  return token ? { Authorization: `Bearer ${token}` } : {};
}
