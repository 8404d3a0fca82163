//! Opens data keys of messages that others wrote, by AWS KMS: only under keys that the user named, or under
//! keys of the accounts that the user trusts.

use std::fmt;

use aws_config::SdkConfig;
use sealift_message::{EncryptedDataKey, EncryptionContext, general::AnyDataKey, suite::AWS_KMS};

use super::{calls, key_arn::KeyArn, regions::Regions, shared_config};
use crate::KeyringError;

/// How to reach KMS. The region is not set here, because each key's ARN names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KmsReach {
    /// An endpoint to use instead of AWS's.
    pub endpoint: Option<String>,
}

/// The KMS keys that a reader may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KmsKeys {
    /// Only the keys with these ARNs. A multi-region key (`mrk-`) matches only in the region that wrote the
    /// message: name that ARN, not its replica's.
    Only(Vec<String>),
    /// Any key that the message names and the filter admits. Without a filter the writer of the message
    /// chooses which keys are tried, and may name anybody's.
    Discovered(Option<DiscoveryFilter>),
}

/// The keys that are tried when the user named none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryFilter {
    /// The AWS partition, for example `aws`.
    pub partition: String,
    /// The account numbers, of 12 digits each.
    pub accounts: Vec<String>,
}

/// Opens data keys that AWS KMS encrypted, for messages of every suite, but makes none.
pub struct KmsReader {
    regions: Box<Regions>,
    keys: KmsKeys,
}

impl KmsReader {
    /// Makes a reader by the standard AWS chain. No request is sent yet.
    ///
    /// # Errors
    /// Returns [`KeyringError::NotAKeyArn`] if a named key is not the ARN of a key.
    pub async fn connect(reach: &KmsReach, keys: KmsKeys) -> Result<Self, KeyringError> {
        Self::with(shared_config().await, reach, keys)
    }

    /// Like [`KmsReader::connect`], but with credentials, retries and timeouts that are loaded already.
    ///
    /// # Errors
    /// Fails like [`KmsReader::connect`].
    pub fn with(shared: SdkConfig, reach: &KmsReach, keys: KmsKeys) -> Result<Self, KeyringError> {
        if let KmsKeys::Only(arns) = &keys
            && let Some(given) = arns.iter().find(|given| KeyArn::parse(given).is_none())
        {
            let given = given.clone();
            return Err(KeyringError::NotAKeyArn { given });
        }
        Ok(Self {
            regions: Box::new(Regions::new(shared, reach.endpoint.clone())),
            keys,
        })
    }

    /// Returns the ARN of the data key's KMS key, if this reader may use that key.
    fn admitted<'a>(&self, encrypted: &'a EncryptedDataKey) -> Option<KeyArn<'a>> {
        if encrypted.provider_id() != AWS_KMS {
            return None;
        }
        let arn = core::str::from_utf8(encrypted.provider_info()).ok()?;
        let arn = KeyArn::parse(arn)?;
        let admits = match &self.keys {
            KmsKeys::Only(arns) => arns.iter().any(|named| named == arn.whole),
            KmsKeys::Discovered(None) => true,
            KmsKeys::Discovered(Some(filter)) => {
                filter.partition == arn.partition
                    && filter.accounts.iter().any(|account| account == arn.account)
            }
        };
        admits.then_some(arn)
    }

    pub(crate) fn matches(&self, encrypted: &EncryptedDataKey) -> bool {
        self.admitted(encrypted).is_some()
    }

    /// Opens a data key for which [`Self::matches`] returns true.
    pub(crate) async fn open(
        &self,
        encrypted: &EncryptedDataKey,
        context: &EncryptionContext,
    ) -> Result<AnyDataKey, KeyringError> {
        let arn = self.admitted(encrypted).ok_or(KeyringError::Unauthentic)?;
        let client = self.regions.client(arn.region);
        let ciphertext = encrypted.ciphertext();
        let plaintext = calls::decrypt_any_len(&client, arn.whole, ciphertext, context).await?;
        AnyDataKey::try_from(plaintext.as_slice()).map_err(|_| calls::NO_PLAINTEXT)
    }
}

impl fmt::Debug for KmsReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KmsReader({:?}, ..)", self.keys)
    }
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region};

    use super::*;

    const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1";

    fn reader(keys: KmsKeys) -> Result<KmsReader, KeyringError> {
        let shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .build();
        KmsReader::with(shared, &KmsReach::default(), keys)
    }

    fn matches(keys: KmsKeys, provider_id: &str, arn: &str) -> bool {
        let encrypted = EncryptedDataKey::new(provider_id, arn, b"blob").unwrap();
        reader(keys).unwrap().matches(&encrypted)
    }

    fn filter(partition: &str, accounts: &[&str]) -> KmsKeys {
        KmsKeys::Discovered(Some(DiscoveryFilter {
            partition: partition.to_owned(),
            accounts: accounts.iter().map(|&account| account.to_owned()).collect(),
        }))
    }

    #[test]
    fn only_a_key_that_was_named_is_asked() {
        let only = || KmsKeys::Only(vec![ARN.to_owned()]);
        assert!(matches(only(), "aws-kms", ARN));
        for other in [
            "arn:aws:kms:eu-west-1:111122223333:key/mrk-2",
            // The replica of a multi-region key counts as another key.
            "arn:aws:kms:eu-west-2:111122223333:key/mrk-1",
            "arn:aws:kms:eu-west-1:444455556666:key/mrk-1",
        ] {
            assert!(!matches(only(), "aws-kms", other), "{other}");
        }
        assert!(!matches(only(), "raw", ARN));
    }

    #[test]
    fn discovery_keeps_to_partition_and_accounts() {
        assert!(matches(
            filter("aws", &["1", "111122223333"]),
            "aws-kms",
            ARN
        ));
        assert!(!matches(filter("aws", &["444455556666"]), "aws-kms", ARN));
        assert!(!matches(
            filter("aws-cn", &["111122223333"]),
            "aws-kms",
            ARN
        ));
        assert!(!matches(filter("aws", &[]), "aws-kms", ARN));
        assert!(matches(KmsKeys::Discovered(None), "aws-kms", ARN));
        assert!(!matches(
            KmsKeys::Discovered(None),
            "aws-kms-hierarchy",
            ARN
        ));
    }

    #[test]
    fn what_is_no_keys_arn_is_neither_named_nor_asked() {
        for text in [
            "",
            "alias/ours",
            "1234abcd",
            "arn:aws:kms:eu-west-1:111122223333:alias/ours",
            "arn:aws:kms:eu-west-1:111122223333:key/",
            "urn:aws:kms:eu-west-1:111122223333:key/1",
            "arn:a/s:kms:eu-west-1:111122223333:key/1",
            "arn:aws:s3:eu-west-1:111122223333:key/1",
            "arn:aws:kms::111122223333:key/1",
            "arn:aws:kms:eu-west-1::key/1",
            "arn:aws:kms:elsewhere.example/:111122223333:key/1",
            "arn:aws:kms:elsewhere.example#:111122223333:key/1",
            "arn:aws:kms:EU:111122223333:key/1",
        ] {
            assert!(
                !matches(KmsKeys::Discovered(None), "aws-kms", text),
                "{text}"
            );
            let refused = reader(KmsKeys::Only(vec![ARN.to_owned(), text.to_owned()]));
            let given = text.to_owned();
            assert_eq!(refused.map(drop), Err(KeyringError::NotAKeyArn { given }));
        }
    }
}
