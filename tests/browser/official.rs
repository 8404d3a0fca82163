//! The official SDK opens the objects that the browser sealed, with either backend.

use anyhow::Result;
use sealift_tests::{
    Moto, Randomness, Scene,
    official_readers::{How, Sdk, WrappingKey},
    sizes::{FRAME, PART},
};

use crate::scenes::stories;

stories!(
    embedded:
    the_official_sdk_opens_what_the_browser_sealed,
);

async fn the_official_sdk_opens_what_the_browser_sealed(scene: Scene) -> Result<()> {
    let moto = Moto::start().await?;
    let key_arn = moto.make_key().await?;
    let setup = scene.setup()?.with_kms(&moto, &key_arn);
    let stack = setup.start().await?;
    let browser = scene.browser().await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    let mut sealed = Vec::new();
    let mut plaintexts = Vec::new();
    for backend in ["", "?backend=aes-gcm"] {
        let page = browser.open(&stack, backend).await?;
        for len in [0, FRAME, PART + 1] {
            let (path, plaintext) = randomness.file(folder.path(), &format!("{len}.bin"), len)?;
            let file = stack.client.file(&page.upload(&path).await?).await?;
            sealed.push(stack.object_path(&file));
            plaintexts.push((plaintext, file.encryption_context));
        }
    }
    let key = WrappingKey::Kms(key_arn);
    let opened = Sdk::Python.open(Some(&moto), &key, How::Streamed, &sealed)?;
    for (message, (plaintext, context)) in opened.into_iter().zip(plaintexts) {
        let message = message?;
        assert!(message.output == plaintext, "{} bytes", plaintext.len());
        assert_eq!(message.encryption_context, context);
    }
    Ok(())
}
