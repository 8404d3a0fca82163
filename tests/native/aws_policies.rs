//! The server, its parts and `sealift decrypt` work under the policies that `sealift policy aws` prints, and need
//! every action in them.
//!
//! A proxy in front of the store and of KMS knows the policy. moto knows policies, too, but takes every condition
//! for a refusal, and the conditions are what keeps the KMS key for Sealift alone.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use aws_config::{BehaviorVersion, Region};
use aws_sdk_kms::types::DataKeySpec;
use bytes::Bytes;
use sealift_client::Client;
use sealift_server::{Config, Server, SweepKind, rewrap_keys};
use sealift_tests::{IamPolicy, Moto, Randomness, Setup, Stack, sealift::sealift_with, upload};
use sealift_transfer::api::{FileId, FileRecord, OpenUpload};

/// The actions that only a bucket with versions needs. No store here keeps versions.
const FOR_VERSIONS: [&str; 3] = [
    "s3:GetObjectVersion",
    "s3:DeleteObjectVersion",
    "s3:ListBucketVersions",
];

/// Encryption contexts that are not Sealift's.
const FOREIGN: &[&[(&str, &str)]] = &[
    &[],
    &[("tenant", "acme")],
    &[("format", "another")],
    &[("purpose", "another"), ("tenant", "acme")],
];

/// A deployment whose KMS key was just replaced, so that its keys can move.
struct Deployment {
    moto: Moto,
    stack: Stack,
    /// The settings with the new key.
    config: Config,
    /// The arguments that name bucket and keys.
    names: Vec<String>,
    old_file: FileRecord,
}

impl Deployment {
    async fn start() -> Result<Self> {
        let moto = Moto::start().await?;
        let (old, new) = (moto.make_key().await?, moto.make_key().await?);
        let setup = Setup::new().with_kms(&moto, &old).with_proxies();
        let stack = setup.with("part_length", "5MiB").start().await?;
        let old_file = stack
            .upload("under the old key", &Bytes::from("old"))
            .await?;
        let mut config = stack.config().clone();
        config.port = 0;
        config.kms_key = Some(new.clone());
        let names = ["--bucket", &config.bucket, "--kms-key", &new].map(str::to_owned);
        Ok(Self {
            names: [&names[..], &["--old-kms-key".to_owned(), old]].concat(),
            moto,
            stack,
            config,
            old_file,
        })
    }

    fn policy(&self, principal: &str) -> Result<IamPolicy> {
        let arguments = ["policy", "aws", "--principal", principal];
        let names = self.names.iter().map(String::as_str);
        let printed = sealift_with(&[], arguments.into_iter().chain(names))?;
        ensure!(printed.code == Some(0), "{}", printed.stderr);
        IamPolicy::parse(&printed.stdout)
    }

    /// Gives the signatures of clients one policy, and everything that the server itself sends another.
    fn enforce(&self, signer: &IamPolicy, control: &IamPolicy) -> Result<()> {
        let proxies = self.stack.proxies()?;
        proxies.client_to_store.enforce(signer);
        proxies.server_to_store.enforce(control);
        self.moto.proxy().enforce(control);
        Ok(())
    }

    /// Does everything that a deployment does, and returns a new file. Fails with the sentence that an operator or
    /// a caller reads.
    async fn everything(&self) -> Result<FileRecord> {
        let server = Server::start(self.config.clone()).await?;
        let done = self.all_requests(&server).await;
        server.shutdown().await;
        let file = done?;
        let moved = rewrap_keys(&self.config).await?;
        match moved.failed.into_iter().next() {
            Some(failed) => Err(failed.error.into()),
            None => Ok(file),
        }
    }

    async fn all_requests(&self, server: &Server) -> Result<FileRecord> {
        let client = Client::new(&format!("http://{}", server.address()), None)?;
        // Two parts.
        let plaintext = Randomness::from_printed_seed()?.bytes(6 * 1024 * 1024);
        let file = upload(&client, "of two parts", &plaintext).await?;
        ensure!(read(&client, &file.id).await? == plaintext);
        ensure!(read(&client, &self.old_file.id).await? == "old");
        let request = OpenUpload {
            client_token: format!("aborted-at-once-{}", file.id),
            name: "aborted".to_owned(),
            content_type: None,
            size: u64::try_from(plaintext.len())?,
            last_modified_ms: None,
            metadata: None,
            reference: None,
        };
        let open = client.open_upload(&request).await?;
        client.abort(&open.upload_id).await?;
        let small = upload(&client, "of one part", &Bytes::from("small")).await?;
        client.delete(&small.id).await?;
        let swept = server.sweep_now().await;
        let failed = SweepKind::ALL.iter().map(|kind| swept.of(*kind).failed);
        ensure!(failed.sum::<u64>() == 0, "sweep: {swept}");
        Ok(file)
    }
}

async fn read(client: &Client, file: &FileId) -> Result<Bytes> {
    let opened = client.download(file, None).await?;
    Ok(opened.read_all().await?.into())
}

/// Returns what the sentence says if this action is missing.
fn said_without(action: &str) -> &str {
    match action {
        "kms:ReEncryptFrom" | "kms:ReEncryptTo" => "KMS refuses kms:ReEncrypt* with the key",
        "kms:GenerateDataKey" => "KMS refuses kms:GenerateDataKey with the key",
        "kms:Decrypt" => "KMS refuses kms:Decrypt with the key",
        // The start looks for an absent object, which needs both.
        "s3:GetObject" | "s3:ListBucket" => "allow the server s3:ListBucket and s3:GetObject",
        // A caller learns what the operator must do; the log names the action.
        "s3:AbortMultipartUpload" | "s3:DeleteObject" => "what the server's credentials may do",
        "s3:ListBucketMultipartUploads" => "1 failed",
        // The start fails, and names the action.
        action => action,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_principal_works_under_its_policy_and_needs_every_action_of_it() -> Result<()> {
    let deployment = Deployment::start().await?;
    let server = deployment.policy("server")?;
    let needed = server.actions().into_iter();
    let needed: Vec<_> = needed.filter(|one| !FOR_VERSIONS.contains(one)).collect();
    assert_eq!(needed.len() + FOR_VERSIONS.len(), server.actions().len());
    for action in needed {
        let less = server.without(action);
        deployment.enforce(&less, &less)?;
        let done = deployment.everything().await;
        let refused = done
            .err()
            .with_context(|| format!("{action} is not needed"))?;
        let refused = format!("{refused:#}");
        assert!(
            refused.contains(said_without(action)),
            "{action}: {refused}"
        );
    }
    deployment.enforce(&server, &server)?;
    deployment.refuses_contexts(FOREIGN).await?;
    let more = [("format", "sealift-1"), ("customer", "1")];
    deployment.refuses_contexts(&[&more]).await?;
    // The key's own policy allows everything else to the policies of its account.
    let key = deployment.policy("key")?;
    deployment.enforce(&key, &key)?;
    deployment.refuses_contexts(FOREIGN).await?;
    // The two parts of the server's policy are enough in their places.
    let (signer, control) = (deployment.policy("signer")?, deployment.policy("control")?);
    assert_eq!(signer.actions(), ["s3:PutObject"]);
    deployment.enforce(&signer, &control)?;
    let file = deployment.everything().await?;

    let reader = deployment.policy("reader")?;
    for (policy, says) in [
        (reader.clone(), None),
        (
            reader.without("s3:GetObject"),
            Some("does not let you read"),
        ),
        (reader.without("kms:Decrypt"), Some("kms:Decrypt")),
    ] {
        deployment.enforce(&policy, &policy)?;
        let (code, said) = deployment.decrypted_without_a_server(&file)?;
        match says {
            None => assert_eq!(code, Some(0), "{said}"),
            Some(says) => assert!(code != Some(0) && said.contains(says), "{said}"),
        }
    }
    Ok(())
}

impl Deployment {
    /// Checks that the policy lets its holder use the KMS key for a file, but not in these contexts.
    async fn refuses_contexts(&self, foreign: &[&[(&str, &str)]]) -> Result<()> {
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(Moto::REGION))
            .endpoint_url(self.moto.proxy().endpoint())
            .load()
            .await;
        let kms = aws_sdk_kms::Client::new(&sdk);
        let key = self.config.kms_key.clone().context("a key")?;
        let make = async |context: &[(&str, &str)]| {
            let pairs = context.iter().copied();
            let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let made = kms.generate_data_key().key_id(&key);
            let made = made.key_spec(DataKeySpec::Aes256);
            let made = made.set_encryption_context(Some(pairs.collect()));
            made.send().await.is_ok()
        };
        assert!(make(&[("format", "sealift-1"), ("tenant", "acme")]).await);
        for &foreign in foreign {
            assert!(!make(foreign).await, "{foreign:?}");
        }
        Ok(())
    }

    fn decrypted_without_a_server(&self, file: &FileRecord) -> Result<(Option<i32>, String)> {
        let location = format!("s3://{}/{}", self.config.bucket, file.object_key);
        let key = self.config.kms_key.clone().context("a key")?;
        let store = self.stack.proxies()?.server_to_store.endpoint();
        let kms = self.moto.proxy().endpoint();
        let arguments = [
            "decrypt",
            &location,
            "--kms-key",
            &key,
            "--s3-endpoint",
            &store,
        ];
        let output = ["--kms-endpoint", kms.as_str(), "--output", "-"];
        let called = sealift_with(&[], arguments.into_iter().chain(output))?;
        Ok((called.code, called.stderr))
    }
}

#[test]
fn cloudformation_takes_the_templates() -> Result<()> {
    let folder = tempfile::tempdir()?;
    // moto brings cfn-lint along, because it checks templates with it, too.
    let python = std::env::var_os("SEALIFT_TEST_SDK_PYTHON").context("SEALIFT_TEST_SDK_PYTHON")?;
    let mut lint = Command::new(Path::new(&python).with_file_name("cfn-lint"));
    lint.args(["--regions", "eu-central-1", "--template"]);
    let all = "--principal server --principal signer --principal control --principal reader \
               --kms-key alias/sealift --page-origins https://files.example.com";
    let no_key = "--principal reader --prefix a/b";
    for (name, more) in [
        ("all.json", all),
        ("no-key.json", no_key),
        ("usual.json", ""),
        ("no-role.json", "--principal key --kms-key alias/sealift"),
    ] {
        let arguments = "policy aws --format cloudformation --bucket acme-files";
        let arguments = arguments.split(' ').chain(more.split_whitespace());
        let printed = sealift_with(&[], arguments)?;
        ensure!(printed.code == Some(0), "{}", printed.stderr);
        let roles = String::from_utf8_lossy(&printed.stdout)
            .matches("AWS::IAM::Role")
            .count();
        assert_eq!(roles == 0, name == "no-role.json", "{roles} in {name}");
        let template = folder.path().join(name);
        fs::write(&template, &printed.stdout)?;
        lint.arg(template);
    }
    let linted = lint.output().context("cfn-lint does not start")?;
    let said = String::from_utf8_lossy(&linted.stdout);
    assert!(linted.status.success(), "{said}");
    Ok(())
}
