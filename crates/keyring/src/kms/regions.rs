//! Makes a KMS client for each region. The KMS of one region does not know the keys of another.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use aws_config::{Region, SdkConfig};
use aws_sdk_kms::Client;

use super::{KmsConfig, key_arn};

/// The most clients that are kept. AWS has fewer regions, so only damaged rows can name more.
const MOST_CLIENTS: usize = 64;

/// The clients by region, which share credentials, retries and timeouts.
pub(super) struct Regions {
    shared: SdkConfig,
    endpoint: Option<String>,
    clients: Mutex<HashMap<String, Client>>,
}

impl Regions {
    /// `endpoint` replaces AWS's endpoint of every region.
    pub(super) fn new(shared: SdkConfig, endpoint: Option<String>) -> Self {
        Self {
            shared,
            endpoint,
            clients: Mutex::default(),
        }
    }

    /// Returns the client for this region.
    pub(super) fn client(&self, region: &str) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(region) {
            return client.clone();
        }
        if clients.len() >= MOST_CLIENTS {
            clients.clear();
        }
        let client = self.new_client(Some(region));
        clients.insert(region.to_owned(), client.clone());
        client
    }

    /// Returns the client for the key of the settings: in the region of its ARN, else in that of the settings, else
    /// in that of the AWS chain, which may name none.
    pub(super) fn client_for_setting(&self, config: &KmsConfig) -> Client {
        let region = key_arn::region_of_setting(&config.key).or(config.region.as_deref());
        region.map_or_else(|| self.new_client(None), |region| self.client(region))
    }

    fn new_client(&self, region: Option<&str>) -> Client {
        let mut builder = aws_sdk_kms::config::Builder::from(&self.shared);
        if let Some(region) = region {
            builder = builder.region(Region::new(region.to_owned()));
        }
        if let Some(endpoint) = &self.endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        Client::from_conf(builder.build())
    }
}

impl fmt::Debug for Regions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Regions(..)")
    }
}

#[cfg(test)]
mod tests {
    use aws_config::BehaviorVersion;

    use super::*;

    #[test]
    fn a_key_is_asked_for_in_its_own_region() {
        let shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .build();
        let regions = Regions::new(shared, None);
        let region_of = |client: &Client| client.config().region().map(ToString::to_string);
        for region in ["eu-west-1", "eu-west-2", "eu-west-1"] {
            assert_eq!(region_of(&regions.client(region)).as_deref(), Some(region));
        }
        for (key, region, expected) in [
            ("alias/ours", None, "us-east-1"),
            ("alias/ours", Some("eu-west-1"), "eu-west-1"),
            (
                "arn:aws:kms:eu-west-2:1:key/1",
                Some("eu-west-1"),
                "eu-west-2",
            ),
        ] {
            let config = KmsConfig {
                key: key.to_owned(),
                endpoint: None,
                region: region.map(str::to_owned),
            };
            let client = regions.client_for_setting(&config);
            assert_eq!(region_of(&client).as_deref(), Some(expected), "{key}");
        }
    }
}
