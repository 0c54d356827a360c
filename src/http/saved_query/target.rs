//! Which file a URL names: the saved query, the format, and what a CSV file is like.

use axum::extract::Query;
use axum::http::Uri;

use crate::error::{Code, Error, Result};
use crate::graphql::RESERVED;
use crate::report::saved_query::is_name;
use crate::report::{CsvDialect, Encoding, Format};

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The name of the saved query.
    pub(super) name: String,
    pub(super) encoding: Encoding,
}

const FORMATS: [Format; 5] =
    [Format::Csv, Format::CsvGzip, Format::Ndjson, Format::Json, Format::Parquet];

impl Target {
    /// The file of the last segment of a path and its query string, and the parameters that are
    /// variables.
    pub(super) fn of(file: &str, uri: &Uri) -> Result<(Self, Vec<(String, String)>)> {
        let (name, extension) = file.split_once('.').unwrap_or((file, ""));
        let format = FORMATS.into_iter().find(|format| format.extension() == extension);
        let Some(format) = format.filter(|_| is_name(name)) else {
            let extensions = FORMATS.map(Format::extension).join(", .");
            let message = format!("files are named /q/NAME and one of .{extensions}");
            return Err(Error::new(Code::NotFound, message));
        };
        let Query(parameters) =
            Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|error| {
                let message = format!("the query string is invalid: {error}");
                Error::new(Code::BadUserInput, message)
            })?;
        let (own, variables): (Vec<_>, Vec<_>) =
            parameters.into_iter().partition(|(name, _)| RESERVED.contains(&name.as_str()));
        let csv = dialect(&own)?;
        if !own.is_empty() && !matches!(format, Format::Csv | Format::CsvGzip) {
            let message = format!("{}: is for .csv only", RESERVED.join(", "));
            return Err(Error::new(Code::BadUserInput, message));
        }
        Ok((Self { name: name.to_owned(), encoding: Encoding { format, csv } }, variables))
    }
}

fn dialect(parameters: &[(String, String)]) -> Result<CsvDialect> {
    let mut csv = CsvDialect::default();
    for (name, text) in parameters {
        let refused = |expected: &str| {
            Err(Error::new(Code::BadUserInput, format!("{name}: expected {expected}")))
        };
        match (name.as_str(), text.as_bytes()) {
            ("delimiter", b"tab") => csv.delimiter = b'\t',
            ("delimiter", [byte]) => csv.delimiter = *byte,
            ("delimiter", _) => return refused("one of , ; | and tab"),
            ("decimalSeparator", [byte]) => csv.decimal_separator = *byte,
            ("decimalSeparator", _) => return refused("a point or a comma"),
            (_, b"true") => csv.byte_order_mark = true,
            (_, b"false") => csv.byte_order_mark = false,
            _ => return refused("true or false"),
        }
    }
    csv.check()?;
    Ok(csv)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &str, query: &str) -> Result<(Target, Vec<(String, String)>), String> {
        let uri = format!("/q/{file}?{query}").parse().unwrap();
        Target::of(file, &uri).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_url_names_a_query_a_format_and_parameters() {
        let (target, parameters) =
            of("by_day.csv.gz", "delimiter=%3B&a=x%20y&decimalSeparator=,&bom=true").unwrap();
        assert_eq!(target.name, "by_day");
        assert_eq!(target.encoding.format, Format::CsvGzip);
        let csv = CsvDialect { delimiter: b';', decimal_separator: b',', byte_order_mark: true };
        assert_eq!(target.encoding.csv, csv);
        assert_eq!(parameters, [("a".to_owned(), "x y".to_owned())]);
        assert_eq!(of("a.csv", "delimiter=tab").unwrap().0.encoding.csv.delimiter, b'\t');
    }

    #[test]
    fn what_is_no_file_is_refused() {
        for (file, query, part) in [
            ("a", "", "files are named"),
            ("a.xlsx", "", "files are named"),
            ("..csv", "", "files are named"),
            ("A.csv", "", "files are named"),
            ("a.csv", "delimiter=x", "delimiter: expected"),
            ("a.csv", "delimiter=%3B%3B", "delimiter: expected"),
            ("a.csv", "decimalSeparator=%3B", "decimalSeparator: expected"),
            ("a.csv", "bom=1", "bom: expected true or false"),
            ("a.parquet", "bom=true", "is for .csv only"),
        ] {
            let message = of(file, query).unwrap_err();
            assert!(message.contains(part), "{file}?{query}: {message}");
        }
    }
}
