//! KMS fails. The server seals and decrypts nothing until KMS answers, except with keys that are in memory.

use anyhow::Result;
use reqwest::{Response, StatusCode, header::RETRY_AFTER};
use sealift_tests::{Fault, FaultKind, Moto, Operation, Plan, Setup, Stack};
use sealift_transfer::api::{FileRecord, Problem, ProblemCode};

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

/// Asks for a file once, without a retry.
async fn read(stack: &Stack, file: &FileRecord) -> Result<Response> {
    let content = format!("{}/v1/files/{}/content", stack.address(), file.id);
    Ok(reqwest::get(content).await?)
}

/// Sends a file once, without a retry.
async fn send(stack: &Stack) -> Result<Response> {
    let put = reqwest::Client::new().put(format!("{}/upload/sent", stack.address()));
    Ok(put.body("sent").send().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_is_waited_for_and_then_passed_on_with_a_time_to_retry_after() -> Result<()> {
    let moto = Moto::start().await?;
    let stack = stack(&moto).await?;
    let throttled = Fault::SlowDown {
        retry_after_s: None,
    };
    moto.proxy().on_next(Operation::MakeDataKey, throttled);
    assert_eq!(send(&stack).await?.status(), StatusCode::CREATED);
    moto.proxy()
        .follow(Plan::random(1, 1_000, &[FaultKind::SlowDown]));
    let answer = send(&stack).await?;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key(RETRY_AFTER));
    let problem: Problem = answer.json().await?;
    assert_eq!(problem.known_code(), Some(ProblemCode::KeysUnavailable));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_kms_is_named_and_ends_when_it_is_mended() -> Result<()> {
    let moto = Moto::start().await?;
    let stack = stack(&moto).await?;
    let plaintext = plaintext(1_000)?;
    let file = stack.upload("refused", &plaintext).await?;
    // A new server process has no key in memory.
    let stack = stack.restart().await?;
    for code in [
        // The permission is missing, or its grant was taken back.
        "AccessDeniedException",
        "DisabledException",
        // The key is to be deleted.
        "KMSInvalidStateException",
        "NotFoundException",
    ] {
        for operation in [Operation::OpenDataKey, Operation::MakeDataKey] {
            moto.proxy()
                .on_next(operation, Fault::RefusedByKms { code });
            let answer = match operation {
                Operation::OpenDataKey => read(&stack, &file).await?,
                _ => send(&stack).await?,
            };
            assert_eq!(answer.status(), StatusCode::FAILED_DEPENDENCY, "{code}");
            let problem: Problem = answer.json().await?;
            assert_eq!(problem.known_code(), Some(ProblemCode::RefusedByKms));
            assert_eq!(problem.numbers["kms_code"], code);
        }
    }
    // KMS answered, so it was never away. Nothing was taken for damage.
    assert_eq!(ready(&stack).await?, "ok\n");
    let opened = stack.client.download(&file.id, None).await?;
    assert!(opened.read_all().await? == plaintext);
    assert_eq!(send(&stack).await?.status(), StatusCode::CREATED);
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
