//! The deployment's mark in its bucket (docs/FORMAT.md, R2, R11). The server compares it with the
//! settings and the database before it starts, and raises it while it runs.
//!
//! The order of steps makes the comparison safe. A change is durable in the database before the
//! mark reports it, and the mark is read before the database. Therefore a mark that is ahead of the
//! database proves that the database is an older copy.

use core::{cmp::Ordering, time::Duration};
use std::path::PathBuf;

use crate::{
    app::App,
    config::{Config, StoreConfig},
    objects::{FoundMark, Mark, Objects, ObjectsError, StoreAddress},
    records::{DeploymentRow, Records, RecordsError},
};

/// The reasons why a deployment and its store do not fit together. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MarkError {
    /// The settings name another store than the one that holds the objects.
    #[error(
        "this deployment's objects lie under {recorded}, but the settings name {configured}; set \
         S3_BUCKET_NAME, S3_ENDPOINT, SEALIFT_STORE and SEALIFT_PREFIX back; or, if all objects were \
         copied there under the same keys, stop every server and run `sealift store moved --yes`"
    )]
    OtherStore {
        /// The store that the database remembers.
        recorded: StoreAddress,
        /// The store in the settings.
        configured: StoreAddress,
    },
    /// The embedded store's folder is gone.
    #[error(
        "the embedded object store has no folder {}, but the database has uploads; name the right \
         data folder (--data) or put the folder back from a backup; if the objects are lost for \
         good, run `sealift store mark --yes`", .0.display()
    )]
    NoStoreFolder(PathBuf),
    /// The store is not the one that it was, or somebody deleted the mark.
    #[error(
        "there is no {key} under {store}, where this deployment wrote its mark: the bucket was \
         emptied, or another store has a bucket of this name; check S3_ENDPOINT, S3_BUCKET_NAME and \
         SEALIFT_PREFIX, or put the objects back; if the objects are there and only the mark is \
         gone, run `sealift store mark`"
    )]
    Missing {
        /// The store in the settings.
        store: StoreAddress,
        /// The mark's object key.
        key: String,
    },
    /// Two deployments under one prefix would remove each other's objects.
    #[error(
        "another deployment has marked {key} in the bucket {bucket} as its own; give this one \
         another prefix or bucket or, if the other no longer exists, delete that object"
    )]
    ByAnother {
        /// The bucket's name.
        bucket: String,
        /// The mark's object key.
        key: String,
    },
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Records(#[from] RecordsError),
    /// The bucket cannot be used.
    #[error("the bucket cannot be used; check endpoint, bucket, region and credentials")]
    Objects(#[from] ObjectsError),
}

/// How the database compares with the mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The database is as far as the mark, or farther.
    Current,
    /// The database is an older copy, as after a restore from a backup.
    Older,
    /// There is no mark.
    Unmarked,
    /// The mark is another deployment's.
    ByAnother,
}

/// Attempts to raise the mark. If two servers raise it at once, one of them leaves it to the other
/// after this many conflicts.
const ATTEMPTS: usize = 3;
/// The mark is raised at most this often.
const RAISE_EVERY: Duration = Duration::from_secs(60);

/// Compares the settings with the store that the database remembers, before the server reads from a
/// store or writes to one.
///
/// # Errors
/// Returns [`MarkError::OtherStore`] or [`MarkError::NoStoreFolder`] if they do not fit.
pub(crate) async fn settings_fit(config: &Config, records: &Records) -> Result<(), MarkError> {
    let row = records.deployment().await?;
    is_same_store(config, records, &row).await?;
    if let StoreConfig::Embedded { .. } = config.store {
        let folder = config.store_folder().join(&config.bucket);
        if row.has_uploads && !folder.is_dir() {
            return Err(MarkError::NoStoreFolder(folder));
        }
    }
    Ok(())
}

/// Compares the settings with the store that the database remembers. Any store will do if there
/// never was an upload.
///
/// # Errors
/// Returns [`MarkError::OtherStore`] if they differ.
pub(crate) async fn is_same_store(
    config: &Config,
    records: &Records,
    row: &DeploymentRow,
) -> Result<(), MarkError> {
    if !row.has_uploads {
        return Ok(());
    }
    let configured = StoreAddress::of(config);
    let recorded = match &row.store {
        Some(recorded) => recorded.clone(),
        // The database does not remember the store yet, but its uploads name their bucket.
        None => match records.other_bucket(&configured.bucket).await? {
            Some(bucket) => StoreAddress {
                bucket,
                ..configured.clone()
            },
            None => return Ok(()),
        },
    };
    if recorded == configured {
        Ok(())
    } else {
        Err(MarkError::OtherStore {
            recorded,
            configured,
        })
    }
}

/// Compares the mark with the database when the server starts, and writes the mark of a deployment
/// that has none yet. `is_new` says that the store was made just now, so that everything in it is
/// this deployment's.
///
/// # Errors
/// Returns a [`MarkError`]; the server must not start then.
pub(crate) async fn at_start(
    config: &Config,
    records: &Records,
    objects: &Objects,
    is_new: bool,
) -> Result<Standing, MarkError> {
    let mut standing = raise(records, objects).await?;
    if standing == Standing::Unmarked {
        write_first(config, records, objects, is_new).await?;
        // Another server may have written it at the same time.
        standing = raise(records, objects).await?;
    }
    match standing {
        Standing::Current | Standing::Older => {}
        Standing::Unmarked => return Err(missing(config, objects)),
        Standing::ByAnother => {
            return Err(MarkError::ByAnother {
                bucket: objects.bucket().to_owned(),
                key: objects.mark_key(),
            });
        }
    }
    // This comes last, because a database that remembers a store without a mark is refused.
    let configured = StoreAddress::of(config);
    if records.deployment().await?.store.as_ref() != Some(&configured) {
        records.set_store(&configured).await?;
    }
    Ok(standing)
}

/// Writes the first mark of a deployment. A deployment that has uploads and never wrote a mark may
/// do so only if the store has one of its objects.
async fn write_first(
    config: &Config,
    records: &Records,
    objects: &Objects,
    is_new: bool,
) -> Result<(), MarkError> {
    let row = records.deployment().await?;
    let was_marked = row.store.is_some();
    if row.has_uploads && (was_marked || !has_its_objects(records, objects).await?) {
        return Err(missing(config, objects));
    }
    let mark = Mark {
        deployment_id: row.deployment_id,
        reached: row.reached,
        prefix_is_ours: is_new,
    };
    match objects.put_mark(&mark, None).await {
        Ok(()) | Err(ObjectsError::Replaced) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Returns whether the store has the object of a file that the database knows. If the database
/// knows no file, no object can be missing.
///
/// # Errors
/// Fails if the store or the database does not answer.
pub(crate) async fn has_its_objects(
    records: &Records,
    objects: &Objects,
) -> Result<bool, MarkError> {
    match records.any_object().await? {
        Some((key, version)) => Ok(objects.head(&key, version.as_ref()).await?.is_some()),
        None => Ok(true),
    }
}

/// Makes the error for a store without the mark.
pub(crate) fn missing(config: &Config, objects: &Objects) -> MarkError {
    MarkError::Missing {
        store: StoreAddress::of(config),
        key: objects.mark_key(),
    }
}

/// Compares the mark with the database, and raises it if the database has come further. The mark is
/// never lowered. If the store cannot be written now, the next call tries again.
///
/// # Errors
/// Fails if the mark cannot be read.
pub(crate) async fn raise(records: &Records, objects: &Objects) -> Result<Standing, MarkError> {
    let deployment_id = records.deployment().await?.deployment_id;
    for _ in 0..ATTEMPTS {
        let found = objects.mark_for(&deployment_id).await?;
        let (mark, etag) = match found {
            FoundMark::Ours(mark, etag) => (mark, etag),
            FoundMark::None => return Ok(Standing::Unmarked),
            FoundMark::Another => return Ok(Standing::ByAnother),
        };
        // Read the database after the mark, because other servers may have raised both since.
        let reached = records.deployment().await?.reached;
        match mark.reached.cmp(&reached) {
            Ordering::Greater => return Ok(Standing::Older),
            Ordering::Equal => return Ok(Standing::Current),
            Ordering::Less => {}
        }
        let raised = Mark { reached, ..mark };
        match objects.put_mark(&raised, Some(&etag)).await {
            Ok(()) => return Ok(Standing::Current),
            Err(ObjectsError::Replaced) => {}
            Err(error) => {
                tracing::warn!(%error, "The mark in the bucket could not be raised; the next minute tries again");
                return Ok(Standing::Current);
            }
        }
    }
    // Other servers keep raising the mark.
    Ok(Standing::Current)
}

/// Raises the mark once a minute; never returns. A server becomes read-only if its database turns
/// out to be an older copy, and writes again if its database has a new epoch.
pub(crate) async fn run(app: App) {
    loop {
        app.clock.sleep(RAISE_EVERY).await;
        match raise(&app.records, &app.objects).await {
            Ok(Standing::Older) => app.read_only.begin(),
            Ok(Standing::Current) => app.read_only.end(),
            Ok(Standing::Unmarked | Standing::ByAnother) => {
                let error = missing(&app.config, &app.objects);
                tracing::error!(%error, "The bucket lost this deployment's mark while the server runs");
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "The mark in the bucket could not be read");
            }
        }
    }
}

/// Raises the mark a last time when the server stops, if the store answers soon.
pub(crate) async fn at_stop(app: &App) {
    let raised = tokio::time::timeout(STOP_PATIENCE, raise(&app.records, &app.objects)).await;
    if !matches!(raised, Ok(Ok(_))) {
        tracing::warn!("The mark in the bucket could not be raised at the stop");
    }
}

/// A server that stops waits no longer than this for a store that does not answer.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
