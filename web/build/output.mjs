import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Writes a text, or copies the file of this path, under a name with a hash; returns the name. */
export function writeHashed(assets, name, extension, text) {
  const isFile = text.length < 4096 && existsSync(text);
  const content = isFile ? readFileSync(text) : text;
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  const file = `${name}-${hash}${extension}`;
  if (isFile) {
    copyFileSync(text, join(assets, file));
  } else {
    writeFileSync(join(assets, file), content);
  }
  return file;
}

/** A page from its template; `{{name}}` is the address of that asset, seen from `base`. */
export function fill(template, values, base = "./") {
  const address = (name) => `${base}assets/${basename(name)}`;
  return readFileSync(template, "utf8").replace(/{{(\w+)}}/g, (_, key) => address(values[key]));
}

export function escapeHtml(text) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}

/** A part of a page about the reference, which a server without introspection cuts out. */
export const ofApi = (html) => `<!--api-->${html}<!--/api-->`;
