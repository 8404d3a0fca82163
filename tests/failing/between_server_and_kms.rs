//! KMS fails. The server seals and decrypts nothing until KMS answers.

use anyhow::{Context as _, Result};
use sealift_tests::{Fault, Moto, Operation, Plan, Proxy, Setup, Stack};

use crate::wired::plaintext;

async fn stack(moto: &Moto) -> Result<(Stack, Proxy)> {
    let address = moto.endpoint().strip_prefix("http://");
    let address = address.context("moto on loopback")?.parse()?;
    let server_to_kms = Proxy::start(address, Plan::none()).await?;
    let setup = Setup::new().with_kms(moto, &moto.make_key().await?);
    let setup = setup.with("kms_endpoint", server_to_kms.endpoint());
    Ok((setup.start().await?, server_to_kms))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_waits_until_kms_makes_its_key() -> Result<()> {
    let moto = Moto::start()?;
    let (stack, server_to_kms) = stack(&moto).await?;
    for fault in [
        Fault::DropRequest,
        Fault::LoseAnswer,
        Fault::TruncateAnswer { after_bytes: 100 },
        Fault::InternalError,
        Fault::SlowDown {
            retry_after_s: None,
        },
    ] {
        let kind = fault.kind();
        server_to_kms.on_next(Operation::MakeDataKey, fault);
        let plaintext = plaintext(100_000)?;
        let file = stack.upload("late key", &plaintext).await?;
        let opened = stack.client.download(&file.id, None).await?;
        assert!(opened.read_all().await? == plaintext, "after {kind}");
        assert!(server_to_kms.counts().contains_key(&kind));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_opens_again_when_kms_is_back() -> Result<()> {
    let moto = Moto::start()?;
    let (stack, server_to_kms) = stack(&moto).await?;
    let plaintext = plaintext(100_000)?;
    let file = stack.upload("kept", &plaintext).await?;
    // A new server process has no key in memory.
    let stack = stack.restart().await?;
    server_to_kms.follow(Plan::random(
        1,
        1_000,
        &[sealift_tests::FaultKind::DropRequest],
    ));
    assert!(stack.client.download(&file.id, None).await.is_err());
    server_to_kms.follow(Plan::none());
    let opened = stack.client.download(&file.id, None).await?;
    assert!(opened.read_all().await? == plaintext);
    Ok(())
}
