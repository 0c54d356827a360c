//! What a report was asked for: a query with its values, the columns and the encoding. Two
//! requests that mean the same are the same text, and have the same fingerprint.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::format::{CsvDialect, Encoding, Format};
use crate::auth::{Grant, Grants, Scope};
use crate::error::{Error, Result};

/// What a report was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportQuery {
    /// The GraphQL document.
    pub document: String,
    /// Which operation of it, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The values of its variables.
    #[serde(default)]
    pub variables: Map<String, Value>,
    /// The columns of the file; `None` is all of the query, under their paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<ReportColumn>>,
}

/// A column of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportColumn {
    /// Its name in the file.
    pub name: String,
    /// The response keys below a row, joined by dots.
    pub path: String,
}

/// A request, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// The caller's name for what it is for.
    pub project: String,
    /// The code of its kind.
    pub kind: &'static str,
    /// What is read.
    pub query: ReportQuery,
    /// How it is written.
    pub encoding: Encoding,
}

/// What is stored of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredRequest {
    #[serde(flatten)]
    pub(super) query: ReportQuery,
    delimiter: char,
    decimal_separator: char,
    byte_order_mark: bool,
}

impl NewReport {
    /// The code of its format.
    ///
    /// # Errors
    /// `INTERNAL` if no report has this format.
    pub fn format(&self) -> Result<&'static str> {
        format_code(self.encoding.format)
            .ok_or_else(|| Error::internal("no report has this format"))
    }

    pub(super) fn stored(&self) -> StoredRequest {
        let CsvDialect { delimiter, decimal_separator, byte_order_mark } = self.encoding.csv;
        StoredRequest {
            query: self.query.clone(),
            delimiter: delimiter.into(),
            decimal_separator: decimal_separator.into(),
            byte_order_mark,
        }
    }

    /// SHA-256 of the request and of what its caller may see, so that whoever is given the
    /// report of another would have got the very same.
    ///
    /// # Errors
    /// `INTERNAL` if it cannot be written as JSON.
    pub(super) fn fingerprint(&self, scope: &Scope) -> Result<[u8; 32]> {
        let request = serde_json::to_value(self.stored())
            .map_err(|error| Error::internal("a request cannot be stored").with_source(error))?;
        let parts = serde_json::json!([
            scope.org(),
            self.project,
            self.kind,
            self.format()?,
            request,
            data_grants(scope).to_string(),
            scope.territories(),
        ]);
        let mut text = String::new();
        write_canonical(&mut text, &parts);
        Ok(Sha256::digest(text.as_bytes()).into())
    }
}

impl StoredRequest {
    pub(super) fn encoding(&self, format: &str) -> Result<Encoding> {
        let ascii = |character: char| {
            u8::try_from(character).map_err(|_| Error::internal("a stored report is unknown"))
        };
        let format = [Format::Csv, Format::CsvGzip, Format::Parquet]
            .into_iter()
            .find(|known| format_code(*known) == Some(format))
            .ok_or_else(|| Error::internal("a stored report has an unknown format"))?;
        Ok(Encoding {
            format,
            csv: CsvDialect {
                delimiter: ascii(self.delimiter)?,
                decimal_separator: ascii(self.decimal_separator)?,
                byte_order_mark: self.byte_order_mark,
            },
        })
    }
}

const fn format_code(format: Format) -> Option<&'static str> {
    match format {
        Format::Csv => Some("csv"),
        Format::CsvGzip => Some("csv_gzip"),
        Format::Parquet => Some("parquet"),
        Format::Ndjson | Format::Json => None,
    }
}

/// The grants on which the content of a report depends.
pub(super) fn data_grants(scope: &Scope) -> Grants {
    let data = [Grant::SalesRead, Grant::PersonsRead, Grant::LoadsRead, Grant::ReportsRead];
    data.into_iter().filter(|grant| scope.grants().has(*grant)).collect()
}

/// JSON with the fields of objects in the order of their names: the same value is the same
/// text.
fn write_canonical(out: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(out, item);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (index, (name, item)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write_canonical(out, item);
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(variables: &Value) -> NewReport {
        let query = ReportQuery {
            document: "{ products { nodes { name } } }".to_owned(),
            operation: None,
            variables: variables.as_object().unwrap().clone(),
            columns: None,
        };
        let encoding = Encoding { format: Format::Csv, csv: CsvDialect::default() };
        NewReport { project: "stock".to_owned(), kind: "query", query, encoding }
    }

    #[test]
    fn the_order_of_fields_makes_no_other_request() {
        let scope = Scope::everything();
        let one = report(&json!({"filter": {"a": 1, "b": [2, 3]}}));
        let same: Value = serde_json::from_str(r#"{"filter": {"b": [2, 3], "a": 1}}"#).unwrap();
        assert_eq!(one.fingerprint(&scope).unwrap(), report(&same).fingerprint(&scope).unwrap());
        let other = report(&json!({"filter": {"a": 1, "b": [3, 2]}}));
        assert_ne!(one.fingerprint(&scope).unwrap(), other.fingerprint(&scope).unwrap());
    }

    #[test]
    fn other_rights_make_another_request() {
        let grants = |list: &str| Grants::known_in(list);
        let scopes = [
            Scope::new(Some("acme".into()), grants("sales:read"), None),
            Scope::new(Some("other".into()), grants("sales:read"), None),
            Scope::new(Some("acme".into()), grants("sales:read persons:read"), None),
            Scope::new(Some("acme".into()), grants("sales:read"), Some(vec![1])),
            Scope::new(Some("acme".into()), grants("sales:read"), Some(vec![])),
        ];
        let all: std::collections::BTreeSet<_> =
            scopes.iter().map(|scope| report(&json!({})).fingerprint(scope).unwrap()).collect();
        assert_eq!(all.len(), scopes.len());
        let writes = Scope::new(Some("acme".into()), grants("sales:read reports:write"), None);
        assert_eq!(
            report(&json!({})).fingerprint(&writes).unwrap(),
            report(&json!({})).fingerprint(&scopes[0]).unwrap(),
            "who may ask for reports sees no more in them"
        );
    }

    #[test]
    fn a_stored_request_is_read_as_it_was() {
        let report = report(&json!({"first": 1}));
        let stored = serde_json::to_value(report.stored()).unwrap();
        let read: StoredRequest = serde_json::from_value(stored).unwrap();
        assert_eq!(read.query, report.query);
        assert_eq!(read.encoding("csv").unwrap(), report.encoding);
    }
}
