//! A presigned URL expires while the page is sending. The page asks for a fresh one.

use anyhow::Result;
use http::StatusCode;
use sealift_tests::{Fault, Operation, Randomness, Scene, read_content};

crate::scenes::tests!(
    a_dead_address_is_sent_to_once: chromium_embedded CHROMIUM_EMBEDDED;
);

/// A single PUT whose body exceeds the buffers of a connection to a store that does not read.
const LEN: usize = 7 * 1024 * 1024;

async fn a_dead_address_is_sent_to_once(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.with_proxies().start().await?;
    let client_to_store = &stack.proxies()?.client_to_store;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    for (name, fault) in [
        (
            "refused with 400.bin",
            Fault::AddressEnded {
                code: "ExpiredRequest",
            },
        ),
        (
            "refused before the body.bin",
            Fault::RefusedEarly {
                status: StatusCode::FORBIDDEN,
                code: "AccessDenied",
            },
        ),
    ] {
        client_to_store.on_next(Operation::PutObject, fault);
        let (path, plaintext) = randomness.file(folder.path(), name, LEN)?;
        let file = page.upload(&path).await?;
        assert!(read_content(&stack, &file, None).await?.whole()? == plaintext);
    }
    // There were two expired URLs and two fresh ones, and each got one request.
    assert_eq!(client_to_store.counts().values().sum::<u64>(), 2);
    assert_eq!(client_to_store.journal().count(Operation::PutObject), 2);
    assert_eq!(stack.signatures().await?, 4);

    // The answer of such a store may be lost. Chromium itself sends once more on a connection that was
    // kept alive, so the page may notice only the second fault.
    let reset = Fault::ResetRequest {
        after_bytes: 1024 * 1024,
    };
    client_to_store.on_next(Operation::PutObject, reset.clone());
    client_to_store.on_next(Operation::PutObject, reset);
    let (path, plaintext) = randomness.file(folder.path(), "no answer.bin", LEN)?;
    let file = page.upload(&path).await?;
    assert!(read_content(&stack, &file, None).await?.whole()? == plaintext);
    assert_eq!(client_to_store.counts().values().sum::<u64>(), 4);
    let signatures = stack.signatures().await?;
    assert!(
        signatures > 5,
        "a URL that gave no answer was requested again"
    );
    assert_eq!(client_to_store.journal().parts_sealed_twice(), []);
    Ok(())
}
