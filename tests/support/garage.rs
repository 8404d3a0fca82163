//! Garage, a second implementation of S3 beside the embedded store. We start a single node on loopback.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result};
use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::{
    Client,
    types::{CorsConfiguration, CorsRule},
};
use sealift_server::objects::cors::{ALLOWED_HEADERS, EXPOSED_HEADERS, METHODS};
use tempfile::TempDir;

use crate::{Moto, StoreCredentials, lines, programs};

/// A Garage process of our own on free ports, with one bucket. Its only key is the pair in `AWS_ACCESS_KEY_ID` and
/// `AWS_SECRET_ACCESS_KEY`, so that the server's AWS credential chain finds it.
#[derive(Debug)]
pub struct Garage {
    process: Child,
    address: SocketAddr,
    endpoint: String,
    bucket: String,
    /// Declared after the process, which writes into the folder until it is dropped.
    _folder: TempDir,
}

impl Garage {
    /// The region that Garage's signatures name. It equals KMS's region, because a server has only one region.
    pub const REGION: &str = Moto::REGION;

    /// Starts Garage and creates the bucket.
    ///
    /// # Errors
    /// Fails if `SEALIFT_TEST_GARAGE` does not name a Garage 2 that listens, or if the environment has no
    /// credentials that it accepts.
    pub fn start(bucket: &str) -> Result<Self> {
        programs::start_listening(|| Self::try_start(bucket))
    }

    fn try_start(bucket: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let [s3, rpc] = free_addresses()?;
        let credentials = StoreCredentials::from_environment()?;
        let settings = folder.path().join("garage.toml");
        fs::write(&settings, settings_below(folder.path(), s3, rpc))?;
        let mut process = Command::new(programs::path_in("SEALIFT_TEST_GARAGE")?)
            .arg("--config")
            .arg(settings)
            .args(["server", "--single-node", "--default-bucket"])
            .env("GARAGE_DEFAULT_BUCKET", bucket)
            .env("GARAGE_DEFAULT_ACCESS_KEY", credentials.access_key)
            .env("GARAGE_DEFAULT_SECRET_KEY", credentials.secret_key)
            .env("RUST_LOG", "garage=info")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("garage does not start")?;
        let said = process.stderr.take().context("garage has no stderr")?;
        // If Garage does not listen, dropping this value ends its process.
        let garage = Self {
            process,
            address: s3,
            endpoint: format!("http://{s3}"),
            bucket: bucket.to_owned(),
            _folder: folder,
        };
        let listening = lines::wait_for(said, |line| {
            line.contains("S3 API server listening").then_some(())
        });
        listening.context("garage ended before it listened")?;
        Ok(garage)
    }

    /// Returns its address as a URL.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the number of multipart uploads that are neither completed nor aborted.
    ///
    /// # Errors
    /// Fails if Garage does not answer.
    pub async fn unfinished_uploads(&self) -> Result<usize> {
        let sdk = self.sdk().await;
        let listed = sdk.list_multipart_uploads().bucket(&self.bucket).send();
        Ok(listed.await?.uploads().len())
    }

    /// Allows pages of this origin to PUT and GET. An operator does the same once for a deployment.
    ///
    /// # Errors
    /// Fails if Garage refuses the CORS rules.
    pub async fn allow_page(&self, origin: &str) -> Result<()> {
        let rule = CorsRule::builder()
            .allowed_origins(origin)
            .set_allowed_methods(Some(METHODS.map(str::to_owned).to_vec()))
            .set_allowed_headers(Some(ALLOWED_HEADERS.map(str::to_owned).to_vec()))
            .set_expose_headers(Some(EXPOSED_HEADERS.map(str::to_owned).to_vec()))
            .build()?;
        self.sdk()
            .await
            .put_bucket_cors()
            .bucket(&self.bucket)
            .cors_configuration(CorsConfiguration::builder().cors_rules(rule).build()?)
            .send()
            .await?;
        Ok(())
    }

    async fn sdk(&self) -> Client {
        let shared = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(Self::REGION))
            .endpoint_url(&self.endpoint)
            .load()
            .await;
        let config = aws_sdk_s3::config::Builder::from(&shared).force_path_style(true);
        Client::from_conf(config.build())
    }
}

impl Drop for Garage {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns two free addresses. Both listeners are open at the same time, so that the addresses differ.
fn free_addresses() -> Result<[SocketAddr; 2]> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let [one, two] = [listen()?, listen()?];
    Ok([one.local_addr()?, two.local_addr()?])
}

fn settings_below(folder: &Path, s3: SocketAddr, rpc: SocketAddr) -> String {
    let folder = folder.display();
    let region = Garage::REGION;
    // The secret authenticates nodes to each other, and this cluster has only one node.
    let rpc_secret = "0".repeat(64);
    format!(
        r#"metadata_dir = "{folder}/metadata"
data_dir = "{folder}/data"
db_engine = "lmdb"
replication_factor = 1
rpc_bind_addr = "{rpc}"
rpc_public_addr = "{rpc}"
rpc_secret = "{rpc_secret}"

[s3_api]
api_bind_addr = "{s3}"
s3_region = "{region}"
"#
    )
}
