//! Tests the records with a real file.

mod audit;
mod deployment;
mod files;
mod forgetting;
mod keys;
mod opening;
mod parts;
mod resealing;
mod sealed_here;
mod sweeping;
mod unfinished;
mod upload_states;
mod uploads;
mod verification;
mod writer;

use core::time::Duration;
use std::path::PathBuf;

use sealift_transfer::{
    PartPlan,
    api::{FileId, UploadId, UploadState, open::Method},
};
use tempfile::TempDir;

use super::{
    AddedUpload, AuditAction, AuditRow, CompletedObject, FileRow, LeaseOwner, NewUpload, Records,
    Scope, SignedUntil, UploadRow,
};
use crate::{
    objects::{ETag, ObjectKey, S3UploadId, VersionId},
    sniffed::SniffedType,
    unix_millis::UnixMillis,
};

/// The length of a completion's lease in these tests.
const LEASE: Duration = Duration::from_millis(100);

/// Returns the time of so many milliseconds.
fn at(ms: i64) -> UnixMillis {
    UnixMillis::from_ms(ms)
}

/// Records in a temporary folder of their own.
struct Kept {
    _folder: TempDir,
    file: PathBuf,
    records: Records,
}

async fn kept() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sealift.db");
    let records = Records::open(&file).await.unwrap();
    Kept {
        _folder: folder,
        file,
        records,
    }
}

fn scope(tenant: &str, owner: &str) -> Scope {
    Scope {
        tenant: tenant.parse().unwrap(),
        owner: owner.parse().unwrap(),
    }
}

fn ann() -> Scope {
    scope("acme", "ann")
}

/// Two scopes that are not Ann's: another owner of her tenant, and an owner of the same name in another
/// tenant.
fn others() -> [Scope; 2] {
    [scope("acme", "ben"), scope("best", "ann")]
}

fn upload_id(n: u8) -> UploadId {
    UploadId::from_random([n; 16])
}

fn file_id(n: u8) -> FileId {
    FileId::from_random([n; 16])
}

/// An audit entry for tests that do not look at it.
fn audited() -> AuditRow {
    AuditRow {
        at: at(1),
        request_id: None,
        scope: Some(ann()),
        via: "test",
        credential: None,
        action: AuditAction::OpenUpload,
        subject: None,
        outcome: "ok",
    }
}

/// Returns the times at which an upload and its signatures end.
fn ends(expires_at_ms: i64, signatures_end_at_ms: i64) -> SignedUntil {
    SignedUntil {
        expires_at: at(expires_at_ms),
        signatures_end_at: at(signatures_end_at_ms),
    }
}

/// Returns a plan of four parts of at most 2 frames each.
fn plan() -> PartPlan {
    PartPlan::new(200, 4096, 7 * 4096, 2).unwrap()
}

/// Returns Ann's upload number `n`, which is opened at `n` ms and expires a second later.
fn new_upload(n: u8) -> NewUpload {
    let opened_at = at(i64::from(n));
    NewUpload {
        upload_id: upload_id(n),
        file_id: file_id(n),
        scope: ann(),
        client_token: format!("token-{n}"),
        request_mac: vec![n; 36],
        message_id: [n; 32],
        header: vec![n; 200],
        plan: plan(),
        method: Method::Multipart,
        is_sealed_here: false,
        reseals: None,
        s3_key: ObjectKey::from_record(format!("sealift/acme/{}/{}", file_id(n), upload_id(n))),
        bucket: "lake".to_owned(),
        encrypted_dek: vec![n; 48],
        name: b"sealed name".to_vec(),
        metadata: Some(b"sealed metadata".to_vec()),
        content_type: Some("text/plain".to_owned()),
        reference: Some("case 7".to_owned()),
        last_modified_ms: Some(-1),
        opened_at,
        expires_at: opened_at.later_by(Duration::from_secs(1)),
    }
}

async fn add(records: &Records, new: NewUpload) {
    let added = records.add_upload(new, u32::MAX, audited()).await.unwrap();
    assert!(matches!(added, AddedUpload::Added), "{added:?}");
}

async fn state_of(records: &Records, n: u8) -> UploadState {
    upload(records, n).await.state
}

async fn upload(records: &Records, n: u8) -> UploadRow {
    let row = records.upload(&ann(), &upload_id(n)).await.unwrap();
    row.unwrap()
}

/// Returns the lease owner that completes upload `n` in these tests by default.
fn owner(n: u8) -> LeaseOwner {
    LeaseOwner::from_random([n; 16])
}

fn object(uploaded_at_ms: i64) -> CompletedObject {
    let uploaded_at = at(uploaded_at_ms);
    CompletedObject {
        etag: ETag("\"e\"".to_owned()),
        version: Some(VersionId("v".to_owned())),
        sniffed_type: SniffedType::of(b"GIF89a"),
        uploaded_at,
        verification_due_at: Some(uploaded_at),
        verified: None,
    }
}

/// Opens Ann's upload `n` and brings it into that state. A lease lasts until 100 ms.
async fn upload_in(records: &Records, n: u8, state: UploadState) {
    add(records, new_upload(n)).await;
    let id = upload_id(n);
    let sent = S3UploadId(format!("s3-{n}"));
    let all_went = match state {
        UploadState::Opening => true,
        UploadState::Open => records.begin_sending(&id, sent).await.unwrap(),
        UploadState::Completing | UploadState::Complete | UploadState::Failed => {
            assert!(records.begin_sending(&id, sent).await.unwrap());
            assert!(
                records
                    .begin_completing(&id, owner(n), at(0), LEASE)
                    .await
                    .unwrap()
            );
            match state {
                UploadState::Complete => {
                    let file = records
                        .complete(&id, owner(n), object(i64::from(n)), audited())
                        .await
                        .unwrap();
                    file.is_some()
                }
                UploadState::Failed => records.fail_upload(&id, owner(n), audited()).await.unwrap(),
                _ => true,
            }
        }
        UploadState::Aborting | UploadState::Aborted => {
            assert!(records.begin_sending(&id, sent).await.unwrap());
            assert!(
                records
                    .begin_aborting(&ann(), &id, audited())
                    .await
                    .unwrap()
            );
            state == UploadState::Aborting || records.finish_aborting(&id, None).await.unwrap()
        }
    };
    assert!(all_went);
    assert_eq!(state_of(records, n).await, state);
}

async fn file_made(records: &Records, n: u8, uploaded_at_ms: i64) -> FileRow {
    upload_in(records, n, UploadState::Completing).await;
    let file = records
        .complete(&upload_id(n), owner(n), object(uploaded_at_ms), audited())
        .await;
    file.unwrap().unwrap()
}

/// Runs a statement for which there is no method.
async fn run(records: &Records, statement: &'static str) {
    records
        .writer
        .changes(sqlx::query(statement))
        .await
        .unwrap();
}
