//! Uploads: opened once per client token, and found again.

use sealift_transfer::api::UploadId;
use sqlx::{SqliteConnection, query_as, query_scalar};

use super::{
    AuditRow, NewUpload, Records, RecordsError, Scope, UploadRow, audit, tenants, upload_row,
};

/// What became of a new upload.
#[derive(Debug)]
pub enum AddedUpload {
    /// It is durable, and nothing can be opened under its message id or token again.
    Added,
    /// The owner used the token before, for this.
    SameToken(Box<UploadRow>),
    /// The owner has as many open as it may have.
    TooManyOpen,
}

/// Selects what [`UploadRow`] reads.
macro_rules! select_uploads {
    ($which:literal) => {
        concat!(
            "SELECT uploads.*, deployment.epoch AS current_epoch
             FROM uploads CROSS JOIN deployment WHERE ",
            $which
        )
    };
}

pub(super) use select_uploads;

const BY_ID: &str = select_uploads!("tenant = $1 AND owner = $2 AND upload_id = $3");
const BY_TOKEN: &str = select_uploads!("tenant = $1 AND owner = $2 AND client_token = $3");

impl Records {
    /// Keeps a new upload: message id and header are durable before anything of them leaves
    /// (FORMAT.md R1). `most_open` bounds the owner's unfinished uploads that have not expired. The
    /// audit entry is kept with the upload, or neither is.
    ///
    /// # Errors
    /// [`RecordsError`]; also where the message id or another id was used before.
    pub async fn add_upload(
        &self,
        new: NewUpload,
        most_open: u32,
        audited: AuditRow,
    ) -> Result<AddedUpload, RecordsError> {
        let work = self
            .writer
            .write(move |db| Box::pin(add(db, new, most_open, audited)));
        work.await
    }

    /// How many unfinished uploads this owner has that have not expired. Bodies that the server seals
    /// itself do not count, because their memory bounds them. Only [`Self::add_upload`] bounds the
    /// others; this tells before a key is made.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn open_count(&self, scope: &Scope, now_ms: i64) -> Result<i64, RecordsError> {
        let mut reader = self.readers.acquire().await?;
        Ok(count_open(&mut reader, scope, now_ms).await?)
    }

    /// An upload of this owner.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn upload(
        &self,
        scope: &Scope,
        upload_id: &UploadId,
    ) -> Result<Option<UploadRow>, RecordsError> {
        let row = query_as(BY_ID)
            .bind(scope.tenant.as_str())
            .bind(scope.owner.as_str())
            .bind(upload_id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row)
    }

    /// The upload that this owner opened with this client token.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn upload_by_token(
        &self,
        scope: &Scope,
        client_token: &str,
    ) -> Result<Option<UploadRow>, RecordsError> {
        let row = query_as(BY_TOKEN)
            .bind(scope.tenant.as_str())
            .bind(scope.owner.as_str())
            .bind(client_token.to_owned())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row)
    }
}

async fn add(
    db: &mut SqliteConnection,
    new: NewUpload,
    most_open: u32,
    audited: AuditRow,
) -> sqlx::Result<AddedUpload> {
    let before = query_as(BY_TOKEN)
        .bind(new.scope.tenant.as_str())
        .bind(new.scope.owner.as_str())
        .bind(new.client_token.as_str())
        .fetch_optional(&mut *db)
        .await?;
    if let Some(before) = before {
        return Ok(AddedUpload::SameToken(Box::new(before)));
    }
    let open = count_open(&mut *db, &new.scope, new.opened_at_ms).await?;
    if open >= i64::from(most_open) {
        return Ok(AddedUpload::TooManyOpen);
    }
    tenants::note(&mut *db, &new.scope.tenant, new.opened_at_ms).await?;
    upload_row::insert(&mut *db, new).await?;
    audit::keep(db, audited).await?;
    Ok(AddedUpload::Added)
}

async fn count_open(db: &mut SqliteConnection, scope: &Scope, now_ms: i64) -> sqlx::Result<i64> {
    query_scalar(
        "SELECT count(*) FROM uploads
         WHERE tenant = $1 AND owner = $2 AND state IN ('opening', 'open', 'completing')
         AND expires_at_ms > $3 AND epoch = (SELECT epoch FROM deployment)
         AND NOT is_sealed_here",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.owner.as_str())
    .bind(now_ms)
    .fetch_one(db)
    .await
}
