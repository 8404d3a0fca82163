//! Handles `sealift files reseal`: seals files again as new objects, under the keyring that is set now. An operator runs
//! it on the server's machine, whether or not a server is running. It works with the server's own parts ([`App`]) on
//! the same records and the same store, so that every rule of an upload holds for it too.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use futures::{StreamExt as _, stream};
use sealift_transfer::api::{FileId, TenantId};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    app::App,
    clock::Clock,
    config::Config,
    deployment::{
        DeploymentError, by_another,
        mark::{self, MarkError, Standing},
        open_records,
    },
    keys::{Keys, KeysError},
    objects::CommandStore,
    problem,
    records::{FileRow, Records, RecordsError},
    server::wipe_old_keys,
    uploads::{
        reseal::{NotResealed, reseal},
        sealing,
    },
};

/// Selects the files that are sealed again.
#[derive(Debug, Clone)]
pub enum ResealWhich {
    /// All files that are not under the newest key yet.
    All,
    /// The same of one tenant.
    OfTenant(TenantId),
    /// The files with these ids, even if they are under the newest key.
    Files(Vec<FileId>),
}

/// The result of a whole run.
#[derive(Debug, Clone, Default)]
pub struct ResealReport {
    /// The number of files that were sealed again.
    pub resealed: u64,
    /// The number of files that were under the newest key already.
    pub were_there: u64,
    /// The number of files that were deleted, or sealed again by somebody else, while this run worked on them.
    pub gone: u64,
    /// The files that keep their old object, each with the reason.
    pub failed: Vec<(FileId, String)>,
}

/// The progress of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResealProgress {
    /// Plaintext bytes of the files that are done, and half of those that are sealed but not verified.
    pub done_bytes: u64,
    /// Plaintext bytes of all selected files.
    pub all_bytes: u64,
}

/// The reasons why a run did not begin or broke off. The files that were sealed again stay so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResealError {
    /// The database or the store cannot be used.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// The keys cannot be used.
    #[error("the keys cannot be used")]
    Keys(#[from] KeysError),
    /// The database is older than the mark in the bucket.
    #[error(
        "the database is older than the mark in its bucket, as after a restore from a backup; run \
         `sealift records new-epoch --yes` first"
    )]
    ReadOnly,
    /// The database has no such file. Nothing was done.
    #[error("there is no file {0}; `sealift files list` shows the ids")]
    NoSuchFile(FileId),
}

impl From<RecordsError> for ResealError {
    fn from(error: RecordsError) -> Self {
        Self::Deployment(error.into())
    }
}

impl From<MarkError> for ResealError {
    fn from(error: MarkError) -> Self {
        Self::Deployment(error.into())
    }
}

const MIB: u64 = 1024 * 1024;
/// The part length in bytes of files up to 52 GB, whatever the setting is: the smallest that S3 takes, because three
/// parts of a file are in memory.
const PART_LENGTH: u64 = 5 * MIB;
/// The memory of a whole run for the content of files, in MiB: one large file, or several small ones.
const MEMORY_MIB: u32 = 44;
/// The most plaintext bytes that a read has in memory (`reading/decrypt/ahead.rs`).
const READ_AHEAD: u64 = 24 * MIB;
/// The most files at the same time. Small files mostly wait for the store, KMS and the disk.
const AT_ONCE: usize = 8;
/// Rows that one query reads.
const PAGE: u32 = 256;

/// Seals the selected files again. A file that cannot be sealed again keeps its object, and is in the report.
///
/// # Errors
/// Returns a [`ResealError`] if the run cannot begin, or if the database fails.
pub async fn reseal_files(
    config: &Config,
    which: &ResealWhich,
    progress: impl Fn(ResealProgress) + Send + Sync + 'static,
) -> Result<ResealReport, ResealError> {
    let records = open_records(config).await?;
    let report = run(config, &records, which, progress).await;
    records.close().await;
    report
}

async fn run(
    config: &Config,
    records: &Records,
    which: &ResealWhich,
    progress: impl Fn(ResealProgress) + Send + Sync + 'static,
) -> Result<ResealReport, ResealError> {
    mark::settings_fit(config, records).await?;
    if !CommandStore::is_made(config) {
        return Ok(ResealReport::default());
    }
    let clock = Clock::system();
    let keys = Keys::open(config, records.clone(), clock.clone()).await?;
    let store = CommandStore::open(config)
        .await
        .map_err(DeploymentError::from)?;
    match mark::raise(records, &store.objects).await? {
        Standing::Current => {}
        Standing::Older => return Err(ResealError::ReadOnly),
        Standing::Unmarked => return Err(mark::missing(config, &store.objects).into()),
        Standing::ByAnother => return Err(by_another(&store.objects).into()),
    }
    let mut own = config.clone();
    own.part_length = own.part_length.min(PART_LENGTH);
    let app = App::assemble(
        own,
        clock,
        (records.clone(), keys),
        store.objects.clone(),
        CancellationToken::new(),
    );
    // A long run raises the mark as a server does, so that an older copy of the database is noticed.
    let _marking = AbortOnDropHandle::new(tokio::spawn(mark::run(app.clone())));
    let _wiping = AbortOnDropHandle::new(tokio::spawn(wipe_old_keys(app.keys.clone())));
    let report = reseal_all(&app, which, Box::new(progress)).await?;
    // The next start raises it if this does not.
    let _ = mark::raise(records, &store.objects).await;
    Ok(report)
}

async fn reseal_all(
    app: &App,
    which: &ResealWhich,
    progress: Box<dyn Fn(ResealProgress) + Send + Sync>,
) -> Result<ResealReport, ResealError> {
    let mut report = ResealReport::default();
    let tenant = match which {
        ResealWhich::Files(ids) => {
            let files = named(&app.records, ids).await?;
            let bytes = files.iter().map(|file| file.plan.plaintext_len());
            let work = Work::new(app, true, bytes.fold(0, u64::saturating_add), progress);
            work.reseal(files, &mut report).await;
            return Ok(report);
        }
        ResealWhich::All => None,
        ResealWhich::OfTenant(tenant) => Some(tenant),
    };
    let all_bytes = app.records.size_of_files(tenant).await?;
    let work = Work::new(app, false, all_bytes, progress);
    let mut after = None;
    loop {
        let mut page = app.records.files_with_objects(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.file_id.clone());
        page.retain(|file| tenant.is_none_or(|tenant| file.scope.tenant == *tenant));
        work.reseal(page, &mut report).await;
    }
    Ok(report)
}

async fn named(records: &Records, ids: &[FileId]) -> Result<Vec<FileRow>, ResealError> {
    let mut files = Vec::with_capacity(ids.len());
    for id in ids {
        let file = records.file_of_any_owner(id).await?;
        files.push(file.ok_or_else(|| ResealError::NoSuchFile(id.clone()))?);
    }
    Ok(files)
}

/// The work of a run, which several files share.
#[derive(Clone)]
struct Work {
    app: App,
    /// True if also files under the newest key are sealed again.
    always: bool,
    memory_mib: Arc<Semaphore>,
    done: Arc<Done>,
}

struct Done {
    /// Twice the plaintext bytes that are done, because each byte is sealed and verified.
    twice: AtomicU64,
    all_bytes: u64,
    progress: Box<dyn Fn(ResealProgress) + Send + Sync>,
}

impl Done {
    fn add(&self, twice: u64) {
        let before = self.twice.fetch_add(twice, Ordering::Relaxed);
        (self.progress)(ResealProgress {
            done_bytes: before.saturating_add(twice) / 2,
            all_bytes: self.all_bytes,
        });
    }
}

/// The outcome for one file.
enum Outcome {
    Resealed,
    WasThere,
    Gone,
}

impl Work {
    fn new(
        app: &App,
        always: bool,
        all_bytes: u64,
        progress: Box<dyn Fn(ResealProgress) + Send + Sync>,
    ) -> Self {
        let done = Done {
            twice: AtomicU64::new(0),
            all_bytes,
            progress,
        };
        Self {
            app: app.clone(),
            always,
            memory_mib: Arc::new(Semaphore::new(usize::try_from(MEMORY_MIB).unwrap_or(1))),
            done: Arc::new(done),
        }
    }

    async fn reseal(&self, files: Vec<FileRow>, report: &mut ResealReport) {
        let files = stream::iter(files).map(|file| {
            let (work, id) = (self.clone(), file.file_id.clone());
            let task = tokio::spawn(async move { work.one(file).await });
            let task = AbortOnDropHandle::new(task);
            async move { (id, task.await) }
        });
        let mut files = files.buffer_unordered(AT_ONCE);
        while let Some((id, outcome)) = files.next().await {
            let count = match outcome {
                Ok(Ok(Outcome::Resealed)) => &mut report.resealed,
                Ok(Ok(Outcome::WasThere)) => &mut report.were_there,
                Ok(Ok(Outcome::Gone)) => &mut report.gone,
                Ok(Err(error)) => {
                    report.failed.push((id, problem::chain(&error)));
                    continue;
                }
                Err(_) => {
                    report.failed.push((id, "its task ended early".to_owned()));
                    continue;
                }
            };
            *count = count.saturating_add(1);
        }
    }

    async fn one(&self, file: FileRow) -> Result<Outcome, NotResealed> {
        let twice_all = file.plan.plaintext_len().saturating_mul(2);
        let twice = AtomicU64::new(0);
        let read = |bytes| {
            twice.fetch_add(bytes, Ordering::Relaxed);
            self.done.add(bytes);
        };
        let outcome = self.outcome(&file, &read).await;
        let left = twice_all.saturating_sub(twice.load(Ordering::Relaxed));
        self.done.add(left);
        outcome
    }

    async fn outcome(
        &self,
        file: &FileRow,
        read: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Outcome, NotResealed> {
        let app = &self.app;
        if !self.always && app.keys.is_newest(file).await? {
            return Ok(Outcome::WasThere);
        }
        let mib = memory_for(&app.config, file.plan.plaintext_len()).div_ceil(MIB);
        let mib = u32::try_from(mib).unwrap_or(MEMORY_MIB).min(MEMORY_MIB);
        // The semaphore is never closed.
        let _permit = self.memory_mib.acquire_many(mib).await;
        let Err(error) = reseal(app, file, read).await else {
            return Ok(Outcome::Resealed);
        };
        // An error is no failure of the reseal if the file is gone or has another object by now.
        match app.records.file(&file.scope, &file.file_id).await {
            Ok(now)
                if now
                    .as_ref()
                    .is_none_or(|now| now.upload_id != file.upload_id) =>
            {
                Ok(Outcome::Gone)
            }
            _ => Err(error),
        }
    }
}

/// Returns the memory that sealing a file of this length again takes.
fn memory_for(config: &Config, plaintext_len: u64) -> u64 {
    let ahead = plaintext_len.min(READ_AHEAD);
    sealing::memory_for_reseal(config, plaintext_len).saturating_add(ahead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigFile, Sources};

    #[test]
    fn a_file_of_any_size_needs_room_for_three_of_its_parts() {
        let sources = Sources {
            file: ConfigFile::None,
            flags: vec![("part_length", "5MiB".to_owned())],
            ..Sources::default()
        };
        let config = Config::load(&sources).unwrap();
        for (plaintext_len, part_len) in [
            (PART_LENGTH - MIB, PART_LENGTH - MIB),
            (1000 * MIB, PART_LENGTH),
            // Every part is a 10,000th of these.
            (100_000_000_000, 10_000_000),
            (671_100_000_000, 67_110_000),
            (5_000_000_000_000, 500_000_000),
        ] {
            let parts = if plaintext_len <= part_len { 2 } else { 3 };
            let least = parts * part_len + plaintext_len.min(READ_AHEAD);
            let memory = memory_for(&config, plaintext_len);
            // A frame is added, and every part has whole frames.
            let most = least + 4 * (MIB + part_len / 100);
            assert!(
                (least..most).contains(&memory),
                "{memory} bytes for {plaintext_len}"
            );
        }
    }
}
