import { getOperationAST, parse } from "graphql";
import { createClient } from "graphql-sse";
import { authorization } from "./token.js";

/** Where operations go: the address this page itself was served from. */
const endpoint = new URL(window.location.pathname, window.location.origin);

/**
 * Sends one operation: a subscription as a stream of events, all else as a request. The token of
 * the tab is added here, as GraphiQL keeps the headers of its editor in the storage of all tabs;
 * who writes an `Authorization` into the editor is asked for nothing else.
 */
export function fetcher(operation, { headers } = {}) {
  const isGiven = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === "authorization");
  const sent = isGiven ? headers : { ...authorization(), ...headers };
  return isSubscription(operation) ? follow(operation, sent) : ask(operation, sent);
}

/** What the server will make of it; a text that is no GraphQL it is to say itself. */
function isSubscription({ query, operationName }) {
  try {
    return getOperationAST(parse(query), operationName)?.operation === "subscription";
  } catch {
    return false;
  }
}

/** The answers of a subscription, one after the other, without trying anew for ever. */
function follow(operation, headers) {
  const client = createClient({ url: endpoint.href, headers: headers ?? {}, retryAttempts: 2 });
  return client.iterate(operation);
}

/**
 * The answer to a request. One that is JSON is shown as it is, whatever its status,
 * because GraphQL errors come with one; anything else becomes an error that says
 * what the server answered.
 */
async function ask(operation, headers) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json;q=0.9",
      ...headers,
    },
    body: JSON.stringify(operation),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
}
