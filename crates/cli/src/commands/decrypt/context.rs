//! Compares the pairs of `--context` and the name of the object with the encryption context that the message stores.

use sealift_message::{EncryptionContext, Limits};

use crate::{
    failure::{Exit, Failure},
    message::Location,
    terminal::shown,
};

/// The value of `format` in the context of the objects that the server writes (docs/FORMAT.md, R4).
const OURS: &str = "sealift-1";

/// Checks that an object of ours has the object key that its context gives. Anyone who can write to the bucket can
/// put another object of ours there, every byte of which is authentic.
pub(super) fn is_at_its_location(
    location: &Location,
    stored: &EncryptionContext,
) -> Result<(), Failure> {
    let Location::S3(url) = location else {
        return Ok(());
    };
    if stored.get("format") != Some(OURS) {
        return Ok(());
    }
    let ids = ["tenant", "object-id", "upload-id"].map(|id| stored.get(id).unwrap_or_default());
    let [tenant, object, upload] = ids;
    let sealed_for = format!("{tenant}/{object}/{upload}");
    let before = url.key.strip_suffix(&sealed_for);
    if before.is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('/')) {
        return Ok(());
    }
    let moved = format!(
        "{location} is not the object that its name says: it was encrypted for {}",
        shown(&sealed_for)
    );
    Err(Failure::new(Exit::NotAuthentic, moved)
        .remedy("if you know that it was copied or renamed, give --allow-moved")
        .code("other_object"))
}

/// Returns the pairs of `said` that the message does not store; they must be authenticated nevertheless.
///
/// # Errors
/// Fails if a pair is stored with another value, or if the pairs are not a valid context.
pub(super) fn required(
    said: &[(String, String)],
    stored: &EncryptionContext,
) -> Result<EncryptionContext, Failure> {
    let mut required = Vec::new();
    for (key, value) in said {
        match stored.get(key) {
            None => required.push((key.as_str(), value.as_str())),
            Some(found) if found == value => {}
            Some(found) => {
                let (key, found) = (shown(key), shown(found));
                let message = format!("the message has {key}={found}, --context has another value");
                return Err(Failure::new(Exit::NotAuthentic, message).code("other_context"));
            }
        }
    }
    EncryptionContext::from_pairs(required)
        .map_err(|error| Failure::new(Exit::Usage, format!("--context is not valid: {error}")))
}

/// Returns the stored and the required pairs together; a keyring authenticates all of them.
pub(super) fn whole(
    stored: &EncryptionContext,
    required: &EncryptionContext,
    limits: &Limits,
) -> Result<EncryptionContext, Failure> {
    stored
        .joined(required, limits)
        .map_err(|error| Failure::new(Exit::Usage, format!("--context is not valid: {error}")))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn said(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_pair_that_is_not_stored_is_required_and_one_that_is_must_be_equal() {
        let stored = EncryptionContext::from_pairs([("tenant", "acme")]).unwrap();
        let both = said(&[("tenant", "acme"), ("case", "7")]);
        let required = required(&both, &stored).unwrap();
        assert_eq!(required.iter().collect::<Vec<_>>(), [("case", "7")]);
        assert_eq!(
            whole(&stored, &required, &Limits::GENERAL).unwrap().len(),
            2
        );
        assert!(super::required(&said(&[("tenant", "other")]), &stored).is_err());
    }

    #[test]
    fn a_pair_said_twice_is_refused() {
        let twice = said(&[("case", "7"), ("case", "8")]);
        assert!(required(&twice, &EncryptionContext::default()).is_err());
    }

    #[test]
    fn an_object_of_ours_is_taken_only_where_it_was_sealed_for() {
        let ours = [
            ("format", "sealift-1"),
            ("object-id", "o"),
            ("tenant", "t"),
            ("upload-id", "u"),
        ];
        let is_taken = |location: &str, pairs: &[(&str, &str)]| {
            let location = Location::try_from(OsStr::new(location)).unwrap();
            let stored = EncryptionContext::from_pairs(pairs.to_vec()).unwrap();
            is_at_its_location(&location, &stored).is_ok()
        };
        for location in ["s3://b/t/o/u", "s3://b/sealift/prod/t/o/u", "o.sealed", "-"] {
            assert!(is_taken(location, &ours), "{location}");
        }
        for location in [
            "s3://b/sealift/t/o/u2",
            "s3://b/sealift/t/o2/u",
            "s3://b/sealift/t2/o/u",
            "s3://b/sealift/xt/o/u",
            "s3://b/sealift/t/o/u/",
            "s3://b/u",
        ] {
            assert!(!is_taken(location, &ours), "{location}");
        }
        assert!(!is_taken("s3://b/t/o/u", &ours[..3]), "a pair is missing");
        assert!(is_taken("s3://b/anything", &[("format", "other")]));
        assert!(is_taken("s3://b/anything", &[]));
    }
}
