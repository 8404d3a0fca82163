//! The list of an owner's uploads that can be resumed.

use sealift_transfer::api::UploadId;
use sqlx::{FromRow, query_as, sqlite::SqliteRow};

use super::{Records, RecordsError, Scope, UploadRow, columns::Columns as _};
use crate::unix_millis::UnixMillis;

/// An upload that can be resumed.
#[derive(Debug, Clone)]
pub struct UnfinishedUpload {
    /// The upload. Its state is `opening`, `open` or `completing`.
    pub upload: UploadRow,
    /// The number of its parts that were signed. Only the store knows which of them it holds.
    pub signed_parts: u16,
}

/// A position in the list of unfinished uploads, newest first. The next page begins behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadCursor {
    /// When the last upload of the previous page was opened.
    pub opened_at: UnixMillis,
    /// The id of that upload.
    pub upload_id: UploadId,
}

impl Records {
    /// Returns at most `most` of this owner's unfinished uploads behind the cursor, newest first,
    /// without those that have expired or were opened before the last restore. Uploads that the server
    /// seals itself are left out, because only the request that brings their body can go on with them.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn unfinished_of(
        &self,
        scope: &Scope,
        cursor: Option<UploadCursor>,
        most: u32,
        now: UnixMillis,
    ) -> Result<Vec<UnfinishedUpload>, RecordsError> {
        // Ids consist of letters and digits, so "~" sorts behind every id: without a cursor the list
        // begins with the newest upload.
        let (opened_at, upload_id) = cursor.map_or((UnixMillis::MAX, "~".to_owned()), |cursor| {
            (cursor.opened_at, cursor.upload_id.to_string())
        });
        let page = query_as(
            "SELECT uploads.*, deployment.epoch AS current_epoch,
                 (SELECT count(*) FROM parts WHERE parts.upload_id = uploads.upload_id)
                     AS signed_parts
             FROM uploads CROSS JOIN deployment
             WHERE tenant = $1 AND owner = $2 AND state IN ('opening', 'open', 'completing')
             AND NOT is_sealed_here
             AND expires_at_ms > $3 AND uploads.epoch = deployment.epoch
             AND (opened_at_ms, upload_id) < ($4, $5)
             ORDER BY opened_at_ms DESC, upload_id DESC LIMIT $6",
        );
        let page = page
            .bind(scope.tenant.as_str())
            .bind(scope.owner.as_str())
            .bind(now)
            .bind(opened_at)
            .bind(upload_id)
            .bind(i64::from(most))
            .fetch_all(&self.readers)
            .await?;
        Ok(page)
    }
}

impl FromRow<'_, SqliteRow> for UnfinishedUpload {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            upload: UploadRow::from_row(row)?,
            signed_parts: row.number("signed_parts")?,
        })
    }
}
