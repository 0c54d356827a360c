//! Each rule on the smallest documents. That the verdicts are those of graphql-js is tested
//! on thousands.

use super::types::Types;
use super::{check_names, validate};
use crate::graphql::language::parser::parse;
use crate::graphql::schema;
use crate::graphql::schema::form::Form;

fn errors(text: &str) -> Vec<String> {
    let types = Types::new(schema::registry(Form::Api));
    let document = parse(text).unwrap();
    let errors = match check_names(&document) {
        Ok(()) => validate(&types, &document),
        Err(errors) => errors,
    };
    errors.into_iter().map(|error| error.message).collect()
}

#[test]
fn each_rule_has_its_message() {
    for (text, part) in [
        ("query a { __typename } query a { __typename }", "two operations named a"),
        ("query a { __typename } { __typename }", "must be the only one"),
        ("fragment f on Query { __typename }", "no operation"),
        (
            "{ ...f } fragment f on Query { __typename } fragment f on Query { __typename }",
            "two fragments",
        ),
        ("{ nothing }", "Query has no field nothing"),
        ("{ persons(nothing: 1) { totalCount } }", "Query.persons has no argument nothing"),
        ("{ persons(first: 1, first: 1) { totalCount } }", "first is given twice"),
        ("{ person { id } }", "needs the argument businessEntityId"),
        ("{ persons(first: \"x\") { totalCount } }", "expected a value of Int, found the string"),
        ("{ persons(first: 3.0) { totalCount } }", "expected a value of Int, found 3.0"),
        ("{ persons(first: 3000000000) { totalCount } }", "expected a value of Int"),
        ("{ products(orderBy: {field: \"NAME\"}) { totalCount } }", "expected a value of Product"),
        ("{ products(filter: {or: [{}], or: [{}]}) { totalCount } }", "or is given twice"),
        ("{ products(filter: {nothing: 1}) { totalCount } }", "ProductFilter has no field nothing"),
        ("{ products(filter: {or: [null]}) { totalCount } }", "is never null"),
        ("{ products(orderBy: {direction: ASC}) { totalCount } }", "needs the field field"),
        ("query($a: Int) { person(businessEntityId: $a) { id } }", "where a Int! is expected"),
        ("query($a: String) { persons(first: $a) { totalCount } }", "where a Int is expected"),
        ("query($a: Nothing) { persons(first: $a) { totalCount } }", "no type Nothing"),
        ("query($a: Person) { persons(first: $a) { totalCount } }", "output type Person"),
        ("query($a: Int, $a: Int) { persons(first: $a) { totalCount } }", "two variables $a"),
        ("query($a: Int = \"x\") { persons(first: $a) { totalCount } }", "expected a value of Int"),
        ("query($a: Int) { __typename }", "$a is not used"),
        ("{ persons(first: $a) { totalCount } }", "$a is not defined"),
        ("{ __typename } fragment f on Query { __typename }", "the fragment f is not used"),
        ("{ ...f }", "there is no fragment f"),
        ("{ ... on Person { id } }", "a Query is never a Person"),
        ("{ ... on Int { id } }", "which has no fields"),
        ("{ ... on Nothing { id } }", "no type Nothing"),
        ("{ persons { totalCount { id } } }", "which has no fields"),
        ("{ persons }", "select some of its fields"),
        ("{ __typename @nothing }", "no directive @nothing"),
        ("query @skip(if: true) { __typename }", "@skip cannot stand at an operation"),
        ("{ __typename @deprecated }", "@deprecated cannot stand in a request"),
        ("{ __typename @skip(if: true) @skip(if: true) }", "@skip is given twice"),
        ("{ __typename @skip }", "@skip needs the argument if"),
        ("{ a: persons { totalCount } a: products { totalCount } }", "they are persons and"),
        (
            "{ persons(first: 1) { totalCount } persons(first: 2) { totalCount } }",
            "their arguments differ",
        ),
        (
            "{ node(id: 1) { ... on Person { x: firstName } ... on Product { x: productId } } }",
            "they are String and Int!",
        ),
        ("subscription { __typename }", "about the schema"),
        ("subscription { loadRun(id: 1) { id } x: loadRun(id: 1) { id } }", "only one root field"),
        ("subscription { loadRun(id: 1) @skip(if: true) { id } }", "left out"),
        (
            "subscription { ...f } fragment f on Subscription { ... @include(if: true) {
                loadRun(id: 1) { id } } }",
            "left out",
        ),
        ("subscription { }", "has a root field"),
    ] {
        let found = errors(text);
        assert!(found.iter().any(|message| message.contains(part)), "{text}: {found:?}");
    }
}

#[test]
fn valid_documents_have_no_errors() {
    for text in [
        "query($a: Boolean!) { __typename @skip(if: $a) }",
        "query($a: Int = 1) { person(businessEntityId: $a) { id } }",
        "query($a: [ProductFilter!]) { products(filter: {or: $a, and: {name: {in: \"x\"}}}) {
            totalCount } }",
        "{ node(id: 1) { ... on Person { x: firstName } ... on Product { x: color } id
            ... on Node { id } } }",
        "{ persons(first: 1, filter: {and: [], or: []}) { totalCount }
           persons(filter: {or: [], and: []}, first: 1) { nodes { id } } }",
        "{ persons { } }",
        "{ }",
        "subscription { ...f } fragment f on Subscription { loadRun(id: 1) { id @skip(if: true) }
            loadRun(id: 1) { state } }",
        "{ __schema { types { fields(includeDeprecated: true) { name } } } __type(name: \"A\") {
            kind } }",
    ] {
        assert_eq!(errors(text), [""; 0], "{text}");
    }
}

#[test]
fn deep_values_are_compared_once() {
    let filter = |name: &str| {
        let (open, close) = ("{not: ".repeat(55), "}".repeat(55));
        format!("products(filter: {open}{{name: {{eq: \"{name}\"}}}}{close}) {{ totalCount }}")
    };
    let errors = errors(&format!("{{ {} {} }}", filter("a"), filter("b")));
    assert!(errors[0].contains("their arguments differ"), "{errors:?}");
    let same = format!("{{ {0} {0} }}", filter("a"));
    assert_eq!(self::errors(&same), [] as [String; 0]);
}

#[test]
fn many_operations_that_reach_undefined_variables_have_few_errors() {
    let operations = "query A { ...f } ".repeat(800);
    let variables: String = (0..2_500).map(|number| format!("$a{number} ")).collect();
    let fragment = format!(
        "fragment f on Query {{ products(filter: {{productId: {{in: [{variables}]}}}}) \
         {{ totalCount }} }}"
    );
    assert_eq!(errors(&format!("{operations} {fragment}")).len(), 20);
}

#[test]
fn an_error_about_the_type_of_a_variable_is_at_it() {
    let types = Types::new(schema::registry(Form::Api));
    let document = parse("query ($a: Nothing) { products(first: $a) { totalCount } }").unwrap();
    let errors = validate(&types, &document);
    assert_eq!((errors[0].locations[0].line, errors[0].locations[0].column), (1, 12));
}
