import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The npm packages that went into the bundles, as folders under node_modules. */
function bundledPackages(inputs) {
  const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;
  const found = inputs.flatMap((path) => path.match(folder)?.[0] ?? []);
  return [...new Set(found)].sort();
}

/** Name, version and licence of each bundled package, with the licence's text. */
export function licences(root, inputs) {
  const sections = bundledPackages(inputs).map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(root, folder, "package.json"), "utf8"),
    );
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(join(root, folder, file), "utf8").trim() : "";
    return `${name} ${version} (${license})\n\n${text}`.trim();
  });
  const rule = `\n\n${"-".repeat(78)}\n\n`;
  return `The pages, as served here, are built from these packages.${rule}${sections.join(rule)}\n`;
}
