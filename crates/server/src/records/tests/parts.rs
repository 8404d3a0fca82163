//! Tests signing: one ciphertext per part, and all parts of a request or none.

use core::time::Duration;

use sealift_transfer::{
    PartNumber,
    api::{PartReceipt, Sha256, UploadState},
};

use super::{ann, at, audited, ends, kept, others, run, upload, upload_id, upload_in};
use crate::{
    records::{PartRow, Records, RecordsError, Scope, SignedRows},
    unix_millis::UnixMillis,
};

/// The time at which these tests sign by default.
const NOW: UnixMillis = UnixMillis::from_ms(10);

fn number(n: u16) -> PartNumber {
    n.try_into().unwrap()
}

/// Returns the receipt of part `n` with these sealed bytes, and their length.
fn sealed(n: u16, bytes: &[u8]) -> (PartReceipt, u64) {
    let receipt = PartReceipt {
        number: number(n),
        sha256: Sha256::of(bytes),
    };
    (receipt, u64::try_from(bytes.len()).unwrap())
}

async fn sign(records: &Records, scope: &Scope, receipts: &[(PartReceipt, u64)]) -> SignedRows {
    let id = upload_id(1);
    let signed = records.sign_parts(scope, &id, receipts, NOW, ends(2000, 900), audited());
    signed.await.unwrap()
}

async fn numbers(records: &Records) -> Vec<u16> {
    let parts = records.parts(&upload_id(1)).await.unwrap();
    parts.iter().map(|part| part.number.get()).collect()
}

#[tokio::test]
async fn signed_parts_are_kept_by_number() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Open).await;
    let receipts = [sealed(3, b"ccc"), sealed(1, b"a")];
    assert_eq!(
        sign(&kept.records, &ann(), &receipts).await,
        SignedRows::Signed
    );
    let rows = [(1, b"a".as_slice()), (3, b"ccc")].map(|(n, bytes)| PartRow {
        number: number(n),
        sha256: Sha256::of(bytes),
        sealed_len: u64::try_from(bytes.len()).unwrap(),
    });
    assert_eq!(kept.records.parts(&upload_id(1)).await.unwrap(), rows);
}

#[tokio::test]
async fn signing_prolongs_the_upload_and_its_tombstone() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Open).await;
    sign(&kept.records, &ann(), &[sealed(1, b"a")]).await;
    let row = upload(&kept.records, 1).await;
    assert_eq!(row.expires_at, at(2000));
    assert_eq!(row.last_signature_ends_at, Some(at(900)));
}

#[tokio::test]
async fn a_shorter_signature_does_not_shorten_the_tombstone() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Open).await;
    for (signatures_end_at_ms, latest_ms) in [(900, 900), (800, 900), (901, 901)] {
        let receipts = [sealed(1, b"a")];
        let (scope, id) = (ann(), upload_id(1));
        let signed = kept.records.sign_parts(
            &scope,
            &id,
            &receipts,
            NOW,
            ends(2000, signatures_end_at_ms),
            audited(),
        );
        assert_eq!(signed.await.unwrap(), SignedRows::Signed);
        let row = upload(&kept.records, 1).await;
        assert_eq!(row.last_signature_ends_at, Some(at(latest_ms)));
    }
}

#[tokio::test]
async fn the_same_receipt_again_is_signed_again() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Open).await;
    for receipts in [
        vec![sealed(1, b"a")],
        vec![sealed(1, b"a"), sealed(2, b"b")],
    ] {
        assert_eq!(
            sign(&kept.records, &ann(), &receipts).await,
            SignedRows::Signed
        );
    }
    assert_eq!(numbers(&kept.records).await, [1, 2]);
}

#[tokio::test]
async fn a_second_ciphertext_of_a_part_is_refused_with_all_that_came_with_it() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Open).await;
    sign(&kept.records, &ann(), &[sealed(2, b"b")]).await;
    for other in [
        sealed(2, b"x"),
        sealed(2, b"longer"),
        (sealed(2, b"b").0, 2),
    ] {
        let receipts = [sealed(1, b"a"), other, sealed(3, b"c")];
        let (scope, id) = (ann(), upload_id(1));
        let refused =
            kept.records
                .sign_parts(&scope, &id, &receipts, NOW, ends(5000, 5000), audited());
        let expected = SignedRows::AlreadySealed(number(2));
        assert_eq!(refused.await.unwrap(), expected);
        assert_eq!(numbers(&kept.records).await, [2]);
        let row = upload(&kept.records, 1).await;
        assert_eq!(row.expires_at, at(2000));
        assert_eq!(row.last_signature_ends_at, Some(at(900)));
    }
    let rows = kept.records.parts(&upload_id(1)).await.unwrap();
    assert_eq!(rows[0].sha256, Sha256::of(b"b"));
}

#[tokio::test]
async fn two_ciphertexts_of_a_part_in_one_request_are_refused() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Open).await;
    let receipts = [sealed(1, b"a"), sealed(1, b"x")];
    let refused = sign(&kept.records, &ann(), &receipts).await;
    assert_eq!(refused, SignedRows::AlreadySealed(number(1)));
    assert!(numbers(&kept.records).await.is_empty());
}

#[tokio::test]
async fn of_two_servers_that_sign_other_bytes_one_signs() {
    let kept = kept().await;
    let other = Records::open(&kept.file).await.unwrap();
    upload_in(&kept.records, 1, UploadState::Open).await;
    let (scope, ours, theirs) = (ann(), [sealed(1, b"a")], [sealed(1, b"x")]);
    let (one, two) = tokio::join!(
        sign(&kept.records, &scope, &ours),
        sign(&other, &scope, &theirs)
    );
    let refused = SignedRows::AlreadySealed(number(1));
    let bytes: &[u8] = match (one, two) {
        (SignedRows::Signed, two) if two == refused => b"a",
        (one, SignedRows::Signed) if one == refused => b"x",
        both_or_neither => panic!("{both_or_neither:?}"),
    };
    let rows = kept.records.parts(&upload_id(1)).await.unwrap();
    assert_eq!(rows[0].sha256, Sha256::of(bytes));
}

#[tokio::test]
async fn the_database_itself_refuses_a_second_row_of_a_part() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Open).await;
    let add = "INSERT INTO parts (upload_id, part_number, sha256, sealed_len)
               SELECT upload_id, 1, randomblob(32), 1 FROM uploads";
    run(&kept.records, add).await;
    let refused = kept.records.writer.changes(sqlx::query(add)).await;
    let Err(RecordsError::Database(refused)) = refused else {
        panic!("{refused:?}");
    };
    assert!(refused.as_database_error().unwrap().is_unique_violation());
}

#[tokio::test]
async fn only_an_open_upload_takes_parts() {
    for state in UploadState::ALL {
        let kept = kept().await;
        upload_in(&kept.records, 1, state).await;
        let signed = sign(&kept.records, &ann(), &[sealed(1, b"a")]).await;
        if state == UploadState::Open {
            assert_eq!(signed, SignedRows::Signed);
        } else {
            assert_eq!(signed, SignedRows::NotOpen(state));
            assert!(numbers(&kept.records).await.is_empty(), "{state:?}");
        }
    }
}

#[tokio::test]
async fn an_expired_upload_takes_no_parts() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Open).await;
    let end = upload(&kept.records, 1).await.expires_at;
    let (scope, id, receipts) = (ann(), upload_id(1), [sealed(1, b"a")]);
    for (now, expected) in [
        (end, SignedRows::Expired),
        (end.earlier_by(Duration::from_millis(1)), SignedRows::Signed),
    ] {
        let signed =
            kept.records
                .sign_parts(&scope, &id, &receipts, now, ends(2000, 900), audited());
        assert_eq!(signed.await.unwrap(), expected);
    }
}

#[tokio::test]
async fn after_a_restore_an_older_upload_takes_no_parts() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Open).await;
    kept.records.begin_new_epoch(audited()).await.unwrap();
    let signed = sign(&kept.records, &ann(), &[sealed(1, b"a")]).await;
    assert_eq!(signed, SignedRows::Expired);
    assert!(numbers(&kept.records).await.is_empty());
}

#[tokio::test]
async fn somebody_elses_upload_takes_no_parts() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Open).await;
    for scope in others() {
        let signed = sign(&kept.records, &scope, &[sealed(1, b"a")]).await;
        assert_eq!(signed, SignedRows::NotFound, "{scope:?}");
    }
    assert!(numbers(&kept.records).await.is_empty());
}
