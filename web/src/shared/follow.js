import { createClient } from "graphql-sse";
import { authorization, demandField, endpoint } from "./api.js";

/** How long one is followed; what takes longer is in its list. */
const LONGEST = 10 * 60 * 1000;

/**
 * The states of what a subscription follows, the value of its field each, until it ends, the signal aborts or ten minutes
 * are over.
 */
export async function* follow(query, id, signal) {
  const client = createClient({ url: endpoint.href, headers: authorization(), retryAttempts: 3 });
  const events = client.iterate({ query, variables: { id } });
  const end = () => events.return();
  const timer = setTimeout(end, LONGEST);
  signal?.addEventListener("abort", end);
  try {
    for await (const answer of events) {
      yield demandField(answer);
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
    client.dispose();
  }
}
