/**
 * What a share link carries: `?query=&variables=&operationName=`, as in
 * GraphQL over GET. Headers are never part of it: they may hold a token.
 */
export function readLink(search) {
  const params = new URLSearchParams(search);
  const query = params.get("query");
  if (!query) {
    return null;
  }
  return {
    query,
    variables: params.get("variables") ?? "",
    operationName: params.get("operationName") ?? undefined,
  };
}

/** The link to this page that opens it with the given operation. */
export function makeLink(page, { query, variables, operationName }) {
  const url = new URL(page);
  url.search = "";
  for (const [name, value] of Object.entries({ query, variables, operationName })) {
    if (value) {
      url.searchParams.set(name, value);
    }
  }
  return url.toString();
}
