//! Many small files share requests. What happens to one of them, or to a request, leaves the others whole.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures::future::{join, join_all};
use sealift_client::{CancellationToken, Client, UploadError, UploadOptions};
use sealift_tests::{Fault, Operation, Stack};
use sealift_transfer::api::{FileRecord, ProblemCode};

use crate::sending::{comes_back, plaintext, stack};

const FILES: usize = 40;
const LEN: usize = 10 * 1024;

struct Sent {
    stack: Stack,
    plaintexts: Vec<Bytes>,
    results: Vec<Result<FileRecord, UploadError>>,
}

/// Sends [`FILES`] files at once. Holds the first two openings until all others wait, so that they are one batch, and
/// calls `meanwhile` before these two go on. `name` gives the name of each file.
async fn send(
    name: impl Fn(usize) -> String,
    meanwhile: impl FnOnce(&Stack, &[CancellationToken]),
) -> Result<Sent> {
    let stack = stack().await?;
    let client_to_server = &stack.proxies()?.client_to_server;
    let client = Client::new(&client_to_server.endpoint(), None)?;
    let plaintexts = (0..FILES).map(|_| plaintext(LEN));
    let plaintexts = plaintexts.collect::<Result<Vec<_>>>()?;
    let cancels: Vec<_> = plaintexts
        .iter()
        .map(|_| CancellationToken::new())
        .collect();
    let uploads = plaintexts.iter().zip(&cancels).enumerate();
    let uploads = uploads.map(|(at, (plaintext, cancel))| {
        let options = UploadOptions::named(name(at));
        client.upload(plaintext.clone(), options, |_| (), cancel.clone())
    });
    let gate = client_to_server.gate();
    let mut held = [(); 2].map(|()| gate.hold_next(Operation::Open));
    let release = async {
        for held in &mut held {
            held.arrived().await;
        }
        meanwhile(&stack, &cancels);
        for held in held {
            held.release();
        }
    };
    let (results, ()) = join(join_all(uploads), release).await;
    Ok(Sent {
        stack,
        plaintexts,
        results,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_refused_or_cancelled_leaves_the_others_of_its_batch() -> Result<()> {
    let (refused, cancelled) = (20, 30);
    let name = |at| match at {
        20 => "no\u{7}name".to_owned(),
        _ => at.to_string(),
    };
    let sent = send(name, |_, cancels| cancels[cancelled].cancel()).await?;
    for (at, (result, plaintext)) in sent.results.iter().zip(&sent.plaintexts).enumerate() {
        match result {
            Err(UploadError::Failed { error, .. }) if at == refused => {
                let code = error.problem().and_then(|problem| problem.known_code());
                assert_eq!(code, Some(ProblemCode::InvalidName));
            }
            Err(UploadError::Cancelled) if at == cancelled => {}
            Ok(file) => comes_back(&sent.stack, file, plaintext).await?,
            Err(error) => panic!("file {at}: {error:?}"),
        }
    }
    assert!(sent.results[refused].is_err() && sent.results[cancelled].is_err());
    assert_eq!(sent.stack.client.unfinished().await?, []);
    let journal = sent.stack.proxies()?.client_to_server.journal();
    assert_eq!(journal.count(Operation::Open), 3);
    for operation in [Operation::Sign, Operation::Complete] {
        let requests = journal.count(operation);
        assert!(requests < FILES / 2, "{requests} for {operation:?}");
    }
    assert_eq!(journal.count(Operation::Status), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_may_lose_its_answer_and_no_file_is_there_twice() -> Result<()> {
    let lose = |stack: &Stack, _: &[CancellationToken]| {
        let Ok(proxies) = stack.proxies() else { return };
        for operation in [Operation::Open, Operation::Sign, Operation::Complete] {
            // The first two of a kind are no batches.
            for fault in [PASSES, PASSES, Fault::LoseAnswer] {
                proxies.client_to_server.on_next(operation, fault);
            }
        }
    };
    let sent = send(|at| at.to_string(), lose).await?;
    let mut files = BTreeSet::new();
    for (result, plaintext) in sent.results.into_iter().zip(&sent.plaintexts) {
        let file = result.context("a lost answer ended an upload")?;
        comes_back(&sent.stack, &file, plaintext).await?;
        files.insert(file.id);
    }
    assert_eq!(files.len(), FILES);
    let proxies = sent.stack.proxies()?;
    assert_eq!(proxies.client_to_server.counts().values().sum::<u64>(), 9);
    let (count, _) = sent.stack.files_and_refusals("none").await?;
    assert_eq!(usize::try_from(count)?, FILES);
    assert_eq!(sent.stack.client.unfinished().await?, []);
    Ok(())
}

const PASSES: Fault = Fault::Delay(std::time::Duration::ZERO);
