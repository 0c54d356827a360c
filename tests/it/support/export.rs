//! Exports, collected.

use async_graphql::{ServerError, Variables};
use futures_util::TryStreamExt as _;
use salesgraph::auth::Scope;
use salesgraph::error::Error;
use salesgraph::graphql::errors::code_of;
use salesgraph::graphql::{Engine, Export, ExportRequest, OpenOptions};
use salesgraph::report::{CsvDialect, Encoded, Encoding, Format};
use serde_json::Value;

/// A document without variables.
pub(crate) fn request(document: &str) -> ExportRequest {
    ExportRequest { document: document.to_owned(), ..ExportRequest::default() }
}

/// The same with variables.
pub(crate) fn with_variables(document: &str, variables: Value) -> ExportRequest {
    ExportRequest { variables: Variables::from_json(variables), ..request(document) }
}

pub(crate) fn encoding(format: Format) -> Encoding {
    Encoding { format, csv: CsvDialect::default() }
}

/// All bytes and rows of a file.
pub(crate) async fn collect(encoded: Encoded) -> Result<(Vec<u8>, u64), Error> {
    let add = async |(mut bytes, rows): (Vec<u8>, u64), chunk: salesgraph::report::Chunk| {
        bytes.extend_from_slice(&chunk.bytes);
        Ok((bytes, rows + chunk.rows))
    };
    encoded.chunks.try_fold((Vec::new(), 0), add).await
}

/// The file of an export.
pub(crate) async fn file(export: Export, format: Format) -> Vec<u8> {
    let encoded = export.open(encoding(format), OpenOptions::default()).await.expect("opened");
    collect(encoded).await.expect("a whole file").0
}

/// The file of a document as somebody who sees everything has it.
pub(crate) async fn file_of(engine: &Engine, document: &str, format: Format) -> Vec<u8> {
    let export = engine.export(&request(document), &Scope::everything()).await;
    file(export.unwrap_or_else(|errors| panic!("{document}: {errors:?}")), format).await
}

/// The same as text.
pub(crate) async fn text_of(engine: &Engine, document: &str, format: Format) -> String {
    String::from_utf8(file_of(engine, document, format).await).expect("UTF-8")
}

/// Code and message of the error of a refused export.
pub(crate) fn refusal(refused: Result<Export, Vec<ServerError>>) -> (String, String) {
    let errors = refused.expect_err("refused");
    let error = errors.first().expect("an error");
    (code_of(error).unwrap_or_default().to_owned(), error.message.clone())
}
