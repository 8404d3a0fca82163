//! The table `deployment`: one row about this deployment as a whole.

use core::time::Duration;

use sqlx::{FromRow, Row as _, SqliteConnection, query, query_as, query_scalar, sqlite::SqliteRow};

use super::{AuditRow, Records, RecordsError, audit};
use crate::{
    objects::{ObjectKey, Reached, StoreAddress, VersionId},
    unix_millis::UnixMillis,
};

/// The row about this deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentRow {
    /// The random id that distinguishes this deployment from others that may use the same bucket.
    pub deployment_id: String,
    /// The epoch and high-water mark of the database.
    pub reached: Reached,
    /// The store in which this deployment wrote its mark; `None` before the first start.
    pub store: Option<StoreAddress>,
    /// True if any upload was ever opened.
    pub has_uploads: bool,
}

impl Records {
    /// Returns the row about this deployment. Everything in it is durable.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn deployment(&self) -> Result<DeploymentRow, RecordsError> {
        let asked = query_as(
            "SELECT deployment_id, epoch, high_water, s3_endpoint, s3_bucket, s3_prefix,
                 EXISTS (SELECT 1 FROM uploads) AS has_uploads
             FROM deployment",
        );
        Ok(asked.fetch_one(&self.readers).await?)
    }

    /// Saves the address of the store in which this deployment wrote its mark. The caller writes the
    /// mark first.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn set_store(&self, store: &StoreAddress) -> Result<(), RecordsError> {
        let change =
            query("UPDATE deployment SET s3_endpoint = $1, s3_bucket = $2, s3_prefix = $3")
                .bind(store.endpoint.clone())
                .bind(store.bucket.clone())
                .bind(store.prefix.clone());
        self.writer.changes(change).await?;
        Ok(())
    }

    /// Returns a bucket other than this one that an upload's row names. It reads all rows, so it is
    /// only for a database that does not know its store yet.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn other_bucket(&self, bucket: &str) -> Result<Option<String>, RecordsError> {
        let asked = query_scalar("SELECT s3_bucket FROM uploads WHERE s3_bucket <> $1 LIMIT 1");
        let asked = asked.bind(bucket.to_owned());
        Ok(asked.fetch_optional(&self.readers).await?)
    }

    /// Returns the object of any one file that is not deleted. The caller uses it to check whether a
    /// store has this deployment's objects.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn any_object(&self) -> Result<Option<(ObjectKey, Option<VersionId>)>, RecordsError> {
        let asked = query_as::<_, (String, Option<String>)>(
            "SELECT s3_key, s3_version FROM files WHERE state NOT IN ('deleting', 'deleted') LIMIT 1",
        );
        let object = asked.fetch_optional(&self.readers).await?;
        Ok(object.map(|(key, version)| (ObjectKey::from_record(key), version.map(VersionId))))
    }

    /// Begins a new epoch after a restore or a failover that may have lost commits (docs/FORMAT.md, R2), and
    /// returns it. From now on nothing of an older upload is signed, and the next sweep aborts the
    /// uploads that were open. The sweeper reports the bucket's objects without a record once more
    /// before it removes any of them.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn begin_new_epoch(&self, audited: AuditRow) -> Result<i64, RecordsError> {
        self.begin_epoch_after(Reached::default(), audited).await
    }

    /// Begins a new epoch that is later than the epoch of the mark in the bucket, and raises the
    /// high-water mark to at least the mark's.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn begin_epoch_after(
        &self,
        mark: Reached,
        audited: AuditRow,
    ) -> Result<i64, RecordsError> {
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                let epoch = begin_epoch(&mut *db, mark).await?;
                audit::keep(db, audited).await?;
                Ok(epoch)
            })
        });
        work.await
    }

    /// The random id that distinguishes this deployment from others that may use the same bucket.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn deployment_id(&self) -> Result<String, RecordsError> {
        let id = query_scalar("SELECT deployment_id FROM deployment");
        Ok(id.fetch_one(&self.readers).await?)
    }

    /// Returns true if this store was last seen to join parts of unequal length.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn store_joins(&self, store: &str) -> Result<bool, RecordsError> {
        let known = query_scalar("SELECT store_that_joins FROM deployment");
        let known: Option<String> = known.fetch_one(&self.readers).await?;
        Ok(known.as_deref() == Some(store))
    }

    /// Saves that this store joins parts of unequal length, so that the next start need not test it.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn note_store_joins(&self, store: &str) -> Result<(), RecordsError> {
        let change = query("UPDATE deployment SET store_that_joins = $1").bind(store.to_owned());
        self.writer.changes(change).await?;
        Ok(())
    }

    /// Claims the next listing of the bucket, which is expensive. Returns `true` to one server only,
    /// and only if the last claim is at least `every` old.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn begin_listing_unrecorded(
        &self,
        now: UnixMillis,
        every: Duration,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE deployment SET unrecorded_listed_at_ms = $1
             WHERE unrecorded_listed_at_ms IS NULL OR unrecorded_listed_at_ms <= $2",
        );
        let change = change.bind(now).bind(now.earlier_by(every));
        self.writer.changes(change).await
    }

    /// Returns true if a list of the bucket's objects without a record was reported before.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn unrecorded_was_reported(&self) -> Result<bool, RecordsError> {
        let asked = query_scalar("SELECT unrecorded_reported_at_ms IS NOT NULL FROM deployment");
        Ok(asked.fetch_one(&self.readers).await?)
    }

    /// Saves that such a list was reported, so that the sweeper may act on the next ones.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn note_unrecorded_reported(&self, now: UnixMillis) -> Result<bool, RecordsError> {
        let change = query("UPDATE deployment SET unrecorded_reported_at_ms = $1");
        self.writer.changes(change.bind(now)).await
    }
}

/// Ends the current epoch and returns the new one. It must run within a transaction.
pub(super) async fn begin_epoch(db: &mut SqliteConnection, mark: Reached) -> sqlx::Result<i64> {
    let change = query_scalar(
        "UPDATE deployment SET
             epoch = CASE WHEN epoch > $1 THEN epoch ELSE $1 END + 1,
             high_water = CASE WHEN high_water > $2 THEN high_water ELSE $2 END,
             unrecorded_listed_at_ms = NULL, unrecorded_reported_at_ms = NULL
         RETURNING epoch",
    );
    let change = change.bind(mark.epoch).bind(mark.high_water);
    change.fetch_one(db).await
}

impl FromRow<'_, SqliteRow> for DeploymentRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let store = match row.try_get("s3_bucket")? {
            None => None,
            Some(bucket) => Some(StoreAddress {
                endpoint: row.try_get("s3_endpoint")?,
                bucket,
                prefix: row.try_get("s3_prefix")?,
            }),
        };
        Ok(Self {
            deployment_id: row.try_get("deployment_id")?,
            reached: Reached {
                epoch: row.try_get("epoch")?,
                high_water: row.try_get("high_water")?,
            },
            store,
            has_uploads: row.try_get("has_uploads")?,
        })
    }
}
