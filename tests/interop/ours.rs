//! Objects that Sealift stored, opened by the official programs.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_keyring::{Pepper, Peppers};
use sealift_server::{rewrap_keys, rotate_keys};
use sealift_tests::{
    Moto, Setup, Stack,
    official_readers::{How, Sdk, WrappingKey, open_with_cli},
    sizes::{EDGES, FRAME, LARGE, PART},
};
use sealift_transfer::api::FileRecord;

use crate::{SUITE, UnderKms, stored};

const BOTH: [How; 2] = [How::Whole, How::Streamed];

fn objects(stack: &Stack, stored: &[(FileRecord, Bytes)]) -> Vec<PathBuf> {
    let objects = stored.iter().map(|(file, _)| stack.object_path(file));
    objects.collect()
}

fn expect_opened(
    (sdk, hows): (Sdk, &[How]),
    moto: Option<&Moto>,
    key: &WrappingKey,
    stack: &Stack,
    stored: &[(FileRecord, Bytes)],
    provider: &str,
) -> Result<()> {
    for &how in hows {
        let opened = sdk.open(moto, key, how, &objects(stack, stored))?;
        for ((file, plaintext), message) in stored.iter().zip(opened) {
            let message = message.with_context(|| format!("{}, {how:?}", file.name))?;
            assert!(
                message.output == *plaintext,
                "{} differs, {how:?}",
                file.name
            );
            assert_eq!(message.suite, SUITE);
            assert_eq!(usize::try_from(message.frame_length)?, FRAME);
            assert_eq!(message.key_providers, [provider]);
            assert_eq!(message.encryption_context, file.encryption_context);
            assert_eq!(message.encryption_context, context_of(file));
        }
    }
    Ok(())
}

async fn each_opens_what_is_sealed_under_kms(sdk: Sdk, cases: &[(&[usize], &[How])]) -> Result<()> {
    let kms = UnderKms::start().await?;
    let (moto, key) = (Some(&kms.moto), kms.key());
    for (sizes, hows) in cases {
        let stored = stored(&kms.stack, sizes).await?;
        expect_opened((sdk, hows), moto, &key, &kms.stack, &stored, "aws-kms")?;
    }
    Ok(())
}

async fn each_opens_what_is_sealed_under_a_raw_key(sdk: Sdk, sizes: &[usize]) -> Result<()> {
    let stack = Setup::new().start().await?;
    let stored = stored(&stack, sizes).await?;
    let (first, _) = stored.first().context("nothing was stored")?;
    let key = stack.exported_key_of(first)?;
    expect_opened((sdk, &BOTH), None, &key, &stack, &stored, "sealift")
}

/// Both SDKs read every object under `kek` with the exported keys, also after the KEK's row has moved to another KMS
/// key and pepper, and after a new version was made.
#[tokio::test(flavor = "multi_thread")]
async fn both_sdks_open_what_is_sealed_under_a_kek_before_and_after_each_rotation() -> Result<()> {
    const PEPPER: &str = "a pepper of exactly thirty-two b";
    const NEW_PEPPER: &str = "another pepper of thirty-two by.";
    const SIZES: [usize; 2] = [1, FRAME];
    let moto = Moto::start().await?;
    let (first, second) = (moto.make_key().await?, moto.make_key().await?);
    let setup = Setup::new().with_kek(&moto, &first, PEPPER);
    let stack = setup.start().await?;
    let old = stored(&stack, &SIZES).await?;
    let reach = [
        ("SEALIFT_KMS_ENDPOINT", moto.endpoint()),
        ("AWS_REGION", Moto::REGION),
    ];
    let export = |stack: &Stack, peppers: &[(&str, &str)], of: &[(FileRecord, Bytes)]| {
        let (file, _) = of.first().context("nothing was stored")?;
        stack.exported_key_with(&[&reach, peppers].concat(), file)
    };
    let key = export(&stack, &[("SEALIFT_PEPPER", PEPPER)], &old)?;
    for sdk in [Sdk::Python, Sdk::JavaScript] {
        expect_opened((sdk, &BOTH), None, &key, &stack, &old, "sealift")?;
    }

    let peppers = Peppers::new(
        Pepper::parse(2, NEW_PEPPER)?,
        Some(Pepper::parse(1, PEPPER)?),
    )?;
    let stack = stack
        .restart_with(|config| {
            config.kms_key = Some(second);
            config.peppers = Some(peppers);
        })
        .await?;
    rewrap_keys(stack.config()).await?;
    rotate_keys(stack.config(), None).await?;
    let new = stored(&stack, &SIZES).await?;
    let pepper = [
        ("SEALIFT_PEPPER", NEW_PEPPER),
        ("SEALIFT_PEPPER_VERSION", "2"),
    ];
    let (old_key, new_key) = (
        export(&stack, &pepper, &old)?,
        export(&stack, &pepper, &new)?,
    );
    for sdk in [Sdk::Python, Sdk::JavaScript] {
        expect_opened((sdk, &BOTH), None, &old_key, &stack, &old, "sealift")?;
        expect_opened((sdk, &BOTH), None, &new_key, &stack, &new, "sealift")?;
    }
    Ok(())
}

/// Every edge in both ways, and 200 MiB, which is 25 full parts and an empty final frame, in one. The other ways to
/// open 200 MiB repeat this and take a minute, so they run with `--full`.
const UNDER_KMS: [(&[usize], &[How]); 2] = [(&EDGES, &BOTH), (&[LARGE], &[How::Streamed])];

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_opens_every_size_under_kms_and_finds_the_recorded_context() -> Result<()> {
    each_opens_what_is_sealed_under_kms(Sdk::Python, &UNDER_KMS).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_sdk_opens_every_size_under_kms_and_finds_the_recorded_context() -> Result<()>
{
    each_opens_what_is_sealed_under_kms(Sdk::JavaScript, &UNDER_KMS).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_opens_every_size_under_the_key_file() -> Result<()> {
    each_opens_what_is_sealed_under_a_raw_key(Sdk::Python, &EDGES).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_sdk_opens_every_size_under_the_key_file() -> Result<()> {
    each_opens_what_is_sealed_under_a_raw_key(Sdk::JavaScript, &EDGES).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "only with --full"]
async fn both_sdks_open_a_large_file_whole_and_under_the_key_file() -> Result<()> {
    for sdk in [Sdk::Python, Sdk::JavaScript] {
        each_opens_what_is_sealed_under_kms(sdk, &[(&[LARGE], &[How::Whole])]).await?;
        each_opens_what_is_sealed_under_a_raw_key(sdk, &[LARGE]).await?;
    }
    Ok(())
}

async fn the_official_command_line_opens(
    stack: &Stack,
    kms: Option<&UnderKms>,
    sizes: &[usize],
) -> Result<()> {
    for (file, plaintext) in stored(stack, sizes).await? {
        let key = match kms {
            Some(kms) => kms.key(),
            None => stack.exported_key_of(&file)?,
        };
        let (sealed, moto) = (stack.object_path(&file), kms.map(|kms| &kms.moto));
        let opened = open_with_cli(moto, &key, &sealed, &file.encryption_context)?;
        assert!(opened == plaintext, "{} differs", file.name);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_command_line_opens_every_size() -> Result<()> {
    let kms = UnderKms::start().await?;
    the_official_command_line_opens(&kms.stack, Some(&kms), &EDGES).await?;
    the_official_command_line_opens(&kms.stack, Some(&kms), &[LARGE]).await?;
    let local = Setup::new().start().await?;
    the_official_command_line_opens(&local, None, &[PART + 1]).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "only with --full"]
async fn the_official_command_line_opens_every_size_under_the_key_file() -> Result<()> {
    let local = Setup::new().start().await?;
    the_official_command_line_opens(&local, None, &EDGES).await?;
    the_official_command_line_opens(&local, None, &[LARGE]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_context_does_not_open_them() -> Result<()> {
    let kms = UnderKms::start().await?;
    for (file, _) in stored(&kms.stack, &[1]).await? {
        let mut context = file.encryption_context.clone();
        context.insert("tenant".to_owned(), "another".to_owned());
        let sealed = kms.stack.object_path(&file);
        let refused = open_with_cli(Some(&kms.moto), &kms.key(), &sealed, &context);
        let refused = format!("{:#}", refused.expect_err("it opened in another context"));
        assert!(refused.contains("encryption context"), "{refused}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_kms_key_does_not_open_them() -> Result<()> {
    let kms = UnderKms::start().await?;
    let stored = stored(&kms.stack, &[1]).await?;
    let other = WrappingKey::Kms(kms.moto.make_key().await?);
    for sdk in [Sdk::Python, Sdk::JavaScript] {
        let opened = sdk.open(
            Some(&kms.moto),
            &other,
            How::Whole,
            &objects(&kms.stack, &stored),
        )?;
        assert!(opened.iter().all(Result::is_err), "{opened:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_opens_what_it_sealed_under_kms() -> Result<()> {
    let kms = UnderKms::start().await?;
    for (file, plaintext) in stored(&kms.stack, &[0, FRAME + 1]).await? {
        let opened = kms.stack.client.download(&file.id, None).await?;
        assert!(opened.read_all().await? == plaintext);
    }
    Ok(())
}

/// Returns the expected context. docs/FORMAT.md fixes these names for ever.
fn context_of(file: &FileRecord) -> BTreeMap<String, String> {
    BTreeMap::from(
        [
            ("format", "sealift-1"),
            ("object-id", file.id.as_str()),
            // Without login everything belongs to this tenant.
            ("tenant", "local"),
            ("upload-id", file.upload_id.as_str()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    )
}
