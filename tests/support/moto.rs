//! moto's KMS. It speaks the real protocol; its keys live as long as its process.

use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use aws_config::{BehaviorVersion, Region};
use aws_sdk_kms::config::Credentials;

use crate::{Plan, Proxy, lines, programs};

/// A moto server of our own on a free port.
#[derive(Debug)]
pub struct Moto {
    process: Child,
    endpoint: String,
}

impl Moto {
    /// The region of its keys.
    pub const REGION: &str = "eu-central-1";

    /// Starts moto.
    ///
    /// # Errors
    /// Fails if `SEALIFT_TEST_MOTO` does not name a program that listens.
    pub fn start() -> Result<Self> {
        let mut process = Command::new(programs::path_in("SEALIFT_TEST_MOTO")?)
            .args(["--host", "127.0.0.1", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("moto_server does not start")?;
        let said = process.stderr.take().context("moto_server has no stderr")?;
        let endpoint = lines::wait_for(said, |line| {
            let (_, endpoint) = line.split_once("Running on ")?;
            Some(endpoint.trim().to_owned())
        });
        let mut moto = Self {
            process,
            endpoint: String::new(),
        };
        moto.endpoint = endpoint.context("moto_server ended before it listened")?;
        Ok(moto)
    }

    /// Returns its address as a URL.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Starts a proxy in front of it that records all requests and fails on cue only.
    ///
    /// # Errors
    /// Fails if no port is free.
    pub async fn watched(&self) -> Result<Proxy> {
        let address = self.endpoint.strip_prefix("http://");
        let address = address.context("moto on loopback")?.parse()?;
        Proxy::start(address, Plan::none()).await
    }

    /// Creates a key and returns its ARN.
    ///
    /// # Errors
    /// Fails if KMS creates no key.
    pub async fn make_key(&self) -> Result<String> {
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(Self::REGION))
            .credentials_provider(Credentials::new("testing", "testing", None, None, "story"))
            .endpoint_url(&self.endpoint)
            .load()
            .await;
        let made = aws_sdk_kms::Client::new(&sdk).create_key().send().await?;
        let arn = made.key_metadata.and_then(|made| made.arn);
        arn.context("KMS made a key without an ARN")
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
