import { readToken } from "./session.js";

/** The one address of data, beside the root of the pages. */
const root = document.querySelector("meta[name=root]")?.content ?? "./";
export const endpoint = new URL(`${root}graphql`, location.href);

/** The credentials of a request; none where no token was asked for. */
export function authorization() {
  const token = readToken();
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** The server wants another token, or one at all. */
export class Unauthenticated extends Error {}

const isRefusal = ({ extensions }) => extensions?.code === "FORBIDDEN";
const messagesOf = (errors) => errors.map(({ message }) => message).join("; ");

/** What was refused for want of a scope: `{ customers: "this needs the scope …" }`. */
export function refusals({ errors = [] }) {
  return Object.fromEntries(
    errors.filter(isRefusal).map(({ path, message }) => [path?.[0], message]),
  );
}

/**
 * Throws what failed of an answer. A field that failed is null, as is one of which there is
 * nothing: only the errors tell them apart. What a token may not see has not failed.
 */
export function demandWhole({ errors = [] }) {
  const failed = errors.filter((error) => !isRefusal(error));
  if (failed.length > 0) {
    throw new Error(messagesOf(failed));
  }
}

/** The one root field of an answer that must be there, as those of a mutation. */
export function demandField({ data, errors = [] }) {
  const [value] = Object.values(data ?? {});
  if (value === null || value === undefined) {
    throw new Error(messagesOf(errors) || "The server has nothing of this id.");
  }
  return value;
}

/**
 * The response to an operation: `{ data, errors, extensions }`. Errors of single fields are
 * among them; a response without data is thrown.
 */
export async function ask({ query, variables, operationName }, signal) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json;q=0.9",
      ...authorization(),
    },
    body: JSON.stringify({ query, variables, operationName }),
    signal,
  }).catch((error) => {
    throw error.name === "AbortError" ? error : new Error("The server does not answer.");
  });
  const text = await response.text();
  const answer = parse(text);
  if (response.status === 401) {
    throw new Unauthenticated(answer?.errors?.[0]?.message ?? "A token is needed.");
  }
  if (!answer || (answer.data === undefined && !answer.errors)) {
    throw new Error(`The server answered ${response.status}: ${text.slice(0, 300)}`);
  }
  if (!answer.data && answer.errors) {
    throw new Error(withWait(messagesOf(answer.errors), response));
  }
  return answer;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withWait(message, response) {
  const seconds = response.headers.get("retry-after");
  return seconds ? `${message} (again in ${seconds} s)` : message;
}

/** The link that opens an operation in GraphiQL. */
export function graphiqlLink({ query, variables, operationName }) {
  const url = new URL(endpoint);
  url.searchParams.set("query", query);
  if (variables && Object.keys(variables).length > 0) {
    url.searchParams.set("variables", JSON.stringify(variables, null, 2));
  }
  if (operationName) {
    url.searchParams.set("operationName", operationName);
  }
  return url.href;
}
