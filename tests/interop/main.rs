//! Objects that Sealift stored, read by what AWS publishes: nobody needs Sealift to get files back.

use std::collections::BTreeMap;

use anyhow::Result;
use bytes::Bytes;
use sealift_tests::{
    Moto, Randomness, Setup, Stack,
    official_readers::{open_with_cli, open_with_sdk},
    sizes::{EDGES, FRAME},
};
use sealift_transfer::api::FileRecord;

/// AES-256-GCM, HKDF-SHA512, key commitment, no signature.
const SUITE: u16 = 0x0478;

async fn stored(stack: &Stack, sizes: &[usize]) -> Result<Vec<(FileRecord, Bytes)>> {
    let mut randomness = Randomness::from_printed_seed()?;
    let mut stored = Vec::new();
    for len in sizes {
        let plaintext = randomness.bytes(*len);
        let file = stack.upload(&format!("{len} bytes"), &plaintext).await?;
        stored.push((file, plaintext));
    }
    Ok(stored)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_sdk_opens_every_size_and_finds_the_recorded_context() -> Result<()> {
    let moto = Moto::start()?;
    let key_arn = moto.make_key().await?;
    let stack = Setup::new().with_kms(&moto, &key_arn).start().await?;
    let stored = stored(&stack, &EDGES).await?;
    let sealed = stored.iter().map(|(file, _)| stack.object_path(file));
    let told = open_with_sdk(&moto, &key_arn, &sealed.collect::<Vec<_>>())?;
    for ((file, plaintext), told) in stored.iter().zip(told) {
        assert!(told.plaintext == *plaintext, "{} differs", file.name);
        assert_eq!(told.suite, SUITE);
        assert_eq!(usize::try_from(told.frame_length)?, FRAME);
        assert_eq!(told.key_arns, [key_arn.as_str()]);
        assert_eq!(told.encryption_context, file.encryption_context);
        assert_eq!(told.encryption_context, context_of(file));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_command_line_opens_them() -> Result<()> {
    let moto = Moto::start()?;
    let key_arn = moto.make_key().await?;
    let stack = Setup::new().with_kms(&moto, &key_arn).start().await?;
    // aws-encryption-cli brings SDK 3, which refuses a full final frame, as a size of whole frames
    // has; SDK 4 takes it.
    let sizes = EDGES
        .into_iter()
        .filter(|len| *len == 0 || len % FRAME != 0);
    for (file, plaintext) in stored(&stack, &sizes.collect::<Vec<_>>()).await? {
        let sealed = stack.object_path(&file);
        let opened = open_with_cli(&moto, &key_arn, &sealed, &file.encryption_context)?;
        assert!(opened == plaintext, "{} differs", file.name);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_context_does_not_open_them() -> Result<()> {
    let moto = Moto::start()?;
    let key_arn = moto.make_key().await?;
    let stack = Setup::new().with_kms(&moto, &key_arn).start().await?;
    for (file, _) in stored(&stack, &[1]).await? {
        let mut context = file.encryption_context.clone();
        context.insert("tenant".to_owned(), "another".to_owned());
        let refused = open_with_cli(&moto, &key_arn, &stack.object_path(&file), &context);
        let refused = format!("{:#}", refused.expect_err("it opened in another context"));
        assert!(refused.contains("encryption context"), "{refused}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_kms_key_does_not_open_them() -> Result<()> {
    let moto = Moto::start()?;
    let key_arn = moto.make_key().await?;
    let stack = Setup::new().with_kms(&moto, &key_arn).start().await?;
    for (file, _) in stored(&stack, &[1]).await? {
        let other_arn = moto.make_key().await?;
        let refused = open_with_sdk(&moto, &other_arn, &[stack.object_path(&file)]);
        let refused = format!("{:#}", refused.expect_err("another key opened it"));
        assert!(refused.contains("DecryptKeyError"), "{refused}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_opens_what_it_sealed_under_kms() -> Result<()> {
    let moto = Moto::start()?;
    let key_arn = moto.make_key().await?;
    let stack = Setup::new().with_kms(&moto, &key_arn).start().await?;
    for (file, plaintext) in stored(&stack, &[0, FRAME + 1]).await? {
        let opened = stack.client.download(&file.id, None).await?;
        assert!(opened.read_all().await? == plaintext);
    }
    Ok(())
}

/// FORMAT.md, names that are for ever.
fn context_of(file: &FileRecord) -> BTreeMap<String, String> {
    BTreeMap::from(
        [
            ("format", "sealift-1"),
            ("object-id", file.id.as_str()),
            // Without login everything is this tenant's.
            ("tenant", "local"),
            ("upload-id", file.upload_id.as_str()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    )
}
