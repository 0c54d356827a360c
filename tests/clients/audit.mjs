// Audits an endpoint for conformance with GraphQL over HTTP, as graphql-http
// understands it: a line for each audit; exit code 1 unless all of them, those
// that only SHOULD or MAY hold as well, are ok.
//
//   node audit.mjs URL

import { auditServer } from "graphql-http";

const [url] = process.argv.slice(2);
const results = await auditServer({ url });

for (const { status, id, name, reason, response } of results) {
  console.log(`${status} ${id} ${name}`);
  if (status !== "ok") {
    console.log(`  ${reason} (HTTP ${response.status})`);
  }
}

const ok = results.filter(({ status }) => status === "ok").length;
console.log(`${ok} of ${results.length} audits are ok`);
process.exit(ok > 0 && ok === results.length ? 0 : 1);
