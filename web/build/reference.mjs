// The reference of the API, from its SDL: a page for each type, with links between them.

import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  parse,
  visit,
} from "graphql";
import { example } from "./markdown.mjs";
import { escapeHtml } from "./output.mjs";

const ROOTS = ["Query", "Mutation", "Subscription"];

const KINDS = [
  { name: "Objects", is: (type) => isObjectType(type) && !ROOTS.includes(type.name) },
  { name: "Interfaces", is: isInterfaceType },
  { name: "Inputs", is: isInputObjectType },
  { name: "Enums", is: isEnumType },
  { name: "Scalars", is: isScalarType },
];

/** The pages of the reference, each `{ path, title, html }`, and what a search finds in them. */
export function reference(sdl, examples) {
  const schema = buildSchema(sdl);
  const types = Object.values(schema.getTypeMap())
    .filter(({ name }) => !name.startsWith("__"))
    .sort((one, other) => one.name.localeCompare(other.name));
  const users = usersOf(types);
  const byField = examplesByField(examples);
  const pages = types.map((type) => ({
    path: `api/${type.name}`,
    title: type.name,
    html: pageOf(type, users.get(type.name) ?? [], byField),
  }));
  pages.push({ path: "api/index", title: "API reference", html: overview(types) });
  return { pages, entries: types.flatMap(entriesOf) };
}

/** Which examples of the guides use a root field. */
function examplesByField(examples) {
  const found = new Map();
  for (const query of examples) {
    visit(parse(query), {
      OperationDefinition({ operation, selectionSet }) {
        for (const { name } of selectionSet.selections) {
          const key = `${operation[0].toUpperCase()}${operation.slice(1)}.${name.value}`;
          found.set(key, found.get(key) ?? query);
        }
        return false;
      },
    });
  }
  return found;
}

const fieldsOf = (type) => (type.getFields ? Object.values(type.getFields()) : []);

/** Where each type is used: `{ name: [[type, field], …] }`. */
function usersOf(types) {
  const users = new Map();
  const add = (used, type, field) => {
    const name = getNamedType(used).name;
    const all = users.get(name) ?? users.set(name, new Map()).get(name);
    all.set(`${type.name}.${field.name}`, [type.name, field.name]);
  };
  for (const type of types) {
    for (const field of fieldsOf(type)) {
      add(field.type, type, field);
      for (const argument of field.args ?? []) {
        add(argument.type, type, field);
      }
    }
  }
  return new Map([...users].map(([name, all]) => [name, [...all.values()]]));
}

function entriesOf(type) {
  const address = `docs/api/${type.name}`;
  const fields = isEnumType(type) ? [] : fieldsOf(type);
  return [
    { text: type.name, kind: kindOf(type), address },
    ...fields.map(({ name }) => ({
      text: `${type.name}.${name}`,
      kind: "field",
      address: `${address}#${name}`,
    })),
  ];
}

const kindOf = (type) =>
  ROOTS.includes(type.name)
    ? "root type"
    : KINDS.find(({ is }) => is(type))
        .name.slice(0, -1)
        .toLowerCase();

function typeLink(type) {
  const named = getNamedType(type);
  const [before, after] = String(type).split(named.name);
  return `<code>${escapeHtml(before)}<a href="${named.name}">${named.name}</a>${escapeHtml(after)}</code>`;
}

const text = (description) => (description ? `<p>${inlineCode(escapeHtml(description))}</p>` : "");
const inlineCode = (html) => html.replaceAll(/`([^`]+)`/g, "<code>$1</code>");
const deprecated = (reason) =>
  reason
    ? `<p class="deprecated"><strong>Deprecated.</strong> ${inlineCode(escapeHtml(reason))}</p>`
    : "";

function pageOf(type, users, byField) {
  const parts = [
    `<h1>${type.name}</h1>`,
    `<p class="kind">${kindOf(type)}</p>`,
    text(type.description),
  ];
  if (type.getInterfaces?.().length > 0) {
    parts.push(`<p>Implements ${type.getInterfaces().map(typeLink).join(", ")}.</p>`);
  }
  if (isEnumType(type)) {
    parts.push(
      "<h2>Values</h2>",
      `<dl class="fields">${type.getValues().map(valueOf).join("")}</dl>`,
    );
  } else if (fieldsOf(type).length > 0) {
    parts.push(
      "<h2>Fields</h2>",
      `<dl class="fields">${fieldsOf(type)
        .map((field) => fieldOf(type, field, byField))
        .join("")}</dl>`,
    );
  }
  if (isScalarType(type) && isSpecifiedScalarType(type) && !type.description) {
    parts.push("<p>A scalar of GraphQL itself.</p>");
  }
  if (users.length > 0) {
    const links = users.map(
      ([name, field]) => `<li><a href="${name}#${field}"><code>${name}.${field}</code></a></li>`,
    );
    parts.push(
      `<details class="users"${users.length > 12 ? "" : " open"}><summary><h2>Used by ${users.length}</h2></summary><ul>${links.join("")}</ul></details>`,
    );
  }
  return parts.join("\n");
}

function valueOf({ name, description, deprecationReason }) {
  return `<dt id="${name}"><code>${name}</code></dt><dd>${text(description)}${deprecated(deprecationReason)}</dd>`;
}

function fieldOf(type, field, byField) {
  const { name, description, deprecationReason, args = [], defaultValue, astNode } = field;
  const initial =
    defaultValue === undefined
      ? ""
      : ` <span class="muted">= ${escapeHtml(source(astNode))}</span>`;
  const query = byField.get(`${type.name}.${name}`);
  const parts = [
    text(description),
    deprecated(deprecationReason),
    args.length > 0 ? argumentsOf(args) : "",
  ];
  if (query) {
    parts.push(
      `<details class="try"><summary>An example</summary>${example(query, "../../")}</details>`,
    );
  }
  return `<dt id="${name}"><code><b>${name}</b></code> ${typeLink(field.type)}${initial}</dt><dd>${parts.join("")}</dd>`;
}

function argumentsOf(args) {
  const rows = args.map(
    ({ name, type, description, defaultValue, astNode }) =>
      `<li><code>${name}</code> ${typeLink(type)}${defaultValue === undefined ? "" : ` <span class="muted">= ${escapeHtml(source(astNode))}</span>`}${text(description)}</li>`,
  );
  return `<details class="arguments"${args.length > 4 ? "" : " open"}><summary>${args.length} argument${args.length > 1 ? "s" : ""}</summary><ul>${rows.join("")}</ul></details>`;
}

/** A default value as the SDL has it. */
function source({ defaultValue: { loc } }) {
  return loc.source.body.slice(loc.start, loc.end);
}

function overview(types) {
  const list = (all) =>
    `<ul class="types">${all.map(({ name }) => `<li><a href="${name}">${name}</a></li>`).join("")}</ul>`;
  const roots = ROOTS.map((name) => types.find((type) => type.name === name)).filter(Boolean);
  const entries = roots.map(
    (root) =>
      `<h2><a href="${root.name}">${root.name}</a></h2><ul class="types">${fieldsOf(root)
        .map(({ name }) => `<li><a href="${root.name}#${name}">${name}</a></li>`)
        .join("")}</ul>`,
  );
  const kinds = KINDS.map(({ name, is }) => `<h2>${name}</h2>${list(types.filter(is))}`);
  return [
    "<h1>API reference</h1>",
    '<p>Every type of the schema, made from <a href="../../schema.graphql">/schema.graphql</a>. The guides tell how they are used together.</p>',
    ...entries,
    ...kinds,
  ].join("\n");
}
