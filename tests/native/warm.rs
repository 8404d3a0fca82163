//! Content keys that the server opened a moment ago. The server does not ask KMS again, and nobody without permission
//! benefits from such a key.

use anyhow::{Result, bail};
use bytes::Bytes;
use sealift_tests::{Moto, Operation, Randomness, Reading, Setup, Stack, read_content};
use sealift_transfer::api::{FileRecord, ProblemCode, files};

async fn stack(moto: &Moto) -> Result<Stack> {
    let setup = Setup::new().with_kms(moto, &moto.make_key().await?);
    setup.start().await
}

async fn reads(stack: &Stack, file: &FileRecord, plaintext: &Bytes) -> Result<()> {
    for range in [None, Some("bytes=0-0"), Some("bytes=-1")] {
        let body = read_content(stack, &file.id, range).await?.whole()?;
        match range {
            None => assert!(body == *plaintext),
            Some(_) => assert_eq!(body.len(), 1),
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_read_a_moment_ago_is_read_again_without_kms() -> Result<()> {
    let moto = Moto::start().await?;
    let stack = stack(&moto).await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(100_000);
    let file = stack.upload("warm", &plaintext).await?;
    let asked = || moto.proxy().journal().count(Operation::OpenDataKey);
    let after_completion = asked();
    reads(&stack, &file, &plaintext).await?;
    assert_eq!(
        asked(),
        after_completion,
        "completion opened the key already"
    );

    // A new process has no keys in memory.
    let stack = stack.restart().await?;
    let after_restart = asked();
    read_content(&stack, &file.id, None).await?.whole()?;
    let once = asked();
    assert!(once > after_restart, "the key must be opened");
    reads(&stack, &file, &plaintext).await?;
    assert_eq!(asked(), once);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_key_is_of_no_use_to_who_may_not_read_or_after_deletion() -> Result<()> {
    let moto = Moto::start().await?;
    let setup = Setup::new().with_kms(&moto, &moto.make_key().await?);
    let stack = setup.with("auth", "api-keys").start().await?;
    let (ann, bob) = (
        stack.make_api_key("acme", "ann").await?,
        stack.make_api_key("acme", "bob").await?,
    );
    let plaintext = Randomness::from_printed_seed()?.bytes(100_000);
    let file = sealift_tests::upload(&stack.client_with(&ann)?, "warm", &plaintext).await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let status = async |key: &str| -> Result<u16> {
        let answer = http.get(stack.content_url(&file.id)).bearer_auth(key);
        Ok(answer.send().await?.status().as_u16())
    };
    assert_eq!(status(&ann).await?, 200);
    assert_eq!(status(&bob).await?, 404, "somebody else");
    stack.forget_api_keys().await?;
    assert_eq!(status(&ann).await?, 401, "the right was taken away");

    let ann = stack.make_api_key("acme", "ann").await?;
    assert_eq!(status(&ann).await?, 200);
    let record = format!("{}{}", stack.address(), files::path(&file.id));
    let deleted = http.delete(record).bearer_auth(&ann).send().await?;
    assert_eq!(deleted.status().as_u16(), 204);
    assert_eq!(status(&ann).await?, 404, "deleted");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_key_does_not_make_another_object_readable() -> Result<()> {
    let stack = Setup::new().start().await?;
    let mut randomness = Randomness::from_printed_seed()?;
    let [one, other] = [1, 2].map(|_| randomness.bytes(100_000));
    let file = stack.upload("one", &one).await?;
    let swapped = stack.upload("other", &other).await?;
    read_content(&stack, &file.id, None).await?.whole()?;
    std::fs::copy(stack.object_path(&swapped), stack.object_path(&file))?;
    let Reading::Refused(problem) = read_content(&stack, &file.id, None).await? else {
        bail!("another object was given");
    };
    assert_eq!(problem.known_code(), Some(ProblemCode::ObjectDamaged));
    Ok(())
}
