//! Tests the leases of verification.

use sealift_transfer::api::ProblemCode;

use super::{ann, at, audited, file_id, file_made, kept, others};
use crate::records::{KeptVerification, Leased, Records};

async fn lease(records: &Records, now_ms: i64) -> Option<Leased> {
    let leased = records.lease_to_verify(&(0..=i64::MAX), at(now_ms), at(now_ms + 100));
    leased.await.unwrap()
}

async fn verification(records: &Records, n: u8) -> KeptVerification {
    let file = records.file(&ann(), &file_id(n)).await.unwrap();
    file.unwrap().verification
}

#[tokio::test]
async fn each_due_file_is_leased_to_one_pass_the_longest_due_first() {
    let kept = kept().await;
    file_made(&kept.records, 1, 20).await;
    file_made(&kept.records, 2, 10).await;
    file_made(&kept.records, 3, 500).await;
    assert_eq!(lease(&kept.records, 9).await, None);
    for n in [2, 1] {
        let leased = lease(&kept.records, 50).await.unwrap();
        assert_eq!(leased.file.file_id, file_id(n));
    }
    assert_eq!(lease(&kept.records, 50).await, None);
}

#[tokio::test]
async fn a_file_is_leased_to_the_lane_of_its_size_only() {
    let kept = kept().await;
    file_made(&kept.records, 1, 10).await;
    let file = kept.records.file(&ann(), &file_id(1)).await.unwrap();
    let len = i64::try_from(file.unwrap().plan.plaintext_len()).unwrap();
    for other in [0..=len - 1, len + 1..=i64::MAX] {
        let leased = kept.records.lease_to_verify(&other, at(50), at(100));
        assert_eq!(leased.await.unwrap(), None, "{other:?}");
    }
    let own = len..=len;
    let leased = kept.records.lease_to_verify(&own, at(50), at(100));
    assert!(leased.await.unwrap().is_some());
}

#[tokio::test]
async fn a_pass_that_says_nothing_more_loses_its_file_and_keeps_nothing() {
    let kept = kept().await;
    file_made(&kept.records, 1, 10).await;
    let first = lease(&kept.records, 10).await.unwrap();
    assert_eq!(lease(&kept.records, 109).await, None);
    let second = lease(&kept.records, 110).await.unwrap();
    assert_eq!(second.file.file_id, file_id(1));
    let late = kept
        .records
        .set_verification(&first, Ok(vec![1; 64]), at(111), audited());
    assert!(!late.await.unwrap());
    let prolonged = kept.records.set_verification_due(&first, at(900)).await;
    assert!(!prolonged.unwrap());
    assert_eq!(
        verification(&kept.records, 1).await,
        KeptVerification::Pending
    );
    let in_time = kept
        .records
        .set_verification(&second, Ok(vec![2; 64]), at(112), audited());
    assert!(in_time.await.unwrap());
    let expected = KeptVerification::Verified {
        at: at(112),
        sealed_sha256: vec![2; 64],
    };
    assert_eq!(verification(&kept.records, 1).await, expected);
    assert_eq!(lease(&kept.records, 9999).await, None);
}

#[tokio::test]
async fn a_prolonged_lease_holds_for_longer() {
    let kept = kept().await;
    file_made(&kept.records, 1, 10).await;
    let mut leased = lease(&kept.records, 10).await.unwrap();
    let prolonged = kept.records.set_verification_due(&leased, at(300)).await;
    assert!(prolonged.unwrap());
    leased.until = at(300);
    assert_eq!(lease(&kept.records, 299).await, None);
    let found = Err(ProblemCode::ObjectDamaged);
    let found = kept
        .records
        .set_verification(&leased, found, at(299), audited())
        .await;
    assert!(found.unwrap());
    let failed = verification(&kept.records, 1).await;
    assert!(failed.is_failed());
}

#[tokio::test]
async fn a_file_that_is_wanted_again_is_pending_and_not_begun_twice() {
    let kept = kept().await;
    file_made(&kept.records, 1, 10).await;
    let wanted = async |now_ms| {
        let (scope, file_id) = (ann(), file_id(1));
        let wanted = kept
            .records
            .want_verification(&scope, &file_id, at(now_ms), Some(audited()));
        wanted.await.unwrap().unwrap().verification
    };
    let leased = lease(&kept.records, 10).await.unwrap();
    // The verification is running.
    assert_eq!(wanted(20).await, KeptVerification::Pending);
    assert_eq!(lease(&kept.records, 20).await, None);
    let done = kept
        .records
        .set_verification(&leased, Ok(vec![1; 64]), at(30), audited());
    assert!(done.await.unwrap());
    assert_eq!(wanted(40).await, KeptVerification::Pending);
    assert!(lease(&kept.records, 40).await.is_some());
}

#[tokio::test]
async fn a_file_that_is_known_to_be_damaged_stays_so_until_a_new_pass_is_done() {
    let kept = kept().await;
    file_made(&kept.records, 1, 10).await;
    let leased = lease(&kept.records, 10).await.unwrap();
    let found = Err(ProblemCode::ObjectDamaged);
    let done = kept
        .records
        .set_verification(&leased, found, at(20), audited())
        .await;
    assert!(done.unwrap());
    let failed = KeptVerification::Failed {
        at: at(20),
        code: "object_damaged".to_owned(),
    };
    let (scope, file_id) = (ann(), file_id(1));
    let wanted = kept
        .records
        .want_verification(&scope, &file_id, at(30), Some(audited()));
    assert_eq!(wanted.await.unwrap().unwrap().verification, failed);
    let mut leased = lease(&kept.records, 40).await.unwrap();
    // The store does not answer, so the file is due again later.
    let later = kept.records.set_verification_due(&leased, at(500)).await;
    assert!(later.unwrap());
    assert_eq!(verification(&kept.records, 1).await, failed);
    leased = lease(&kept.records, 500).await.unwrap();
    let done = kept
        .records
        .set_verification(&leased, Ok(vec![1; 64]), at(510), audited());
    assert!(done.await.unwrap());
    let good = verification(&kept.records, 1).await;
    assert!(matches!(good, KeptVerification::Verified { at: end, .. } if end == at(510)));
}

#[tokio::test]
async fn of_a_file_that_is_deleted_meanwhile_nothing_is_kept() {
    let kept = kept().await;
    file_made(&kept.records, 1, 10).await;
    let leased = lease(&kept.records, 10).await.unwrap();
    let deleted = kept
        .records
        .begin_deleting(&ann(), &file_id(1), audited())
        .await;
    assert!(deleted.unwrap().is_some());
    let found = Err(ProblemCode::ObjectDamaged);
    let found = kept
        .records
        .set_verification(&leased, found, at(20), audited())
        .await;
    assert!(!found.unwrap());
    assert_eq!(lease(&kept.records, 999).await, None);
}

#[tokio::test]
async fn somebody_elses_file_cannot_be_wanted() {
    let kept = kept().await;
    file_made(&kept.records, 1, 10).await;
    for scope in others() {
        let file_id = file_id(1);
        let wanted = kept
            .records
            .want_verification(&scope, &file_id, at(20), Some(audited()));
        assert_eq!(wanted.await.unwrap(), None, "{scope:?}");
    }
}
