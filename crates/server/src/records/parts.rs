//! The parts that were signed. There is one ciphertext per part, ever (docs/FORMAT.md, R2). A client that
//! sealed different bytes must begin again with a new message id.

use sealift_transfer::{
    PartNumber,
    api::{PartReceipt, Sha256, UploadId, UploadState},
};
use sqlx::{Connection as _, FromRow, SqliteConnection, query, query_as, sqlite::SqliteRow};

use super::{
    AuditRow, Records, RecordsError, Scope, audit,
    columns::{Columns as _, bigint, unreadable},
    upload_row,
};
use crate::unix_millis::UnixMillis;

/// A part that was signed, as the database holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartRow {
    /// The part's number.
    pub number: PartNumber,
    /// The SHA-256 of the part's one ciphertext.
    pub sha256: Sha256,
    /// The number of bytes that the part has in the object.
    pub sealed_len: u64,
}

/// The result of a request to sign parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedRows {
    /// All rows are durable, so their signatures may be sent.
    Signed,
    /// The upload takes no parts in this state, or the other side seals it (see `is_sealed_here`).
    /// Nothing was saved.
    NotOpen(UploadState),
    /// The upload has expired, or it was opened before the last restore. Nothing was saved.
    Expired,
    /// This part was signed before for other bytes. Nothing was saved.
    AlreadySealed(PartNumber),
    /// The owner has no such upload.
    NotFound,
}

/// Names the side that seals an upload. The other side must not seal with the same key (docs/FORMAT.md, R2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SealedBy {
    /// The client that has the key. Its signatures have an audit entry.
    TheClient(AuditRow),
    /// The server itself.
    TheServer,
}

/// The times at which an upload and its signatures end.
#[derive(Debug, Clone, Copy)]
pub struct SignedUntil {
    /// The new expiry of the upload.
    pub expires_at: UnixMillis,
    /// The time until which the latest signature can be used.
    pub signatures_end_at: UnixMillis,
}

impl Records {
    /// Saves all the parts that are going to be signed, or none. Each receipt comes with the length of
    /// its part in the object. The same receipt may come again. Also saves when the upload and the
    /// signatures end, and the audit entry of the signatures.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn sign_parts(
        &self,
        scope: &Scope,
        upload_id: &UploadId,
        receipts: &[(PartReceipt, u64)],
        now: UnixMillis,
        ends: SignedUntil,
        audited: AuditRow,
    ) -> Result<SignedRows, RecordsError> {
        let by = SealedBy::TheClient(audited);
        self.keep_parts(by, scope, upload_id, receipts, now, ends)
            .await
    }

    /// Saves parts of an upload that the side `by` seals.
    pub(super) async fn keep_parts(
        &self,
        by: SealedBy,
        scope: &Scope,
        upload_id: &UploadId,
        receipts: &[(PartReceipt, u64)],
        now: UnixMillis,
        ends: SignedUntil,
    ) -> Result<SignedRows, RecordsError> {
        let (scope, upload_id, receipts) = (scope.clone(), upload_id.clone(), receipts.to_vec());
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                if let Some(refused) = refusal(db, &by, &scope, &upload_id, now).await? {
                    return Ok(refused);
                }
                let signed = sign(db, &upload_id, &receipts, ends).await?;
                if let (SignedRows::Signed, SealedBy::TheClient(audited)) = (signed, by) {
                    audit::keep(db, audited).await?;
                }
                Ok(signed)
            })
        });
        work.await
    }

    /// Returns the parts of an upload that were ever signed, sorted by number. The caller of this
    /// method must have checked before that the upload belongs to the right owner.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn parts(&self, upload_id: &UploadId) -> Result<Vec<PartRow>, RecordsError> {
        let rows = query_as("SELECT * FROM parts WHERE upload_id = $1 ORDER BY part_number")
            .bind(upload_id.as_str())
            .fetch_all(&self.readers)
            .await?;
        Ok(rows)
    }
}

/// Returns the reason why nothing of this upload may be signed, or `None` if it may be.
async fn refusal(
    db: &mut SqliteConnection,
    by: &SealedBy,
    scope: &Scope,
    upload_id: &UploadId,
    now: UnixMillis,
) -> sqlx::Result<Option<SignedRows>> {
    let upload = query(
        "SELECT state, is_sealed_here, (expires_at_ms > $4 AND epoch = (SELECT epoch FROM deployment)) AS lives
         FROM uploads WHERE tenant = $1 AND owner = $2 AND upload_id = $3",
    );
    let upload = upload
        .bind(scope.tenant.as_str())
        .bind(scope.owner.as_str())
        .bind(upload_id.as_str())
        .bind(now)
        .fetch_optional(db)
        .await?;
    let Some(upload) = upload else {
        return Ok(Some(SignedRows::NotFound));
    };
    let lives: bool = sqlx::Row::try_get(&upload, "lives")?;
    let is_sealed_here: bool = sqlx::Row::try_get(&upload, "is_sealed_here")?;
    if is_sealed_here != (*by == SealedBy::TheServer) {
        return Ok(Some(SignedRows::NotOpen(upload_row::state(&upload)?)));
    }
    Ok(match upload_row::state(&upload)? {
        UploadState::Open if lives => None,
        UploadState::Open => Some(SignedRows::Expired),
        state => Some(SignedRows::NotOpen(state)),
    })
}

async fn sign(
    db: &mut SqliteConnection,
    upload_id: &UploadId,
    receipts: &[(PartReceipt, u64)],
    ends: SignedUntil,
) -> sqlx::Result<SignedRows> {
    let mut all = db.begin().await?;
    for (receipt, sealed_len) in receipts {
        let kept = part(&mut all, upload_id, receipt, *sealed_len).await?;
        if kept.sha256 != receipt.sha256 || kept.sealed_len != *sealed_len {
            all.rollback().await?;
            return Ok(SignedRows::AlreadySealed(receipt.number));
        }
    }
    query(
        "UPDATE uploads SET expires_at_ms = $2, last_signature_ends_at_ms =
             CASE WHEN last_signature_ends_at_ms > $3 THEN last_signature_ends_at_ms ELSE $3 END
         WHERE upload_id = $1",
    )
    .bind(upload_id.as_str())
    .bind(ends.expires_at)
    .bind(ends.signatures_end_at)
    .execute(&mut *all)
    .await?;
    all.commit().await?;
    Ok(SignedRows::Signed)
}

/// Saves the part unless it has a row, and returns the row that is there now.
async fn part(
    db: &mut SqliteConnection,
    upload_id: &UploadId,
    receipt: &PartReceipt,
    sealed_len: u64,
) -> sqlx::Result<PartRow> {
    query(
        "INSERT INTO parts (upload_id, part_number, sha256, sealed_len)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(upload_id.as_str())
    .bind(i64::from(receipt.number.get()))
    .bind(receipt.sha256.as_bytes().to_vec())
    .bind(bigint(sealed_len)?)
    .execute(&mut *db)
    .await?;
    query_as("SELECT * FROM parts WHERE upload_id = $1 AND part_number = $2")
        .bind(upload_id.as_str())
        .bind(i64::from(receipt.number.get()))
        .fetch_one(db)
        .await
}

impl FromRow<'_, SqliteRow> for PartRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let number: u16 = row.number("part_number")?;
        let number = PartNumber::try_from(number);
        Ok(Self {
            number: number.map_err(|error| unreadable("part_number", error))?,
            sha256: Sha256::from_bytes(row.bytes("sha256")?),
            sealed_len: row.number("sealed_len")?,
        })
    }
}
