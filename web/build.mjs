// Makes the pages: `node build.mjs [out]` writes them and assets/, with content hashes in the
// names of the assets, into `out` (dist/ by default):
//
//   index.html        GraphiQL, at /graphql
//   dashboard.html    at /
//   docs/**.html      the guides of docs/ and the reference of schema.graphql, at /docs
//   not-found.html    for unknown addresses below /docs

import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./build/bundle.mjs";
import { writeDocs } from "./build/docs.mjs";
import { licences } from "./build/licences.mjs";
import { fill, writeHashed } from "./build/output.mjs";

const root = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(root, "dist"));
const assets = join(out, "assets");
// A build of cargo has the documents beside these files.
const documents = existsSync(join(root, "docs")) ? root : dirname(root);

if (existsSync(out)) {
  rmSync(out, { recursive: true });
}
mkdirSync(assets, { recursive: true });

const [graphiql, dashboard, docs] = await Promise.all([
  bundle(root, assets, { graphiql: "src/graphiql/main.jsx" }, "react"),
  bundle(root, assets, { dashboard: "src/dashboard/main.jsx" }, "preact", true),
  bundle(root, assets, { docs: "src/docs/main.js" }, "preact"),
]);
const inputs = [graphiql, dashboard, docs].flatMap(({ inputs }) => inputs);
const shared = {
  licences: writeHashed(assets, "licences", ".txt", licences(root, inputs)),
  icon: writeHashed(assets, "icon", ".svg", join(root, "src/shared/icon.svg")),
};

writeFileSync(
  join(out, "index.html"),
  fill(join(root, "src/graphiql/index.html"), { ...graphiql.entry, ...shared }),
);
writeFileSync(
  join(out, "dashboard.html"),
  fill(join(root, "src/dashboard/index.html"), { ...dashboard.entry, ...shared }),
);
writeDocs({ root, documents, out, assets, shared: { ...docs.entry, ...shared } });
