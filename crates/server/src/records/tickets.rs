//! Tickets: one download of one file, for whoever brings the ticket first. Redeemed once, by a
//! compare-and-set, for a cookie; of both secrets only the hashes are kept.

use sealift_transfer::api::{FileId, TicketId};
use sqlx::{FromRow, Row as _, query, query_as, query_scalar, sqlite::SqliteRow};

use super::{AuditRow, Records, RecordsError, Scope, audit, columns::Columns as _};

/// A ticket as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRow {
    /// Its public part.
    pub id: TicketId,
    /// Of its secret, hashed by the caller.
    pub hash: [u8; 32],
    /// Who made it, and whose the file is.
    pub scope: Scope,
    /// The file that it is for.
    pub file_id: FileId,
    /// When it was made.
    pub made_at_ms: i64,
    /// When it can no longer be redeemed.
    pub expires_at_ms: i64,
}

/// A ticket whose cookie holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedeemedTicket {
    /// The ticket.
    pub ticket: TicketRow,
    /// When it was redeemed.
    pub redeemed_at_ms: i64,
    /// Until when its cookie holds.
    pub until_ms: i64,
}

impl Records {
    /// Keeps a new ticket, and the audit entry of it: both or neither.
    ///
    /// # Errors
    /// [`RecordsError`]; also where the id is taken.
    pub async fn add_ticket(&self, row: TicketRow, audited: AuditRow) -> Result<(), RecordsError> {
        let addition = query(
            "INSERT INTO tickets
             (ticket_id, secret_sha256, tenant, owner, purpose, file_id, made_at_ms, expires_at_ms)
             VALUES ($1, $2, $3, $4, 'download', $5, $6, $7)",
        );
        let addition = addition
            .bind(row.id.to_string())
            .bind(row.hash.to_vec())
            .bind(row.scope.tenant.to_string())
            .bind(row.scope.owner.to_string())
            .bind(row.file_id.to_string())
            .bind(row.made_at_ms)
            .bind(row.expires_at_ms);
        self.audited_change(addition, audited).await.map(drop)
    }

    /// The ticket of this id, used or not. Whether its secret was given is the caller's to compare.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn ticket(&self, id: &TicketId) -> Result<Option<TicketRow>, RecordsError> {
        let row = query_as("SELECT * FROM tickets WHERE ticket_id = $1 AND purpose = 'download'");
        let row = row.bind(id.as_str()).fetch_optional(&self.readers).await?;
        Ok(row)
    }

    /// Uses the ticket up for a cookie of that hash, unless it was used, has ended, was taken back,
    /// or its file is not there any more. Of several at once one wins, and the audit says so: both are
    /// kept or neither, since whoever is refused must be able to try again.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn redeem_ticket(
        &self,
        id: &TicketId,
        cookie_hash: [u8; 32],
        now_ms: i64,
        cookie_ends_at_ms: i64,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE tickets SET redeemed_at_ms = $3, cookie_sha256 = $2, cookie_ends_at_ms = $4
             WHERE ticket_id = $1 AND purpose = 'download'
             AND redeemed_at_ms IS NULL AND revoked_at_ms IS NULL AND expires_at_ms > $3
             AND EXISTS (
                 SELECT 1 FROM files
                 WHERE files.file_id = tickets.file_id AND files.tenant = tickets.tenant
                 AND files.owner = tickets.owner AND files.state = 'available'
             )",
        );
        let change = change
            .bind(id.to_string())
            .bind(cookie_hash.to_vec())
            .bind(now_ms)
            .bind(cookie_ends_at_ms);
        self.audited_change(change, audited).await
    }

    /// The ticket that was redeemed for the cookie of this hash, while that holds: neither ended
    /// nor taken back. What is looked for is the hash of 256 random bits, so how long the search
    /// takes tells nobody anything.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn redeemed_ticket(
        &self,
        cookie_hash: &[u8; 32],
        now_ms: i64,
    ) -> Result<Option<RedeemedTicket>, RecordsError> {
        let row = query_as(
            "SELECT * FROM tickets
             WHERE cookie_sha256 = $1 AND purpose = 'download'
             AND cookie_ends_at_ms > $2 AND revoked_at_ms IS NULL",
        );
        let row = row
            .bind(cookie_hash.to_vec())
            .bind(now_ms)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row)
    }

    /// Moves the end of what this ticket was redeemed for on; gives when that ends now. `None`: it
    /// has ended or was taken back.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn prolong_redeemed_ticket(
        &self,
        id: &TicketId,
        now_ms: i64,
        cookie_ends_at_ms: i64,
    ) -> Result<Option<i64>, RecordsError> {
        // Another request may have moved it further already.
        let change = query_scalar(
            "UPDATE tickets SET cookie_ends_at_ms =
                 CASE WHEN cookie_ends_at_ms < $3 THEN $3 ELSE cookie_ends_at_ms END
             WHERE ticket_id = $1 AND purpose = 'download'
             AND cookie_ends_at_ms > $2 AND revoked_at_ms IS NULL
             RETURNING cookie_ends_at_ms",
        );
        let change = change
            .bind(id.to_string())
            .bind(now_ms)
            .bind(cookie_ends_at_ms);
        let work = self
            .writer
            .write(move |db| Box::pin(change.fetch_optional(db)));
        work.await
    }

    /// When what this ticket was redeemed for ends. `None`: it has ended or was taken back.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn redeemed_ticket_ends_at_ms(
        &self,
        id: &TicketId,
        now_ms: i64,
    ) -> Result<Option<i64>, RecordsError> {
        let end = query_scalar(
            "SELECT cookie_ends_at_ms FROM tickets
             WHERE ticket_id = $1 AND purpose = 'download'
             AND cookie_ends_at_ms > $2 AND revoked_at_ms IS NULL",
        );
        let end = end.bind(id.as_str()).bind(now_ms);
        Ok(end.fetch_optional(&self.readers).await?)
    }

    /// Takes this owner's ticket back, and the cookie that it was redeemed for. `false`: there is
    /// none; one that was taken back before stays so.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn revoke_ticket(
        &self,
        scope: &Scope,
        id: &TicketId,
        now_ms: i64,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE tickets SET revoked_at_ms = coalesce(revoked_at_ms, $4)
             WHERE ticket_id = $1 AND tenant = $2 AND owner = $3 AND purpose = 'download'",
        );
        let change = change
            .bind(id.to_string())
            .bind(scope.tenant.to_string())
            .bind(scope.owner.to_string())
            .bind(now_ms);
        self.audited_change(change, audited).await
    }

    /// Drops the rows of at most `most` tickets that can neither be redeemed nor read with any
    /// more, and keeps one audit entry for each, which `audited` makes; gives how many.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn forget_tickets(
        &self,
        now_ms: i64,
        most: u32,
        audited: impl Fn(&TicketRow) -> AuditRow + Send + Sync + 'static,
    ) -> Result<u64, RecordsError> {
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                let removal = query_as::<_, TicketRow>(
                    "DELETE FROM tickets WHERE ticket_id IN (
                         SELECT ticket_id FROM tickets
                         WHERE purpose = 'download' AND expires_at_ms <= $1
                         AND (cookie_ends_at_ms IS NULL OR cookie_ends_at_ms <= $1)
                         ORDER BY expires_at_ms LIMIT $2
                     )
                     RETURNING *",
                );
                let removal = removal.bind(now_ms).bind(i64::from(most));
                let forgotten = removal.fetch_all(&mut *db).await?;
                for ticket in &forgotten {
                    audit::keep(db, audited(ticket)).await?;
                }
                Ok(u64::try_from(forgotten.len()).unwrap_or(u64::MAX))
            })
        });
        work.await
    }
}

impl FromRow<'_, SqliteRow> for TicketRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.parsed("ticket_id")?,
            hash: row.bytes("secret_sha256")?,
            scope: row.scope()?,
            file_id: row.parsed("file_id")?,
            made_at_ms: row.try_get("made_at_ms")?,
            expires_at_ms: row.try_get("expires_at_ms")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for RedeemedTicket {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            ticket: TicketRow::from_row(row)?,
            redeemed_at_ms: row.try_get("redeemed_at_ms")?,
            until_ms: row.try_get("cookie_ends_at_ms")?,
        })
    }
}
