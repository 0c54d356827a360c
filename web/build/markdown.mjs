// Guides as HTML: headings with the anchors that GitHub gives them, links between guides, and
// GraphQL examples that the page can run.

import { dirname, join, normalize, relative } from "node:path/posix";
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import graphql from "highlight.js/lib/languages/graphql";
import json from "highlight.js/lib/languages/json";
import sql from "highlight.js/lib/languages/sql";
import toml from "highlight.js/lib/languages/ini";
import typescript from "highlight.js/lib/languages/typescript";
import { Marked } from "marked";
import { escapeHtml, ofApi } from "./output.mjs";

for (const [name, language] of Object.entries({ bash, graphql, json, sql, toml, typescript })) {
  hljs.registerLanguage(name, language);
}
const ALIASES = { sh: "bash", ts: "typescript", console: "bash" };

function highlight(text, lang) {
  const language = ALIASES[lang] ?? lang;
  return hljs.getLanguage(language) ? hljs.highlight(text, { language }).value : escapeHtml(text);
}

/** GitHub's anchors: small letters, digits, `_` and `-`; numbered from the second on. */
function slugger() {
  const seen = new Map();
  return (text) => {
    const slug = text
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  };
}

/** A GraphQL document that this server can run, with the ways to run it. */
export function example(query, root) {
  const link = `${root}graphql?query=${encodeURIComponent(query)}`;
  return (
    `<div class="example"><pre tabindex="0"><code>${highlight(query, "graphql")}</code></pre>` +
    `<p class="example-actions"><a href="${link}" target="_blank" rel="opener">Open in GraphiQL` +
    `<span class="visually-hidden"> (another tab)</span></a></p></div>`
  );
}

const plain = (tokens) =>
  tokens.map((token) => (token.tokens ? plain(token.tokens) : (token.text ?? ""))).join("");

/**
 * A guide: its title, its HTML, its headings and its examples. `path` is that of the file in
 * the repository, `addressOf` gives the address of another file there, from the root.
 */
export function render(markdown, { path, root, addressOf }) {
  const slug = slugger();
  const headings = [];
  const examples = [];
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const text = plain(tokens);
        const id = slug(text);
        headings.push({ depth, text, id });
        return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      code({ text, lang }) {
        if (lang === "graphql") {
          examples.push(text);
          return example(text, root);
        }
        return `<pre tabindex="0"><code>${highlight(text, lang)}</code></pre>\n`;
      },
      table({ header, rows }) {
        const cell = (tag) => (one) => `<${tag}>${this.parser.parseInline(one.tokens)}</${tag}>`;
        const row = (cells, tag) => `<tr>${cells.map(cell(tag)).join("")}</tr>`;
        const head = header.some(({ text }) => text)
          ? `<thead>${row(header, 'th scope="col"').replaceAll('</th scope="col">', "</th>")}</thead>`
          : "";
        return `<div class="frame" tabindex="0" role="region" aria-label="Table"><table>${head}<tbody>${rows.map((cells) => row(cells, "td")).join("")}</tbody></table></div>\n`;
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        const address = addressFrom(href, path, root, addressOf);
        if (!address) {
          return text;
        }
        const [start, end] = [`<a href="${escapeHtml(address)}">`, "</a>"];
        // The text stays where the server keeps the schema to itself.
        return address === `${root}schema.graphql`
          ? `${ofApi(start)}${text}${ofApi(end)}`
          : `${start}${text}${end}`;
      },
      html({ text }) {
        return escapeHtml(text);
      },
    },
  });
  const html = marked.parse(markdown);
  const title = headings.find(({ depth }) => depth === 1)?.text ?? path;
  return { title, html, headings, examples };
}

function addressFrom(href, path, root, addressOf) {
  if (/^(https?:|#)/.test(href)) {
    return href;
  }
  const [file, fragment] = href.split("#");
  const address = addressOf(normalize(join(dirname(path), file)));
  return address === undefined ? undefined : `${root}${address}${fragment ? `#${fragment}` : ""}`;
}

/** The way from a page to the root of the server. */
export function rootOf(address) {
  return relative(dirname(`/${address}`), "/").replace(/(.)$/, "$1/") || "./";
}
