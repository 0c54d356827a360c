// Documents that are valid, or nearly: selections, fragments, variables and their values.

import {
  GraphQLList, GraphQLNonNull, getNamedType, isAbstractType, isEnumType, isInputObjectType, isLeafType, isListType,
  isNonNullType, isRequiredArgument, isRequiredInputField,
} from "graphql-17";
import { inputs, outputs } from "./slice.mjs";

const STRINGS = [
  '""', '"a"', '"2011-05-31"', '"\\u0041"', '"\\u{1F600}"', '"\\uD83D\\uDE00"', '"\\n\\t\\"\\\\"',
  '"""block"""', '"""\n  two\n    lines\n"""', '"""with \\""" quotes"""', '"ü😀"', '"# no comment"',
];
const ALIASES = ["a", "b", "c"];

export class Generator {
  constructor(schema, draw) {
    this.schema = schema;
    this.draw = draw;
  }

  // A document: its text, and its variables with a value each as JSON text.
  document() {
    this.variables = new Map();
    this.fragments = [];
    this.loose = this.draw.percent(25);
    const kind = this.draw.percent(85) ? "query" : this.draw.one(["mutation", "subscription"]);
    const root = this.schema.getRootType(kind);
    const set = kind === "subscription"
      ? this.braced(this.field(root, "loadRun", 2))
      : this.set(root, this.draw.below(4) + 1);
    const definitions = [...this.variables.values()].map((variable) => variable.definition);
    const shorthand = kind === "query" && definitions.length === 0 && this.draw.percent(50);
    const described = this.draw.percent(8) ? this.draw.one(['"An operation." ', '"""\nBlock\n""" ']) : "";
    const name = this.draw.percent(50) ? ` ${this.draw.one(["Q", "query", "on", "true", "_1"])}` : "";
    const head = shorthand
      ? ""
      : `${described}${kind}${name}${definitions.length ? `(${definitions.join(this.comma())})` : ""} `;
    const parts = [`${head}${set}`, ...this.fragments];
    if (this.draw.percent(30)) parts.reverse();
    return { text: this.dress(parts.join(this.draw.one([" ", "\n", "\r\n"]))), variables: this.variables };
  }

  comma() {
    return this.draw.one([" ", ", ", ",\n", " , "]);
  }

  // White space and comments that mean nothing.
  dress(text) {
    if (this.draw.percent(4)) text = `\uFEFF${text}`;
    if (this.draw.percent(6)) text = `# ü { ( [\n${text} #`;
    if (this.draw.percent(4)) text = `${text}\t,,\r\n`;
    return text;
  }

  braced(inner) {
    return `{${this.draw.one([" ", "", "\n"])}${inner} }`;
  }

  set(type, depth) {
    const fields = Object.keys(outputs[type.name] ?? {});
    const leaf = (name) => isLeafType(getNamedType(type.getFields()[name].type));
    const possible = depth > 0 ? fields : fields.filter(leaf);
    const chosen = [];
    for (let count = this.draw.below(4) + 1; count > 0 && possible.length; count -= 1) {
      chosen.push(this.selection(type, this.draw.one(possible), depth));
    }
    if (chosen.length === 0 || this.draw.percent(10)) chosen.push(this.aliased("__typename"));
    if (isAbstractType(type)) chosen.push(this.on(this.draw.one(["Person", "Product", "SalesOrder"]), depth));
    return this.braced(chosen.join(this.draw.one([" ", "\n", ", "])));
  }

  selection(type, name, depth) {
    if (!this.draw.percent(18)) return this.field(type, name, depth);
    const on = this.draw.percent(15) && type.getInterfaces().length ? "Node" : type.name;
    if (on === "Node") return this.on("Node", depth);
    const inner = this.braced(this.field(type, name, depth));
    if (this.draw.percent(50)) return `...${this.draw.percent(50) ? ` on ${on}` : ""}${this.directives()} ${inner}`;
    return this.named(on, inner);
  }

  on(name, depth) {
    const set = this.set(this.schema.getType(name), Math.max(depth - 1, 0));
    return this.draw.percent(60) ? `... on ${name}${this.directives()} ${set}` : this.named(name, set);
  }

  named(on, set) {
    const name = this.draw.one(["f", "g", "query", "fragment", "type"]) + this.fragments.length;
    const described = this.draw.percent(8) ? '"A fragment." ' : "";
    this.fragments.push(`${described}fragment ${name} on ${on} ${set}`);
    return `...${name}${this.directives()}`;
  }

  // Few aliases, so that keys often meet.
  aliased(name) {
    return this.draw.percent(this.loose ? 60 : 15)
      ? `${this.draw.one(this.loose ? ALIASES : [`${name}_${this.draw.below(1000)}`])}: ${name}`
      : name;
  }

  field(type, name, depth) {
    const field = type.getFields()[name];
    const known = outputs[type.name][name];
    const used = field.args.filter(
      (argument) => known.includes(argument.name) && (isRequiredArgument(argument) || this.draw.percent(22)),
    );
    const pairs = used.map((argument) => `${argument.name}: ${this.input(argument, 3)}`);
    const given = pairs.length ? `(${pairs.join(this.comma())})` : "";
    const inner = getNamedType(field.type);
    const set = isLeafType(inner) ? "" : ` ${this.set(inner, depth - 1)}`;
    // A key with arguments of its own, unless keys are to meet.
    const key = !this.loose && pairs.length ? `k${this.draw.below(100000)}: ${name}` : this.aliased(name);
    return `${key}${given}${this.directives()}${set}`;
  }

  directives() {
    if (!this.draw.percent(4)) return "";
    const condition = this.draw.one(["true", "false", null]);
    const value = condition ?? this.variable("Boolean!");
    return ` @${this.draw.one(["skip", "include"])}(if: ${value})`;
  }

  // A value for an argument or a field of an input type.
  input({ type, default: byDefault, defaultValue }, depth) {
    if (this.draw.percent(20)) {
      const hasDefault = byDefault !== undefined || defaultValue !== undefined;
      const text = String(type);
      const looser = text.endsWith("!") && hasDefault && this.draw.percent(50);
      return this.variable(looser ? text.slice(0, -1) : text);
    }
    return this.literal(type, depth);
  }

  // A variable of a type, or of a stricter one.
  variable(type) {
    const name = `$v${this.variables.size}`;
    const stricter = !type.endsWith("!") && this.draw.percent(25);
    const loosened = type.endsWith("!") && this.draw.percent(10);
    const own = loosened ? type.slice(0, -1) : stricter ? `${type}!` : type;
    const parsed = this.parseType(own);
    const byDefault = loosened || this.draw.percent(15);
    const value = byDefault ? ` = ${this.literal(isNonNullType(parsed) || loosened ? this.strict(parsed) : parsed, 2, true)}` : "";
    const described = this.draw.percent(5) ? '"A variable." ' : "";
    const spaced = this.draw.percent(10) ? own.replace("!", " !").replace("[", "[ ") : own;
    this.variables.set(name, { definition: `${described}${name}: ${spaced}${value}`, type: parsed, byDefault });
    return name;
  }

  strict(type) {
    return isNonNullType(type) ? type.ofType : type;
  }

  parseType(text) {
    if (text.endsWith("!")) return new GraphQLNonNull(this.parseType(text.slice(0, -1)));
    if (text.startsWith("[")) return new GraphQLList(this.parseType(text.slice(1, -1)));
    return this.schema.getType(text);
  }

  literal(type, depth, constant = false) {
    if (isNonNullType(type)) return this.literal(type.ofType, depth, constant);
    if (this.draw.percent(4)) return "null";
    if (isListType(type)) {
      if (this.draw.percent(15)) return this.literal(this.strict(type.ofType), depth, constant).replace(/^null$/, "[]");
      const items = Array.from({ length: this.draw.below(3) }, () => this.literal(type.ofType, depth - 1, constant));
      return `[${items.join(this.comma())}]`;
    }
    if (isEnumType(type)) return this.draw.one(type.getValues()).name;
    if (isInputObjectType(type)) {
      const all = Object.values(type.getFields()).filter((field) => inputs[type.name]?.includes(field.name));
      const nested = (field) => isInputObjectType(getNamedType(field.type));
      const chosen = all.filter(
        (field) => isRequiredInputField(field) || (this.draw.percent(30) && (depth > 0 || !nested(field))),
      );
      const pairs = chosen.map((field) => {
        const value = constant ? this.literal(field.type, depth - 1, true) : this.input(field, depth - 1);
        return `${field.name}: ${value}`;
      });
      return `{${pairs.join(this.comma())}}`;
    }
    return this.scalar(type.name);
  }

  scalar(name) {
    switch (name) {
      case "Int": return this.draw.one(["0", "1", "-0", "10", "2147483647", "-2147483648"]);
      case "Float": return this.draw.one(["0", "0.5", "1e-3", "1E0", "-0.0"]);
      case "Boolean": return this.draw.one(["true", "false"]);
      case "ID": return this.draw.one(['"x"', "7", "123456789012345678901234567890"]);
      case "String": return this.draw.one(STRINGS);
      // Scalars of the schema's own take anything here.
      default: return this.draw.one([...STRINGS, "1", "1.5", "{a: [1, {b: X}]}", "[true]", "ENUM"]);
    }
  }

  // JSON for a variable that fits, as text.
  json(type, depth = 3) {
    if (isNonNullType(type)) return this.json(type.ofType, depth);
    if (this.draw.percent(6)) return "null";
    if (isListType(type)) {
      if (this.draw.percent(20)) return this.json(this.strict(type.ofType), depth).replace(/^null$/, "[]");
      const items = Array.from({ length: this.draw.below(3) }, () => this.json(type.ofType, depth - 1));
      return `[${items.join(",")}]`;
    }
    if (isEnumType(type)) return JSON.stringify(this.draw.one(type.getValues()).name);
    if (isInputObjectType(type)) {
      const all = Object.values(type.getFields()).filter((field) => inputs[type.name]?.includes(field.name));
      const nested = (field) => isInputObjectType(getNamedType(field.type));
      const chosen = all.filter(
        (field) => isRequiredInputField(field) || (this.draw.percent(30) && (depth > 0 || !nested(field))),
      );
      return `{${chosen.map((field) => `"${field.name}":${this.json(field.type, depth - 1)}`).join(",")}}`;
    }
    switch (type.name) {
      case "Int": return this.draw.one(["0", "3", "3.0", "-1e2", "2147483647", "-2147483648.0"]);
      case "Float": return this.draw.one(["0", "0.25", "1", "1e300"]);
      case "Boolean": return this.draw.one(["true", "false"]);
      case "ID": return this.draw.one(['"x"', "7", "7.0", '""']);
      case "String": return this.draw.one(['""', '"a"', '"\\ud83d\\ude00"']);
      default: return this.draw.one(['"x"', "1", "1.5", '{"a":[null]}', "true"]);
    }
  }

  // JSON that may not fit.
  wrong(type) {
    const given = this.draw.one(["null", '"x"', "3.5", "3.0", "2147483648", "1e10", "true", "{}", "[]", "[null]",
      '{"nothing":1}', "[[1]]", '{"and":[null]}', '{"or":{"not":{}}}', '["X",1]', "-0", '"A"']);
    if (this.draw.percent(40)) return given;
    // Somewhere inside.
    const text = this.json(type);
    const values = /"[^"]*":|("[^"]*"|-?\d[\d.e]*|true|false|null|\{\}|\[\])/g;
    const places = [...text.matchAll(values)].filter((place) => place[1]);
    if (places.length === 0) return given;
    const place = this.draw.one(places);
    return text.slice(0, place.index) + given + text.slice(place.index + place[0].length);
  }
}
