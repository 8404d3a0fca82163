//! `sealift bootstrap` makes what is missing in the cloud, and changes nothing that is there.
//!
//! The bucket is one of moto's, which knows all settings of buckets. No file passes it here.

use std::{
    os::unix::fs::PermissionsExt as _,
    sync::{Arc, Weak},
};

use anyhow::{Context as _, Result, ensure};
use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint,
    CorsConfiguration, CorsRule, CreateBucketConfiguration, ExpirationStatus, LifecycleRule,
    LifecycleRuleFilter, PublicAccessBlockConfiguration,
};
use sealift_tests::{
    IamPolicy, Moto, Proxy, StoreCredentials, address_in,
    sealift::{Called, sealift_with},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

const PAGE: &str = "https://files.example.com";
const ALIAS: &str = "alias/sealift";

/// An account with moto's S3 and KMS. All tests share one moto, but each has a region and buckets of its own.
struct Account {
    _moto: Arc<Moto>,
    /// Between the command and moto.
    proxy: Proxy,
    region: &'static str,
    s3: aws_sdk_s3::Client,
    kms: aws_sdk_kms::Client,
    folder: tempfile::TempDir,
}

impl Account {
    async fn empty_in(region: &'static str) -> Result<Self> {
        static RUNNING: Mutex<Weak<Moto>> = Mutex::const_new(Weak::new());
        let mut running = RUNNING.lock().await;
        let moto = match running.upgrade() {
            Some(moto) => moto,
            None => Arc::new(Moto::start().await?),
        };
        *running = Arc::downgrade(&moto);
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(StoreCredentials::of_moto().sdk())
            .endpoint_url(moto.endpoint())
            .load()
            .await;
        let s3 = aws_sdk_s3::config::Builder::from(&sdk).force_path_style(true);
        Ok(Self {
            proxy: Proxy::start(address_in(moto.endpoint())?).await?,
            _moto: moto,
            region,
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            kms: aws_sdk_kms::Client::new(&sdk),
            folder: tempfile::tempdir()?,
        })
    }

    /// Runs the command with the flags that every run here has, and these.
    fn bootstrap(&self, bucket: &str, more: &[&str]) -> Result<Called> {
        let endpoint = self.proxy.endpoint();
        let environment = [
            ("S3_ENDPOINT", endpoint.as_str()),
            ("SEALIFT_KMS_ENDPOINT", endpoint.as_str()),
            ("AWS_REGION", self.region),
        ];
        let data = self.folder.path().join(bucket);
        let data = data.to_str().context("a folder in UTF-8")?;
        let flags = ["bootstrap", "--bucket", bucket, "--kms-key", ALIAS];
        let flags = flags.into_iter().chain(["--page-origins", PAGE]);
        let flags = flags.chain(["--data", data]).chain(more.iter().copied());
        sealift_with(&environment, flags)
    }

    /// Runs the command with `--json`, and returns each target with its state.
    fn states(&self, bucket: &str, more: &[&str]) -> Result<Vec<(String, String)>> {
        #[derive(Deserialize)]
        struct Report {
            steps: Vec<Step>,
        }
        #[derive(Deserialize)]
        struct Step {
            target: String,
            state: String,
        }
        let called = self.bootstrap(bucket, &[more, &["--json"]].concat())?;
        let report: Report = serde_json::from_slice(&called.stdout)?;
        let steps = report.steps.into_iter();
        Ok(steps.map(|step| (step.target, step.state)).collect())
    }

    async fn make_bucket(&self, bucket: &str) -> Result<()> {
        let region = BucketLocationConstraint::from(self.region);
        let place = CreateBucketConfiguration::builder().location_constraint(region);
        let made = self.s3.create_bucket().bucket(bucket);
        made.create_bucket_configuration(place.build())
            .send()
            .await?;
        Ok(())
    }

    async fn cors(&self, bucket: &str) -> Result<Vec<CorsRule>> {
        let answer = self.s3.get_bucket_cors().bucket(bucket).send().await?;
        Ok(answer.cors_rules.unwrap_or_default())
    }

    async fn lifecycle(&self, bucket: &str) -> Result<Vec<LifecycleRule>> {
        let asked = self.s3.get_bucket_lifecycle_configuration().bucket(bucket);
        Ok(asked.send().await?.rules.unwrap_or_default())
    }

    async fn mark(&self, bucket: &str) -> Result<Value> {
        let asked = self.s3.get_object().bucket(bucket);
        let mark = asked.key("sealift/sealift.deployment").send().await?;
        Ok(serde_json::from_slice(
            &mark.body.collect().await?.to_vec(),
        )?)
    }

    async fn count_keys(&self) -> Result<usize> {
        Ok(self.kms.list_keys().send().await?.keys().len())
    }
}

fn in_state(states: &[(String, String)], state: &str) -> Vec<String> {
    let its = states.iter().filter(|(_, has)| has == state);
    its.map(|(target, _)| target.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_account_gets_everything_once() -> Result<()> {
    let account = Account::empty_in("us-east-1").await?;
    let shown = account.bootstrap("files", &["--mark"])?;
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let lines = String::from_utf8(shown.stdout)?;
    assert_eq!(
        lines
            .lines()
            .filter(|line| line.starts_with("create "))
            .count(),
        9
    );
    assert!(shown.stderr.contains("Give --yes"), "{}", shown.stderr);
    // Looking changed nothing.
    assert!(
        account
            .s3
            .head_bucket()
            .bucket("files")
            .send()
            .await
            .is_err()
    );
    assert_eq!(account.count_keys().await?, 0);
    assert!(!account.folder.path().join("files").exists());

    let made = account.bootstrap("files", &["--mark", "--yes"])?;
    let lines = String::from_utf8(made.stdout)?;
    assert_eq!(made.code, Some(0), "{lines}{}", made.stderr);
    assert_eq!(
        lines
            .lines()
            .filter(|line| line.starts_with("created "))
            .count(),
        9
    );
    let data = account.folder.path().join("files");
    let mode = std::fs::metadata(data)?.permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "only its owner reads the data folder");
    let block = account
        .s3
        .get_public_access_block()
        .bucket("files")
        .send()
        .await?;
    let block = block.public_access_block_configuration.context("a block")?;
    assert_eq!(block.restrict_public_buckets, Some(true));
    let cors = account.cors("files").await?;
    assert_eq!(cors.len(), 1);
    assert_eq!(cors[0].allowed_origins(), [PAGE]);
    let rules = account.lifecycle("files").await?;
    assert_eq!(rules.len(), 1);
    let ends = rules[0]
        .clone()
        .abort_incomplete_multipart_upload
        .context("an end")?;
    assert_eq!(ends.days_after_initiation, Some(32));
    let key = account.kms.describe_key().key_id(ALIAS).send().await?;
    let key = key.key_metadata.context("a key")?.key_id;
    let rotation = account
        .kms
        .get_key_rotation_status()
        .key_id(&key)
        .send()
        .await?;
    assert!(rotation.key_rotation_enabled);
    assert_eq!(account.mark("files").await?["prefix_is_ours"], true);

    for more in [&[][..], &["--yes"], &["--yes", "--mark"]] {
        let states = account.states("files", more)?;
        assert_eq!(in_state(&states, "there").len(), 9, "{states:?}");
    }
    assert_eq!(account.count_keys().await?, 1);
    // The database of another folder is another deployment's.
    let other = tempfile::tempdir()?;
    let account = Account {
        folder: other,
        ..account
    };
    let refused = account.bootstrap("files", &["--yes", "--mark"])?;
    let said = String::from_utf8(refused.stdout)?;
    assert!(said.contains("another deployment has marked"), "{said}");
    assert_eq!(refused.code, Some(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_neither_changed_nor_widened() -> Result<()> {
    let account = Account::empty_in("eu-central-1").await?;
    // Rules of others stay, and ours come behind them.
    account.make_bucket("others").await?;
    account
        .set_rules("others", "https://other.example", "other/", 3)
        .await?;
    let states = account.states("others", &["--yes"])?;
    assert_eq!(in_state(&states, "created").len(), 7, "{states:?}");
    let cors = account.cors("others").await?;
    let origins: Vec<_> = cors
        .iter()
        .map(|rule| rule.allowed_origins()[0].as_str())
        .collect();
    assert_eq!(origins, ["https://other.example", PAGE]);
    let rules = account.lifecycle("others").await?;
    let days = rules.iter().filter_map(|rule| {
        rule.abort_incomplete_multipart_upload()?
            .days_after_initiation()
    });
    assert_eq!(days.collect::<Vec<_>>(), [3, 32]);
    // The sweeper may not remove what others put under the prefix.
    let theirs = account.s3.put_object().bucket("others");
    theirs.key("sealift/theirs").send().await?;
    let states = account.states("others", &["--yes", "--mark"])?;
    assert_eq!(in_state(&states, "created"), ["mark"], "{states:?}");
    assert_eq!(account.mark("others").await?["prefix_is_ours"], false);

    // Rules for the same requests and the same uploads are left to a person.
    account.make_bucket("shared").await?;
    account.set_rules("shared", "*", "", 7).await?;
    let open = PublicAccessBlockConfiguration::builder().block_public_acls(true);
    let put = account.s3.put_public_access_block().bucket("shared");
    put.public_access_block_configuration(open.build())
        .send()
        .await?;
    let before = (
        account.cors("shared").await?,
        account.lifecycle("shared").await?,
    );
    let called = account.bootstrap("shared", &["--yes"])?;
    let said = String::from_utf8(called.stdout)?;
    assert_eq!(called.code, Some(1), "{said}");
    for target in ["block of all public access", "CORS rule", "lifecycle rule"] {
        assert!(said.contains(&format!("by hand   {target}")), "{said}");
    }
    let after = (
        account.cors("shared").await?,
        account.lifecycle("shared").await?,
    );
    assert_eq!(before, after);
    let block = account
        .s3
        .get_public_access_block()
        .bucket("shared")
        .send()
        .await?;
    let block = block.public_access_block_configuration.context("a block")?;
    assert_ne!(block.restrict_public_buckets, Some(true));

    // In a wrong region nothing is made, not even a key.
    let states = account.states("others", &["--yes", "--region", "eu-west-1"])?;
    assert_eq!(in_state(&states, "by_hand"), ["bucket"], "{states:?}");
    assert_eq!(in_state(&states, "waits").len(), 8, "{states:?}");

    // A key that cannot be used is not replaced.
    let key = account.kms.describe_key().key_id(ALIAS).send().await?;
    let key = key.key_metadata.context("a key")?.key_id;
    account.kms.disable_key().key_id(&key).send().await?;
    let states = account.states("others", &["--yes"])?;
    assert_eq!(in_state(&states, "by_hand"), ["key"], "{states:?}");
    assert_eq!(in_state(&states, "waits"), ["alias", "rotation"]);
    assert_eq!(account.count_keys().await?, 1);
    Ok(())
}

impl Account {
    /// Sets a CORS rule for this origin, and a rule that ends unfinished uploads under this prefix.
    async fn set_rules(&self, bucket: &str, origin: &str, prefix: &str, days: i32) -> Result<()> {
        let rule = CorsRule::builder().allowed_origins(origin);
        let rule = rule.allowed_methods("GET").allowed_headers("*").build()?;
        let rules = CorsConfiguration::builder().cors_rules(rule).build()?;
        let put = self.s3.put_bucket_cors().bucket(bucket);
        put.cors_configuration(rules).send().await?;
        let ends = AbortIncompleteMultipartUpload::builder().days_after_initiation(days);
        let rule = LifecycleRule::builder()
            .id("theirs")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix(prefix).build())
            .abort_incomplete_multipart_upload(ends.build());
        let rules = BucketLifecycleConfiguration::builder().rules(rule.build()?);
        let put = self.s3.put_bucket_lifecycle_configuration().bucket(bucket);
        put.lifecycle_configuration(rules.build()?).send().await?;
        Ok(())
    }
}

/// Everything that a person needs to run `sealift bootstrap`, as docs/AWS.md lists it.
const PERSON: &[&str] = &[
    "s3:ListBucket",
    "s3:CreateBucket",
    "s3:GetBucketOwnershipControls",
    "s3:PutBucketOwnershipControls",
    "s3:GetBucketPublicAccessBlock",
    "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketCORS",
    "s3:PutBucketCORS",
    "s3:GetLifecycleConfiguration",
    "s3:PutLifecycleConfiguration",
    "kms:DescribeKey",
    "kms:CreateKey",
    "kms:CreateAlias",
    "kms:GetKeyRotationStatus",
    "kms:EnableKeyRotation",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_half_way_says_what_is_done_and_goes_on_the_next_time() -> Result<()> {
    let account = Account::empty_in("eu-north-1").await?;
    let page = include_str!("../../docs/AWS.md");
    for action in PERSON {
        assert!(
            page.contains(&format!("`{action}`")),
            "{action} is not in docs/AWS.md"
        );
    }
    let policy = serde_json::json!({ "Statement": [
        { "Sid": "All", "Effect": "Allow", "Action": PERSON, "Resource": "*" },
    ]});
    let policy = IamPolicy::parse(policy.to_string().as_bytes())?;
    let allowed = policy
        .without("s3:PutBucketCORS")
        .without("kms:CreateAlias");
    account.proxy.enforce(&allowed);
    let called = account.bootstrap("half-way", &["--yes"])?;
    let said = String::from_utf8(called.stdout)?;
    ensure!(called.code == Some(5), "{said}{}", called.stderr);
    for line in [
        "created   bucket half-way",
        "failed    CORS rule",
        "the store refused s3:PutBucketCORS with 403 AccessDenied; allow it",
        "created   lifecycle rule",
        "failed    alias/sealift",
        "KMS refuses kms:CreateAlias with the key arn:",
        "aws kms create-alias --alias-name alias/sealift --target-key-id arn:",
        "created   yearly rotation",
    ] {
        assert!(said.contains(line), "{line} is not in {said}");
    }
    assert!(
        called.stderr.contains("2 of 9 steps failed"),
        "{}",
        called.stderr
    );
    let (_, arn) = said.split_once("--target-key-id ").context("the key")?;
    let arn = arn.split_whitespace().next().context("the key")?;
    let alias = account.kms.create_alias().alias_name(ALIAS);
    alias.target_key_id(arn).send().await?;
    account.proxy.enforce(&policy);
    let states = account.states("half-way", &["--yes"])?;
    assert_eq!(in_state(&states, "created"), ["cors"], "{states:?}");
    // Only the step that asks for the rotation needs the permission to ask.
    account
        .proxy
        .enforce(&policy.without("kms:GetKeyRotationStatus"));
    let states = account.states("half-way", &[])?;
    assert_eq!(in_state(&states, "failed"), ["rotation"], "{states:?}");
    assert_eq!(account.count_keys().await?, 1);
    Ok(())
}
