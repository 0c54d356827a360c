//! Where rows are written to: a buffer that is sent on when it is full.

use bytes::Bytes;
use tokio::sync::mpsc;

use super::chunk::{CHUNK, Chunk};
use super::compress::{Compressor, Part, Stage};
use super::format::{ArrowRows, Cell, Column, CsvRows, Encoding, Format, JsonRows, ParquetFile};
use crate::db::data_version::DataVersion;
use crate::error::{Code, Error, Result};

/// Room in a buffer for the row that goes beyond a chunk.
const ROW: usize = 16 * 1024;

/// Writes rows in the encoding of a file.
#[derive(Debug)]
pub struct Output {
    rows: RowWriter,
    buffer: Vec<u8>,
    written: u64,
    to: To,
}

#[derive(Debug)]
enum RowWriter {
    Csv(CsvRows),
    Json(JsonRows),
    Arrow(ArrowRows),
}

/// Where the bytes go.
#[derive(Debug)]
enum To {
    Chunks(mpsc::Sender<Chunk>),
    Compressed(Stage),
}

impl Output {
    /// Begins a file.
    pub(super) fn new(
        version: DataVersion,
        columns: &[Column],
        encoding: Encoding,
        chunks: mpsc::Sender<Chunk>,
    ) -> Result<Self> {
        encoding.csv.check()?;
        let mut buffer = Vec::new();
        let (rows, to) = match encoding.format {
            Format::Csv | Format::CsvGzip => {
                let csv = CsvRows::new(encoding.csv, columns);
                csv.begin(&mut buffer, columns);
                let to = match encoding.format {
                    Format::Csv => To::Chunks(chunks),
                    _ => To::Compressed(Stage::start(Compressor::gzip(), chunks)),
                };
                (RowWriter::Csv(csv), to)
            }
            Format::Ndjson | Format::Json => {
                let json = JsonRows::new(encoding.format == Format::Json, columns)?;
                json.begin(&mut buffer);
                (RowWriter::Json(json), To::Chunks(chunks))
            }
            Format::Parquet => {
                let arrow = ArrowRows::new(columns);
                let file = ParquetFile::new(arrow.schema().clone(), version)?;
                let stage = Stage::start(Compressor::Parquet(Box::new(file)), chunks);
                (RowWriter::Arrow(arrow), To::Compressed(stage))
            }
        };
        Ok(Self { rows, buffer, written: 0, to })
    }

    /// Writes a row with a cell for each column.
    ///
    /// # Errors
    /// Those of the cells. The file is broken then.
    pub fn row<'a>(&mut self, cells: impl Iterator<Item = Result<Cell<'a>>>) -> Result<()> {
        self.written += 1;
        match &mut self.rows {
            RowWriter::Csv(csv) => csv.row(&mut self.buffer, cells),
            RowWriter::Json(json) => json.row(&mut self.buffer, cells),
            RowWriter::Arrow(arrow) => arrow.row(cells),
        }
    }

    /// Whether [`Self::send`] is due.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        match &self.rows {
            RowWriter::Arrow(arrow) => arrow.is_full(),
            _ => self.buffer.len() >= CHUNK,
        }
    }

    /// Hands over what is written, once there is room for it.
    ///
    /// # Errors
    /// When nobody takes it any more, or it cannot be compressed.
    pub async fn send(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.written);
        if let RowWriter::Arrow(arrow) = &mut self.rows {
            let batch = Part::Batch(arrow.batch()?);
            return match &mut self.to {
                To::Compressed(stage) => stage.send(batch, rows).await,
                To::Chunks(_) => Err(Error::internal("rows have no bytes")),
            };
        }
        let bytes = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK + ROW));
        match &mut self.to {
            To::Compressed(stage) => stage.send(Part::Bytes(bytes), rows).await,
            To::Chunks(chunks) => {
                let chunk = Chunk { bytes: Bytes::from(bytes), rows };
                let gone = |_| Error::new(Code::Unavailable, "nobody takes the file any more");
                chunks.send(chunk).await.map_err(gone)
            }
        }
    }

    /// Ends the file.
    pub(super) async fn finish(mut self) -> Result<()> {
        let is_empty = match &self.rows {
            RowWriter::Csv(_) => self.buffer.is_empty(),
            RowWriter::Json(json) => {
                json.finish(&mut self.buffer);
                self.buffer.is_empty()
            }
            RowWriter::Arrow(arrow) => arrow.is_empty(),
        };
        if !is_empty {
            self.send().await?;
        }
        match self.to {
            To::Compressed(stage) => stage.finish(0).await,
            To::Chunks(_) => Ok(()),
        }
    }
}
