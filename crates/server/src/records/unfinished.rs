//! An owner's uploads that can go on, for the list of them.

use sealift_transfer::api::UploadId;
use sqlx::{FromRow, query_as, sqlite::SqliteRow};

use super::{Records, RecordsError, Scope, UploadRow, columns::Columns as _};

/// An upload that can go on.
#[derive(Debug, Clone)]
pub struct UnfinishedUpload {
    /// The upload: `opening`, `open` or `completing`.
    pub upload: UploadRow,
    /// How many of its parts were signed. Whether the store holds them, only the store knows.
    pub signed_parts: u16,
}

/// A place in the list of unfinished uploads, newest first: those behind it are the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadCursor {
    /// When the upload before it was opened.
    pub opened_at_ms: i64,
    /// That upload.
    pub upload_id: UploadId,
}

impl Records {
    /// At most `most` of this owner's unfinished uploads behind the cursor, newest first: those
    /// that have neither expired nor outlived a restore. What the server seals itself goes on with
    /// the request that brings it, or not at all.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn unfinished_of(
        &self,
        scope: &Scope,
        cursor: Option<UploadCursor>,
        most: u32,
        now_ms: i64,
    ) -> Result<Vec<UnfinishedUpload>, RecordsError> {
        // Ids are letters and digits: before the newest upload, no cursor reads like this one.
        let (opened_at_ms, upload_id) = cursor.map_or((i64::MAX, "~".to_owned()), |cursor| {
            (cursor.opened_at_ms, cursor.upload_id.to_string())
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
            .bind(now_ms)
            .bind(opened_at_ms)
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
