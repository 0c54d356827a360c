//! What a router knows of a subgraph.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use salesgraph::graphql::subgraph_sdl;
use serde_json::{Value, json};

/// The keys of a type, as the schema tells them.
pub(crate) fn keys_of(name: &str) -> Vec<&'static str> {
    let start = format!("type {name} implements Node ");
    let line = subgraph_sdl().lines().find_map(|line| line.strip_prefix(&start));
    let line = line.unwrap_or_else(|| panic!("no type {name}"));
    let keys = line.split("@key(fields: \"").skip(1);
    keys.filter_map(|rest| rest.split_once('"')).map(|(key, _)| key).collect()
}

/// The type of the row with this global id, and its representations: by the id, and by the key of
/// its table where that is shown.
pub(crate) fn representations_of(id: &str) -> (String, Vec<Value>) {
    let text = URL_SAFE_NO_PAD.decode(id).ok().and_then(|text| String::from_utf8(text).ok());
    let text = text.unwrap_or_else(|| panic!("no global id: {id}"));
    let (name, key) = text.split_once(':').expect("a type and a key");
    let mut all = vec![json!({ "__typename": name, "id": id })];
    if let [own, _] = keys_of(name)[..] {
        let parts: Vec<&str> = key.split(':').collect();
        assert_eq!(own.split(' ').count(), parts.len(), "{name}: {key}");
        let mut representation = json!({ "__typename": name });
        for (field, part) in own.split(' ').zip(parts) {
            let number = part.parse::<i64>().map(|number| json!(number));
            representation[field] = number.unwrap_or_else(|_| json!(part));
        }
        all.push(representation);
    }
    (name.to_owned(), all)
}
