//! Looks for the KMS key of a deployment, and makes one. A key that exists is never changed, except that its
//! yearly rotation is turned on.

use std::fmt;

use aws_sdk_kms::{
    Client,
    types::{
        KeyManagerType, KeyMetadata, KeySpec, KeyState, KeyUsageType, MultiRegionKeyType,
        OriginType,
    },
};

use super::{KmsConfig, calls::translate, key_arn::KeyArn, regions::Regions, shared_config};
use crate::KeyringError;

/// A client of KMS for setting a deployment up.
pub struct KmsSetup {
    client: Client,
    key: String,
}

/// The result of a look for the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundKey {
    /// KMS has no such key or alias.
    None,
    /// The key makes and opens data keys.
    Usable {
        /// The ARN of the key.
        arn: String,
        /// The reason why KMS cannot renew the key's material each year, if it cannot.
        cannot_rotate: Option<&'static str>,
    },
    /// The key is there, but cannot be used.
    Unusable {
        /// The ARN of the key.
        arn: String,
        /// The flaw of the key, and the remedy.
        because: &'static str,
    },
}

/// The beginning of the name of an alias.
const ALIAS: &str = "alias/";
/// The beginning of the aliases that AWS keeps for itself.
const ALIAS_OF_AWS: &str = "alias/aws/";

impl KmsSetup {
    /// Makes a client by the standard AWS chain. No request is sent yet.
    pub async fn connect(config: &KmsConfig) -> Self {
        let regions = Regions::new(shared_config().await, config.endpoint.clone());
        Self {
            client: regions.client_for_setting(config),
            key: config.key.clone(),
        }
    }

    /// Returns the alias that the settings name, without account and region; `None` if they name the key by
    /// its id or ARN, or an alias that only AWS may make.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        alias_in(&self.key)
    }

    /// Looks for the key that the settings name.
    ///
    /// # Errors
    /// Fails if KMS does not answer, or does not let the caller look.
    pub async fn look(&self) -> Result<FoundKey, KeyringError> {
        let asked = self.client.describe_key().key_id(&self.key).send().await;
        let answer = match asked.map_err(|error| translate(error, "kms:DescribeKey", &self.key)) {
            Err(KeyringError::Refused { code, .. }) if code == "NotFoundException" => {
                return Ok(FoundKey::None);
            }
            answer => answer?,
        };
        let found = answer.key_metadata.ok_or(NO_KEY)?;
        let arn = found.arn.clone().filter(|arn| KeyArn::parse(arn).is_some());
        let arn = arn.ok_or(NO_KEY)?;
        if let Some(because) = flaw(&found) {
            return Ok(FoundKey::Unusable { arn, because });
        }
        let cannot_rotate = fixed(&found);
        Ok(FoundKey::Usable { arn, cannot_rotate })
    }

    /// Returns whether KMS renews the material of the key each year.
    ///
    /// # Errors
    /// Fails if KMS does not answer, or does not let the caller look.
    pub async fn rotates(&self, arn: &str) -> Result<bool, KeyringError> {
        let asked = self.client.get_key_rotation_status().key_id(arn).send();
        let asked = asked.await;
        let answer = asked.map_err(|error| translate(error, "kms:GetKeyRotationStatus", arn))?;
        Ok(answer.key_rotation_enabled)
    }

    /// Makes a symmetric key and returns its ARN. The policies of IAM in its account say who may use it.
    ///
    /// # Errors
    /// Fails if KMS refuses.
    pub async fn create_key(&self) -> Result<String, KeyringError> {
        let asked = self
            .client
            .create_key()
            .key_spec(KeySpec::SymmetricDefault)
            .key_usage(KeyUsageType::EncryptDecrypt)
            .description("Sealift: encrypts the data keys of files")
            .send()
            .await;
        let made = asked.map_err(|error| translate(error, "kms:CreateKey", "*"))?;
        let arn = made.key_metadata.and_then(|made| made.arn);
        arn.filter(|arn| KeyArn::parse(arn).is_some()).ok_or(NO_KEY)
    }

    /// Gives the key its alias.
    ///
    /// # Errors
    /// Fails if KMS refuses.
    pub async fn create_alias(&self, alias: &str, arn: &str) -> Result<(), KeyringError> {
        let made = self.client.create_alias().alias_name(alias);
        let made = made.target_key_id(arn).send().await;
        made.map_err(|error| translate(error, "kms:CreateAlias", arn))?;
        Ok(())
    }

    /// Makes KMS renew the key's material each year. KMS keeps the old material, so everything still opens.
    ///
    /// # Errors
    /// Fails if KMS refuses.
    pub async fn enable_rotation(&self, arn: &str) -> Result<(), KeyringError> {
        let asked = self.client.enable_key_rotation().key_id(arn).send().await;
        asked.map_err(|error| translate(error, "kms:EnableKeyRotation", arn))?;
        Ok(())
    }
}

/// Returns the alias that this text names, without account and region; `None` if it is the id or the ARN of a
/// key, or an alias that only AWS may make.
#[must_use]
pub fn alias_in(key: &str) -> Option<&str> {
    let name = match key.strip_prefix("arn:") {
        Some(arn) => arn.splitn(5, ':').nth(4)?,
        None => key,
    };
    (name.starts_with(ALIAS) && !name.starts_with(ALIAS_OF_AWS)).then_some(name)
}

/// The error for an answer that names no key.
const NO_KEY: KeyringError = KeyringError::Incomprehensible {
    field: "KeyMetadata",
};

/// Says why a key cannot be used.
fn flaw(key: &KeyMetadata) -> Option<&'static str> {
    if key.key_manager == Some(KeyManagerType::Aws) {
        return Some("AWS manages it, so its policy cannot be yours; name an alias of your own");
    }
    let is_symmetric = key.key_spec.is_none() || key.key_spec == Some(KeySpec::SymmetricDefault);
    if !is_symmetric || key.key_usage != Some(KeyUsageType::EncryptDecrypt) {
        return Some("it is not a symmetric key for encryption and decryption; name another key");
    }
    match &key.key_state {
        None | Some(KeyState::Enabled | KeyState::Updating) => None,
        Some(KeyState::Disabled) => Some("it is disabled; enable it"),
        Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion) => {
            Some("it is about to be deleted; cancel its deletion")
        }
        Some(KeyState::PendingImport) => Some("it has no material yet; import it"),
        Some(_) => Some("KMS cannot use it now; wait until it is enabled"),
    }
}

/// Says why KMS cannot renew the key's material.
fn fixed(key: &KeyMetadata) -> Option<&'static str> {
    let of_regions = key.multi_region_configuration.as_ref();
    let of_regions = of_regions.and_then(|of| of.multi_region_key_type.as_ref());
    if of_regions == Some(&MultiRegionKeyType::Replica) {
        return Some("it is a replica, whose material the primary key renews");
    }
    match key.origin {
        None | Some(OriginType::AwsKms) => None,
        _ => Some("KMS did not make the key's material, so it cannot renew it"),
    }
}

impl fmt::Debug for KmsSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KmsSetup({}, ..)", self.key)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_kms::types::MultiRegionConfiguration;

    use super::*;

    #[test]
    fn only_an_alias_of_ones_own_can_be_made() {
        for name in ["alias/sealift", "alias/team/sealift"] {
            let arn = format!("arn:aws:kms:eu-central-1:111122223333:{name}");
            for given in [name, &arn] {
                assert_eq!(alias_in(given), Some(name));
            }
        }
        for given in [
            "alias/aws/s3",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:eu-central-1:111122223333:key/1234abcd",
            "arn:aws:kms",
        ] {
            assert_eq!(alias_in(given), None, "{given}");
        }
    }

    #[test]
    fn only_a_primary_key_with_material_of_kms_rotates() {
        let key = |kind: MultiRegionKeyType, origin| {
            let kind = MultiRegionConfiguration::builder().multi_region_key_type(kind);
            let key = KeyMetadata::builder().key_id("1").origin(origin);
            key.multi_region_configuration(kind.build()).build()
        };
        let says = |kind, origin| fixed(&key(kind, origin).unwrap()).unwrap_or("it rotates");
        let (primary, replica) = (MultiRegionKeyType::Primary, MultiRegionKeyType::Replica);
        assert_eq!(says(primary.clone(), OriginType::AwsKms), "it rotates");
        assert!(says(primary, OriginType::External).contains("did not make"));
        assert!(says(replica, OriginType::AwsKms).contains("a replica"));
    }

    #[test]
    fn a_key_that_cannot_be_used_says_why() {
        let key = || {
            KeyMetadata::builder()
                .key_id("1")
                .key_usage(KeyUsageType::EncryptDecrypt)
                .key_spec(KeySpec::SymmetricDefault)
                .key_state(KeyState::Enabled)
        };
        let said = |key: Result<KeyMetadata, _>| flaw(&key.unwrap());
        assert_eq!(said(key().build()), None);
        for (flawed, says) in [
            (key().key_state(KeyState::Disabled), "disabled"),
            (key().key_state(KeyState::PendingDeletion), "deleted"),
            (key().key_manager(KeyManagerType::Aws), "AWS manages it"),
            (key().key_spec(KeySpec::Rsa2048), "not a symmetric key"),
            (
                key().key_usage(KeyUsageType::GenerateVerifyMac),
                "not a symmetric key",
            ),
        ] {
            let why = said(flawed.build()).unwrap_or_default();
            assert!(why.contains(says), "{why}");
        }
    }
}
