// PostGraphile as one would run it in production, on one database: nothing of
// development (no GraphiQL, no watching, no explaining), prepared statements
// kept by each connection (which is its default), a pool of POOL connections.
//
//   DATABASE_URL=postgres://... NODE_ENV=production POOL=10 PROCESSES=1 node server.mjs
//
// Prints its URL when it answers. More than one process share the port.

import cluster from "node:cluster";
import { createServer } from "node:http";
import { PgAggregatesPreset } from "@graphile/pg-aggregates";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { jsonPgSmartTags } from "postgraphile/utils";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";

const { DATABASE_URL, POOL = "10", PROCESSES = "1" } = process.env;
const processes = Number(PROCESSES);

// The foreign key of a line goes to the special offer's product; this is the way
// from a line to its product without that detour, which salesgraph has too.
const productOfLine = jsonPgSmartTags({
  version: 1,
  config: {
    class: {
      sales_order_line: {
        tags: { foreignKey: "(product_id) references product (product_id)" },
      },
    },
  },
});

if (processes > 1 && cluster.isPrimary) {
  let ready = 0;
  for (let each = 0; each < processes; each += 1) {
    cluster.fork();
  }
  cluster.on("message", (_, { port }) => {
    ready += 1;
    if (ready === processes) announce(port);
  });
  // A server that lost one of its processes is not the one to be measured.
  cluster.on("exit", () => process.exit(1));
} else {
  await serve();
}

async function serve() {
  const pgl = postgraphile({
    extends: [PostGraphileAmberPreset, PostGraphileConnectionFilterPreset, PgAggregatesPreset],
    plugins: [productOfLine],
    // It leaves out filters and orders by columns without an index, which the
    // documents use.
    disablePlugins: ["PgIndexBehaviorsPlugin"],
    pgServices: [
      makePgService({
        connectionString: DATABASE_URL,
        schemas: ["public"],
        poolConfig: { max: Math.max(1, Math.floor(Number(POOL) / processes)) },
      }),
    ],
    grafserv: { graphiql: false, watch: false, outputDataAsString: true },
    grafast: { explain: false },
  });
  const server = createServer();
  server.on("error", (error) => {
    console.error(error);
    process.exit(1);
  });
  await pgl.createServ(grafserv).addTo(server);
  await pgl.getSchema();
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    if (cluster.isWorker) process.send({ port });
    else announce(port);
  });
}

function announce(port) {
  console.log(`http://127.0.0.1:${port}/graphql`);
}
