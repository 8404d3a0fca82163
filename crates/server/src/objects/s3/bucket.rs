//! Looks at the settings of the bucket itself, and adds those that a deployment needs. Nothing that is there
//! is changed: a setting that is not enough is left to a person.

use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership, OwnershipControls,
    OwnershipControlsRule, PublicAccessBlockConfiguration,
};

use super::{super::ObjectsError, Objects, answers::translate};

mod cors_rule;
mod unfinished_rule;

pub(crate) use unfinished_rule::RULE as UNFINISHED_RULE;

/// The result of a look at one target of a set-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FoundTarget {
    /// The target is there and is enough.
    Enough,
    /// The target is missing. Adding it changes nothing that is there.
    Missing,
    /// Something is there that is not enough. The sentence says what a person must change.
    ByHand(String),
    /// The target is not made here. The sentence says why.
    NotNeeded(String),
}

impl FoundTarget {
    fn not_offered() -> Self {
        Self::NotNeeded("this store has no such setting".to_owned())
    }
}

/// The answer to the question for one setting of the bucket.
enum Setting<T> {
    Is(T),
    Absent,
    NotOffered,
}

/// Tells a setting that is absent, by the store's own code for that, from a refusal.
fn setting<T>(asked: Result<T, ObjectsError>, absent: &str) -> Result<Setting<T>, ObjectsError> {
    match asked {
        Ok(is) => Ok(Setting::Is(is)),
        Err(ObjectsError::Refused { status: 501, .. }) => Ok(Setting::NotOffered),
        Err(ObjectsError::Refused { code, .. }) if code == absent => Ok(Setting::Absent),
        Err(error) => Err(error),
    }
}

/// The region in which S3 takes no location. It is S3's oldest one.
const REGION_WITHOUT_LOCATION: &str = "us-east-1";

impl Objects {
    /// Returns the region that requests are signed for; `None` if neither the settings nor the AWS chain
    /// name one.
    pub(crate) fn region(&self) -> Option<String> {
        let region = self.own.config().region();
        region.map(ToString::to_string)
    }

    /// Looks whether the bucket exists, in the region of the settings.
    ///
    /// # Errors
    /// Fails if the store's answer does not show it.
    pub(crate) async fn look_at_bucket(&self) -> Result<FoundTarget, ObjectsError> {
        let error = match self.own.head_bucket().bucket(&self.bucket).send().await {
            Ok(answer) => return Ok(self.compare_region(answer.bucket_region())),
            Err(error) => error,
        };
        let answer = error.raw_response();
        match answer.map(|answer| answer.status().as_u16()) {
            Some(404) => Ok(FoundTarget::Missing),
            Some(301) => {
                let region = answer.and_then(|answer| answer.headers().get("x-amz-bucket-region"));
                Ok(self.compare_region(Some(region.unwrap_or("another region"))))
            }
            Some(403) => Ok(FoundTarget::ByHand(
                "it belongs to another account, or your credentials may not see it; choose another name, \
                 or allow s3:ListBucket"
                    .to_owned(),
            )),
            _ => Err(translate(error)),
        }
    }

    fn compare_region(&self, actual: Option<&str>) -> FoundTarget {
        match (actual, self.region()) {
            (Some(actual), Some(configured)) if actual != configured => {
                FoundTarget::ByHand(format!(
                    "it lies in {actual}, but the settings name {configured}; set AWS_REGION to {actual}, or \
                     choose another bucket"
                ))
            }
            _ => FoundTarget::Enough,
        }
    }

    /// Creates the bucket. All its objects will belong to its owner, and access control lists have no
    /// effect.
    ///
    /// # Errors
    /// Fails if the store does not create it, for example because somebody else has a bucket of this name.
    pub(crate) async fn create_bucket(&self) -> Result<(), ObjectsError> {
        let location = self
            .region()
            .filter(|region| region != REGION_WITHOUT_LOCATION)
            .map(|region| {
                CreateBucketConfiguration::builder()
                    .location_constraint(BucketLocationConstraint::from(region.as_str()))
                    .build()
            });
        let asked = self
            .own
            .create_bucket()
            .bucket(&self.bucket)
            .set_create_bucket_configuration(location)
            .object_ownership(ObjectOwnership::BucketOwnerEnforced)
            .send();
        asked.await.map_err(translate)?;
        Ok(())
    }

    /// Looks whether all objects belong to the bucket's owner.
    ///
    /// # Errors
    /// Fails if the store's answer does not show it.
    pub(crate) async fn look_at_ownership(&self) -> Result<FoundTarget, ObjectsError> {
        let asked = self.own.get_bucket_ownership_controls();
        let asked = asked.bucket(&self.bucket).send().await.map_err(translate);
        let controls = match setting(asked, "OwnershipControlsNotFoundError")? {
            Setting::Is(answer) => answer.ownership_controls,
            Setting::Absent => None,
            Setting::NotOffered => return Ok(FoundTarget::not_offered()),
        };
        let rule = controls.as_ref().and_then(|is| is.rules().first());
        Ok(match rule.map(|rule| &rule.object_ownership) {
            None => FoundTarget::Missing,
            Some(ObjectOwnership::BucketOwnerEnforced) => FoundTarget::Enough,
            Some(other) => FoundTarget::ByHand(format!(
                "it is {other}, so access control lists are in force; if nothing else needs them, set it to \
                 BucketOwnerEnforced"
            )),
        })
    }

    /// Makes all objects belong to the bucket's owner.
    ///
    /// # Errors
    /// Fails if the store refuses.
    pub(crate) async fn add_ownership(&self) -> Result<(), ObjectsError> {
        let rule = OwnershipControlsRule::builder()
            .object_ownership(ObjectOwnership::BucketOwnerEnforced)
            .build()
            .map_err(|_| INCOMPLETE)?;
        let controls = OwnershipControls::builder().rules(rule).build();
        let put = self.own.put_bucket_ownership_controls();
        let put = put
            .bucket(&self.bucket)
            .ownership_controls(controls.map_err(|_| INCOMPLETE)?);
        put.send().await.map_err(translate)?;
        Ok(())
    }

    /// Looks whether the bucket blocks all public access.
    ///
    /// # Errors
    /// Fails if the store's answer does not show it.
    pub(crate) async fn look_at_access_block(&self) -> Result<FoundTarget, ObjectsError> {
        let asked = self.own.get_public_access_block();
        let asked = asked.bucket(&self.bucket).send().await.map_err(translate);
        let block = match setting(asked, "NoSuchPublicAccessBlockConfiguration")? {
            Setting::Is(answer) => answer.public_access_block_configuration,
            Setting::Absent => None,
            Setting::NotOffered => return Ok(FoundTarget::not_offered()),
        };
        let Some(block) = block else {
            return Ok(FoundTarget::Missing);
        };
        let off: Vec<_> = [
            ("BlockPublicAcls", block.block_public_acls),
            ("IgnorePublicAcls", block.ignore_public_acls),
            ("BlockPublicPolicy", block.block_public_policy),
            ("RestrictPublicBuckets", block.restrict_public_buckets),
        ]
        .into_iter()
        .filter(|(_, is_on)| *is_on != Some(true))
        .map(|(name, _)| name)
        .collect();
        Ok(match off.as_slice() {
            [] => FoundTarget::Enough,
            off => FoundTarget::ByHand(format!(
                "{} off; unless something in the bucket is meant to be public, turn all four settings on",
                are(off)
            )),
        })
    }

    /// Blocks all public access to the bucket.
    ///
    /// # Errors
    /// Fails if the store refuses.
    pub(crate) async fn add_access_block(&self) -> Result<(), ObjectsError> {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        let put = self.own.put_public_access_block();
        let put = put
            .bucket(&self.bucket)
            .public_access_block_configuration(block);
        put.send().await.map_err(translate)?;
        Ok(())
    }

    /// Returns whether there is no object under the prefix, so that everything there will be this
    /// deployment's.
    ///
    /// # Errors
    /// Fails if the store does not list the objects.
    pub(crate) async fn is_prefix_empty(&self) -> Result<bool, ObjectsError> {
        Ok(self.list_objects(None).await?.is_empty())
    }
}

/// The error for a value that the SDK takes for incomplete, which none of ours is.
const INCOMPLETE: ObjectsError = ObjectsError::Incomprehensible { field: "setting" };

/// Joins names to the beginning of a sentence.
fn are(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}
