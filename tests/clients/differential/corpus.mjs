// Writes documents with the verdicts of graphql-js 17: a line of JSON for each, after a first
// line about all of them. The same seed makes the same documents.
//
//   node differential/corpus.mjs SCHEMA COUNT SEED FILE
//
// The options of graphql-js are its defaults: no arguments of fragments, no limits, all of
// `specifiedRules`, empty selection sets.

import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { buildSchema, getVariableValues, Kind, parse, specifiedRules, validate, version } from "graphql-17";
import { Draw } from "./draw.mjs";
import { Generator } from "./generate.mjs";
import { documents, withVariables } from "./known.mjs";
import { parts, token } from "./mutate.mjs";
import { coordinates } from "./slice.mjs";

const [schemaFile, count, seed, file] = process.argv.slice(2);
const schema = buildSchema(readFileSync(schemaFile, "utf8"));
const draw = new Draw(Number(seed));
const rules = {};
const verdicts = {};
const lines = new Map();

// The verdict, the operation that is asked for, and the first error.
function verdict(text, variables) {
  let document;
  try {
    document = parse(text);
  } catch (error) {
    return ["syntax", null, error.message];
  }
  const errors = validate(schema, document);
  if (errors.length > 0) {
    for (const rule of specifiedRules) {
      if (validate(schema, document, [rule]).length > 0) rules[rule.name] = (rules[rule.name] ?? 0) + 1;
    }
    return ["document", null, errors[0].message];
  }
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const name = operations.length > 1 ? operations[0].name.value : null;
  const given = variables === null ? {} : JSON.parse(variables);
  const values = getVariableValues(schema, operations[0].variableDefinitions ?? [], given);
  return values.errors ? ["variables", name, values.errors[0].message] : ["accepted", name, ""];
}

function add(text, variables) {
  const key = JSON.stringify([text, variables]);
  if (lines.has(key)) return;
  const [is, operation, message] = verdict(text, variables);
  verdicts[is] = (verdicts[is] ?? 0) + 1;
  lines.set(key, JSON.stringify([is, text, variables, operation, message.split("\n")[0].slice(0, 90)]));
}

for (const text of documents) add(text, null);
for (const [text, variables] of withVariables()) add(text, variables);

const generator = new Generator(schema, draw);
while (lines.size < Number(count)) {
  const { text, variables } = generator.document();
  if (text.length > 1500) continue;
  const given = (value) => {
    const pairs = [];
    for (const [name, { type, byDefault }] of variables) {
      if (byDefault && draw.percent(50)) continue;
      pairs.push(`"${name.slice(1)}":${value(type)}`);
    }
    return variables.size === 0 ? null : `{${pairs.join(",")}}`;
  };
  add(text, given((type) => generator.json(type)));
  if (variables.size > 0 && draw.percent(60)) {
    add(text, given((type) => (draw.percent(50) ? generator.wrong(type) : generator.json(type))));
  }
  add(draw.one(parts)(text, draw), null);
  if (draw.percent(60)) add(draw.one(parts)(draw.one(parts)(text, draw), draw), null);
  if (draw.percent(40)) add(token(text, draw), null);
}

const head = { graphql: version, seed: Number(seed), verdicts, rules, coordinates: coordinates(schema) };
const text = `${[JSON.stringify(head), ...lines.values()].join("\n")}\n`;
writeFileSync(file, file.endsWith(".gz") ? gzipSync(text, { level: 9 }) : text);
console.log(JSON.stringify({ verdicts, rules }, null, 1));
