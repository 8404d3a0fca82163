//! Opens the configured store for the server, and proves that it does what the server needs.

use std::net::SocketAddr;

use http::HeaderValue;

use super::{
    Objects, ObjectsError, ProbeError, S3Config, S3Credentials, StoreEncryption,
    embedded::{Embedded, EmbeddedConfig, EmbeddedCredentials, EmbeddedError},
};
use crate::{
    clock::Clock,
    config::{Config, StoreConfig},
    serving::Times,
    unix_millis::UnixMillis,
};

/// The store of a deployment, ready for use.
#[derive(Debug)]
pub struct OpenStore {
    /// The client of the store.
    pub objects: Objects,
    /// The embedded store, if that is the configured one. Shut it down after the server.
    pub embedded: Option<Embedded>,
    /// The origin to which browsers send parts, such as `http://127.0.0.1:8081`; the pages'
    /// `connect-src` needs it.
    pub public_origin: String,
    /// Whether the embedded store was created just now, so that everything in it is this
    /// deployment's.
    pub is_new: bool,
}

/// The reasons why there is no usable store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The embedded store did not start.
    #[error("the embedded object store did not start")]
    Embedded(#[from] EmbeddedError),
    /// The store failed the probe.
    #[error("the object store failed the probe that every start begins with")]
    Probe(#[from] ProbeError),
    /// The store could not be reached.
    #[error("the object store cannot be used")]
    Objects(#[from] ObjectsError),
}

impl OpenStore {
    /// Starts the embedded store if it is the configured one, connects, and proves that the store
    /// does what the server needs, such as enforcing checksums (docs/FORMAT.md, R10). `server` is the
    /// address that the server listens on already; its pages may PUT.
    ///
    /// # Errors
    /// Returns a [`StoreError`]; the server must not start then.
    pub async fn open(
        config: &Config,
        server: SocketAddr,
        random: [u8; 16],
        now: UnixMillis,
    ) -> Result<Self, StoreError> {
        let mut is_new = false;
        let (embedded, s3) = match &config.store {
            StoreConfig::Embedded { port, .. } => {
                let credentials = EmbeddedCredentials::keep_in(&config.store_credentials_file())?;
                is_new = !config.store_folder().join(&config.bucket).exists();
                let wanted = EmbeddedConfig {
                    folder: config.store_folder(),
                    address: ([127, 0, 0, 1], *port).into(),
                    bucket: config.bucket.clone(),
                    page_origins: page_origins(config, server),
                    credentials: credentials.clone(),
                };
                // Signatures depend on the machine's clock, even if a test gives the server another
                // clock.
                let times = Times {
                    clock: Clock::system(),
                    idle_clock: Clock::system(),
                    longest_idle: config.longest_idle,
                };
                let embedded = Embedded::start_with(wanted, times).await?;
                let s3 = of_embedded(config, embedded.endpoint(), credentials);
                (Some(embedded), s3)
            }
            StoreConfig::S3 {
                endpoint,
                public_endpoint,
                path_style,
            } => (None, at(config, endpoint, public_endpoint, *path_style)),
        };
        let objects = Objects::connect(&s3).await;
        let mut flaws = Vec::from_iter(objects.prove_store(random, now).await?);
        // The embedded store always accepts the pages of this server, so this needs no proof.
        if embedded.is_none() || s3.public_endpoint.is_some() {
            let own = match &config.page_dir {
                Some(_) => own_origins(server),
                None => Vec::new(),
            };
            let public = objects.prove_public(&config.page_origins, &own, random, now);
            flaws.extend(public.await?);
        }
        for flaw in flaws {
            tracing::warn!("About the store: {flaw}");
        }
        Ok(Self {
            public_origin: objects.public_origin(now).await?,
            objects,
            embedded,
            is_new,
        })
    }
}

/// Returns the settings of the configured bucket; `None` if the store is embedded.
pub(crate) fn bucket_of(config: &Config) -> Option<S3Config> {
    match &config.store {
        StoreConfig::Embedded { .. } => None,
        StoreConfig::S3 {
            endpoint,
            public_endpoint,
            path_style,
        } => Some(at(config, endpoint, public_endpoint, *path_style)),
    }
}

/// Returns the endpoint of browsers, if the settings name one.
pub(crate) fn public_endpoint_of(config: &Config) -> &Option<String> {
    match &config.store {
        StoreConfig::Embedded {
            public_endpoint, ..
        }
        | StoreConfig::S3 {
            public_endpoint, ..
        } => public_endpoint,
    }
}

/// Returns the settings of the embedded store that serves this endpoint.
pub(super) fn of_embedded(
    config: &Config,
    endpoint: String,
    credentials: EmbeddedCredentials,
) -> S3Config {
    S3Config {
        endpoint: Some(endpoint),
        public_endpoint: public_endpoint_of(config).clone(),
        // The region is signed, but it means nothing to the embedded store.
        region: Some("us-east-1".to_owned()),
        bucket: config.bucket.clone(),
        prefix: config.prefix.clone(),
        path_style: true,
        encryption: StoreEncryption::default(),
        credentials: S3Credentials::Embedded(credentials),
    }
}

fn at(
    config: &Config,
    endpoint: &Option<String>,
    public_endpoint: &Option<String>,
    path_style: bool,
) -> S3Config {
    S3Config {
        endpoint: endpoint.clone(),
        public_endpoint: public_endpoint.clone(),
        region: config.region.clone(),
        bucket: config.bucket.clone(),
        prefix: config.prefix.clone(),
        path_style,
        encryption: config.encryption.clone(),
        credentials: S3Credentials::AwsChain,
    }
}

/// Returns the origins of the server's own pages. On loopback these are all names that a browser
/// uses for this machine.
pub(crate) fn own_origins(server: SocketAddr) -> Vec<String> {
    let port = server.port();
    let own = ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("http://{host}:{port}"));
    let own = own.into_iter().filter(|_| server.ip().is_loopback());
    own.collect()
}

/// Returns the server's own origins and the configured ones.
fn page_origins(config: &Config, server: SocketAddr) -> Vec<HeaderValue> {
    own_origins(server)
        .iter()
        .chain(&config.page_origins)
        .filter_map(|origin| HeaderValue::from_str(origin).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    #[tokio::test]
    async fn the_embedded_store_opens_twice_on_the_same_data() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let config = Config::load(&Sources {
            flags: vec![
                ("data_dir", at("data")),
                ("key_file", at("keys/sealift.key")),
                ("s3_port", "0".to_owned()),
            ],
            ..Sources::default()
        })
        .unwrap();
        let now = UnixMillis::from(std::time::SystemTime::now());
        let server = "127.0.0.1:8080".parse().unwrap();
        for round in [1, 2] {
            let open = OpenStore::open(&config, server, [round; 16], now)
                .await
                .unwrap();
            // Only in the first round is everything in the store this deployment's.
            assert_eq!(open.is_new, round == 1);
            let embedded = open.embedded.unwrap();
            assert_eq!(open.public_origin, embedded.endpoint());
            embedded.shutdown(std::time::Duration::from_secs(30)).await;
        }
        assert!(folder.path().join("keys/s3-credentials.json").is_file());
    }

    #[test]
    fn pages_come_from_this_machines_names_and_the_configured_origins() {
        let config = Config::load(&Sources {
            flags: vec![("page_origins", "https://files.example.com".to_owned())],
            ..Sources::default()
        })
        .unwrap();
        let loopback = page_origins(&config, "127.0.0.1:80".parse().unwrap());
        assert_eq!(loopback.len(), 4);
        let public = page_origins(&config, "192.0.2.1:80".parse().unwrap());
        assert_eq!(public, ["https://files.example.com"]);
    }
}
