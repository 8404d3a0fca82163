//! KMS fails. The server seals and decrypts nothing until KMS answers, except with keys that are in memory.

use anyhow::Result;
use sealift_tests::{Fault, FaultKind, Moto, Operation, Plan, Setup, Stack};

use crate::sending::plaintext;

const PEPPER: &str = "a pepper of exactly thirty-two b";

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
async fn a_file_opens_again_when_kms_is_back_and_meanwhile_the_server_says_so() -> Result<()> {
    let moto = Moto::start().await?;
    let stack = stack(&moto).await?;
    let plaintext = plaintext(100_000)?;
    let file = stack.upload("kept", &plaintext).await?;
    // A new server process has no key in memory.
    let stack = stack.restart().await?;
    moto.proxy()
        .follow(Plan::random(1, 1_000, &[FaultKind::DropRequest]));
    assert_eq!(ready(&stack).await?, "ok\n");
    assert!(stack.client.download(&file.id, None).await.is_err());
    let away = ready(&stack).await?;
    assert!(away.starts_with("ok, but KMS has not answered"), "{away}");
    moto.proxy().follow(Plan::none());
    let opened = stack.client.download(&file.id, None).await?;
    assert!(opened.read_all().await? == plaintext);
    assert_eq!(ready(&stack).await?, "ok\n");
    Ok(())
}

/// Asks whether the server is ready, which must not depend on KMS.
async fn ready(stack: &Stack) -> Result<String> {
    let answer = reqwest::get(format!("{}/readyz", stack.address())).await?;
    Ok(answer.error_for_status()?.text().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_kek_in_memory_kms_may_be_away() -> Result<()> {
    let moto = Moto::start().await?;
    let setup = Setup::new().with_kek(&moto, &moto.make_key().await?, PEPPER);
    let stack = setup.start().await?;
    let plaintext = plaintext(100_000)?;
    let before = stack.upload("before", &plaintext).await?;
    let away = || {
        let drop_all = Plan::random(1, 1_000, &[FaultKind::DropRequest]);
        moto.proxy().follow(drop_all);
    };
    away();
    let after = stack.upload("after", &plaintext).await?;
    for file in [before, after] {
        assert_eq!(stack.client.file(&file.id).await?, file);
        let opened = stack.client.download(&file.id, None).await?;
        assert!(opened.read_all().await? == plaintext);
    }
    Ok(())
}
