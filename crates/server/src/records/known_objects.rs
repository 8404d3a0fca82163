//! Which of the object keys that the store lists are known, and in which state their uploads are.

use std::collections::HashMap;

use sealift_transfer::api::UploadState;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::{Records, RecordsError, upload_row};
use crate::objects::{ObjectKey, S3UploadId};

/// What the records know of an object key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownObject {
    /// Of its upload.
    pub state: UploadState,
    /// The bucket that its row names.
    pub bucket: String,
    /// The multipart upload that may go on.
    pub s3_upload_id: Option<S3UploadId>,
    /// Its tombstone was swept: whatever lies there came too late.
    pub is_swept: bool,
}

impl Records {
    /// Those of these object keys that have a row. At most some thousands at once.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn known_objects(
        &self,
        object_keys: &[ObjectKey],
    ) -> Result<HashMap<ObjectKey, KnownObject>, RecordsError> {
        if object_keys.is_empty() {
            return Ok(HashMap::new());
        }
        // Every file has its upload's key, so this table knows them all.
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
