//! Commands that concern the deployment as a whole. An operator runs them from the command line,
//! whether or not a server is running.

use std::path::{Path, PathBuf};

use crate::{
    clock::Clock,
    config::Config,
    objects::{
        CommandStore, FoundMark, Mark, Objects, ObjectsError, Reached, StoreAddress, StoreError,
    },
    records::{
        AuditAction, AuditRow, NoDatabase, ReadOnlyRecords, Records, RecordsError, existing,
    },
};

pub(crate) mod first_mark;
pub(crate) mod mark;
mod moved;
pub(crate) mod read_only;

pub use mark::MarkError;
pub use moved::move_store;

/// The reasons why a command did nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeploymentError {
    /// The database does not exist.
    #[error(transparent)]
    NoDatabase(#[from] NoDatabase),
    /// An older version of Sealift made the database, and this command changes nothing.
    #[error(
        "an older version of Sealift made the database {}; start a server of this version, which brings it up to \
         date, then run this again", .0.display()
    )]
    OlderSchema(PathBuf),
    /// The data folder cannot be made.
    #[error("the data folder {} cannot be made", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
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
    /// The objects are missing. If the store were marked, a server would treat every object as
    /// lost.
    #[error(
        "the mark and the objects of this deployment's files are not under {0}; check the settings; if \
         the objects are lost for good, give --yes: a server then starts, and its files cannot be read"
    )]
    ObjectsMissing(StoreAddress),
    /// The settings name the store that the database remembers, so there is nothing to move.
    #[error("this deployment's objects lie under {0} already, so nothing was moved")]
    NotMoved(StoreAddress),
    /// The mark was not copied along, so the store is hardly a copy of the old one.
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
    /// Some objects were not copied.
    #[error(
        "{count} of this deployment's files have no object of the right size under {store}, for example \
         {example}; copy the objects there under the same keys; nothing was changed"
    )]
    NotCopied {
        /// The number of files without an object.
        count: u64,
        /// The object key of one of them.
        example: String,
        /// The store in the settings.
        store: StoreAddress,
    },
    /// A server or another command changed files while this command looked for their objects.
    #[error(
        "files were added, deleted or encrypted again meanwhile, so nothing was changed; stop every server and every \
         `sealift files reseal` first"
    )]
    ServerAtWork,
}

/// Begins a new epoch. Run this after a restore of the database, or after a failover that may have
/// lost commits (docs/FORMAT.md, R2): no part of an open upload is signed any more, and the next sweep
/// aborts those uploads. The mark in the bucket gets the new epoch, so that the server is not
/// read-only. Returns the new epoch.
///
/// # Errors
/// Returns a [`DeploymentError`]; no epoch has begun then.
pub async fn begin_new_epoch(config: &Config) -> Result<i64, DeploymentError> {
    let records = open_records(config).await?;
    let begun = new_epoch(config, &records).await;
    records.close().await;
    begun
}

async fn new_epoch(config: &Config, records: &Records) -> Result<i64, DeploymentError> {
    mark::settings_fit(config, records).await?;
    // Do not create the embedded store only to find no mark in it.
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
        // The epoch has begun. If the mark cannot be written now, the next start writes it.
        let _ = mark::raise(records, &store.objects).await;
    }
    Ok(epoch)
}

/// Marks the configured prefix of the bucket as this deployment's: from then on the sweeper removes
/// old objects there that have no record (docs/FORMAT.md, R11). Marking it again succeeds. A store that
/// lost the mark and the objects is marked only with `despite_loss`.
///
/// # Errors
/// Returns a [`DeploymentError`] if the database or the store cannot be used, or if the store is
/// not this deployment's.
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
            // The mark lies in the store, so no transaction can cover both; the audit entry comes
            // first.
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

/// Makes the error for a store that another deployment has marked.
pub(crate) fn by_another(objects: &Objects) -> MarkError {
    MarkError::ByAnother {
        bucket: objects.bucket().to_owned(),
        key: objects.mark_key(),
    }
}

/// The state of a deployment, as the database and the mark in the bucket show it.
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
    /// Returns whether the database is older than the mark. A server would start read-only.
    #[must_use]
    pub fn is_older(&self) -> bool {
        self.mark
            .as_ref()
            .is_some_and(|mark| mark.reached > self.database)
    }
}

/// Reads how far the database and the mark have come, and changes nothing.
///
/// # Errors
/// Returns a [`DeploymentError`] if the database or the store cannot be read.
pub async fn deployment_status(config: &Config) -> Result<DeploymentStatus, DeploymentError> {
    refuse_older_schema(&existing(config.database_file())?).await?;
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
    // Read the database after the mark, as the server does.
    let row = records.deployment().await?;
    Ok(DeploymentStatus {
        database: row.reached,
        store: row.store,
        mark,
    })
}

/// Opens the database only if it exists, because a new empty one belongs to no deployment.
pub(crate) async fn open_records(config: &Config) -> Result<Records, DeploymentError> {
    Ok(Records::open(&existing(config.database_file())?).await?)
}

/// Refuses a database whose schema [`Records::open`] would change. Commands that only look call it first.
pub(crate) async fn refuse_older_schema(file: &Path) -> Result<(), DeploymentError> {
    let mut records = ReadOnlyRecords::open_without_a_trace(file).await?;
    let missing = records.missing_migrations().await;
    // Everything was read, so an error of closing means nothing.
    let _ = records.close().await;
    match missing? {
        0 => Ok(()),
        _ => Err(DeploymentError::OlderSchema(file.to_owned())),
    }
}

/// Makes the audit row of an operator's command.
fn audited(action: AuditAction) -> AuditRow {
    AuditRow {
        at: Clock::system().now(),
        request_id: None,
        scope: None,
        via: "command",
        credential: None,
        action,
        subject: None,
        outcome: "ok",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Sources,
        objects::{FoundTarget, bucket_of},
        records::make_older,
    };

    #[tokio::test]
    async fn commands_that_only_look_leave_an_older_database_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_str().unwrap().to_owned();
        let flags = [
            ("data_dir", data),
            ("s3_bucket", "files".to_owned()),
            ("s3_endpoint", "http://127.0.0.1:1".to_owned()),
            ("region", "us-east-1".to_owned()),
        ];
        let config = Config::load(&Sources {
            flags: flags.to_vec(),
            ..Sources::default()
        })
        .unwrap();
        let file = config.database_file();
        Records::open(&file).await.unwrap().close().await;
        make_older(&file).await;
        let before = std::fs::read(&file).unwrap();
        let objects = Objects::connect(&bucket_of(&config).unwrap()).await;
        let looked = first_mark::look(&config, &objects, true).await.unwrap();
        let FoundTarget::ByHand(note) = looked else {
            panic!("{looked:?}");
        };
        assert!(note.contains("start a server of this version"), "{note}");
        let status = deployment_status(&config).await;
        assert!(
            matches!(status, Err(DeploymentError::OlderSchema(_))),
            "{status:?}"
        );
        assert!(std::fs::read(&file).unwrap() == before);
    }
}
