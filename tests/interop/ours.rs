//! Objects that Sealift stored, opened by the official programs.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_keyring::{Pepper, Peppers};
use sealift_server::{
    Config, ResealWhich, config::Keyring, reseal_files, rewrap_keys, rotate_keys,
};
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

/// Every official program opens these objects: both SDKs all of them, and the command line the last one.
fn every_reader_opens(
    moto: Option<&Moto>,
    key: &WrappingKey,
    stack: &Stack,
    stored: &[(FileRecord, Bytes)],
) -> Result<()> {
    let provider = match key {
        WrappingKey::Kms(_) => "aws-kms",
        WrappingKey::RawAes { .. } => "sealift",
    };
    for sdk in [Sdk::Python, Sdk::JavaScript] {
        expect_opened((sdk, &[How::Streamed]), moto, key, stack, stored, provider)?;
    }
    let (file, plaintext) = stored.last().context("nothing was stored")?;
    let sealed = stack.object_path(file);
    let opened = open_with_cli(moto, key, &sealed, &file.encryption_context)?;
    assert!(opened == *plaintext, "{} differs", file.name);
    Ok(())
}

/// Encrypts all files again and returns their new records.
async fn resealed(
    stack: &Stack,
    stored: &[(FileRecord, Bytes)],
) -> Result<Vec<(FileRecord, Bytes)>> {
    let report = reseal_files(stack.config(), &ResealWhich::All, |_| ()).await?;
    assert!(report.failed.is_empty(), "{report:?}");
    let mut resealed = Vec::new();
    for (old, plaintext) in stored {
        let new = stack.client.file(&old.id).await?;
        assert_ne!(new.upload_id, old.upload_id);
        resealed.push((new, plaintext.clone()));
    }
    Ok(resealed)
}

/// Every official program reads the objects with the exported keys, or with KMS, after each kind of rotation: a new
/// version of the KEK, files encrypted again under it and then under KMS itself, and an alias that has moved to another
/// key. When the KEK's row moves to another KMS key and pepper, the exported key stays the same.
#[tokio::test(flavor = "multi_thread")]
async fn every_official_program_opens_the_objects_before_and_after_each_rotation() -> Result<()> {
    const PEPPER: &str = "a pepper of exactly thirty-two b";
    const NEW_PEPPER: &str = "another pepper of thirty-two by.";
    const ALIAS: &str = "alias/files";
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
    every_reader_opens(None, &key, &stack, &old)?;

    let peppers = Peppers::new(
        Pepper::parse(2, NEW_PEPPER)?,
        Some(Pepper::parse(1, PEPPER)?),
    )?;
    let stack = stack
        .restart_with(|config| {
            config.kms_key = Some(second.clone());
            config.peppers = Some(peppers);
        })
        .await?;
    rewrap_keys(stack.config()).await?;
    let pepper = [
        ("SEALIFT_PEPPER", NEW_PEPPER),
        ("SEALIFT_PEPPER_VERSION", "2"),
    ];
    // The same key and the same object: the readers would only repeat what they did before.
    assert_eq!(key, export(&stack, &pepper, &old)?);
    rotate_keys(stack.config(), None).await?;
    let rotated = resealed(&stack, &old).await?;
    let new_key = export(&stack, &pepper, &rotated)?;
    assert_ne!(key, new_key);
    every_reader_opens(None, &new_key, &stack, &rotated)?;

    moto.make_alias(ALIAS, &second).await?;
    let under_kms = |config: &mut Config| {
        config.keyring = Keyring::Kms;
        config.kms_key = Some(ALIAS.to_owned());
    };
    let stack = stack.restart_with(under_kms).await?;
    let of_second = resealed(&stack, &rotated).await?;
    let third = moto.make_key().await?;
    moto.move_alias(ALIAS, &third).await?;
    let stack = stack.restart().await?;
    let of_third = stored(&stack, &SIZES).await?;
    for (key, stored) in [(second, of_second), (third, of_third)] {
        every_reader_opens(Some(&moto), &WrappingKey::Kms(key), &stack, &stored)?;
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
