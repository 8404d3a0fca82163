//! What the person says of the encryption context, against what the message stores of it.

use sealift_message::EncryptionContext;

use crate::{
    failure::{Exit, Failure},
    terminal::shown,
};

/// The pairs that must be authenticated without being stored; those that are stored must be as they
/// were said to be.
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
                let message = format!("the message says {key}={found}, not what --context says");
                return Err(Failure::new(Exit::NotAuthentic, message).code("other_context"));
            }
        }
    }
    EncryptionContext::from_pairs(required)
        .map_err(|error| Failure::new(Exit::Usage, format!("--context cannot be: {error}")))
}

/// All that a keyring authenticates.
pub(super) fn whole(
    stored: &EncryptionContext,
    required: &EncryptionContext,
) -> Result<EncryptionContext, Failure> {
    stored
        .joined(required)
        .map_err(|error| Failure::new(Exit::Usage, format!("--context cannot be: {error}")))
}

#[cfg(test)]
mod tests {
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
        assert_eq!(whole(&stored, &required).unwrap().len(), 2);
        assert!(super::required(&said(&[("tenant", "other")]), &stored).is_err());
    }

    #[test]
    fn a_pair_said_twice_is_refused() {
        let twice = said(&[("case", "7"), ("case", "8")]);
        assert!(required(&twice, &EncryptionContext::default()).is_err());
    }
}
