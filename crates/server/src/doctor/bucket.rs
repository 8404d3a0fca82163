//! Checks the settings of the bucket itself: lifecycle rules, the public access block, and versions.

use super::{
    check::{Asked, Check, Outcome},
    questions::failed,
    table::{LIFECYCLE, PUBLIC_ACCESS, VERSIONS},
};
use crate::{
    lifetimes::LEAST_DAYS_OF_BUCKET_RULE,
    objects::{BucketRule, Objects, ObjectsError, PublicAccess},
};

/// Returns the checks of the bucket's settings.
pub(super) async fn check(objects: &Objects) -> [Check; 3] {
    let lifecycle = match objects.bucket_rules().await {
        Ok(rules) => lifecycle(&rules),
        Err(error) => unknown(LIFECYCLE, &error, "lifecycle rules"),
    };
    let public_access = match objects.public_access().await {
        Ok(access) => public_access(access),
        Err(error) => unknown(PUBLIC_ACCESS, &error, "public access block"),
    };
    let versions = match objects.keeps_versions().await {
        Ok(true) => versions(objects.may_list_versions().await),
        Ok(false) => VERSIONS.ok("The bucket keeps no versions"),
        Err(error) => unknown(VERSIONS, &error, "versions"),
    };
    [lifecycle, public_access, versions]
}

fn lifecycle(rules: &[BucketRule]) -> Check {
    let early = |days: Option<i32>| days.filter(|days| *days < LEAST_DAYS_OF_BUCKET_RULE);
    for rule in rules {
        let name = &rule.id;
        if let Some(days) = early(rule.ends_uploads_after) {
            return LIFECYCLE.failed(
                format!("The lifecycle rule {name:?} ends unfinished uploads after {days} days, but they may go on for 30"),
                "Give the rule's DaysAfterInitiation 32 or more (`aws s3api put-bucket-lifecycle-configuration`)",
            );
        }
        if rule.deletes_objects_after.is_some() {
            return LIFECYCLE.failed(
                format!("The lifecycle rule {name:?} deletes objects of this deployment"),
                "Limit the rule to another prefix (`aws s3api put-bucket-lifecycle-configuration`)",
            );
        }
    }
    match rules.iter().find_map(|rule| rule.ends_uploads_after) {
        Some(days) => LIFECYCLE.ok(format!(
            "A lifecycle rule ends unfinished uploads after {days} days"
        )),
        None => {
            LIFECYCLE.ok("No lifecycle rule ends unfinished uploads; the server's sweeper does")
        }
    }
}

fn public_access(access: Option<PublicAccess>) -> Check {
    match access {
        Some(PublicAccess { is_blocked: true }) => {
            PUBLIC_ACCESS.ok("The bucket blocks public access")
        }
        Some(PublicAccess { is_blocked: false }) => PUBLIC_ACCESS.warning(
            "The bucket's public access block is not complete",
            PUBLIC_ACCESS.mends,
        ),
        None => PUBLIC_ACCESS.warning("The bucket has no public access block", PUBLIC_ACCESS.mends),
    }
}

fn versions(listed: Result<(), ObjectsError>) -> Check {
    match listed {
        Ok(()) => VERSIONS.ok("The bucket keeps versions, and they may be listed"),
        Err(_) => VERSIONS.warning(
            "The bucket keeps versions that the server may not list, so deleted files stay as old versions",
            VERSIONS.mends,
        ),
    }
}

/// Makes a check of a setting that the store does not tell.
fn unknown(asked: Asked, error: &ObjectsError, what: &str) -> Check {
    match error {
        ObjectsError::Refused {
            status: 405 | 501, ..
        }
        | ObjectsError::Unavailable { status: Some(501) } => {
            asked.not_applicable(format!("This store has no {what}"))
        }
        ObjectsError::Refused { code, .. } if code == "NotImplemented" => {
            asked.not_applicable(format!("This store has no {what}"))
        }
        ObjectsError::Refused {
            status: 403,
            action: Some(action),
            ..
        } => asked.not_applicable(format!(
            "Not known, because these credentials lack {action}, which the server does not need"
        )),
        error => Check {
            outcome: Outcome::Warning,
            ..failed(asked, error)
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(ends_uploads_after: Option<i32>, deletes_objects_after: Option<i32>) -> BucketRule {
        BucketRule {
            id: "tidy".to_owned(),
            ends_uploads_after,
            deletes_objects_after,
        }
    }

    #[test]
    fn a_rule_that_works_against_the_server_fails() {
        assert_eq!(lifecycle(&[]).outcome, Outcome::Ok);
        assert_eq!(lifecycle(&[rule(Some(32), None)]).outcome, Outcome::Ok);
        let early = lifecycle(&[rule(Some(32), None), rule(Some(30), None)]);
        assert_eq!(early.outcome, Outcome::Failed);
        assert!(early.sentence.contains("after 30 days"));
        let deleting = lifecycle(&[rule(None, Some(365))]);
        assert!(deleting.sentence.contains("\"tidy\" deletes objects"));
    }

    #[test]
    fn a_store_without_a_feature_is_not_at_fault() {
        let refused = |status, code: &str| ObjectsError::Refused {
            status,
            code: code.to_owned(),
            action: Some("s3:GetBucketVersioning"),
        };
        let check = |error| unknown(VERSIONS, &error, "versions");
        for error in [
            refused(501, "NotImplemented"),
            refused(400, "NotImplemented"),
        ] {
            assert_eq!(check(error).sentence, "This store has no versions");
        }
        let denied = check(refused(403, "AccessDenied"));
        assert_eq!(denied.outcome, Outcome::NotApplicable);
        assert!(denied.sentence.contains("s3:GetBucketVersioning"));
        assert_eq!(check(refused(400, "BadRequest")).outcome, Outcome::Warning);
    }
}
