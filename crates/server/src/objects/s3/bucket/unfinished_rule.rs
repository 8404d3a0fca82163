//! The bucket's lifecycle rule that ends unfinished uploads. The sweeper ends ours much earlier; the rule is
//! for what a lost database no longer knows.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleRule,
    LifecycleRuleFilter, TransitionDefaultMinimumObjectSize,
};

use super::{
    super::{super::ObjectsError, Objects, answers::translate},
    FoundTarget, INCOMPLETE, Setting, setting,
};
use crate::lifetimes::{LEAST_DAYS_OF_BUCKET_RULE, UPLOAD_MOST_DAYS};

/// The name of our rule in the bucket.
pub(crate) const RULE: &str = "sealift-unfinished-uploads";

/// The bucket's rules, and a setting that a change of them must repeat.
#[derive(Default)]
struct Rules {
    rules: Vec<LifecycleRule>,
    least_moved: Option<TransitionDefaultMinimumObjectSize>,
}

impl Objects {
    /// Looks whether the bucket ends unfinished uploads under the prefix, but not too early.
    ///
    /// # Errors
    /// Fails if the store's answer does not show it.
    pub(crate) async fn look_at_unfinished_rule(&self) -> Result<FoundTarget, ObjectsError> {
        Ok(match self.lifecycle_rules().await? {
            None => FoundTarget::not_offered(),
            Some(found) => judge(&found.rules, &format!("{}/", self.prefix)),
        })
    }

    /// Adds our rule beside those that are there.
    ///
    /// # Errors
    /// Fails if the store refuses.
    pub(crate) async fn add_unfinished_rule(&self) -> Result<(), ObjectsError> {
        let mut found = self.lifecycle_rules().await?.unwrap_or_default();
        found.rules.push(rule_for(&format!("{}/", self.prefix))?);
        let rules = BucketLifecycleConfiguration::builder().set_rules(Some(found.rules));
        let put = self
            .own
            .put_bucket_lifecycle_configuration()
            .bucket(&self.bucket)
            .lifecycle_configuration(rules.build().map_err(|_| INCOMPLETE)?)
            .set_transition_default_minimum_object_size(found.least_moved);
        put.send().await.map_err(translate)?;
        Ok(())
    }

    /// Returns the bucket's rules; `None` if the store has no such setting.
    async fn lifecycle_rules(&self) -> Result<Option<Rules>, ObjectsError> {
        let asked = self.own.get_bucket_lifecycle_configuration();
        let asked = asked.bucket(&self.bucket).send().await.map_err(translate);
        Ok(match setting(asked, "NoSuchLifecycleConfiguration")? {
            Setting::Is(answer) => Some(Rules {
                rules: answer.rules.unwrap_or_default(),
                least_moved: answer.transition_default_minimum_object_size,
            }),
            Setting::Absent => Some(Rules::default()),
            Setting::NotOffered => None,
        })
    }
}

fn rule_for(prefix: &str) -> Result<LifecycleRule, ObjectsError> {
    let ends = AbortIncompleteMultipartUpload::builder();
    let ends = ends.days_after_initiation(LEAST_DAYS_OF_BUCKET_RULE);
    let rule = LifecycleRule::builder()
        .id(RULE)
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix(prefix).build())
        .abort_incomplete_multipart_upload(ends.build());
    rule.build().map_err(|_| INCOMPLETE)
}

fn judge(rules: &[LifecycleRule], prefix: &str) -> FoundTarget {
    let mut is_enough = false;
    for rule in rules {
        let name = rule.id().unwrap_or("without a name");
        let of_rule = prefix_of(rule);
        let covers = prefix.starts_with(of_rule);
        let ends = rule.abort_incomplete_multipart_upload();
        let days = ends.and_then(AbortIncompleteMultipartUpload::days_after_initiation);
        match days {
            Some(days)
                if rule.status == ExpirationStatus::Enabled
                    && (covers || of_rule.starts_with(prefix)) =>
            {
                if days < LEAST_DAYS_OF_BUCKET_RULE {
                    return FoundTarget::ByHand(format!(
                        "the rule {name} ends unfinished uploads after {days} days, but they may be resumed for \
                         {UPLOAD_MOST_DAYS}; set it to {LEAST_DAYS_OF_BUCKET_RULE} days or more"
                    ));
                }
                is_enough |= covers;
            }
            // S3 refuses two rules of the same name.
            _ if name == RULE => {
                return FoundTarget::ByHand(format!(
                    "there is a rule {RULE}, but it is switched off or for something else; enable it for \
                     {prefix}, or delete it"
                ));
            }
            _ => {}
        }
    }
    match is_enough {
        true => FoundTarget::Enough,
        false => FoundTarget::Missing,
    }
}

/// Returns the prefix of the rule's objects. It is empty for a rule of the whole bucket.
#[expect(deprecated, reason = "buckets still hold rules of the old form")]
fn prefix_of(rule: &LifecycleRule) -> &str {
    let filter = rule.filter();
    let of_several = filter.and_then(LifecycleRuleFilter::and);
    let prefixes = [
        filter.and_then(LifecycleRuleFilter::prefix),
        of_several.and_then(|several| several.prefix()),
        rule.prefix(),
    ];
    prefixes.into_iter().flatten().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(prefix: &str, days: i32, status: ExpirationStatus) -> LifecycleRule {
        let ends = AbortIncompleteMultipartUpload::builder().days_after_initiation(days);
        let rule = LifecycleRule::builder()
            .id("theirs")
            .status(status)
            .filter(LifecycleRuleFilter::builder().prefix(prefix).build())
            .abort_incomplete_multipart_upload(ends.build());
        rule.build().unwrap()
    }

    fn is_by_hand(rules: &[LifecycleRule]) -> bool {
        matches!(judge(rules, "sealift/"), FoundTarget::ByHand(_))
    }

    #[test]
    fn our_own_rule_and_a_late_one_of_the_whole_bucket_are_enough() {
        let ours = rule_for("sealift/").unwrap();
        let late = rule("", 40, ExpirationStatus::Enabled);
        for enough in [ours, late] {
            assert_eq!(judge(&[enough], "sealift/"), FoundTarget::Enough);
        }
    }

    #[test]
    fn a_rule_that_ends_uploads_too_early_is_changed_by_hand_only() {
        for prefix in ["", "sea", "sealift/", "sealift/acme/"] {
            assert!(
                is_by_hand(&[rule(prefix, 7, ExpirationStatus::Enabled)]),
                "{prefix}"
            );
        }
        let early = rule("", LEAST_DAYS_OF_BUCKET_RULE - 1, ExpirationStatus::Enabled);
        assert!(is_by_hand(&[early]));
    }

    #[test]
    fn rules_that_end_none_of_our_uploads_stay_beside_ours() {
        for theirs in [
            rule("", 7, ExpirationStatus::Disabled),
            rule("other/", 7, ExpirationStatus::Enabled),
            rule("sealift/acme/", 40, ExpirationStatus::Enabled),
        ] {
            assert_eq!(judge(&[theirs], "sealift/"), FoundTarget::Missing);
        }
        let ours_elsewhere = rule_for("old/").unwrap();
        assert!(is_by_hand(&[ours_elsewhere]));
    }
}
