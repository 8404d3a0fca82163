//! Objects that Sealift stored, opened by the official programs.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_tests::{
    Moto, Setup, Stack,
    official_readers::{How, Sdk, WrappingKey, open_with_cli},
    sizes::{EDGES, FRAME, LARGE},
};
use sealift_transfer::api::FileRecord;

use crate::{SUITE, UnderKms, stored};

/// Returns the sizes of [`EDGES`] and 200 MiB, which is 25 full parts and an empty final frame.
fn sizes() -> Vec<usize> {
    EDGES.into_iter().chain([LARGE]).collect()
}

fn objects(stack: &Stack, stored: &[(FileRecord, Bytes)]) -> Vec<PathBuf> {
    let objects = stored.iter().map(|(file, _)| stack.object_path(file));
    objects.collect()
}

fn expect_opened(
    sdk: Sdk,
    moto: Option<&Moto>,
    key: &WrappingKey,
    stack: &Stack,
    stored: &[(FileRecord, Bytes)],
    provider: &str,
) -> Result<()> {
    for how in [How::Whole, How::Streamed] {
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

async fn each_opens_what_is_sealed_under_kms(sdk: Sdk) -> Result<()> {
    let kms = UnderKms::start().await?;
    let stored = stored(&kms.stack, &sizes()).await?;
    let (moto, key) = (Some(&kms.moto), kms.key());
    expect_opened(sdk, moto, &key, &kms.stack, &stored, "aws-kms")
}

async fn each_opens_what_is_sealed_under_a_raw_key(sdk: Sdk) -> Result<()> {
    let stack = Setup::new().start().await?;
    let stored = stored(&stack, &sizes()).await?;
    let (first, _) = stored.first().context("nothing was stored")?;
    let key = stack.exported_key_of(first)?;
    expect_opened(sdk, None, &key, &stack, &stored, "sealift")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_opens_every_size_under_kms_and_finds_the_recorded_context() -> Result<()> {
    each_opens_what_is_sealed_under_kms(Sdk::Python).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_sdk_opens_every_size_under_kms_and_finds_the_recorded_context() -> Result<()>
{
    each_opens_what_is_sealed_under_kms(Sdk::JavaScript).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_opens_every_size_under_the_key_file() -> Result<()> {
    each_opens_what_is_sealed_under_a_raw_key(Sdk::Python).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_sdk_opens_every_size_under_the_key_file() -> Result<()> {
    each_opens_what_is_sealed_under_a_raw_key(Sdk::JavaScript).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_command_line_opens_every_size() -> Result<()> {
    let kms = UnderKms::start().await?;
    let local = Setup::new().start().await?;
    for (stack, moto) in [(&kms.stack, Some(&kms.moto)), (&local, None)] {
        for (file, plaintext) in stored(stack, &sizes()).await? {
            let key = match moto {
                Some(_) => kms.key(),
                None => stack.exported_key_of(&file)?,
            };
            let sealed = stack.object_path(&file);
            let opened = open_with_cli(moto, &key, &sealed, &file.encryption_context)?;
            assert!(opened == plaintext, "{} differs", file.name);
        }
    }
    Ok(())
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
