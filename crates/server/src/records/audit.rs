//! The audit: who did what to which id, and with what outcome, denials included. Names, keys and
//! secrets are never written to it.

use std::path::Path;

use sqlx::{
    ConnectOptions as _, Connection as _, FromRow, Row as _, Sqlite, SqliteConnection, query,
    query::Query,
    query_as,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow, SqliteSynchronous},
};

use super::{BUSY_TIMEOUT, Records, RecordsError, Scope};
use crate::unix_millis::UnixMillis;

/// An action that somebody did or tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    /// Opened an upload.
    OpenUpload,
    /// Received a content key.
    IssueKey,
    /// Received signatures for parts.
    SignParts,
    /// Completed an upload.
    CompleteUpload,
    /// Aborted an upload. From then on nothing of it is signed.
    AbortUpload,
    /// Received plaintext of a file, or its content key.
    OpenFile,
    /// Sealed a file again: another object took the place of its own.
    ResealFile,
    /// Deleted a file. From then on nobody finds it.
    DeleteFile,
    /// Made an API key.
    MakeApiKey,
    /// Revoked an API key.
    RevokeApiKey,
    /// Made a new version of a tenant's key-encryption key.
    MakeKek,
    /// Moved a tenant's key row under another KMS key, pepper or key file.
    RewrapKey,
    /// Wrote a tenant's key-encryption key out, for other programs.
    ExportKey,
    /// Destroyed all keys of a tenant.
    ShredKeys,
    /// Began a new epoch, after a restore.
    BeginEpoch,
    /// Marked the bucket as this deployment's.
    MarkStore,
    /// Moved the records to another bucket, which holds the objects now.
    MoveStore,
    /// Made a ticket for one download.
    MakeTicket,
    /// Redeemed a ticket.
    RedeemTicket,
    /// Gave a ticket another expiry.
    ChangeTicket,
    /// Revoked a ticket.
    RevokeTicket,
    /// Opened every frame of a file, or asked for it.
    VerifyFile,
    /// Removed the remains of an aborted or failed upload from the store, and ended its tombstone.
    ForgetUpload,
    /// Removed the remains of a deleted file from the store, and ended its tombstone.
    ForgetFile,
    /// Deleted the row of a ticket that can no longer be used.
    ForgetTicket,
    /// Removed an object, or an unfinished multipart upload, that no upload needs.
    RemoveObject,
    /// Was refused.
    Denied,
}

impl AuditAction {
    /// All actions.
    pub const ALL: [Self; 27] = [
        Self::OpenUpload,
        Self::IssueKey,
        Self::SignParts,
        Self::CompleteUpload,
        Self::AbortUpload,
        Self::OpenFile,
        Self::ResealFile,
        Self::DeleteFile,
        Self::MakeApiKey,
        Self::RevokeApiKey,
        Self::MakeKek,
        Self::RewrapKey,
        Self::ExportKey,
        Self::ShredKeys,
        Self::BeginEpoch,
        Self::MarkStore,
        Self::MoveStore,
        Self::MakeTicket,
        Self::RedeemTicket,
        Self::ChangeTicket,
        Self::RevokeTicket,
        Self::VerifyFile,
        Self::ForgetUpload,
        Self::ForgetFile,
        Self::ForgetTicket,
        Self::RemoveObject,
        Self::Denied,
    ];

    /// Returns the name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenUpload => "open_upload",
            Self::IssueKey => "issue_key",
            Self::SignParts => "sign_parts",
            Self::CompleteUpload => "complete_upload",
            Self::AbortUpload => "abort_upload",
            Self::OpenFile => "open_file",
            Self::ResealFile => "reseal_file",
            Self::DeleteFile => "delete_file",
            Self::MakeApiKey => "make_api_key",
            Self::RevokeApiKey => "revoke_api_key",
            Self::MakeKek => "make_kek",
            Self::RewrapKey => "rewrap_key",
            Self::ExportKey => "export_key",
            Self::ShredKeys => "shred_keys",
            Self::BeginEpoch => "begin_epoch",
            Self::MarkStore => "mark_store",
            Self::MoveStore => "move_store",
            Self::MakeTicket => "make_ticket",
            Self::RedeemTicket => "redeem_ticket",
            Self::ChangeTicket => "change_ticket",
            Self::RevokeTicket => "revoke_ticket",
            Self::VerifyFile => "verify_file",
            Self::ForgetUpload => "forget_upload",
            Self::ForgetFile => "forget_file",
            Self::ForgetTicket => "forget_ticket",
            Self::RemoveObject => "remove_object",
            Self::Denied => "denied",
        }
    }
}

/// An entry that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// The current time.
    pub at: UnixMillis,
    /// The request's id, as in the log.
    pub request_id: Option<String>,
    /// The tenant and owner who acted, if known.
    pub scope: Option<Scope>,
    /// How the caller was identified, or which task of the server acted.
    pub via: &'static str,
    /// The id of the API key or ticket that identified the caller, never its secret.
    pub credential: Option<String>,
    /// The action that was done or tried.
    pub action: AuditAction,
    /// The id of the upload, file, ticket or other subject; never a name.
    pub subject: Option<String>,
    /// `ok`, or the code of the problem that the request was answered with.
    pub outcome: &'static str,
}

impl AuditRow {
    /// The value of [`Self::via`] for a verification that no request asked for.
    pub(crate) const VIA_VERIFIER: &str = "verifier";
}

/// An entry as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The entry's number. Later entries have greater numbers.
    pub id: i64,
    /// The time of the action.
    pub at: UnixMillis,
    /// The request's id.
    pub request_id: Option<String>,
    /// The tenant, if known.
    pub tenant: Option<String>,
    /// The owner, if known.
    pub owner: Option<String>,
    /// How the caller was identified, or which task of the server acted.
    pub via: String,
    /// The id of the API key or ticket that identified the caller.
    pub credential: Option<String>,
    /// The name of an [`AuditAction`].
    pub action: String,
    /// The id of the subject.
    pub subject: Option<String>,
    /// `ok`, or the code of a problem.
    pub outcome: String,
}

impl Records {
    /// Writes an entry. It is durable when this returns.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn add_audit(&self, row: AuditRow) -> Result<(), RecordsError> {
        self.writer.changes(addition(row)).await.map(drop)
    }

    /// Returns at most `most` entries after the entry `after_id`, oldest first; 0 begins with the
    /// first.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn audit_rows(
        &self,
        after_id: i64,
        most: u32,
    ) -> Result<Vec<AuditEntry>, RecordsError> {
        let rows = query_as("SELECT * FROM audit WHERE audit_id > $1 ORDER BY audit_id LIMIT $2")
            .bind(after_id)
            .bind(i64::from(most))
            .fetch_all(&self.readers)
            .await?;
        Ok(rows)
    }
}

impl Records {
    /// Runs one statement. If it changed a row, writes the audit entry of that change in the same
    /// transaction, so that both are saved or neither is. Returns whether it changed a row.
    pub(super) async fn audited_change(
        &self,
        statement: Query<'static, Sqlite, SqliteArguments>,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                let has_changed = statement.execute(&mut *db).await?.rows_affected() > 0;
                if has_changed {
                    keep(db, audited).await?;
                }
                Ok(has_changed)
            })
        });
        work.await
    }
}

/// Writes entries to the audit of a database that is not opened otherwise, and leaves its schema as it is. They are
/// durable when this returns. A server may run on the database at the same time.
///
/// # Errors
/// Returns [`RecordsError`] if the database does not exist or does not commit the change.
pub async fn add_audit_to(file: &Path, rows: Vec<AuditRow>) -> Result<(), RecordsError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT);
    let mut db = options.connect().await.map_err(RecordsError::Open)?;
    let mut all = db.begin_with("BEGIN IMMEDIATE").await?;
    for row in rows {
        keep(&mut all, row).await?;
    }
    all.commit().await?;
    Ok(db.close().await?)
}

/// Writes an entry in the transaction of the change that it reports.
pub(super) async fn keep(db: &mut SqliteConnection, row: AuditRow) -> sqlx::Result<()> {
    addition(row).execute(db).await.map(drop)
}

/// Returns the statement that writes an entry.
fn addition(row: AuditRow) -> Query<'static, Sqlite, SqliteArguments> {
    let (tenant, owner) = match row.scope {
        Some(scope) => (
            Some(scope.tenant.to_string()),
            Some(scope.owner.to_string()),
        ),
        None => (None, None),
    };
    // Without a credential its column is not named, because [`add_audit_to`] also writes to databases that do not have
    // it yet.
    let addition = match &row.credential {
        None => query(
            "INSERT INTO audit (at_ms, request_id, tenant, owner, via, action, subject, outcome)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        ),
        Some(_) => query(
            "INSERT INTO audit
             (at_ms, request_id, tenant, owner, via, action, subject, outcome, credential)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        ),
    };
    let addition = addition
        .bind(row.at)
        .bind(row.request_id)
        .bind(tenant)
        .bind(owner)
        .bind(row.via)
        .bind(row.action.as_str())
        .bind(row.subject)
        .bind(row.outcome);
    match row.credential {
        None => addition,
        Some(credential) => addition.bind(credential),
    }
}

impl FromRow<'_, SqliteRow> for AuditEntry {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("audit_id")?,
            at: row.try_get("at_ms")?,
            request_id: row.try_get("request_id")?,
            tenant: row.try_get("tenant")?,
            owner: row.try_get("owner")?,
            via: row.try_get("via")?,
            credential: row.try_get("credential")?,
            action: row.try_get("action")?,
            subject: row.try_get("subject")?,
            outcome: row.try_get("outcome")?,
        })
    }
}
