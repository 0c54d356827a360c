/** Where the queries go: the address this page itself was served from. */
const endpoint = new URL(window.location.pathname, window.location.origin);

/**
 * Sends one operation. An answer that is JSON is shown as it is, whatever its
 * status, because GraphQL errors come with one; anything else becomes an error
 * that says what the server answered.
 */
export async function fetcher(operation, { headers } = {}) {
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
