//! The one row about this deployment as a whole.

use sqlx::{query, query_scalar};

use super::{AuditRow, Records, RecordsError, audit};

impl Records {
    /// After a restore or a failover that may have lost commits (FORMAT.md R2): from now on
    /// nothing of an older upload is signed, and the next sweep aborts what was open. What the
    /// bucket has without a record is reported again before any of it is removed. Gives the new
    /// epoch.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn begin_new_epoch(&self, audited: AuditRow) -> Result<i64, RecordsError> {
        let work = self.writer.write(|db| {
            Box::pin(async move {
                let change = query_scalar(
                    "UPDATE deployment SET epoch = epoch + 1, unrecorded_listed_at_ms = NULL,
                         unrecorded_reported_at_ms = NULL
                     RETURNING epoch",
                );
                let epoch = change.fetch_one(&mut *db).await?;
                audit::keep(db, audited).await?;
                Ok(epoch)
            })
        });
        work.await
    }

    /// Tells this deployment from every other that may use the same bucket.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn deployment_id(&self) -> Result<String, RecordsError> {
        let id = query_scalar("SELECT deployment_id FROM deployment");
        Ok(id.fetch_one(&self.readers).await?)
    }

    /// Whether this store was last seen to join parts of unequal length.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn store_joins(&self, store: &str) -> Result<bool, RecordsError> {
        let known = query_scalar("SELECT store_that_joins FROM deployment");
        let known: Option<String> = known.fetch_one(&self.readers).await?;
        Ok(known.as_deref() == Some(store))
    }

    /// Keeps that it does, so that the next start need not try it.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn note_store_joins(&self, store: &str) -> Result<(), RecordsError> {
        let change = query("UPDATE deployment SET store_that_joins = $1").bind(store.to_owned());
        self.writer.changes(change).await?;
        Ok(())
    }

    /// Claims the listing of what the bucket has, which costs much: `true` for one server, and
    /// only where the last claim is at least `every_ms` old.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn begin_listing_unrecorded(
        &self,
        now_ms: i64,
        every_ms: i64,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE deployment SET unrecorded_listed_at_ms = $1
             WHERE unrecorded_listed_at_ms IS NULL OR unrecorded_listed_at_ms <= $2",
        );
        let change = change.bind(now_ms).bind(now_ms.saturating_sub(every_ms));
        self.writer.changes(change).await
    }

    /// Whether a list of what the bucket has without a record was reported before.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn unrecorded_was_reported(&self) -> Result<bool, RecordsError> {
        let asked = query_scalar("SELECT unrecorded_reported_at_ms IS NOT NULL FROM deployment");
        Ok(asked.fetch_one(&self.readers).await?)
    }

    /// Notes that such a list was reported: the next ones are acted upon.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn note_unrecorded_reported(&self, now_ms: i64) -> Result<bool, RecordsError> {
        let change = query("UPDATE deployment SET unrecorded_reported_at_ms = $1");
        self.writer.changes(change.bind(now_ms)).await
    }
}
