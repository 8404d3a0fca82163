//! KMS fails. The server seals and decrypts nothing until KMS answers.

use anyhow::Result;
use sealift_tests::{Fault, FaultKind, Moto, Operation, Plan, Setup, Stack};

use crate::sending::plaintext;

async fn stack(moto: &Moto) -> Result<Stack> {
    let setup = Setup::new().with_kms(moto, &moto.make_key().await?);
    setup.start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_waits_until_kms_makes_its_key() -> Result<()> {
    let moto = Moto::start().await?;
    let stack = stack(&moto).await?;
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
        moto.proxy().on_next(Operation::MakeDataKey, fault);
        let plaintext = plaintext(100_000)?;
        let file = stack.upload("late key", &plaintext).await?;
        let opened = stack.client.download(&file.id, None).await?;
        assert!(opened.read_all().await? == plaintext, "after {kind}");
        assert!(moto.proxy().counts().contains_key(&kind));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_opens_again_when_kms_is_back() -> Result<()> {
    let moto = Moto::start().await?;
    let stack = stack(&moto).await?;
    let plaintext = plaintext(100_000)?;
    let file = stack.upload("kept", &plaintext).await?;
    // A new server process has no key in memory.
    let stack = stack.restart().await?;
    moto.proxy()
        .follow(Plan::random(1, 1_000, &[FaultKind::DropRequest]));
    assert!(stack.client.download(&file.id, None).await.is_err());
    moto.proxy().follow(Plan::none());
    let opened = stack.client.download(&file.id, None).await?;
    assert!(opened.read_all().await? == plaintext);
    Ok(())
}
