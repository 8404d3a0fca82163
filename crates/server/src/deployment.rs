//! What concerns the deployment as a whole: an operator's commands, beside a server that runs or
//! not.

use std::path::PathBuf;

use crate::{
    clock::Clock,
    config::Config,
    mark::{self, MarkError},
    objects::{
        CommandStore, FoundMark, Mark, Objects, ObjectsError, Reached, StoreAddress, StoreError,
    },
    records::{AuditAction, AuditRow, Records, RecordsError},
};

mod moved;

pub use moved::move_store;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeploymentError {
    /// Another folder was meant, or there never was one.
    #[error("there is no database at {}; name the deployment's folder or configuration file", .0.display())]
    NoDatabase(PathBuf),
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Records(#[from] RecordsError),
    /// The store is not the one that holds this deployment's objects.
    #[error(transparent)]
    Mark(#[from] MarkError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bucket cannot be used.
    #[error("the bucket cannot be used; check endpoint, bucket, region and credentials")]
    Objects(#[from] ObjectsError),
    /// Marking it would let a server take every object for lost.
    #[error(
        "the mark and the objects of this deployment's files are not under {0}; check the settings; if \
         the objects are lost for good, give --yes: a server then starts, and its files cannot be read"
    )]
    ObjectsMissing(StoreAddress),
    /// Nothing is to be moved.
    #[error("this deployment's objects lie under {0} already, so nothing was moved")]
    NotMoved(StoreAddress),
    /// The mark was not copied along, so this is hardly a copy of the old store.
    #[error(
        "there is no mark of this deployment under {store}; copy all objects there, {key} among \
         them, under the same keys"
    )]
    MarkNotCopied {
        /// The store in the settings.
        store: StoreAddress,
        /// The mark's object key.
        key: String,
    },
    /// Not every object was copied.
    #[error(
        "{count} of this deployment's files have no object of the right size under {store}, for example \
         {example}; copy the objects there under the same keys; nothing was changed"
    )]
    NotCopied {
        /// How many files.
        count: u64,
        /// The object key of one of them.
        example: String,
        /// The store in the settings.
        store: StoreAddress,
    },
    /// A server changed the files while their objects were looked for.
    #[error(
        "files were added or deleted meanwhile, so nothing was changed; stop every server first"
    )]
    ServerAtWork,
}

/// After a restore of the database, or a failover that may have lost commits (FORMAT.md R2): nothing
/// of the uploads that are open is signed any more, and the next sweep aborts them. The mark in the
/// bucket gets the new epoch, so that the server is not read-only. Gives the new epoch.
///
/// # Errors
/// [`DeploymentError`]; no epoch has begun then.
pub async fn begin_new_epoch(config: &Config) -> Result<i64, DeploymentError> {
    let records = open_records(config).await?;
    let begun = new_epoch(config, &records).await;
    records.close().await;
    begun
}

async fn new_epoch(config: &Config, records: &Records) -> Result<i64, DeploymentError> {
    mark::settings_fit(config, records).await?;
    // The embedded store is not made only to find no mark in it.
    let store = match CommandStore::is_made(config) {
        true => Some(CommandStore::open(config).await?),
        false => None,
    };
    let mut reached = Reached::default();
    if let Some(store) = &store {
        let deployment_id = records.deployment_id().await?;
        if let FoundMark::Ours(mark, _) = store.objects.mark_for(&deployment_id).await? {
            reached = mark.reached;
        }
    }
    let audited = audited(AuditAction::BeginEpoch);
    let epoch = records.begin_epoch_after(reached, audited).await?;
    if let Some(store) = &store {
        // The epoch has begun. What cannot be written to the mark now is written by the next start.
        let _ = mark::raise(records, &store.objects).await;
    }
    Ok(epoch)
}

/// Marks the configured prefix of the bucket as this deployment's: from then on the sweeper
/// removes what is old there and has no record (FORMAT.md R11). Marking it again is fine. A store
/// that lost the mark and the objects is marked only with `despite_loss`.
///
/// # Errors
/// [`DeploymentError`].
pub async fn mark_store(config: &Config, despite_loss: bool) -> Result<(), DeploymentError> {
    let records = open_records(config).await?;
    let marked = mark(config, &records, despite_loss).await;
    records.close().await;
    marked
}

async fn mark(
    config: &Config,
    records: &Records,
    despite_loss: bool,
) -> Result<(), DeploymentError> {
    let row = records.deployment().await?;
    mark::is_same_store(config, records, &row).await?;
    let address = StoreAddress::of(config);
    let is_made = CommandStore::is_made(config);
    if !is_made && row.has_uploads && !despite_loss {
        return Err(DeploymentError::ObjectsMissing(address));
    }
    let objects = &CommandStore::open(config).await?;
    let objects = &objects.objects;
    let ours = |reached| Mark {
        deployment_id: row.deployment_id.clone(),
        reached,
        prefix_is_ours: true,
    };
    match objects.mark_for(&row.deployment_id).await? {
        FoundMark::Ours(mark, _) if mark.prefix_is_ours => return Ok(()),
        FoundMark::Ours(mark, etag) => {
            // The mark lies in the store, so that no transaction holds both: the entry comes first.
            records.add_audit(audited(AuditAction::MarkStore)).await?;
            objects.put_mark(&ours(mark.reached), Some(&etag)).await?;
        }
        FoundMark::Another => return Err(by_another(objects).into()),
        FoundMark::None => {
            if !despite_loss && !mark::has_its_objects(records, objects).await? {
                return Err(DeploymentError::ObjectsMissing(address));
            }
            records.add_audit(audited(AuditAction::MarkStore)).await?;
            objects.put_mark(&ours(row.reached), None).await?;
        }
    }
    Ok(records.set_store(&address).await?)
}

fn by_another(objects: &Objects) -> MarkError {
    MarkError::ByAnother {
        bucket: objects.bucket().to_owned(),
        key: objects.mark_key(),
    }
}

/// The state of a deployment by its database and by the mark in the bucket.
#[derive(Debug, Clone)]
pub struct DeploymentStatus {
    /// How far the database has come.
    pub database: Reached,
    /// The store that the database remembers; `None` before the first start.
    pub store: Option<StoreAddress>,
    /// The deployment's mark in the configured bucket, if it is there.
    pub mark: Option<Mark>,
}

impl DeploymentStatus {
    /// Whether the database is older than the mark: a server would start read-only.
    #[must_use]
    pub fn is_older(&self) -> bool {
        self.mark
            .as_ref()
            .is_some_and(|mark| mark.reached > self.database)
    }
}

/// Reads how far the database and the mark have come. Changes nothing.
///
/// # Errors
/// [`DeploymentError`].
pub async fn deployment_status(config: &Config) -> Result<DeploymentStatus, DeploymentError> {
    let records = open_records(config).await?;
    let status = status(config, &records).await;
    records.close().await;
    status
}

async fn status(config: &Config, records: &Records) -> Result<DeploymentStatus, DeploymentError> {
    let mut mark = None;
    if CommandStore::is_made(config) {
        let store = CommandStore::open(config).await?;
        let deployment_id = records.deployment_id().await?;
        if let FoundMark::Ours(found, _) = store.objects.mark_for(&deployment_id).await? {
            mark = Some(found);
        }
    }
    // Read after the mark, as by a server.
    let row = records.deployment().await?;
    Ok(DeploymentStatus {
        database: row.reached,
        store: row.store,
        mark,
    })
}

/// Only where there is one: an empty one is no deployment's.
async fn open_records(config: &Config) -> Result<Records, DeploymentError> {
    let file = config.database_file();
    if !file.is_file() {
        return Err(DeploymentError::NoDatabase(file));
    }
    Ok(Records::open(&file).await?)
}

/// The row of what an operator's command does.
fn audited(action: AuditAction) -> AuditRow {
    AuditRow {
        at_ms: Clock::system().now_ms(),
        request_id: None,
        scope: None,
        via: "command",
        action,
        subject: None,
        outcome: "ok",
    }
}
