//! The types of introspection, as async-graphql answers it.

/// An object type of introspection.
pub(super) struct Introspected {
    pub(super) name: &'static str,
    /// Name and type of each field.
    pub(super) fields: &'static [(&'static str, &'static str)],
    /// The fields that take `includeDeprecated`.
    pub(super) deprecating: &'static [&'static str],
}

/// The object types.
pub(super) const OBJECTS: &[Introspected] = &[
    Introspected {
        name: "__Schema",
        fields: &[
            ("description", "String"),
            ("types", "[__Type!]!"),
            ("queryType", "__Type!"),
            ("mutationType", "__Type"),
            ("subscriptionType", "__Type"),
            ("directives", "[__Directive!]!"),
        ],
        deprecating: &[],
    },
    Introspected {
        name: "__Type",
        fields: &[
            ("kind", "__TypeKind!"),
            ("name", "String"),
            ("description", "String"),
            ("specifiedByURL", "String"),
            ("fields", "[__Field!]"),
            ("interfaces", "[__Type!]"),
            ("possibleTypes", "[__Type!]"),
            ("enumValues", "[__EnumValue!]"),
            ("inputFields", "[__InputValue!]"),
            ("ofType", "__Type"),
            ("isOneOf", "Boolean"),
        ],
        deprecating: &["fields", "enumValues", "inputFields"],
    },
    Introspected {
        name: "__Field",
        fields: &[
            ("name", "String!"),
            ("description", "String"),
            ("args", "[__InputValue!]!"),
            ("type", "__Type!"),
            ("isDeprecated", "Boolean!"),
            ("deprecationReason", "String"),
        ],
        deprecating: &["args"],
    },
    Introspected {
        name: "__InputValue",
        fields: &[
            ("name", "String!"),
            ("description", "String"),
            ("type", "__Type!"),
            ("defaultValue", "String"),
            ("isDeprecated", "Boolean!"),
            ("deprecationReason", "String"),
        ],
        deprecating: &[],
    },
    Introspected {
        name: "__EnumValue",
        fields: &[
            ("name", "String!"),
            ("description", "String"),
            ("isDeprecated", "Boolean!"),
            ("deprecationReason", "String"),
        ],
        deprecating: &[],
    },
    Introspected {
        name: "__Directive",
        fields: &[
            ("name", "String!"),
            ("description", "String"),
            ("isRepeatable", "Boolean!"),
            ("locations", "[__DirectiveLocation!]!"),
            ("args", "[__InputValue!]!"),
        ],
        deprecating: &["args"],
    },
];

/// The enumerations, with their values.
pub(super) const ENUMS: &[(&str, &[&str])] = &[
    (
        "__TypeKind",
        &["SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM", "INPUT_OBJECT", "LIST", "NON_NULL"],
    ),
    (
        "__DirectiveLocation",
        &[
            "QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD",
            "INLINE_FRAGMENT", "VARIABLE_DEFINITION", "SCHEMA", "SCALAR", "OBJECT",
            "FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INTERFACE", "UNION", "ENUM", "ENUM_VALUE",
            "INPUT_OBJECT", "INPUT_FIELD_DEFINITION",
        ],
    ),
];
