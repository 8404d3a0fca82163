//! What concerns the deployment as a whole: an operator's commands, beside a server that runs or
//! not.

use std::path::PathBuf;

use crate::{
    clock::Clock,
    config::Config,
    objects::{self, Mark, Objects, ObjectsError},
    records::{AuditAction, AuditRow, Records, RecordsError},
};

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
    /// It marks itself.
    #[error(
        "the embedded object store is marked when it is made; only a bucket that was configured \
         (S3_BUCKET_NAME) is marked by hand"
    )]
    EmbeddedStore,
    /// Two deployments under one prefix would remove each other's objects.
    #[error(
        "another deployment has marked {key} in the bucket {bucket} as its own; give this one \
         another prefix or bucket or, where the other is no more, delete that object"
    )]
    MarkedByAnother {
        /// The bucket's name.
        bucket: String,
        /// The mark's object key.
        key: String,
    },
    /// The bucket cannot be used.
    #[error("the bucket cannot be used; check endpoint, bucket, region and credentials")]
    Objects(#[from] ObjectsError),
}

/// After a restore of the database, or a failover that may have lost commits, before the server
/// starts again (FORMAT.md R2): nothing of the uploads that are open is signed any more, and the
/// next sweep aborts them. Gives the new epoch.
///
/// # Errors
/// [`DeploymentError`].
pub async fn begin_new_epoch(config: &Config) -> Result<i64, DeploymentError> {
    let records = open_records(config).await?;
    let begun = records.begin_new_epoch(audited(AuditAction::BeginEpoch));
    let begun = begun.await;
    records.close().await;
    Ok(begun?)
}

/// Marks the configured prefix of the bucket as this deployment's: from then on the sweeper
/// removes what is old there and has no record (FORMAT.md R11). Marking it again is fine.
///
/// # Errors
/// [`DeploymentError`].
pub async fn mark_store(config: &Config) -> Result<(), DeploymentError> {
    let bucket = objects::bucket_of(config).ok_or(DeploymentError::EmbeddedStore)?;
    let records = open_records(config).await?;
    let marked = mark(&records, &Objects::connect(&bucket).await).await;
    records.close().await;
    marked
}

async fn mark(records: &Records, objects: &Objects) -> Result<(), DeploymentError> {
    let deployment_id = records.deployment_id().await?;
    match objects.mark_for(&deployment_id).await? {
        Mark::Ours => Ok(()),
        Mark::Another => Err(DeploymentError::MarkedByAnother {
            bucket: objects.bucket().to_owned(),
            key: objects.mark_key(),
        }),
        Mark::None => {
            // The mark lies in the store, so that no transaction holds both: the entry comes first.
            records.add_audit(audited(AuditAction::MarkStore)).await?;
            Ok(objects.mark(&deployment_id).await?)
        }
    }
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
