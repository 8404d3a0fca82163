//! Tests every change of an upload's state, from every state.

use core::time::Duration;

use sealift_transfer::api::UploadState::{
    self, Aborted, Aborting, Complete, Completing, Failed, Open, Opening,
};

use super::{
    LEASE, ann, at, audited, kept, object, others, owner, state_of, upload, upload_id, upload_in,
};
use crate::{objects::S3UploadId, records::Records};

/// The length of the leases that follow the first.
const SHORT: Duration = Duration::from_millis(50);

/// The changes of an upload's state.
#[derive(Debug, Clone, Copy)]
enum Change {
    BeginSending,
    BeginCompleting,
    BackToOpen,
    Complete,
    Fail,
    BeginAborting,
    FinishAborting,
}

impl Change {
    const ALL: [(Self, &[UploadState], UploadState); 7] = [
        (Self::BeginSending, &[Opening], Open),
        (Self::BeginCompleting, &[Open], Completing),
        (Self::BackToOpen, &[Completing], Open),
        (Self::Complete, &[Completing, Complete], Complete),
        (Self::Fail, &[Completing], Failed),
        (Self::BeginAborting, &[Opening, Open], Aborting),
        (Self::FinishAborting, &[Aborting], Aborted),
    ];

    /// Tries the change while the lease of a completion still runs. Returns whether it was made.
    async fn tried(self, records: &Records, n: u8) -> bool {
        let id = upload_id(n);
        let went = match self {
            Self::BeginSending => {
                records
                    .begin_sending(&id, S3UploadId("s3".to_owned()))
                    .await
            }
            Self::BeginCompleting => records.begin_completing(&id, owner(n), at(99), LEASE).await,
            Self::BackToOpen => records.back_to_open(&id, owner(n)).await,
            Self::Complete => {
                let file = records.complete(&id, owner(n), object(1), audited()).await;
                file.map(|file| file.is_some())
            }
            Self::Fail => records.fail_upload(&id, owner(n), audited()).await,
            Self::BeginAborting => records.begin_aborting(&ann(), &id, audited()).await,
            Self::FinishAborting => records.finish_aborting(&id, None).await,
        };
        went.unwrap()
    }
}

#[tokio::test]
async fn each_change_goes_from_its_states_only() {
    let kept = kept().await;
    let mut n = 0;
    for (change, from, to) in Change::ALL {
        for state in UploadState::ALL {
            n += 1;
            upload_in(&kept.records, n, state).await;
            let goes = from.contains(&state);
            let went = change.tried(&kept.records, n).await;
            assert_eq!(went, goes, "{change:?} from {state:?}");
            let now = state_of(&kept.records, n).await;
            assert_eq!(
                now,
                if goes { to } else { state },
                "{change:?} from {state:?}"
            );
        }
    }
}

#[tokio::test]
async fn no_change_goes_for_an_upload_that_is_not_there() {
    let kept = kept().await;
    for (change, _, _) in Change::ALL {
        assert!(!change.tried(&kept.records, 1).await, "{change:?}");
    }
}

#[tokio::test]
async fn an_open_upload_keeps_the_stores_name_of_it() {
    let kept = kept().await;
    upload_in(&kept.records, 1, Open).await;
    let late = S3UploadId("another".to_owned());
    assert!(
        !kept
            .records
            .begin_sending(&upload_id(1), late)
            .await
            .unwrap()
    );
    let row = upload(&kept.records, 1).await;
    assert_eq!(row.s3_upload_id, Some(S3UploadId("s3-1".to_owned())));
}

#[tokio::test]
async fn a_completion_is_taken_over_when_its_lease_has_ended_and_not_before() {
    let kept = kept().await;
    let other = Records::open(&kept.file).await.unwrap();
    upload_in(&kept.records, 1, Completing).await;
    let id = upload_id(1);
    assert!(
        !other
            .begin_completing(&id, owner(2), at(99), SHORT)
            .await
            .unwrap()
    );
    assert!(
        other
            .begin_completing(&id, owner(2), at(100), SHORT)
            .await
            .unwrap()
    );
    // Only the new lease counts now.
    let again = async |now_ms| {
        kept.records
            .begin_completing(&id, owner(3), at(now_ms), SHORT)
            .await
    };
    assert!(!again(149).await.unwrap());
    assert!(again(150).await.unwrap());
}

#[tokio::test]
async fn whoever_lost_the_lease_changes_nothing_any_more() {
    let kept = kept().await;
    let records = &kept.records;
    upload_in(records, 1, Completing).await;
    let id = upload_id(1);
    let taken = records.take_over_completing(&id, owner(2), at(100), SHORT);
    assert!(taken.await.unwrap());
    for late in [owner(1), owner(3)] {
        assert!(
            !records
                .prolong_completing(&id, late, at(999))
                .await
                .unwrap()
        );
        assert!(!records.back_to_open(&id, late).await.unwrap());
        assert!(!records.fail_upload(&id, late, audited()).await.unwrap());
        let file = records
            .complete(&id, late, object(1), audited())
            .await
            .unwrap();
        assert_eq!(file, None);
    }
    assert_eq!(state_of(records, 1).await, Completing);
    assert!(
        records
            .prolong_completing(&id, owner(2), at(300))
            .await
            .unwrap()
    );
    assert!(
        !records
            .take_over_completing(&id, owner(4), at(299), SHORT)
            .await
            .unwrap()
    );
    let file = records
        .complete(&id, owner(2), object(1), audited())
        .await
        .unwrap();
    assert!(file.is_some());
}

#[tokio::test]
async fn an_open_upload_is_not_taken_over() {
    let kept = kept().await;
    upload_in(&kept.records, 1, Open).await;
    let id = upload_id(1);
    let taken = kept
        .records
        .take_over_completing(&id, owner(2), at(100), SHORT);
    assert!(!taken.await.unwrap());
}

#[tokio::test]
async fn of_two_servers_that_complete_one_begins() {
    let kept = kept().await;
    let other = Records::open(&kept.file).await.unwrap();
    upload_in(&kept.records, 1, Open).await;
    let id = upload_id(1);
    let (one, two) = tokio::join!(
        kept.records.begin_completing(&id, owner(1), at(0), LEASE),
        other.begin_completing(&id, owner(2), at(0), LEASE)
    );
    assert!(one.unwrap() ^ two.unwrap());
}

#[tokio::test]
async fn of_completing_and_aborting_at_once_one_begins() {
    let kept = kept().await;
    let other = Records::open(&kept.file).await.unwrap();
    upload_in(&kept.records, 1, Open).await;
    let (id, ann) = (upload_id(1), ann());
    let (completes, aborts) = tokio::join!(
        kept.records.begin_completing(&id, owner(1), at(0), LEASE),
        other.begin_aborting(&ann, &id, audited())
    );
    let expected = match (completes.unwrap(), aborts.unwrap()) {
        (true, false) => Completing,
        (false, true) => Aborting,
        both_or_neither => panic!("{both_or_neither:?}"),
    };
    assert_eq!(state_of(&other, 1).await, expected);
}

#[tokio::test]
async fn completing_twice_gives_the_first_file_twice() {
    let kept = kept().await;
    let other = Records::open(&kept.file).await.unwrap();
    upload_in(&kept.records, 1, Completing).await;
    let id = upload_id(1);
    let first = kept
        .records
        .complete(&id, owner(1), object(7), audited())
        .await
        .unwrap()
        .unwrap();
    let again = other
        .complete(&id, owner(2), object(8), audited())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again, first);
    assert_eq!(again.uploaded_at, at(7));
}

#[tokio::test]
async fn somebody_elses_upload_is_not_aborted() {
    let kept = kept().await;
    upload_in(&kept.records, 1, Open).await;
    for scope in others() {
        let aborted = kept
            .records
            .begin_aborting(&scope, &upload_id(1), audited())
            .await;
        assert!(!aborted.unwrap(), "{scope:?}");
    }
    assert_eq!(state_of(&kept.records, 1).await, Open);
}

#[tokio::test]
async fn after_a_restore_an_older_upload_can_be_ended_but_not_gone_on_with() {
    let kept = kept().await;
    for (n, state) in [(1, Opening), (2, Open), (3, Open), (4, Completing)] {
        upload_in(&kept.records, n, state).await;
    }
    kept.records.begin_new_epoch(audited()).await.unwrap();
    assert!(!Change::BeginSending.tried(&kept.records, 1).await);
    assert!(!Change::BeginCompleting.tried(&kept.records, 2).await);
    assert!(Change::BeginAborting.tried(&kept.records, 1).await);
    assert!(Change::BeginAborting.tried(&kept.records, 3).await);
    // The store was asked to join the parts before the restore, so the object decides.
    let id = upload_id(4);
    let taken_over = kept
        .records
        .take_over_completing(&id, owner(4), at(100), SHORT);
    assert!(taken_over.await.unwrap());
    assert!(Change::Complete.tried(&kept.records, 4).await);
}
