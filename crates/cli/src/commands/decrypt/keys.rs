//! Makes the wrapping keys that the flags name. They decrypt the data key of the message.

use sealift_keyring::{
    DiscoveryFilter, KeyringError, KmsKeys, KmsReach, KmsReader, RawAesKeyring, WrappingKey,
    WrappingKeys,
};
use sealift_message::general::Header;

use super::{super::stored_keks, raw_key};
use crate::{
    args::KeySources,
    failure::{Exit, Failure},
};

/// Returns all wrapping keys that were given. No key has been used yet.
pub(super) async fn wrapping_keys(
    sources: &KeySources,
    header: &Header,
) -> anyhow::Result<WrappingKeys> {
    let mut keys = Vec::new();
    if let (Some(file), Some(namespace), Some(name)) =
        (&sources.aes_key, &sources.key_namespace, &sources.key_name)
    {
        let key = RawAesKeyring::new(namespace, name, &raw_key::read(file)?);
        keys.push(WrappingKey::RawAes(key.map_err(|error| refused(&error))?));
    }
    let keks = stored_keks::of(&sources.deployment, header).await?;
    keys.extend(keks.into_iter().map(WrappingKey::Kek));
    if let Some(kms_keys) = kms(sources) {
        let reach = KmsReach {
            endpoint: sources.kms_endpoint.clone(),
        };
        let kms = KmsReader::connect(&reach, kms_keys).await;
        keys.push(WrappingKey::Kms(kms.map_err(|error| refused(&error))?));
    }
    let none_was_named = sources.aes_key.is_none()
        && sources.deployment.data.is_none()
        && sources.kms_key.is_empty()
        && !sources.kms_discovery;
    if none_was_named {
        let none = "no key was given that could decrypt the message";
        let remedy = "give --kms-key, --kms-discovery, --aes-key or --data; `sealift inspect` shows \
                      which key the message needs";
        return Err(Failure::new(Exit::Usage, none).remedy(remedy).into());
    }
    Ok(WrappingKeys::from(keys))
}

fn kms(sources: &KeySources) -> Option<KmsKeys> {
    if sources.kms_discovery {
        let accounts = sources.kms_account.clone();
        Some(KmsKeys::Discovered((!accounts.is_empty()).then(|| {
            DiscoveryFilter {
                partition: sources.kms_partition.clone(),
                accounts,
            }
        })))
    } else if sources.kms_key.is_empty() {
        None
    } else {
        Some(KmsKeys::Only(sources.kms_key.clone()))
    }
}

/// Returns the failure for a data key that could not be decrypted.
pub(super) fn refused(error: &KeyringError) -> Failure {
    let failure = |exit| Failure::new(exit, error.to_string());
    match error {
        KeyringError::NoneMatches => Failure::new(
            Exit::NotAllowed,
            "the message names none of the keys that you gave",
        )
        .remedy("`sealift inspect` shows the keys that it names")
        .code("no_such_key"),
        KeyringError::NotAKeyArn { .. } => failure(Exit::Usage),
        KeyringError::Unavailable { .. } => failure(Exit::Unreachable),
        KeyringError::NoCredentials => failure(Exit::NotAllowed).code("no_credentials"),
        KeyringError::Refused { code, .. } if code == "NotFoundException" => {
            failure(Exit::NotFound)
        }
        KeyringError::Refused { .. } => failure(Exit::NotAllowed).code("kms_refused"),
        KeyringError::Unauthentic => Failure::new(
            Exit::NotAuthentic,
            "the data key cannot be decrypted: wrong key, wrong context, or altered bytes",
        )
        .remedy("check the keys and --context"),
        _ => failure(Exit::Failed),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        keys: KeySources,
    }

    fn asked(flags: &[&str]) -> Option<KmsKeys> {
        let line = [&["sealift"], flags].concat();
        kms(&Line::try_parse_from(line).unwrap().keys)
    }

    #[test]
    fn kms_is_asked_for_named_keys_only_or_within_the_accounts_that_were_named() {
        assert_eq!(asked(&[]), None);
        assert_eq!(
            asked(&["--kms-key", "one", "--kms-key", "two"]),
            Some(KmsKeys::Only(vec!["one".to_owned(), "two".to_owned()]))
        );
        assert_eq!(asked(&["--kms-discovery"]), Some(KmsKeys::Discovered(None)));
        let within = [
            "--kms-discovery",
            "--kms-account",
            "1",
            "--kms-account",
            "2",
        ];
        let filter = DiscoveryFilter {
            partition: "aws".to_owned(),
            accounts: vec!["1".to_owned(), "2".to_owned()],
        };
        assert_eq!(asked(&within), Some(KmsKeys::Discovered(Some(filter))));
    }

    #[test]
    fn named_keys_and_discovery_exclude_each_other() {
        let both = ["sealift", "--kms-key", "one", "--kms-discovery"];
        assert!(Line::try_parse_from(both).is_err());
    }
}
