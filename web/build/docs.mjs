// The documentation: the guides of docs/, which its README lists, and the reference of the SDL.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { example, render, rootOf } from "./markdown.mjs";
import { escapeHtml, fill, ofApi, writeHashed } from "./output.mjs";
import { reference } from "./reference.mjs";

/** The list of the guides, which is no page of its own. */
const GUIDES = "docs/README.md";

/** Writes all pages of the documentation, and what the search looks in. */
export function writeDocs({ root, documents, out, assets, shared }) {
  const read = (path) => readFileSync(join(documents, path), "utf8");
  const files = markdownBelow(documents, "docs").filter((path) => path !== GUIDES);
  const schemas = Object.fromEntries(
    readdirSync(join(documents, "docs"))
      .filter((name) => name.endsWith(".schema.json"))
      .map((name) => [
        `docs/${name}`,
        `assets/${writeHashed(assets, name.replace(".schema.json", "-schema"), ".json", join(documents, "docs", name))}`,
      ]),
  );
  const addressOf = (path) => {
    if (path === "README.md" || path === GUIDES) {
      return "docs";
    }
    return path === "schema.graphql"
      ? path
      : (schemas[path] ?? (files.includes(path) ? path.replace(/\.md$/, "") : undefined));
  };
  const readme = read("README.md");
  const listed = listedGuides(read(GUIDES));
  const guides = files.map((path) => {
    const address = path.replace(/\.md$/, "");
    return { address, ...render(read(path), { path, root: rootOf(address), addressOf }) };
  });
  const start = render(readme, { path: "README.md", root: "./", addressOf });
  const examples = [start, ...guides].flatMap((guide) => guide.examples);
  const { pages, entries } = reference(read("schema.graphql"), examples);

  const found = guides.flatMap(({ title, address, headings }) => [
    { text: title, kind: "guide", address },
    ...headings.slice(1).map(({ text, id }) => ({
      text: `${title}: ${text}`,
      kind: "guide",
      address: `${address}#${id}`,
    })),
  ]);
  const index = writeHashed(assets, "search", ".json", JSON.stringify(found));
  // The names of the schema are where its pages are, which a server may keep to itself.
  mkdirSync(join(out, "docs/api"), { recursive: true });
  writeFileSync(join(out, "docs/api/search.json"), JSON.stringify(entries));

  const write = (address, title, html) => {
    const file = join(out, `${address}.html`);
    mkdirSync(dirname(file), { recursive: true });
    const base = rootOf(address === "docs/index" ? "docs" : address);
    const shell = fill(join(root, "src/docs/page.html"), { ...shared, index }, base);
    const nav = navigation(listed, guides, address, base);
    const parts = { ROOT: base, TITLE: escapeHtml(title), NAVIGATION: nav, CONTENT: html };
    writeFileSync(
      file,
      shell.replace(/\[\[(\w+)\]\]/g, (_, name) => parts[name]),
    );
  };
  write("docs/index", "Documentation", home(start, listed));
  guides.forEach(({ address, title, html }) => write(address, title, html));
  pages.forEach(({ path, title, html }) => write(`docs/${path}`, title, html));
  // An unknown page may be at any depth: the server puts in the way to its root.
  const lost =
    '<h1>There is no such page</h1><p>The <a href="[[ROOT]]docs">documentation</a> begins here; the <a href="[[ROOT]]">dashboard</a> is beside it.</p>';
  writeFileSync(join(out, "not-found.html"), missing(lost));
}

function missing(content) {
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" /><meta name="color-scheme" content="light dark" /><title>salesgraph · No such page</title></head><body><main>${content}</main></body></html>\n`;
}

function markdownBelow(documents, folder) {
  return readdirSync(join(documents, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return markdownBelow(documents, path);
    }
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

/** The rows of the table of guides: `{ address, title, about }`. */
function listedGuides(guides) {
  const rows = guides.matchAll(/^\| \[([^\]]+)\]\(([^)]+)\.md\) \| (.+) \|$/gm);
  return [...rows].map(([, title, name, about]) => ({ title, address: `docs/${name}`, about }));
}

function navigation(listed, guides, address, base) {
  const others = guides
    .filter((guide) => !guide.address.includes("decisions/"))
    .filter((guide) => !listed.some((one) => one.address === guide.address))
    .sort((one, other) => one.title.localeCompare(other.title));
  const link = ({ title, address: target }) =>
    `<li><a href="${base}${target}"${target === address ? ' aria-current="page"' : ""}>${escapeHtml(title)}</a></li>`;
  const api = ["index", "Query", "Mutation", "Subscription"].map((name) => ({
    title: name === "index" ? "All types" : name,
    address: `docs/api/${name}`,
  }));
  return (
    ofApi(`<h2>API</h2><ul>${api.map(link).join("")}</ul>`) +
    `<h2>Guides</h2><ul>${[...listed, ...others].map(link).join("")}</ul>`
  );
}

function home({ examples }, listed) {
  const cards = listed.map(
    ({ title, address, about }) =>
      `<li><a href="${address}">${escapeHtml(title)}</a><span>${escapeHtml(about).replaceAll(/`([^`]+)`/g, "<code>$1</code>")}</span></li>`,
  );
  return [
    "<h1>Documentation</h1>",
    "<p>Sales data from files on S3, as a GraphQL API. Examples on these pages can be run against this very server, with the token of this tab.</p>",
    "<h2>A first query</h2>",
    example(examples[0], "./"),
    ofApi(
      '<h2>API</h2><ul class="cards"><li><a href="docs/api/Query">Queries</a><span>entities, lists, aggregates, forecast, loads, reports</span></li><li><a href="docs/api/Mutation">Mutations</a><span>reports, replays, loads, saved queries</span></li><li><a href="docs/api/Subscription">Subscriptions</a><span>following loads and reports</span></li><li><a href="docs/api/index">All types</a><span>each with its fields, its arguments and where it is used</span></li></ul>',
    ),
    `<h2>Guides</h2><ul class="cards">${cards.join("")}</ul>`,
  ].join("\n");
}
