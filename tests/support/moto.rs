//! moto's KMS. It speaks the real protocol; its keys live as long as its process.

use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use aws_config::{BehaviorVersion, Region};

use crate::{Proxy, StoreCredentials, address_in, lines, programs};

/// A moto server of our own on a free port, and the proxy between it and our server.
#[derive(Debug)]
pub struct Moto {
    program: Program,
    proxy: Proxy,
}

/// The program. Dropping it ends its process.
#[derive(Debug)]
struct Program {
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
    pub async fn start() -> Result<Self> {
        let program = Program::start()?;
        let proxy = Proxy::start(address_in(&program.endpoint)?).await?;
        Ok(Self { program, proxy })
    }

    /// Returns its own address as a URL, past the proxy.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.program.endpoint
    }

    /// Returns the proxy that our server's requests pass.
    #[must_use]
    pub fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// Creates a key and returns its ARN.
    ///
    /// # Errors
    /// Fails if KMS creates no key.
    pub async fn make_key(&self) -> Result<String> {
        let made = self.client().await.create_key().send().await?;
        let arn = made.key_metadata.and_then(|made| made.arn);
        arn.context("KMS made a key without an ARN")
    }

    /// Creates an alias of this key, such as `alias/files`.
    ///
    /// # Errors
    /// Fails if KMS refuses.
    pub async fn make_alias(&self, alias: &str, key_arn: &str) -> Result<()> {
        let kms = self.client().await;
        let made = kms.create_alias().alias_name(alias).target_key_id(key_arn);
        made.send().await?;
        Ok(())
    }

    /// Moves an alias to this key.
    ///
    /// # Errors
    /// Fails if KMS refuses.
    pub async fn move_alias(&self, alias: &str, key_arn: &str) -> Result<()> {
        let kms = self.client().await;
        let moved = kms.update_alias().alias_name(alias).target_key_id(key_arn);
        moved.send().await?;
        Ok(())
    }

    async fn client(&self) -> aws_sdk_kms::Client {
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(Self::REGION))
            .credentials_provider(StoreCredentials::of_moto().sdk())
            .endpoint_url(self.endpoint())
            .load()
            .await;
        aws_sdk_kms::Client::new(&sdk)
    }
}

impl Program {
    fn start() -> Result<Self> {
        let mut process = Command::new(programs::path_in("SEALIFT_TEST_MOTO")?)
            .args(["--host", "127.0.0.1", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("moto_server does not start")?;
        let output = process.stderr.take().context("moto_server has no stderr")?;
        let endpoint = lines::wait_for(output, |line| {
            let (_, endpoint) = line.split_once("Running on ")?;
            Some(endpoint.trim().to_owned())
        });
        let mut program = Self {
            process,
            endpoint: String::new(),
        };
        program.endpoint = endpoint.context("moto_server ended before it listened")?;
        Ok(program)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
