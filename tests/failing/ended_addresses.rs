//! Presigned URLs that have expired. The client sends to each only once, and then sends the same bytes to a fresh URL.

use anyhow::Result;
use http::StatusCode;
use sealift_tests::{Fault, Operation, Setup};

use crate::sending::{plaintext, send};

/// A single PUT whose body exceeds the buffers of a connection to a store that does not read.
const LEN: usize = 7 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_address_is_sent_to_once_however_the_store_says_so() -> Result<()> {
    let stack = Setup::new().with_proxies().start().await?;
    let client_to_store = &stack.proxies()?.client_to_store;
    let ended = |code| Fault::AddressEnded { code };
    let early = |status, code| Fault::RefusedEarly { status, code };
    for fault in [
        Fault::Expired,
        ended("ExpiredRequest"),
        ended("ExpiredToken"),
        // Garage's code for "Date is too old".
        ended("InvalidRequest"),
        ended("AuthorizationQueryParametersError"),
        early(StatusCode::BAD_REQUEST, "ExpiredRequest"),
        early(StatusCode::UNAUTHORIZED, "Unauthorized"),
        early(StatusCode::FORBIDDEN, "AccessDenied"),
    ] {
        let puts = || {
            let refused: u64 = client_to_store.counts().values().sum();
            client_to_store.journal().count(Operation::PutObject)
                + usize::try_from(refused).unwrap_or(0)
        };
        let (puts_before, signatures_before) = (puts(), stack.signatures().await?);
        client_to_store.on_next(Operation::PutObject, fault.clone());
        let plaintext = plaintext(LEN)?;
        let file = send(&stack.client, &plaintext).await?;
        // Each PUT has a signature of its own: one for the expired URL and one for the fresh URL.
        assert_eq!(puts() - puts_before, 2, "{fault:?}");
        let signatures = stack.signatures().await? - signatures_before;
        assert_eq!(signatures, 2, "{fault:?}");
        let came = stack.client.download(&file.id, None).await?;
        assert!(came.read_all().await? == plaintext, "{fault:?}");
    }
    assert_eq!(client_to_store.journal().parts_sealed_twice(), []);
    Ok(())
}
