//! Opening an upload, once per client token, and finding it again.

use sealift_transfer::api::UploadId;
use sqlx::{SqliteConnection, query_as, query_scalar};

use super::{
    AuditRow, NewUpload, Records, RecordsError, Scope, UploadRow, audit, tenants, upload_row,
};
use crate::unix_millis::UnixMillis;

/// The result of adding an upload.
#[derive(Debug)]
pub enum AddedUpload {
    /// The upload is durable. No other upload can be opened with its message id or token.
    Added,
    /// The owner used the token before, for this upload.
    SameToken(Box<UploadRow>),
    /// The owner has as many unfinished uploads as the limit allows.
    TooManyOpen,
}

/// Makes the query that selects the columns of an [`UploadRow`].
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
    /// Saves a new upload, so that message id and header are durable before the server sends them
    /// (docs/FORMAT.md, R1). `most_open` limits the owner's unfinished uploads that have not expired. The
    /// audit entry is saved in the same transaction.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change, or if the message id or
    /// another id was used before.
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

    /// Returns the number of this owner's unfinished uploads that have not expired. Uploads that the
    /// server seals itself do not count, because the memory for their bodies limits them. The caller
    /// uses the number to refuse early, before a key is made; only [`Self::add_upload`] enforces the
    /// limit.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn open_count(&self, scope: &Scope, now: UnixMillis) -> Result<i64, RecordsError> {
        let mut reader = self.readers.acquire().await?;
        Ok(count_open(&mut reader, scope, now).await?)
    }

    /// Returns an upload of this owner.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
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

    /// Returns the upload that this owner opened with this client token.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
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
    let open = count_open(&mut *db, &new.scope, new.opened_at).await?;
    if open >= i64::from(most_open) {
        return Ok(AddedUpload::TooManyOpen);
    }
    tenants::note(&mut *db, &new.scope.tenant, new.opened_at).await?;
    upload_row::insert(&mut *db, new).await?;
    audit::keep(db, audited).await?;
    Ok(AddedUpload::Added)
}

async fn count_open(
    db: &mut SqliteConnection,
    scope: &Scope,
    now: UnixMillis,
) -> sqlx::Result<i64> {
    query_scalar(
        "SELECT count(*) FROM uploads
         WHERE tenant = $1 AND owner = $2 AND state IN ('opening', 'open', 'completing')
         AND expires_at_ms > $3 AND epoch = (SELECT epoch FROM deployment)
         AND NOT is_sealed_here",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.owner.as_str())
    .bind(now)
    .fetch_one(db)
    .await
}
