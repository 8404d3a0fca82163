//! The deployment's mark in its bucket (FORMAT.md R2, R11). It is compared with the settings and the
//! database before a server starts, and raised while the server runs.
//!
//! The order makes the comparison safe: a change is durable in the database before the mark tells of
//! it, and the mark is read before the database. So a mark that is ahead of the database proves that
//! the database is an older copy.

use core::{cmp::Ordering, time::Duration};
use std::path::PathBuf;

use crate::{
    app::App,
    config::{Config, StoreConfig},
    objects::{FoundMark, Mark, Objects, ObjectsError, StoreAddress},
    records::{DeploymentRow, Records, RecordsError},
};

/// Why a deployment and its store do not fit together. Nothing was changed.
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
        "the embedded object store has no folder {}, but the database knows uploads; name the right \
         data folder (--data) or put the folder back from a backup; if the objects are lost for \
         good, run `sealift store mark --yes`", .0.display()
    )]
    NoStoreFolder(PathBuf),
    /// The store is not the one that it was, or the mark was deleted.
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
         another prefix or bucket or, where the other is no more, delete that object"
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

/// Two servers that raise the mark at once meet as often as this before one leaves it to the other.
const ATTEMPTS: usize = 3;
/// The mark is raised this often at most.
const RAISE_EVERY: Duration = Duration::from_secs(60);

/// Compares the settings with the store that the database remembers, before anything is asked of a
/// store or written to it.
///
/// # Errors
/// [`MarkError::OtherStore`], [`MarkError::NoStoreFolder`].
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

/// Compares the settings with the store that the database remembers. Where there never was an
/// upload, any store will do.
///
/// # Errors
/// [`MarkError::OtherStore`].
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

/// Compares the mark with the database at a start, and writes the mark of a deployment that has
/// none yet. `is_new` says that the store was made just now, so that all of it is this deployment's.
///
/// # Errors
/// [`MarkError`]; the server must not start then.
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
    // Only now: a database that remembers a store in which there is no mark is refused.
    let configured = StoreAddress::of(config);
    if records.deployment().await?.store.as_ref() != Some(&configured) {
        records.set_store(&configured).await?;
    }
    Ok(standing)
}

/// Writes the first mark of a deployment. One that has uploads and never wrote a mark may do so only
/// where the store has one of its objects.
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

/// Whether the store has the object of a file that the database knows. Where the database knows no
/// file there is nothing to miss.
///
/// # Errors
/// Where it cannot be known.
pub(crate) async fn has_its_objects(
    records: &Records,
    objects: &Objects,
) -> Result<bool, MarkError> {
    match records.any_object().await? {
        Some((key, version)) => Ok(objects.head(&key, version.as_ref()).await?.is_some()),
        None => Ok(true),
    }
}

/// The error for a store without the mark.
pub(crate) fn missing(config: &Config, objects: &Objects) -> MarkError {
    MarkError::Missing {
        store: StoreAddress::of(config),
        key: objects.mark_key(),
    }
}

/// Compares the mark with the database and raises it where the database has come farther. The mark
/// is never lowered; a store that cannot be written now is tried again by the next call.
///
/// # Errors
/// Where the mark cannot be read.
pub(crate) async fn raise(records: &Records, objects: &Objects) -> Result<Standing, MarkError> {
    let deployment_id = records.deployment().await?.deployment_id;
    for _ in 0..ATTEMPTS {
        let found = objects.mark_for(&deployment_id).await?;
        let (mark, etag) = match found {
            FoundMark::Ours(mark, etag) => (mark, etag),
            FoundMark::None => return Ok(Standing::Unmarked),
            FoundMark::Another => return Ok(Standing::ByAnother),
        };
        // Read after the mark: other servers may have raised both since.
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
    // Other servers raise it all the time.
    Ok(Standing::Current)
}

/// Raises the mark once a minute; never returns. A server whose database turns out to be an older
/// copy becomes read-only, and one whose database has a new epoch writes again.
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

/// At a stop: raises the mark a last time, if the store answers soon.
pub(crate) async fn at_stop(app: &App) {
    let raised = tokio::time::timeout(STOP_PATIENCE, raise(&app.records, &app.objects)).await;
    if !matches!(raised, Ok(Ok(_))) {
        tracing::warn!("The mark in the bucket could not be raised at the stop");
    }
}

/// A stop does not wait longer for a store that does not answer.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
