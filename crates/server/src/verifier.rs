//! The pass over all frames (docs/FORMAT.md, R7). The verifier opens every file once after its upload, unless its
//! completion has opened all of its few frames already, and again when somebody asks for it. It records the plaintext's SHA-256, or why the object does
//! not open. It reads with [`decrypt::whole`], which also serves downloads; the plaintext is hashed
//! and dropped.
//!
//! Each server verifies only two files at a time, so that downloads get most of the machine: a
//! small file, and a large one, which may take hours and does not hold up the small ones. A lease
//! in the records keeps other servers away, and lets another server continue where one stopped.

use core::{ops::RangeInclusive, pin::pin, time::Duration};

use futures::{TryStreamExt as _, future::join_all};
use sealift_transfer::api::ProblemCode;
use sha2::{Digest as _, Sha256};

use crate::{
    app::App,
    audit::Unasked,
    objects::ObjectsError,
    problem,
    reading::decrypt::{self, OpenError},
    records::{AuditAction, Leased, RecordsError},
    sealed_names,
};

/// How long a file stays leased to a server that no longer prolongs the lease.
const LEASE: Duration = Duration::from_secs(2 * 60);
/// The wait after a failure that may pass: the store or KMS does not answer.
const REST: Duration = Duration::from_secs(5 * 60);
/// The wait between two queries for due files. A completed upload wakes the verifier at once.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Plaintext bytes of the largest file that counts as small: some seconds of work.
const LARGEST_SMALL_BYTES: i64 = 1024 * 1024 * 1024;
/// The lanes, by plaintext bytes. Each lane verifies one file at a time.
const LANES: [RangeInclusive<i64>; 2] =
    [0..=LARGEST_SMALL_BYTES, LARGEST_SMALL_BYTES + 1..=i64::MAX];

/// Verifies all due files, again and again; never returns.
pub(crate) async fn run(app: App) {
    join_all(LANES.map(|lane| run_lane(&app, lane))).await;
}

async fn run_lane(app: &App, lane: RangeInclusive<i64>) {
    let mut wanted = app.verification_wanted.subscribe();
    loop {
        verify_lane(app, &lane).await;
        tokio::select! {
            // A request that came during the last pass is seen now.
            _ = wanted.changed() => {}
            () = app.clock.sleep(LOOK_AGAIN) => {}
        }
    }
}

/// Verifies everything that is due now, and returns the number of files that were leased.
pub(crate) async fn verify_due(app: &App) -> u64 {
    let counts = join_all(LANES.each_ref().map(|lane| verify_lane(app, lane))).await;
    counts.into_iter().fold(0, u64::saturating_add)
}

async fn verify_lane(app: &App, lane: &RangeInclusive<i64>) -> u64 {
    let mut count = 0_u64;
    loop {
        if app.read_only.is_on() {
            // The backup knows objects that were deleted since; their absence is no damage.
            return count;
        }
        let now = app.now();
        let until = now.later_by(LEASE);
        let leased = app.records.lease_to_verify(lane, now, until);
        let leased = match leased.await {
            Ok(Some(leased)) => leased,
            Ok(None) => return count,
            Err(error) => {
                tracing::error!(%error, "The verifier could not read the records");
                return count;
            }
        };
        count = count.saturating_add(1);
        if let Err(error) = verify(app, leased).await {
            // Another server takes up the file when the lease has ended.
            tracing::error!(%error, "The verifier could not store its result");
            return count;
        }
    }
}

async fn verify(app: &App, mut leased: Leased) -> Result<(), RecordsError> {
    let file_id = leased.file.file_id.clone();
    let hashed = match hash(app, &mut leased).await {
        Ok(sha256) => {
            let (tenant, id) = (&leased.file.scope.tenant, &leased.file.file_id);
            let sealed = sealed_names::seal_sha256(app, tenant, id, &sha256).await;
            sealed.map_err(|error| Stopped::Open(error.into()))
        }
        Err(stopped) => Err(stopped),
    };
    let found = match hashed {
        Ok(sealed_sha256) => Ok(sealed_sha256),
        Err(Stopped::Lost) => return Ok(()),
        Err(Stopped::Records(error)) => return Err(error),
        Err(Stopped::Open(error)) => {
            let cause = problem::chain(&error);
            if !is_final(&error) {
                tracing::warn!(file.id = %file_id, cause, "File {file_id} could not be verified now");
                let later = app.now().later_by(REST);
                app.records.set_verification_due(&leased, later).await?;
                return Ok(());
            }
            Err(match error {
                OpenError::Objects(ObjectsError::Replaced) => ProblemCode::ObjectReplaced,
                _ => ProblemCode::ObjectDamaged,
            })
        }
    };
    let is_good = found.is_ok();
    let outcome = match &found {
        Ok(_) => "ok",
        Err(code) => code.as_str(),
    };
    let (scope, action) = (Some(&leased.file.scope), AuditAction::VerifyFile);
    let audited = app.unasked_row(Unasked::Verifier, scope, action, file_id.as_str(), outcome);
    let kept = app
        .records
        .set_verification(&leased, found, audited.at, audited);
    // This returns if the file was deleted meanwhile: its object is gone as it should be.
    if !kept.await? {
        return Ok(());
    }
    app.metrics.note_verified(is_good);
    if is_good {
        tracing::debug!(file.id = %file_id, "Verified file {file_id}");
    } else {
        tracing::error!(file.id = %file_id, code = outcome, "File {file_id} does not open: its object was altered or lost");
    }
    Ok(())
}

/// Returns whether the object itself is at fault, so that a later attempt cannot succeed.
fn is_final(error: &OpenError) -> bool {
    matches!(
        error,
        OpenError::Decrypt(_) | OpenError::Objects(ObjectsError::Replaced | ObjectsError::NotFound)
    )
}

/// The reasons why there is no hash.
enum Stopped {
    /// The file was deleted, or another server has it now.
    Lost,
    Records(RecordsError),
    Open(OpenError),
}

/// Computes the SHA-256 of the whole plaintext, of which every frame was authentic.
async fn hash(app: &App, leased: &mut Leased) -> Result<[u8; 32], Stopped> {
    let plaintext = decrypt::whole(app, &leased.file)
        .await
        .map_err(Stopped::Open)?;
    let mut plaintext = pin!(plaintext);
    let mut sha256 = Sha256::new();
    while let Some(bytes) = plaintext.try_next().await.map_err(Stopped::Open)? {
        sha256.update(&bytes);
        let now = app.now();
        if leased.until.since(now) < LEASE / 2 {
            let until = now.later_by(LEASE);
            let kept = app.records.set_verification_due(leased, until).await;
            if !kept.map_err(Stopped::Records)? {
                return Err(Stopped::Lost);
            }
            leased.until = until;
        }
    }
    Ok(sha256.finalize().into())
}
