// Follows an operation over a WebSocket or an event stream, and prints a line of
// JSON for each thing it is told: {"next": …} for an answer, {"error": …} when it is
// refused or cut off, {"complete": true} at its end.
//
//   node follow.mjs ws|sse URL QUERY [VARIABLES]

import { createClient as createSse } from "graphql-sse";
import { createClient as createWs } from "graphql-ws";
import WebSocket from "ws";

const [transport, url, query, variables = "{}"] = process.argv.slice(2);
const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const client =
  transport === "ws"
    ? createWs({ url: url.replace(/^http/, "ws"), webSocketImpl: WebSocket, retryAttempts: 0 })
    : createSse({ url, retryAttempts: 0 });

client.subscribe(
  { query, variables: JSON.parse(variables) },
  {
    next: (answer) => tell({ next: answer }),
    error: (error) => {
      const { code, reason, message } = error;
      tell({ error: Array.isArray(error) ? error : { code, reason, message } });
      client.dispose();
    },
    complete: () => {
      tell({ complete: true });
      client.dispose();
    },
  },
);
