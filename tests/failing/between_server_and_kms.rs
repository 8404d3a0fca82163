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

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_that_kms_is_away_and_stays_ready() -> Result<()> {
    let moto = Moto::start().await?;
    let stack = stack(&moto).await?;
    let ready = async || -> Result<String> {
        let answer = reqwest::get(format!("{}/readyz", stack.address())).await?;
        Ok(answer.error_for_status()?.text().await?)
    };
    assert_eq!(ready().await?, "ok\n");
    moto.proxy()
        .follow(Plan::random(1, 1_000, &[FaultKind::DropRequest]));
    let open = serde_json::json!({ "client_token": "a token of one upload", "name": "x", "size": 1 });
    let open = reqwest::Client::new()
        .post(format!("{}/v1/uploads", stack.address()))
        .json(&open)
        .send()
        .await?;
    assert_eq!(open.status(), 503);
    assert!(ready().await?.starts_with("ok, but KMS has not answered for "));
    moto.proxy().follow(Plan::none());
    stack.upload("back", &plaintext(1_000)?).await?;
    assert_eq!(ready().await?, "ok\n");
    Ok(())
}
