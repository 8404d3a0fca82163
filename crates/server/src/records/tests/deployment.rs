//! Tests the row about the deployment as a whole.

use core::time::Duration;

use super::{at, audited, kept};
use crate::records::Records;

/// The time between two listings.
const EVERY: Duration = Duration::from_millis(50);

#[tokio::test]
async fn every_deployment_has_an_id_of_its_own_and_keeps_it() {
    let (one, two) = (kept().await, kept().await);
    let id = one.records.deployment_id().await.unwrap();
    assert_eq!(id.len(), 32);
    assert_ne!(two.records.deployment_id().await.unwrap(), id);
    let again = Records::open(&one.file).await.unwrap();
    assert_eq!(again.deployment_id().await.unwrap(), id);
}

#[tokio::test]
async fn one_of_two_servers_lists_what_has_no_record_and_not_before_the_time() {
    let kept = kept().await;
    let other = Records::open(&kept.file).await.unwrap();
    let (one, two) = tokio::join!(
        kept.records.begin_listing_unrecorded(at(100), EVERY),
        other.begin_listing_unrecorded(at(100), EVERY)
    );
    assert!(one.unwrap() ^ two.unwrap());
    assert!(
        !other
            .begin_listing_unrecorded(at(149), EVERY)
            .await
            .unwrap()
    );
    assert!(
        other
            .begin_listing_unrecorded(at(150), EVERY)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn after_a_restore_what_has_no_record_is_reported_again() {
    let kept = kept().await;
    let records = &kept.records;
    assert!(!records.unrecorded_was_reported().await.unwrap());
    assert!(
        records
            .begin_listing_unrecorded(at(100), EVERY)
            .await
            .unwrap()
    );
    records.note_unrecorded_reported(at(100)).await.unwrap();
    assert!(records.unrecorded_was_reported().await.unwrap());
    assert_eq!(records.begin_new_epoch(audited()).await.unwrap(), 2);
    assert!(!records.unrecorded_was_reported().await.unwrap());
    assert!(
        records
            .begin_listing_unrecorded(at(101), EVERY)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_store_that_joins_unequal_parts_is_known_until_another_one_is_used() {
    let kept = kept().await;
    let records = &kept.records;
    assert!(!records.store_joins("https://one/bucket").await.unwrap());
    records
        .note_store_joins("https://one/bucket")
        .await
        .unwrap();
    assert!(records.store_joins("https://one/bucket").await.unwrap());
    assert!(!records.store_joins("https://two/bucket").await.unwrap());
}
