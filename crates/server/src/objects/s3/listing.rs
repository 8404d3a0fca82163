//! Lists the objects and unfinished uploads under this deployment's prefix.

use super::{
    super::{ListedObject, ObjectKey, ObjectsError, VersionId},
    Objects,
    answers::translate,
};
use crate::unix_millis::UnixMillis;

/// The store's code for a missing bucket, which says nothing of the versions in it.
const NO_BUCKET: &str = "NoSuchBucket";

impl Objects {
    /// Lists at most a thousand objects under the prefix that come after `after`, by key. Returns
    /// fewer or none at the end. In a bucket with versions, lists the current ones.
    ///
    /// # Errors
    /// Returns an [`ObjectsError`] if the store does not list them.
    pub async fn list_objects(
        &self,
        after: Option<&ObjectKey>,
    ) -> Result<Vec<ListedObject>, ObjectsError> {
        let page = self
            .own
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(format!("{}/", self.prefix))
            .set_start_after(after.map(ToString::to_string))
            .send()
            .await
            .map_err(translate)?;
        let objects = page.contents.unwrap_or_default().into_iter();
        let objects = objects.map(|object| {
            let key = object.key;
            Ok(ListedObject {
                key: key
                    .map(ObjectKey::from_record)
                    .ok_or(ObjectsError::Incomprehensible { field: "Key" })?,
                modified_at: object
                    .last_modified
                    .and_then(|at| at.to_millis().ok())
                    .map(UnixMillis::from_ms),
            })
        });
        objects.collect()
    }

    /// Deletes the delete markers, and the versions behind them, which HEAD does not show. If the
    /// store does not allow listing them, this deletes none.
    pub(super) async fn remove_versions(&self, key: &ObjectKey) -> Result<(), ObjectsError> {
        let mut after: (Option<String>, Option<String>) = (None, None);
        loop {
            let page = self
                .own
                .list_object_versions()
                .bucket(&self.bucket)
                .prefix(key.as_str())
                .set_key_marker(after.0.take())
                .set_version_id_marker(after.1.take())
                .send()
                .await
                .map_err(translate);
            let page = match page {
                Ok(page) => page,
                // The embedded store lists no versions. HEAD does not show its objects without
                // notes either (embedded/store.rs), so delete by the key.
                Err(ObjectsError::Refused { status: 501, .. }) => {
                    return self.delete(key, None).await;
                }
                // The store itself refused. A gateway's page would say nothing about versions.
                Err(ObjectsError::Refused { code, .. }) if code != "-" && code != NO_BUCKET => {
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            let versions = page.versions.unwrap_or_default().into_iter();
            let versions = versions.map(|version| (version.key, version.version_id));
            let markers = page.delete_markers.unwrap_or_default().into_iter();
            let markers = markers.map(|marker| (marker.key, marker.version_id));
            // The prefix may also begin longer keys.
            let its = |(listed, _): &(Option<String>, _)| listed.as_deref() == Some(key.as_str());
            for (_, version) in versions.chain(markers).filter(its) {
                if let Some(version) = version {
                    self.delete(key, Some(&VersionId(version))).await?;
                }
            }
            let goes_on = page.is_truncated == Some(true);
            if !goes_on || page.next_key_marker.as_deref() != Some(key.as_str()) {
                return Ok(());
            }
            after = (page.next_key_marker, page.next_version_id_marker);
        }
    }
}
