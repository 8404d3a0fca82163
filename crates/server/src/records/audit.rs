//! The audit: who did what to which id, and with what outcome, denials included (DESIGN.md 5).
//! Names, keys and secrets never stand in it.

use sqlx::{
    FromRow, Row as _, Sqlite, SqliteConnection, query,
    query::Query,
    query_as,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{Records, RecordsError, Scope};

/// What somebody did or tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    /// Opened an upload.
    OpenUpload,
    /// Was given a content key.
    IssueKey,
    /// Was given signatures for parts.
    SignParts,
    /// Completed an upload.
    CompleteUpload,
    /// Aborted an upload: from then on nothing of it is signed.
    AbortUpload,
    /// Was given a file's plaintext.
    OpenFile,
    /// Deleted a file: from then on nobody finds it.
    DeleteFile,
    /// Made an API key.
    MakeApiKey,
    /// Began a new epoch, after a restore.
    BeginEpoch,
    /// Marked the bucket as the deployment's.
    MarkStore,
    /// Made another bucket the one that holds the objects.
    MoveStore,
    /// Made a ticket for one download.
    MakeTicket,
    /// Used a ticket up.
    RedeemTicket,
    /// Took a ticket back.
    RevokeTicket,
    /// Opened every frame of a file, or was asked to.
    VerifyFile,
    /// Removed what an aborted or failed upload may have left in the store, and ended its tombstone.
    ForgetUpload,
    /// Removed what a deleted file may have left in the store, and ended its tombstone.
    ForgetFile,
    /// Dropped the row of a ticket that can no longer be used.
    ForgetTicket,
    /// Removed an object, or an unfinished multipart upload, that no upload needs.
    RemoveObject,
    /// Was refused.
    Denied,
}

impl AuditAction {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::OpenUpload,
        Self::IssueKey,
        Self::SignParts,
        Self::CompleteUpload,
        Self::AbortUpload,
        Self::OpenFile,
        Self::DeleteFile,
        Self::MakeApiKey,
        Self::BeginEpoch,
        Self::MarkStore,
        Self::MoveStore,
        Self::MakeTicket,
        Self::RedeemTicket,
        Self::RevokeTicket,
        Self::VerifyFile,
        Self::ForgetUpload,
        Self::ForgetFile,
        Self::ForgetTicket,
        Self::RemoveObject,
        Self::Denied,
    ];

    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenUpload => "open_upload",
            Self::IssueKey => "issue_key",
            Self::SignParts => "sign_parts",
            Self::CompleteUpload => "complete_upload",
            Self::AbortUpload => "abort_upload",
            Self::OpenFile => "open_file",
            Self::DeleteFile => "delete_file",
            Self::MakeApiKey => "make_api_key",
            Self::BeginEpoch => "begin_epoch",
            Self::MarkStore => "mark_store",
            Self::MoveStore => "move_store",
            Self::MakeTicket => "make_ticket",
            Self::RedeemTicket => "redeem_ticket",
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

/// One entry, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Now.
    pub at_ms: i64,
    /// The request's id, as in the log.
    pub request_id: Option<String>,
    /// Who, where that is known.
    pub scope: Option<Scope>,
    /// How it proved who it is.
    pub via: &'static str,
    /// What it did or tried.
    pub action: AuditAction,
    /// The id of what it did that to; never a name.
    pub subject: Option<String>,
    /// `ok`, or the code of the problem it was answered.
    pub outcome: &'static str,
}

/// One entry, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place: later entries have greater ones.
    pub id: i64,
    /// When.
    pub at_ms: i64,
    /// The request's id.
    pub request_id: Option<String>,
    /// The tenant, where it was known.
    pub tenant: Option<String>,
    /// The owner, where it was known.
    pub owner: Option<String>,
    /// How it proved who it is.
    pub via: String,
    /// The name of an [`AuditAction`].
    pub action: String,
    /// The id of what was done something to.
    pub subject: Option<String>,
    /// `ok`, or a problem's code.
    pub outcome: String,
}

impl Records {
    /// Keeps an entry; durable when this returns.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn add_audit(&self, row: AuditRow) -> Result<(), RecordsError> {
        self.writer.changes(addition(row)).await.map(drop)
    }

    /// At most `most` entries after this place (0: from the first), oldest first.
    ///
    /// # Errors
    /// [`RecordsError`].
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
    /// Runs one statement and, where it changed a row, keeps the audit entry of that change in the
    /// same transaction: both are kept or neither. Tells whether it changed a row.
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

/// Keeps an entry in the transaction of the change that it reports.
pub(super) async fn keep(db: &mut SqliteConnection, row: AuditRow) -> sqlx::Result<()> {
    addition(row).execute(db).await.map(drop)
}

/// The statement that keeps an entry.
fn addition(row: AuditRow) -> Query<'static, Sqlite, SqliteArguments> {
    let (tenant, owner) = match row.scope {
        Some(scope) => (
            Some(scope.tenant.to_string()),
            Some(scope.owner.to_string()),
        ),
        None => (None, None),
    };
    let addition = query(
        "INSERT INTO audit (at_ms, request_id, tenant, owner, via, action, subject, outcome)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    );
    addition
        .bind(row.at_ms)
        .bind(row.request_id)
        .bind(tenant)
        .bind(owner)
        .bind(row.via)
        .bind(row.action.as_str())
        .bind(row.subject)
        .bind(row.outcome)
}

impl FromRow<'_, SqliteRow> for AuditEntry {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("audit_id")?,
            at_ms: row.try_get("at_ms")?,
            request_id: row.try_get("request_id")?,
            tenant: row.try_get("tenant")?,
            owner: row.try_get("owner")?,
            via: row.try_get("via")?,
            action: row.try_get("action")?,
            subject: row.try_get("subject")?,
            outcome: row.try_get("outcome")?,
        })
    }
}
