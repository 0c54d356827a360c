//! What the schema of a server has.

use serde_json::Value;

use crate::Result;
use crate::client::Client;

/// The fields of the root type with their arguments, as `field` and
/// `field(argument)`.
pub(crate) async fn fields(url: &str) -> Result<Vec<String>> {
    const QUERY: &str = r#"{ __schema { queryType { fields { name args { name } } } } }"#;
    let body = serde_json::json!({ "query": QUERY }).to_string();
    let data = Client::connect(url).await?.data(&body).await?;
    let mut names = Vec::new();
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    for field in list(data.pointer("/__schema/queryType/fields")) {
        let name = field.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        for argument in list(field.get("args")) {
            let argument = argument.get("name").and_then(Value::as_str).unwrap_or_default();
            names.push(format!("{name}({argument})"));
        }
        names.push(name);
    }
    Ok(names)
}
