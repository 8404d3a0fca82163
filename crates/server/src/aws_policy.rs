//! The IAM policies of a deployment: exactly the actions that `objects/s3` and the keyring send, on exactly this
//! prefix and these keys, in exactly the encryption contexts that they use.
//!
//! A server has one set of credentials today and needs the policy of [`Principal::Server`]. It is also printed in
//! its parts, because presigned PUTs need much less than the rest.

use sealift_keyring::{FoundKey, KeyArn, KeyringError, KmsSetup, alias_in};
use serde_json::{Value, json};

use crate::{config::Config, keys::kms_config};

mod statement;
mod template;

use statement::{Names, StoreKey};
pub use statement::{Policy, Principal};
pub use template::cloudformation;

/// The policies of one deployment, with all names filled in.
#[derive(Debug, Clone)]
pub struct AwsPolicies {
    names: Names,
    /// The partition and the account of the KMS key.
    account: Option<(String, String)>,
}

/// The reasons why a policy cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwsPolicyError {
    /// The settings name no bucket of a store.
    #[error("the settings name no bucket; set S3_BUCKET_NAME or give --bucket")]
    NoBucket,
    /// A policy names a key by its ARN, and KMS did not say which one that is.
    #[error(
        "a policy must name the KMS key by its ARN, and KMS did not say which one {key} is; give the ARN with \
         {setting}"
    )]
    NoArn {
        /// The flag or setting that names the key.
        setting: &'static str,
        /// The id or alias in the settings.
        key: String,
        /// The answer of KMS.
        #[source]
        source: KeyringError,
    },
    /// KMS has no key of this name.
    #[error("KMS has no key {key} in this region; `sealift bootstrap` makes one, or name another")]
    NoKey {
        /// The id or alias in the settings.
        key: String,
    },
    /// An old key is not named by its ARN.
    #[error("{given} is not the ARN of a KMS key; `sealift keys list` shows those that are in use")]
    NotAnArn {
        /// The text that was given.
        given: String,
    },
}

impl AwsPolicies {
    /// Fills in the names of this deployment. `old_keys` are the ARNs of the KMS keys that still open what they
    /// made. If the settings name the key by an id or alias, KMS is asked for its ARN.
    ///
    /// # Errors
    /// Returns an [`AwsPolicyError`] if a name is missing.
    pub async fn of(config: &Config, old_keys: &[String]) -> Result<Self, AwsPolicyError> {
        let s3 = crate::objects::bucket_of(config).ok_or(AwsPolicyError::NoBucket)?;
        if let Some(given) = old_keys.iter().find(|key| KeyArn::parse(key).is_none()) {
            let given = given.clone();
            return Err(AwsPolicyError::NotAnArn { given });
        }
        let key = match &config.kms_key {
            None => None,
            Some(key) => Some(arn_of(config, key, "--kms-key").await?),
        };
        let store_key = match &config.encryption.kms_key {
            None => None,
            Some(key) => {
                let arn = arn_of(config, key, "S3_SSE_KMS_KEY").await?;
                KeyArn::parse(&arn).map(store_key)
            }
        };
        let account = key.as_deref().and_then(KeyArn::parse);
        let account = account.map(|arn| (arn.partition.to_owned(), arn.account.to_owned()));
        let partition = match (&account, &config.region) {
            (Some((partition, _)), _) => partition.clone(),
            (None, region) => partition_of(region.as_deref().unwrap_or_default()).to_owned(),
        };
        let bucket = format!("arn:{partition}:s3:::{}", s3.bucket);
        Ok(Self {
            names: Names {
                objects: json!(format!("{bucket}/{}/*", s3.prefix)),
                bucket: json!(bucket),
                key: key.map(Value::from),
                old_keys: old_keys.iter().map(|key| json!(key)).collect(),
                store_key,
            },
            account,
        })
    }

    /// Returns the policy of one principal.
    #[must_use]
    pub fn policy(&self, principal: Principal) -> Policy {
        self.names.policy(principal)
    }

    /// Returns the policy of the KMS key itself; `None` if the settings name no key.
    #[must_use]
    pub fn key_policy(&self) -> Option<Policy> {
        let (partition, account) = self.account.as_ref()?;
        let root = format!("arn:{partition}:iam::{account}:root");
        Some(statement::key_policy(json!(root)))
    }
}

/// Names the key with which the store itself encrypts. S3 takes only a key of the bucket's region.
fn store_key(arn: KeyArn<'_>) -> StoreKey {
    let domain = match arn.partition {
        "aws-cn" => "amazonaws.com.cn",
        _ => "amazonaws.com",
    };
    StoreKey {
        resource: json!(arn.whole),
        via: json!(format!("s3.{}.{domain}", arn.region)),
        alias: None,
    }
}

/// Returns the ARN of a key that this setting names. KMS is asked for it if the setting names an id or alias.
async fn arn_of(
    config: &Config,
    key: &str,
    setting: &'static str,
) -> Result<String, AwsPolicyError> {
    if KeyArn::parse(key).is_some() {
        return Ok(key.to_owned());
    }
    match KmsSetup::connect(&kms_config(config, key))
        .await
        .look()
        .await
    {
        Ok(FoundKey::Usable { arn, .. } | FoundKey::Unusable { arn, .. }) => Ok(arn),
        Ok(FoundKey::None) => Err(AwsPolicyError::NoKey {
            key: key.to_owned(),
        }),
        Err(source) => Err(AwsPolicyError::NoArn {
            setting,
            key: key.to_owned(),
            source,
        }),
    }
}

/// Returns the partition of a region, as ARNs name it.
fn partition_of(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    const KEY: &str = "arn:aws-cn:kms:cn-north-1:111122223333:key/1234abcd";

    fn config(flags: &[(&'static str, &str)]) -> Config {
        Config::load(&Sources {
            flags: flags
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            ..Sources::default()
        })
        .unwrap()
    }

    #[tokio::test]
    async fn all_names_lie_in_the_partition_of_the_key_or_the_region() {
        for (flags, partition) in [
            (&[("s3_bucket", "files"), ("kms_key", KEY)][..], "aws-cn"),
            (
                &[("s3_bucket", "files"), ("region", "us-gov-west-1")],
                "aws-us-gov",
            ),
            (&[("s3_bucket", "files"), ("region", "eu-central-1")], "aws"),
        ] {
            let policies = AwsPolicies::of(&config(flags), &[]).await.unwrap();
            let written = serde_json::to_string(&policies.policy(Principal::Server)).unwrap();
            let objects = format!("arn:{partition}:s3:::files/sealift/*");
            assert!(written.contains(&objects), "{written}");
            let has_key = policies.key_policy().is_some();
            assert_eq!(written.contains("kms:"), has_key, "{written}");
        }
    }

    #[tokio::test]
    async fn the_key_of_the_store_is_allowed_to_s3_alone() {
        let config = config(&[
            ("s3_bucket", "files"),
            ("region", "cn-north-1"),
            ("s3_sse", "aws:kms"),
            ("s3_sse_kms_key", KEY),
        ]);
        let policies = AwsPolicies::of(&config, &[]).await.unwrap();
        let (both, one) = (
            json!(["kms:GenerateDataKey", "kms:Decrypt"]),
            json!(["kms:Decrypt"]),
        );
        for (principal, actions) in [
            (Principal::Server, &both),
            (Principal::Signer, &both),
            (Principal::Control, &both),
            (Principal::Reader, &one),
        ] {
            let policy = serde_json::to_value(policies.policy(principal)).unwrap();
            let statements = policy["Statement"].as_array().unwrap();
            let of_key = statements.last().unwrap();
            assert_eq!(of_key["Action"], *actions, "{principal:?}");
            assert_eq!(of_key["Resource"], KEY);
            let via = &of_key["Condition"]["StringEquals"]["kms:ViaService"];
            assert_eq!(*via, "s3.cn-north-1.amazonaws.com.cn");
        }
        let template = cloudformation(&config, &[Principal::Signer]).unwrap();
        assert!(template.to_string().contains("kms:ViaService"));
    }

    #[tokio::test]
    async fn an_old_key_is_named_by_its_arn_and_only_opens() {
        let config = config(&[("s3_bucket", "files"), ("kms_key", KEY)]);
        let old = KEY.replace("1234abcd", "old");
        let policies = AwsPolicies::of(&config, std::slice::from_ref(&old)).await;
        let server = policies.unwrap().policy(Principal::Server);
        let server = serde_json::to_value(&server).unwrap();
        let statements = server["Statement"].as_array().unwrap();
        let of_old = statements
            .iter()
            .filter(|statement| statement["Resource"].to_string().contains(&old));
        let actions: Vec<_> = of_old
            .flat_map(|statement| statement["Action"].as_array().unwrap().clone())
            .collect();
        let expected = json!(["kms:Decrypt", "kms:Decrypt", "kms:ReEncryptFrom"]);
        assert_eq!(Value::from(actions), expected);
        for given in ["alias/old", "arn:aws:kms:eu-west-1:111122223333:key/*"] {
            let old = [given.to_owned()];
            let refused = AwsPolicies::of(&config, &old).await.err().unwrap();
            let says = format!("{given} is not the ARN");
            assert!(refused.to_string().contains(&says), "{refused}");
        }
    }
}
