//! A presigned address that has ended while the page sends: the page asks for a fresh one.

use anyhow::Result;
use http::StatusCode;
use sealift_tests::{Fault, Operation, Randomness, Scene, read_content};

crate::scenes::tests!(
    a_dead_address_is_sent_to_once: chromium_embedded CHROMIUM_EMBEDDED;
);

/// One PUT whose body is longer than the buffers of a connection to a store that does not read.
const LEN: usize = 7 * 1024 * 1024;

async fn a_dead_address_is_sent_to_once(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.with_failing_way_to_store().start().await?;
    let way = stack.way_to_store()?;
    // The server's start tries the public endpoint.
    let of_the_start = way.journal().count(Operation::PutObject);
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    for (name, fault) in [
        (
            "told by 400.bin",
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
        way.on_next(Operation::PutObject, fault);
        let (path, plaintext) = randomness.file(folder.path(), name, LEN)?;
        let file = page.upload(&path).await?;
        assert!(read_content(&stack, &file, None).await?.whole()? == plaintext);
    }
    // Two dead addresses and two fresh ones, each sent to once.
    assert_eq!(way.counts().values().sum::<u64>(), 2);
    assert_eq!(way.journal().count(Operation::PutObject) - of_the_start, 2);
    assert_eq!(stack.signatures().await?, 4);

    // The answer of such a store may be lost. Chromium itself sends once more where the connection was
    // kept alive, so that the page may hear of the second one only.
    let reset = Fault::ResetRequest {
        after_bytes: 1024 * 1024,
    };
    way.on_next(Operation::PutObject, reset.clone());
    way.on_next(Operation::PutObject, reset);
    let (path, plaintext) = randomness.file(folder.path(), "no answer.bin", LEN)?;
    let file = page.upload(&path).await?;
    assert!(read_content(&stack, &file, None).await?.whole()? == plaintext);
    assert_eq!(way.counts().values().sum::<u64>(), 4);
    let signatures = stack.signatures().await?;
    assert!(
        signatures > 5,
        "an address that gave no answer was sent to again"
    );
    assert_eq!(way.journal().parts_sealed_twice(), []);
    Ok(())
}
