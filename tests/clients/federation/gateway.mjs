// Composes the API with the subgraph of reviews, runs a gateway over both, and asks it. Prints the
// answer, and what was asked of the API on the way, as JSON.
//
//   node federation/gateway.mjs apollo|guild URL QUERY

import { createRequire } from "node:module";

import { serve, typeDefs } from "./reviews.mjs";

const require = createRequire(import.meta.url);
const { parse, execute } = require("graphql");
const { getStitchedSchemaFromSupergraphSdl } = require("@graphql-tools/federation");
const COMPOSERS = {
  apollo: () => require("@apollo/composition"),
  guild: () => require("@theguild/federation-composition"),
};

const [composer, url, query] = process.argv.slice(2);

const response = await fetch(url, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ query: "{ _service { sdl } }" }),
});
const { data } = await response.json();

const reviews = await serve();
const { errors, supergraphSdl } = COMPOSERS[composer]().composeServices([
  { name: "salesgraph", url, typeDefs: parse(data._service.sdl) },
  { name: "reviews", url: reviews.url, typeDefs },
]);
if (errors?.length) {
  throw new Error(errors.map(({ message }) => message).join("\n"));
}

const asked = [];
const schema = getStitchedSchemaFromSupergraphSdl({
  supergraphSdl,
  batch: true,
  httpExecutorOpts: {
    fetch: (address, init) => {
      if (address === url) {
        asked.push(JSON.parse(init.body));
      }
      return fetch(address, init);
    },
  },
});
const answer = await execute({ schema, document: parse(query) });
process.stdout.write(JSON.stringify({ answer, asked }));
reviews.close();
