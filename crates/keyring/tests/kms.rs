//! The KMS keyring against moto's KMS, over the real protocol. `SEALIFT_TEST_MOTO` names the
//! program `moto_server`, which `cargo xtask test` installs; without it these are skipped.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends with what goes wrong"
)]

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, Weak},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::{Client, config::Credentials};
use sealift_keyring::{Keyring, KeyringError, KmsConfig, KmsKeyring};
use sealift_message::{EncryptedDataKey, EncryptionContext};

/// A moto server of our own, on a free port; ends when the last test that uses it does.
struct Moto {
    process: Child,
    endpoint: String,
}

impl Moto {
    /// The running one, or a new one; `None` where there is no such program.
    fn shared() -> Option<Arc<Self>> {
        static RUNNING: Mutex<Weak<Moto>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap();
        if let Some(moto) = running.upgrade() {
            return Some(moto);
        }
        let Some(program) = std::env::var_os("SEALIFT_TEST_MOTO") else {
            eprintln!("skipped: SEALIFT_TEST_MOTO does not name moto_server");
            return None;
        };
        let moto = Arc::new(Self::start(Command::new(program)));
        *running = Arc::downgrade(&moto);
        Some(moto)
    }

    fn start(mut program: Command) -> Self {
        let mut process = program
            .args(["--host", "127.0.0.1", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("SEALIFT_TEST_MOTO starts");
        let mut said = BufReader::new(process.stderr.take().unwrap()).lines();
        let endpoint = said
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_once("Running on ")
                    .map(|(_, at)| at.trim().to_owned())
            })
            .expect("moto says where it listens");
        // Its requests' log, else the pipe fills up.
        std::thread::spawn(move || said.for_each(drop));
        Self { process, endpoint }
    }

    async fn sdk(&self) -> SdkConfig {
        aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .endpoint_url(&self.endpoint)
            .load()
            .await
    }

    async fn keyring(&self, key: &str) -> KmsKeyring {
        let config = KmsConfig {
            key: key.to_owned(),
            endpoint: Some(self.endpoint.clone()),
            region: None,
        };
        KmsKeyring::with(&self.sdk().await, &config)
    }

    /// A new key's ARN.
    async fn make_key(&self) -> String {
        let made = Client::new(&self.sdk().await)
            .create_key()
            .send()
            .await
            .unwrap();
        made.key_metadata.unwrap().arn.unwrap()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn context(object_id: &str) -> EncryptionContext {
    EncryptionContext::from_pairs([("object-id", object_id), ("tenant", "acme")]).unwrap()
}

#[tokio::test]
async fn a_data_key_opens_in_its_context_only() {
    let Some(moto) = Moto::shared() else { return };
    let arn = moto.make_key().await;
    let keyring = moto.keyring(&arn).await;
    let (data_key, encrypted) = keyring.make(&context("file")).await.unwrap();
    assert_eq!(encrypted.provider_id(), "aws-kms");
    assert_eq!(encrypted.provider_info(), arn.as_bytes());
    let opened = keyring.open(&encrypted, &context("file")).await.unwrap();
    assert_eq!(opened.expose(), data_key.expose());
    for other in [context("another"), EncryptionContext::default()] {
        let refused = keyring.open(&encrypted, &other).await;
        assert_eq!(refused.map(drop), Err(KeyringError::Unauthentic));
    }
}

#[tokio::test]
async fn an_alias_stands_for_its_key_and_may_move() {
    let Some(moto) = Moto::shared() else { return };
    let (first, second) = (moto.make_key().await, moto.make_key().await);
    let client = Client::new(&moto.sdk().await);
    let alias = "alias/that-moves";
    let made = client
        .create_alias()
        .alias_name(alias)
        .target_key_id(&first);
    made.send().await.unwrap();
    let keyring = moto.keyring(alias).await;
    assert_eq!(keyring.prove().await, Ok(first.clone()));
    let (data_key, encrypted) = keyring.make(&context("file")).await.unwrap();
    assert_eq!(encrypted.provider_info(), first.as_bytes());
    let (records_key, blob) = keyring.make_records_key("acme").await.unwrap();

    let moved = client
        .update_alias()
        .alias_name(alias)
        .target_key_id(&second);
    moved.send().await.unwrap();
    assert_eq!(keyring.prove().await, Ok(second));
    let opened = keyring.open(&encrypted, &context("file")).await.unwrap();
    assert_eq!(opened.expose(), data_key.expose());
    let opened = keyring.open_records_key("acme", &blob).await.unwrap();
    assert_eq!(opened.expose(), records_key.expose());
}

#[tokio::test]
async fn another_keys_ciphertext_is_refused() {
    let Some(moto) = Moto::shared() else { return };
    let (ours, theirs) = (moto.make_key().await, moto.make_key().await);
    let keyring = moto.keyring(&theirs).await;
    let (_, encrypted) = keyring.make(&context("file")).await.unwrap();
    let relabelled = EncryptedDataKey::aws_kms(&ours, encrypted.ciphertext()).unwrap();
    let refused = keyring.open(&relabelled, &context("file")).await.map(drop);
    // AWS says IncorrectKeyException here; moto has its own word.
    let code = "AccessDeniedException".to_owned();
    assert_eq!(refused, Err(KeyringError::Refused { code }));
}

#[tokio::test]
async fn an_altered_ciphertext_does_not_open() {
    let Some(moto) = Moto::shared() else { return };
    let arn = moto.make_key().await;
    let keyring = moto.keyring(&arn).await;
    let (_, encrypted) = keyring.make(&context("file")).await.unwrap();
    let mut bytes = encrypted.ciphertext().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let altered = EncryptedDataKey::aws_kms(&arn, bytes).unwrap();
    let refused = keyring.open(&altered, &context("file")).await;
    assert_eq!(refused.map(drop), Err(KeyringError::Unauthentic));
}

#[tokio::test]
async fn a_records_key_opens_for_its_tenant_only() {
    let Some(moto) = Moto::shared() else { return };
    let keyring = moto.keyring(&moto.make_key().await).await;
    let (records_key, blob) = keyring.make_records_key("acme").await.unwrap();
    let opened = keyring.open_records_key("acme", &blob).await.unwrap();
    assert_eq!(opened.expose(), records_key.expose());
    let refused = keyring.open_records_key("other", &blob).await;
    assert_eq!(refused.map(drop), Err(KeyringError::Unauthentic));
    let (another, _) = keyring.make_records_key("acme").await.unwrap();
    assert_ne!(another.expose(), records_key.expose());
}

#[tokio::test]
async fn a_key_that_is_not_there_is_a_refusal() {
    let Some(moto) = Moto::shared() else { return };
    let code = "NotFoundException".to_owned();
    let refused = moto.keyring("alias/nowhere").await.prove().await;
    assert_eq!(refused, Err(KeyringError::Refused { code }));
}
