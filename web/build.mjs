// Bundles the pages: `node build.mjs [out]` writes index.html and assets/, with
// content hashes in the names of the assets, into `out` (dist/ by default).

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(root, "dist"));
const assets = join(out, "assets");

/** The npm packages that went into the bundle, as folders under node_modules. */
function bundledPackages(inputs) {
  const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;
  const found = Object.keys(inputs).flatMap((path) => path.match(folder)?.[0] ?? []);
  return [...new Set(found)].sort();
}

/** Name, version and licence of each bundled package, with the licence's text. */
function licences(packages) {
  const sections = packages.map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(root, folder, "package.json"), "utf8"),
    );
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(join(root, folder, file), "utf8").trim() : "";
    return `${name} ${version} (${license})\n\n${text}`.trim();
  });
  const rule = `\n\n${"-".repeat(78)}\n\n`;
  return `GraphiQL, as served here, is built from these packages.${rule}${sections.join(rule)}\n`;
}

function writeHashed(name, extension, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase();
  const file = join(assets, `${name}-${hash}${extension}`);
  writeFileSync(file, text);
  return file;
}

function fill(template, values) {
  return template.replace(/{{(\w+)}}/g, (_, key) => `assets/${basename(values[key])}`);
}

if (existsSync(out)) {
  rmSync(out, { recursive: true });
}
mkdirSync(assets, { recursive: true });

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { graphiql: "src/main.jsx" },
  outdir: assets,
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  loader: { ".graphql": "text" },
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const outputs = Object.keys(metafile.outputs);
const page = fill(readFileSync(join(root, "src/index.html"), "utf8"), {
  script: outputs.find((path) => path.endsWith(".js")),
  style: outputs.find((path) => path.endsWith(".css")),
  licences: writeHashed("licences", ".txt", licences(bundledPackages(metafile.inputs))),
});
writeFileSync(join(out, "index.html"), page);
