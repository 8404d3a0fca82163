//! Sweeps what the store has and no upload needs. For an object with a record or a tombstone, the
//! records say what to do. An object without either is touched only if the prefix is marked as
//! ours, if the object is old, and only after it was reported once (docs/FORMAT.md, R11).

use core::time::Duration;

use sealift_transfer::api::UploadState;

use super::{SweepKind, SweepReport, walk::SweepError};
use crate::{
    app::App,
    audit::Unasked,
    objects::{FoundMark, ListedObject, ObjectKey, UnfinishedMultipart},
    records::{AuditAction, KnownObject, RecordsError},
    unix_millis::UnixMillis,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Age from which an object counts as old. An upload lives for 30 days at most.
const OLD: Duration = DAY.saturating_mul(31);
/// The interval between listings, because listing a whole bucket costs money.
const LIST_EVERY: Duration = DAY;

/// The steps that are allowed for objects without a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unrecorded {
    /// Do not look for them now.
    Later,
    /// Count and report them.
    Report,
    /// Remove them.
    Remove,
}

pub(super) async fn sweep(app: &App, report: &mut SweepReport) {
    let now = app.now();
    let may = match what_may_be_done(app, now).await {
        Ok(may) => may,
        Err(error) => {
            failed(&error, SweepKind::UnrecordedObject, report);
            Unrecorded::Later
        }
    };
    let mut is_whole = true;
    if let Err(error) = multiparts(app, may, now, report).await {
        failed(&error, SweepKind::LateMultipart, report);
        is_whole = false;
    }
    if may == Unrecorded::Later {
        return;
    }
    if let Err(error) = objects(app, may, now, report).await {
        failed(&error, SweepKind::LateObject, report);
        is_whole = false;
    }
    if may == Unrecorded::Report && is_whole {
        tell(app, report);
        if let Err(error) = app.records.note_unrecorded_reported(now).await {
            failed(&error.into(), SweepKind::UnrecordedObject, report);
        }
    }
}

async fn what_may_be_done(app: &App, now: UnixMillis) -> Result<Unrecorded, SweepError> {
    let begun = app.records.begin_listing_unrecorded(now, LIST_EVERY);
    if !begun.await? {
        return Ok(Unrecorded::Later);
    }
    let deployment_id = app.records.deployment_id().await?;
    let mark = app.objects.mark_for(&deployment_id).await?;
    let is_ours = matches!(mark, FoundMark::Ours(mark, _) if mark.prefix_is_ours);
    let was_reported = app.records.unrecorded_was_reported().await?;
    Ok(if is_ours && was_reported {
        Unrecorded::Remove
    } else {
        Unrecorded::Report
    })
}

/// Logs the first listing, and each listing of a prefix that is not marked.
fn tell(app: &App, report: &SweepReport) {
    let objects = report.of(SweepKind::UnrecordedObject).found;
    let multiparts = report.of(SweepKind::UnrecordedMultipart).found;
    if objects == 0 && multiparts == 0 {
        return;
    }
    let prefix = app.objects.prefix();
    tracing::warn!(
        objects,
        multiparts,
        %prefix,
        "{objects} objects and {multiparts} multipart uploads under {prefix} have no record and \
         are older than 31 days. None of them was removed; if the prefix is marked as this \
         deployment's, the next listing removes them"
    );
}

async fn multiparts(
    app: &App,
    may: Unrecorded,
    now: UnixMillis,
    report: &mut SweepReport,
) -> Result<(), SweepError> {
    // Read the store's list before the records, so that an upload that is opened meanwhile is not
    // in the list.
    let listed = app.objects.unfinished_multiparts().await?;
    for page in listed.chunks(1000) {
        let keys: Vec<ObjectKey> = page.iter().map(|listed| listed.key.clone()).collect();
        let known = app.records.known_objects(&keys).await?;
        for multipart in page {
            let (kind, may_go) = match known.get(&multipart.key) {
                Some(known) if is_elsewhere(app, known) || is_needed(multipart, known) => continue,
                Some(_) => (SweepKind::LateMultipart, true),
                None if may == Unrecorded::Later => continue,
                None if !is_ours_and_old(app, &multipart.key, multipart.initiated_at, now) => {
                    continue;
                }
                None => (SweepKind::UnrecordedMultipart, may == Unrecorded::Remove),
            };
            report.found(kind);
            if may_go {
                match abort_listed(app, multipart).await {
                    Ok(()) => removed(&multipart.key, kind, report),
                    Err(error) => failed(&error, kind, report),
                }
            }
        }
    }
    Ok(())
}

/// Returns whether the row names another bucket. Such a row says nothing about the objects in this
/// one.
fn is_elsewhere(app: &App, known: &KnownObject) -> bool {
    app.objects.must_hold(&known.bucket).is_err()
}

/// Returns whether the upload may still use this multipart upload, or is just gaining or losing it.
fn is_needed(multipart: &UnfinishedMultipart, known: &KnownObject) -> bool {
    match known.state {
        UploadState::Opening | UploadState::Aborting => true,
        UploadState::Open | UploadState::Completing => {
            known.s3_upload_id.as_ref() == Some(&multipart.s3_upload_id)
        }
        UploadState::Complete | UploadState::Aborted | UploadState::Failed => false,
    }
}

async fn objects(
    app: &App,
    may: Unrecorded,
    now: UnixMillis,
    report: &mut SweepReport,
) -> Result<(), SweepError> {
    let mut after: Option<ObjectKey> = None;
    loop {
        let page = app.objects.list_objects(after.as_ref()).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.key.clone());
        let keys: Vec<ObjectKey> = page.iter().map(|listed| listed.key.clone()).collect();
        let known = app.records.known_objects(&keys).await?;
        for ListedObject { key, modified_at } in &page {
            let (kind, may_go) = match known.get(key) {
                Some(known) if is_elsewhere(app, known) || !known.is_swept => continue,
                Some(_) => (SweepKind::LateObject, true),
                None if !is_ours_and_old(app, key, *modified_at, now) => continue,
                None => (SweepKind::UnrecordedObject, may == Unrecorded::Remove),
            };
            report.found(kind);
            if may_go {
                match remove_listed(app, key).await {
                    Ok(()) => removed(key, kind, report),
                    Err(error) => failed(&error, kind, report),
                }
            }
        }
    }
}

async fn abort_listed(app: &App, multipart: &UnfinishedMultipart) -> Result<(), SweepError> {
    let (key, id) = (&multipart.key, &multipart.s3_upload_id);
    audit(app, key).await?;
    Ok(app.objects.abort_multipart(key, id).await?)
}

/// Writes the audit entry before anything is removed, because no row of the records changes with
/// it.
async fn audit(app: &App, key: &ObjectKey) -> Result<(), RecordsError> {
    let (action, key) = (AuditAction::RemoveObject, key.as_str());
    let audited = app.unasked_row(Unasked::Sweeper, None, action, key, "ok");
    app.records.add_audit(audited).await
}

/// Removes a listed object. This includes half an object whose writer died: the store lists it but
/// does not return it.
async fn remove_listed(app: &App, key: &ObjectKey) -> Result<(), SweepError> {
    audit(app, key).await?;
    match app.objects.head(key, None).await? {
        Some(_) => app.objects.remove(key).await?,
        None => app.objects.delete(key, None).await?,
    }
    Ok(())
}

/// Returns whether the key is one of ours, and surely older than every unfinished upload.
fn is_ours_and_old(
    app: &App,
    key: &ObjectKey,
    made_at: Option<UnixMillis>,
    now: UnixMillis,
) -> bool {
    let is_old = made_at.is_some_and(|made_at| made_at <= now.earlier_by(OLD));
    is_old && key.is_of(app.objects.prefix())
}

fn removed(key: &ObjectKey, kind: SweepKind, report: &mut SweepReport) {
    tracing::info!(object.key = %key, kind = kind.as_str(), "Swept {key}");
    report.done(kind);
}

fn failed(error: &SweepError, kind: SweepKind, report: &mut SweepReport) {
    let error: &dyn std::error::Error = error;
    tracing::warn!(
        error,
        kind = kind.as_str(),
        "The sweeper could not go on with the store's list"
    );
    report.failed(kind);
}
