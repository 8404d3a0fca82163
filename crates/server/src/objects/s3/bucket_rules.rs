//! Reads the settings of the bucket itself that matter for a deployment: lifecycle rules, the public access block
//! and versioning. Nothing here changes them.

use aws_sdk_s3::types::{BucketVersioningStatus, ExpirationStatus, LifecycleRule};

use super::{super::ObjectsError, Objects, answers::translate};

/// An enabled lifecycle rule that reaches objects under this deployment's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketRule {
    /// The rule's name; empty if it has none.
    pub(crate) id: String,
    /// The days after which it ends unfinished uploads.
    pub(crate) ends_uploads_after: Option<i32>,
    /// The days after which it deletes objects; 0 for a fixed date.
    pub(crate) deletes_objects_after: Option<i32>,
}

/// The four parts of the public access block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PublicAccess {
    /// True if all four are on.
    pub(crate) is_blocked: bool,
}

impl Objects {
    /// Returns the lifecycle rules that reach this deployment's objects.
    ///
    /// # Errors
    /// Fails if the store does not tell them; a store without lifecycle rules refuses with 501.
    pub(crate) async fn bucket_rules(&self) -> Result<Vec<BucketRule>, ObjectsError> {
        let asked = self
            .own
            .get_bucket_lifecycle_configuration()
            .bucket(&self.bucket)
            .send()
            .await
            .map_err(translate);
        let rules = match asked {
            Ok(answer) => answer.rules.unwrap_or_default(),
            Err(ObjectsError::Refused { code, .. }) if code == "NoSuchLifecycleConfiguration" => {
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        let ours = format!("{}/", self.prefix);
        let reaching = rules.into_iter().filter(|rule| reaches(rule, &ours));
        Ok(reaching.map(bucket_rule).collect())
    }

    /// Returns whether the bucket blocks public access; `None` if it has no such block.
    ///
    /// # Errors
    /// Fails if the store does not tell.
    pub(crate) async fn public_access(&self) -> Result<Option<PublicAccess>, ObjectsError> {
        let asked = self
            .own
            .get_public_access_block()
            .bucket(&self.bucket)
            .send()
            .await
            .map_err(translate);
        match asked {
            Ok(answer) => Ok(answer.public_access_block_configuration.map(|block| {
                let parts = [
                    block.block_public_acls,
                    block.ignore_public_acls,
                    block.block_public_policy,
                    block.restrict_public_buckets,
                ];
                PublicAccess {
                    is_blocked: parts.iter().all(|part| *part == Some(true)),
                }
            })),
            Err(ObjectsError::Refused { code, .. })
                if code == "NoSuchPublicAccessBlockConfiguration" =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Returns whether the bucket keeps versions now.
    ///
    /// # Errors
    /// Fails if the store does not tell.
    pub(crate) async fn keeps_versions(&self) -> Result<bool, ObjectsError> {
        let asked = self.own.get_bucket_versioning().bucket(&self.bucket);
        let answer = asked.send().await.map_err(translate)?;
        Ok(answer.status == Some(BucketVersioningStatus::Enabled))
    }

    /// Asks for one version under the prefix, to learn whether versions may be listed.
    ///
    /// # Errors
    /// Fails if the store does not list them.
    pub(crate) async fn may_list_versions(&self) -> Result<(), ObjectsError> {
        let asked = self
            .own
            .list_object_versions()
            .bucket(&self.bucket)
            .prefix(format!("{}/", self.prefix))
            .max_keys(1);
        asked.send().await.map_err(translate)?;
        Ok(())
    }
}

/// Returns whether the rule is on and may reach an object whose key begins with `ours`. A rule by tags or sizes may.
fn reaches(rule: &LifecycleRule, ours: &str) -> bool {
    let of_filter = rule.filter.as_ref().and_then(|filter| {
        let of_and = filter.and.as_ref().and_then(|and| and.prefix.as_deref());
        filter.prefix.as_deref().or(of_and)
    });
    #[expect(deprecated, reason = "old rules still have their prefix here")]
    let prefix = of_filter.or(rule.prefix.as_deref()).unwrap_or_default();
    rule.status == ExpirationStatus::Enabled
        && (ours.starts_with(prefix) || prefix.starts_with(ours))
}

fn bucket_rule(rule: LifecycleRule) -> BucketRule {
    let aborts = rule.abort_incomplete_multipart_upload;
    let expires = rule.expiration;
    BucketRule {
        id: rule.id.unwrap_or_default(),
        ends_uploads_after: aborts.and_then(|aborts| aborts.days_after_initiation),
        deletes_objects_after: expires.and_then(|expires| match (expires.days, expires.date) {
            (None, Some(_)) => Some(0),
            (days, _) => days,
        }),
    }
}
