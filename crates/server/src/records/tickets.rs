//! Tickets: each is for one download of one file, by the first client that brings the ticket. A
//! compare-and-set redeems it once, for a cookie. Only the hashes of ticket secret and cookie are
//! stored.

use sealift_transfer::api::{FileId, TicketId};
use sqlx::{FromRow, Row as _, query, query_as, query_scalar, sqlite::SqliteRow};

use super::{AuditRow, Records, RecordsError, Scope, audit, columns::Columns as _};
use crate::unix_millis::UnixMillis;

/// A ticket as the database holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRow {
    /// The public part of the ticket.
    pub id: TicketId,
    /// The SHA-256 of its secret; the caller of this module hashes it.
    pub hash: [u8; 32],
    /// The owner who made the ticket and to whom the file belongs.
    pub scope: Scope,
    /// The file that the ticket is for.
    pub file_id: FileId,
    /// When the ticket was made.
    pub made_at: UnixMillis,
    /// From when on it cannot be redeemed.
    pub expires_at: UnixMillis,
}

/// A redeemed ticket with a cookie that is still valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedeemedTicket {
    /// The ticket.
    pub ticket: TicketRow,
    /// When the ticket was redeemed.
    pub redeemed_at: UnixMillis,
    /// Until when the cookie is valid.
    pub until: UnixMillis,
}

/// A ticket as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedTicket {
    /// The ticket.
    pub ticket: TicketRow,
    /// When the ticket was redeemed.
    pub redeemed_at: Option<UnixMillis>,
    /// Until when the cookie that it was redeemed for is valid, or was.
    pub until: Option<UnixMillis>,
    /// When the ticket was revoked.
    pub revoked_at: Option<UnixMillis>,
}

/// The last ticket of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketCursor {
    /// When the ticket was made.
    pub made_at: UnixMillis,
    /// The ticket's id.
    pub id: TicketId,
}

impl Records {
    /// Saves a new ticket and its audit entry, both or neither.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change, or if the id exists
    /// already.
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
            .bind(row.made_at)
            .bind(row.expires_at);
        self.audited_change(addition, audited).await.map(drop)
    }

    /// Returns the ticket of this id, redeemed or not. The caller must compare the secret with the
    /// hash.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn ticket(&self, id: &TicketId) -> Result<Option<TicketRow>, RecordsError> {
        let row = query_as("SELECT * FROM tickets WHERE ticket_id = $1 AND purpose = 'download'");
        let row = row.bind(id.as_str()).fetch_optional(&self.readers).await?;
        Ok(row)
    }

    /// Returns at most `most` of this owner's tickets behind the cursor, newest first; only those for `file_id` if it is
    /// given. Tickets of deleted files are not among them.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn tickets(
        &self,
        scope: &Scope,
        file_id: Option<&FileId>,
        cursor: Option<TicketCursor>,
        most: u32,
    ) -> Result<Vec<OwnedTicket>, RecordsError> {
        // Ids consist of letters and digits, so "~" sorts behind every id.
        let (made_at, id) = cursor.map_or((UnixMillis::MAX, "~".to_owned()), |cursor| {
            (cursor.made_at, cursor.id.to_string())
        });
        let page = query_as(
            "SELECT * FROM tickets
             WHERE tenant = $1 AND owner = $2 AND purpose = 'download'
             AND ($3 IS NULL OR file_id = $3)
             AND (made_at_ms, ticket_id) < ($4, $5)
             AND EXISTS (
                 SELECT 1 FROM files
                 WHERE files.file_id = tickets.file_id AND files.tenant = tickets.tenant
                 AND files.owner = tickets.owner AND files.state = 'available'
             )
             ORDER BY made_at_ms DESC, ticket_id DESC LIMIT $6",
        );
        let page = page
            .bind(scope.tenant.as_str())
            .bind(scope.owner.as_str())
            .bind(file_id.map(FileId::as_str))
            .bind(made_at)
            .bind(id)
            .bind(i64::from(most))
            .fetch_all(&self.readers)
            .await?;
        Ok(page)
    }

    /// Gives this owner's ticket another expiry. Returns `false` if the owner has no such ticket, or if it was redeemed or
    /// revoked or has expired.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn change_ticket(
        &self,
        scope: &Scope,
        id: &TicketId,
        now: UnixMillis,
        expires_at: UnixMillis,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE tickets SET expires_at_ms = $5
             WHERE ticket_id = $1 AND tenant = $2 AND owner = $3 AND purpose = 'download'
             AND redeemed_at_ms IS NULL AND revoked_at_ms IS NULL AND expires_at_ms > $4",
        );
        let change = change
            .bind(id.to_string())
            .bind(scope.tenant.to_string())
            .bind(scope.owner.to_string())
            .bind(now)
            .bind(expires_at);
        self.audited_change(change, audited).await
    }

    /// Redeems the ticket for a cookie of that hash. Returns `false` if the ticket was redeemed before,
    /// has expired or was revoked, or if its file is gone. Only one of several concurrent requests
    /// wins. The audit entry is saved in the same transaction, because a request that fails must leave
    /// the ticket usable for another try.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn redeem_ticket(
        &self,
        id: &TicketId,
        cookie_hash: [u8; 32],
        now: UnixMillis,
        cookie_ends_at: UnixMillis,
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
            .bind(now)
            .bind(cookie_ends_at);
        self.audited_change(change, audited).await
    }

    /// Returns the ticket that was redeemed for the cookie of this hash, while the cookie is valid:
    /// neither expired nor revoked. The search is by the hash of 256 random bits, so its duration
    /// reveals nothing.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn redeemed_ticket(
        &self,
        cookie_hash: &[u8; 32],
        now: UnixMillis,
    ) -> Result<Option<RedeemedTicket>, RecordsError> {
        let row = query_as(
            "SELECT * FROM tickets
             WHERE cookie_sha256 = $1 AND purpose = 'download'
             AND cookie_ends_at_ms > $2 AND revoked_at_ms IS NULL",
        );
        let row = row
            .bind(cookie_hash.to_vec())
            .bind(now)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row)
    }

    /// Extends the validity of the ticket's cookie, and returns when it ends now. Returns `None` if the
    /// cookie has expired or was revoked.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn prolong_redeemed_ticket(
        &self,
        id: &TicketId,
        now: UnixMillis,
        cookie_ends_at: UnixMillis,
    ) -> Result<Option<UnixMillis>, RecordsError> {
        // Another request may have set a later end already.
        let change = query_scalar(
            "UPDATE tickets SET cookie_ends_at_ms =
                 CASE WHEN cookie_ends_at_ms < $3 THEN $3 ELSE cookie_ends_at_ms END
             WHERE ticket_id = $1 AND purpose = 'download'
             AND cookie_ends_at_ms > $2 AND revoked_at_ms IS NULL
             RETURNING cookie_ends_at_ms",
        );
        let change = change.bind(id.to_string()).bind(now).bind(cookie_ends_at);
        let work = self
            .writer
            .write(move |db| Box::pin(change.fetch_optional(db)));
        work.await
    }

    /// Returns when the ticket's cookie expires, or `None` if it has expired or was revoked.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn redeemed_ticket_ends_at(
        &self,
        id: &TicketId,
        now: UnixMillis,
    ) -> Result<Option<UnixMillis>, RecordsError> {
        let end = query_scalar(
            "SELECT cookie_ends_at_ms FROM tickets
             WHERE ticket_id = $1 AND purpose = 'download'
             AND cookie_ends_at_ms > $2 AND revoked_at_ms IS NULL",
        );
        let end = end.bind(id.as_str()).bind(now);
        Ok(end.fetch_optional(&self.readers).await?)
    }

    /// Revokes this owner's ticket and the cookie that it was redeemed for. Returns `false` if the
    /// owner has no such ticket. A ticket that was revoked before keeps its first time of revocation.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn revoke_ticket(
        &self,
        scope: &Scope,
        id: &TicketId,
        now: UnixMillis,
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
            .bind(now);
        self.audited_change(change, audited).await
    }

    /// Deletes the rows of at most `most` tickets that can neither be redeemed nor used for reading any
    /// more. `audited` makes the audit entry of each. Returns the number of deleted rows.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn forget_tickets(
        &self,
        now: UnixMillis,
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
                let removal = removal.bind(now).bind(i64::from(most));
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
            made_at: row.try_get("made_at_ms")?,
            expires_at: row.try_get("expires_at_ms")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for RedeemedTicket {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            ticket: TicketRow::from_row(row)?,
            redeemed_at: row.try_get("redeemed_at_ms")?,
            until: row.try_get("cookie_ends_at_ms")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for OwnedTicket {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            ticket: TicketRow::from_row(row)?,
            redeemed_at: row.try_get("redeemed_at_ms")?,
            until: row.try_get("cookie_ends_at_ms")?,
            revoked_at: row.try_get("revoked_at_ms")?,
        })
    }
}
