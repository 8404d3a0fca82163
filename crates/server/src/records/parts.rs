//! The parts that were signed. One ciphertext per part, ever (FORMAT.md R2): whoever sealed
//! another one must start anew, with a new message id.

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

/// A part that was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartRow {
    /// Which part.
    pub number: PartNumber,
    /// Of its one ciphertext.
    pub sha256: Sha256,
    /// Its bytes in the object.
    pub sealed_len: u64,
}

/// What became of parts that were to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedRows {
    /// All rows are durable: their signatures may leave.
    Signed,
    /// The upload takes no parts in this state. Nothing was kept.
    NotOpen(UploadState),
    /// The upload has expired, or is older than the last restore. Nothing was kept.
    Expired,
    /// This part was signed before, for other bytes. Nothing was kept.
    AlreadySealed(PartNumber),
    /// The owner has no such upload.
    NotFound,
}

/// Who seals an upload: nobody else may, under the same key (FORMAT.md R2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SealedBy {
    /// Whoever the key was given to. The signatures that it is given have an audit entry.
    TheClient(AuditRow),
    /// The server itself.
    TheServer,
}

/// When an upload ends and its signatures do.
#[derive(Debug, Clone, Copy)]
pub struct SignedUntil {
    /// When the upload ends now.
    pub expires_at_ms: i64,
    /// Until when the latest signature can be used.
    pub signatures_end_at_ms: i64,
}

impl Records {
    /// Keeps what is going to be signed, all or nothing; each receipt comes with its part's bytes
    /// in the object. The same receipt again is fine. Also keeps when the upload and the signatures
    /// end, and the audit entry of the signatures.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn sign_parts(
        &self,
        scope: &Scope,
        upload_id: &UploadId,
        receipts: &[(PartReceipt, u64)],
        now_ms: i64,
        ends: SignedUntil,
        audited: AuditRow,
    ) -> Result<SignedRows, RecordsError> {
        let by = SealedBy::TheClient(audited);
        self.keep_parts(by, scope, upload_id, receipts, now_ms, ends)
            .await
    }

    /// Keeps parts of an upload that is sealed by these.
    pub(super) async fn keep_parts(
        &self,
        by: SealedBy,
        scope: &Scope,
        upload_id: &UploadId,
        receipts: &[(PartReceipt, u64)],
        now_ms: i64,
        ends: SignedUntil,
    ) -> Result<SignedRows, RecordsError> {
        let (scope, upload_id, receipts) = (scope.clone(), upload_id.clone(), receipts.to_vec());
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                if let Some(refused) = refusal(db, &by, &scope, &upload_id, now_ms).await? {
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

    /// The parts of an upload that were ever signed, by number. Whether the caller may see the
    /// upload was asked before.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn parts(&self, upload_id: &UploadId) -> Result<Vec<PartRow>, RecordsError> {
        let rows = query_as("SELECT * FROM parts WHERE upload_id = $1 ORDER BY part_number")
            .bind(upload_id.as_str())
            .fetch_all(&self.readers)
            .await?;
        Ok(rows)
    }
}

/// Why nothing of this upload may be signed; `None` where it may.
async fn refusal(
    db: &mut SqliteConnection,
    by: &SealedBy,
    scope: &Scope,
    upload_id: &UploadId,
    now_ms: i64,
) -> sqlx::Result<Option<SignedRows>> {
    let upload = query(
        "SELECT state, is_sealed_here, (expires_at_ms > $4 AND epoch = (SELECT epoch FROM deployment)) AS lives
         FROM uploads WHERE tenant = $1 AND owner = $2 AND upload_id = $3",
    );
    let upload = upload
        .bind(scope.tenant.as_str())
        .bind(scope.owner.as_str())
        .bind(upload_id.as_str())
        .bind(now_ms)
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
    .bind(ends.expires_at_ms)
    .bind(ends.signatures_end_at_ms)
    .execute(&mut *all)
    .await?;
    all.commit().await?;
    Ok(SignedRows::Signed)
}

/// Keeps the part unless it has a row; gives the one that is there now.
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
