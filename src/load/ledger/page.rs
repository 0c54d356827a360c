//! The ledger's statements for pages of documents: many small objects have one entry, and beside
//! it a row with the versions that it stands for.

use sqlx::PgConnection;

use crate::load::failure::LoadResult;
use crate::storage::ObjectVersion;

/// The objects of a page, in the order of their keys.
#[derive(Debug, Default)]
pub(crate) struct PageObjects {
    pub(crate) bucket: String,
    pub(crate) keys: Vec<String>,
    pub(crate) etags: Vec<String>,
    pub(crate) versions: Vec<String>,
    /// The number of the first document of each, from 1.
    pub(crate) first_lines: Vec<i64>,
}

impl PageObjects {
    /// Adds an object whose documents are numbered from `first_line` on.
    pub(crate) fn push(&mut self, object: &ObjectVersion, first_line: i64) {
        self.bucket.clone_from(&object.bucket);
        self.keys.push(object.key.clone());
        self.etags.push(object.etag.clone());
        self.versions.push(object.version_id.clone().unwrap_or_default());
        self.first_lines.push(first_line);
    }
}

/// Which of these versions, in the order of their keys, the pages have.
pub(crate) async fn known(
    connection: &mut PgConnection,
    objects: &[ObjectVersion],
) -> LoadResult<Vec<bool>> {
    let mut known = vec![false; objects.len()];
    let keys = || objects.iter().map(|object| object.key.as_str());
    let (Some(first), Some(least), Some(greatest)) = (objects.first(), keys().min(), keys().max())
    else {
        return Ok(known);
    };
    let column = |of: fn(&ObjectVersion) -> &str| -> Vec<&str> { objects.iter().map(of).collect() };
    let found: Vec<i64> = sqlx::query_scalar(
        "SELECT found.position FROM load_document_page AS page \
         CROSS JOIN LATERAL unnest(page.keys, page.etags, page.version_ids) \
           AS loaded (key, etag, version_id) \
         JOIN unnest($4::text[], $5::text[], $6::text[]) WITH ORDINALITY \
           AS found (key, etag, version_id, position) \
           ON found.key = loaded.key AND found.etag = loaded.etag \
           AND found.version_id = loaded.version_id \
         WHERE page.bucket = $1 AND page.first_key <= $3 AND page.last_key >= $2",
    )
    .bind(&first.bucket)
    .bind(least)
    .bind(greatest)
    .bind(column(|object| &object.key))
    .bind(column(|object| &object.etag))
    .bind(column(|object| object.version_id.as_deref().unwrap_or_default()))
    .fetch_all(connection)
    .await?;
    for position in found {
        let at = usize::try_from(position).ok().and_then(|position| position.checked_sub(1));
        if let Some(slot) = at.and_then(|at| known.get_mut(at)) {
            *slot = true;
        }
    }
    Ok(known)
}

/// Records the objects of the page whose entry this is.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    file: i32,
    page: &PageObjects,
) -> LoadResult<()> {
    sqlx::query(
        "INSERT INTO load_document_page (file_id, bucket, first_key, last_key, keys, etags, \
           version_ids, first_lines) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(file)
    .bind(&page.bucket)
    .bind(page.keys.iter().min())
    .bind(page.keys.iter().max())
    .bind(&page.keys)
    .bind(&page.etags)
    .bind(&page.versions)
    .bind(&page.first_lines)
    .execute(connection)
    .await?;
    Ok(())
}
