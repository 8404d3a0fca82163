//! Checks whose credentials the AWS chain finds. No other module names `aws_sdk_sts`.

use core::time::Duration;
use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region, timeout::TimeoutConfig};
use aws_sdk_sts::{
    Client,
    config::ProvideCredentials as _,
    error::{ProvideErrorMetadata as _, SdkError},
};

use super::{check::Check, table::CREDENTIALS};
use crate::config::{Config, Keyring, StoreConfig};

/// The variables by which the AWS chain gets another endpoint for STS.
const STS_ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"];

/// Asks STS who the credentials of the AWS chain belong to, if AWS, or a stand-in with an STS, is in use.
pub(super) async fn check(config: &Config, environment: &BTreeMap<String, String>) -> Check {
    let store_is_ours = matches!(config.store, StoreConfig::Embedded { .. });
    if store_is_ours && config.keyring == Keyring::Local {
        return CREDENTIALS.not_applicable(
            "The embedded store has credentials of its own, and the key file needs none",
        );
    }
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(10));
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts.build());
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let shared = loader.load().await;
    let Some(provider) = shared.credentials_provider() else {
        return CREDENTIALS.failed("The AWS chain has no credentials", CREDENTIALS.mends);
    };
    let key = match provider.provide_credentials().await {
        Ok(credentials) => credentials.access_key_id().to_owned(),
        Err(error) => {
            let sentence = format!("The AWS chain gives no credentials ({error})");
            return CREDENTIALS.failed(sentence, CREDENTIALS.mends);
        }
    };
    if !has_sts(config, environment) {
        return CREDENTIALS.ok(format!(
            "The access key is {key}; this store has no STS that says whose it is"
        ));
    }
    match Client::new(&shared).get_caller_identity().send().await {
        Ok(who) => CREDENTIALS.ok(format!("They are those of {}", who.arn().unwrap_or("-"))),
        Err(SdkError::ServiceError(refusal)) => {
            let code = refusal.err().code().unwrap_or("no code");
            CREDENTIALS.failed(
                format!("STS does not accept the access key {key} ({code})"),
                CREDENTIALS.mends,
            )
        }
        Err(SdkError::ConstructionFailure(_)) => CREDENTIALS.failed(
            "No request to STS can be made without a region",
            "Set AWS_REGION",
        ),
        Err(_) => CREDENTIALS.warning(
            format!("STS does not answer, so it is not known whose the access key {key} is"),
            "Let the server reach STS, or ignore this where it may not",
        ),
    }
}

/// Returns whether there is an STS to ask: that of AWS, if the settings use AWS, or one that the environment names.
fn has_sts(config: &Config, environment: &BTreeMap<String, String>) -> bool {
    let store_is_of_aws = matches!(config.store, StoreConfig::S3 { endpoint: None, .. });
    let kms_is_of_aws = config.keyring != Keyring::Local && config.kms_endpoint.is_none();
    store_is_of_aws
        || kms_is_of_aws
        || STS_ENDPOINTS
            .iter()
            .any(|name| environment.get(*name).is_some_and(|url| !url.is_empty()))
}
