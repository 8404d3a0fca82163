//! A stack with a proxy on every connection, and an upload through it.

use anyhow::Result;
use bytes::Bytes;
use sealift_client::{CancellationToken, Client, UploadError, UploadOptions};
use sealift_tests::{Randomness, Setup, Stack};
use sealift_transfer::api::FileRecord;

/// Two parts and a little more.
pub(crate) const LEN: usize = 11 * 1024 * 1024 + 1;

/// Starts a stack in which a part is as small as S3 permits.
pub(crate) async fn stack() -> Result<Stack> {
    let setup = Setup::new().with("part_length", "5MiB");
    setup.with_proxies().start().await
}

/// Uploads with the native client.
pub(crate) async fn send(client: &Client, plaintext: &Bytes) -> Result<FileRecord, UploadError> {
    let options = UploadOptions::named("sent under faults");
    let never = CancellationToken::new();
    client
        .upload(plaintext.clone(), options, |_| (), never)
        .await
}

/// Checks that the file's plaintext is this and that no part was sealed twice.
pub(crate) async fn comes_back(stack: &Stack, file: &FileRecord, plaintext: &Bytes) -> Result<()> {
    let opened = stack.client.download(&file.id, None).await?;
    let came = opened.read_all().await?;
    assert!(came == *plaintext, "{} came back with other bytes", file.id);
    let journal = stack.proxies()?.client_to_store.journal();
    assert_eq!(journal.parts_sealed_twice(), []);
    Ok(())
}

/// Returns the next random plaintext of that length.
pub(crate) fn plaintext(len: usize) -> Result<Bytes> {
    Ok(Randomness::from_printed_seed()?.bytes(len))
}
