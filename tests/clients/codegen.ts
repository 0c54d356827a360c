// Types of the schema and of the operations in typed/ for TypeScript, by
//
//   npx graphql-codegen --config codegen.ts

import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "schema.graphql",
  documents: "typed/*.graphql",
  config: {
    // What the JSON of an answer holds.
    scalars: {
      Currency: "string",
      Date: "string",
      DateTime: "string",
      // Exact: a number would lose digits.
      Decimal: "string",
      JSON: "unknown",
      LocalDateTime: "string",
      Long: "number",
      UUID: "string",
    },
    // A scalar that is not in the list is an error, not `any`.
    strictScalars: true,
    enumsAsTypes: true,
    useTypeImports: true,
  },
  generates: {
    "typed/schema.ts": { plugins: ["typescript"] },
    "typed/operations.ts": { plugins: ["typescript-operations"] },
  },
};

export default config;
