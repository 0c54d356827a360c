import { basename } from "node:path";
import { build } from "esbuild";

/**
 * Bundles one page, whose JSX is of this library, into `assets`; with `splitting` what it
 * imports when it is first needed is split off. Returns the names of its script and style sheet, and its sources.
 */
export async function bundle(root, assets, entryPoints, jsxImportSource, splitting = false) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: assets,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting,
    minify: true,
    format: "esm",
    target: ["es2022"],
    jsx: "automatic",
    jsxImportSource,
    loader: { ".graphql": "text" },
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  const outputs = Object.entries(metafile.outputs);
  const [script, { cssBundle }] = outputs.find(
    ([, { entryPoint }]) => entryPoint === Object.values(entryPoints)[0],
  );
  return {
    entry: { script: basename(script), style: basename(cssBundle) },
    inputs: Object.keys(metafile.inputs),
  };
}
