//! Looks up which of the object keys that the store lists belong to an upload, and the state of that
//! upload. The sweeper uses it to find objects without a record.

use std::collections::HashMap;

use sealift_transfer::api::UploadState;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::{Records, RecordsError, upload_row};
use crate::objects::{ObjectKey, S3UploadId};

/// The database row behind an object key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownObject {
    /// The state of the upload.
    pub state: UploadState,
    /// The bucket that its row names.
    pub bucket: String,
    /// The multipart upload that may still be in progress.
    pub s3_upload_id: Option<S3UploadId>,
    /// True if the tombstone was swept. An object that is there nevertheless came too late.
    pub is_swept: bool,
}

impl Records {
    /// Returns the rows of those object keys that have one. The list may hold some thousands at most.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn known_objects(
        &self,
        object_keys: &[ObjectKey],
    ) -> Result<HashMap<ObjectKey, KnownObject>, RecordsError> {
        if object_keys.is_empty() {
            return Ok(HashMap::new());
        }
        // A file has the same object key as its upload, so this table knows the keys of all files too.
        let mut asked = QueryBuilder::<Sqlite>::new(
            "SELECT s3_key, s3_bucket, state, s3_upload_id, swept_at_ms IS NOT NULL AS is_swept
             FROM uploads WHERE s3_key IN (",
        );
        let mut listed = asked.separated(", ");
        for object_key in object_keys {
            listed.push_bind(object_key.as_str());
        }
        asked.push(")");
        let rows = asked.build().fetch_all(&self.readers).await?;
        let known = rows.iter().map(|row| {
            let object = KnownObject {
                state: upload_row::state(row)?,
                bucket: row.try_get("s3_bucket")?,
                s3_upload_id: row.try_get::<Option<_>, _>("s3_upload_id")?.map(S3UploadId),
                is_swept: row.try_get("is_swept")?,
            };
            Ok((ObjectKey::from_record(row.try_get("s3_key")?), object))
        });
        Ok(known.collect::<sqlx::Result<_>>()?)
    }
}
