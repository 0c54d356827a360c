// Changes to documents, of which each may break a rule: to tokens, and to larger parts.

import { Lexer, Source, TokenKind } from "graphql-17";

const PIECES = [
  "{", "}", "(", ")", "[", "]", ":", "!", "$", "@", "=", "...", "|", "&", "on", "query", "fragment",
  "null", "true", "1", "1.0", "-", "01", ".5", "1e", '"', '"""', '"a"', "X", "$v0", "@skip(if: true)",
  "@include", "@deprecated", "@nothing", "#", ",", "\u0000", "\u00A0", "'a'", '"\\x"', '"\\uD83D"',
  '"\\u{110000}"', "..", "%", "ü", "id", "name", "__typename", "{}", "[]", "3000000000", "\uFEFF",
];

function tokens(text) {
  const lexer = new Lexer(new Source(text));
  const list = [];
  try {
    for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
      list.push({ start: token.start, end: token.end, kind: token.kind });
    }
  } catch {
    // Up to what is no token.
  }
  return list;
}

// One token left out, doubled, swapped, replaced, or another put in.
export function token(text, draw) {
  const list = tokens(text);
  if (list.length < 3) return `${text} ${draw.one(PIECES)}`;
  const at = draw.below(list.length - 1);
  const { start, end } = list[at];
  const own = text.slice(start, end);
  const next = list[at + 1];
  switch (draw.below(5)) {
    case 0: return text.slice(0, start) + text.slice(end);
    case 1: return `${text.slice(0, end)} ${own}${text.slice(end)}`;
    case 2:
      return `${text.slice(0, start)}${text.slice(next.start, next.end)} ${own}${text.slice(next.end)}`;
    case 3: return `${text.slice(0, start)} ${draw.one(PIECES)} ${text.slice(end)}`;
    default: return `${text.slice(0, end)} ${draw.one(PIECES)}${text.slice(end)}`;
  }
}

// Replaces one of the places that a pattern finds.
function replaced(text, draw, pattern, by) {
  const places = [...text.matchAll(pattern)];
  if (places.length === 0) return text;
  const place = draw.one(places);
  const put = typeof by === "function" ? by(place) : by;
  return text.slice(0, place.index) + put + text.slice(place.index + place[0].length);
}

const NAMES = ["id", "name", "nodes", "totalCount", "persons", "first", "filter", "eq", "nothing", "a", "__schema"];
const VALUES = ["null", "1", "1.0", '"x"', "true", "X", "[]", "{}", "[1]", "{a: 1}", "$v0", "$nothing", '["x"]', "[null]", "3000000000"];
const TYPES = ["Int", "Int!", "[Int!]", "String", "ID", "Boolean!", "Float", "ProductFilter", "[ProductFilter!]", "Person", "Nothing", "JSON", "[[Int]]", "__TypeKind", "Query"];
const DIRECTIVES = [
  "@skip(if: true)", "@include(if: false)", "@skip", "@skip(if: 1)", "@skip(unless: true)",
  "@skip(if: true, if: true)", "@nothing", "@deprecated", '@specifiedBy(url: "x")', "@oneOf",
  "@skip(if: true) @skip(if: true)", "@skip(if: true) @include(if: true)", "@include(if: $v0)",
];

export const parts = [
  (text, draw) => replaced(text, draw, /(?<![$.@])\b[a-z]\w*/g, () => draw.one(NAMES)),
  (text, draw) => replaced(text, draw, /(?<=: )(?:"[^"\n]*"|-?\d[\d.e]*|true|false|[A-Z_]{2,}|\$\w+)/g, () => draw.one(VALUES)),
  (text, draw) => replaced(text, draw, /(?<=\$v\d+: )\[?\w+!?\]?!?/g, () => draw.one(TYPES)),
  (text, draw) => replaced(text, draw, /(?<=\$v\d+: [\w[\]!]+)/g, () => ` = ${draw.one(VALUES)}`),
  // An argument, or a field of an input object, twice.
  (text, draw) => replaced(text, draw, /\b\w+: (?:"[^"\n]*"|-?\d[\d.e]*|true|false|[A-Z_]{2,}|\$\w+)/g, ([pair]) => `${pair}, ${pair}`),
  (text, draw) => replaced(text, draw, /\b\w+: (?:"[^"\n]*"|-?\d[\d.e]*|true|false|[A-Z_]{2,}|\$\w+)[ ,\n]*/g, ""),
  (text, draw) => replaced(text, draw, /(?<=[{ ])(?=[a-z]\w* [{}])/g, () => `${draw.one(["a", "id", "x"])}: `),
  (text, draw) => replaced(text, draw, /(?<=\b[a-z]\w*)(?= [{}])/g, () => ` ${draw.one(DIRECTIVES)}`),
  (text, draw) => replaced(text, draw, /(?= \{)/g, () => ` ${draw.one(DIRECTIVES)}`),
  (text, draw) => replaced(text, draw, /\$v\d+: [\w[\]!]+[ ,\n]*/g, ""),
  (text, draw) => replaced(text, draw, /(?<=\()(?=\$v\d+: )/g, () => `${draw.one(["$v0: Int", "$unused: Int", "$v1: Boolean = true @skip(if: true)"])} `),
  (text, draw) => replaced(text, draw, /fragment \w+ on \w+/g, ([head]) => draw.one([`${head} @skip(if: true)`, head.replace(/on \w+/, `on ${draw.one(["Node", "Person", "Int", "Nothing", "ProductFilter", "Query", "OrderStatus"])}`)])),
  (text, draw) => replaced(text, draw, /\.\.\. ?on \w+/g, () => `... on ${draw.one(["Node", "Person", "Product", "Int", "Nothing", "Query", "PersonConnection"])}`),
  (text, draw) => replaced(text, draw, /\.\.\.[a-z]\w*/g, () => `...${draw.one(["nothing", "f0", "g1", "on"])}`),
  (text, draw) => replaced(text, draw, /\{ ?\b(?:id|name|firstName|totalCount) \}/g, () => draw.one(["", "{}", "{ ...f0 }"])),
  (text, draw) => replaced(text, draw, /(?<=\b(?:id|name|color|totalCount))(?= )/g, " { id }"),
  (text) => `${text} fragment unused on Query { __typename }`,
  (text) => `${text} fragment f0 on Query { ...f0 }`,
  (text, draw) => `${text} ${draw.one(["{ __typename }", "query Q { __typename }", "query Other { __typename }", "mutation { refreshDemandForecast { __typename } }"])}`,
  (text, draw) => `${draw.one(["fragment f0 on Query { __typename } ", '"described" ', "subscription S { ", "type A { b: Int } "])}${text}`,
  (text, draw) => replaced(text, draw, /\bquery\b/g, () => draw.one(["mutation", "subscription", "quary"])),
  (text, draw) => replaced(text, draw, /(?<=\bloadRun\(id: [^)]*\))/g, () => draw.one([" @skip(if: true)", " { id } __typename @include(if: true)"])),
];
