//! Handles `sealift store moved`: the operator copied the objects to another store. This looks at
//! every object and then records the new store.

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{DeploymentError, audited, open_records};
use crate::{
    clock::Clock,
    config::Config,
    objects::{CommandStore, FoundMark, Objects, ObjectsError, StoreAddress},
    records::{AuditAction, FileRow, MovedFile, MovedStore, Records},
};

/// Requests to the store at the same time.
const AT_ONCE: usize = 16;
/// Rows that one query reads.
const PAGE: u32 = 500;

/// Makes the configured store the one that holds this deployment's objects, and returns the number
/// of files. The store must have the deployment's mark and an object of the right size for every
/// file. Open uploads end, because no store can continue the unfinished uploads of another one.
///
/// No server may run meanwhile.
///
/// # Errors
/// Returns a [`DeploymentError`]; nothing was changed then.
pub async fn move_store(config: &Config) -> Result<u64, DeploymentError> {
    let records = open_records(config).await?;
    let moved = moved(config, &records).await;
    records.close().await;
    moved
}

async fn moved(config: &Config, records: &Records) -> Result<u64, DeploymentError> {
    let (row, store) = (records.deployment().await?, StoreAddress::of(config));
    if row.store.as_ref() == Some(&store) {
        return Err(DeploymentError::NotMoved(store));
    }
    let not_marked = |key| DeploymentError::MarkNotCopied {
        store: store.clone(),
        key,
    };
    if !CommandStore::is_made(config) {
        return Err(not_marked(config.prefix.to_string()));
    }
    let opened = CommandStore::open(config).await?;
    let objects = &opened.objects;
    let FoundMark::Ours(mark, _) = objects.mark_for(&row.deployment_id).await? else {
        return Err(not_marked(objects.mark_key()));
    };
    let files = copied(records, objects, &store).await?;
    let count = u64::try_from(files.len()).unwrap_or(u64::MAX);
    let now = Clock::system().now();
    let moved = MovedStore {
        store,
        files,
        mark: mark.reached,
        verification_due_at: config.verifies_all.then_some(now),
    };
    if !records
        .move_store(moved, audited(AuditAction::MoveStore))
        .await?
    {
        return Err(DeploymentError::ServerAtWork);
    }
    // If this does not raise the mark, the next start does.
    let _ = crate::deployment::mark::raise(records, objects).await;
    Ok(count)
}

/// Looks up the objects of all files in the new store, and returns them with the new store's ETags
/// and versions.
async fn copied(
    records: &Records,
    objects: &Objects,
    store: &StoreAddress,
) -> Result<Vec<MovedFile>, DeploymentError> {
    let (mut copied, mut missing) = (Vec::new(), Vec::new());
    let mut after = None;
    loop {
        let page = records.files_with_objects(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.file_id.clone());
        let looked_at = stream::iter(&page)
            .map(|file| copy_of(objects, file))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        for looked_at in looked_at {
            match looked_at {
                Ok(file) => copied.push(file),
                Err(key) => missing.push(key),
            }
        }
    }
    match missing.first() {
        None => Ok(copied),
        Some(example) => Err(DeploymentError::NotCopied {
            count: u64::try_from(missing.len()).unwrap_or(u64::MAX),
            example: example.clone(),
            store: store.clone(),
        }),
    }
}

/// Returns the file's object in the new store, or its object key if the store has no object of that
/// size.
async fn copy_of(
    objects: &Objects,
    file: &FileRow,
) -> Result<Result<MovedFile, String>, ObjectsError> {
    let head = objects.head(&file.s3_key, None).await?;
    let head = head.filter(|head| head.len == file.plan.sealed_len());
    Ok(head
        .map(|head| MovedFile {
            file_id: file.file_id.clone(),
            upload_id: file.upload_id.clone(),
            etag: head.etag,
            version: head.version,
        })
        .ok_or_else(|| file.s3_key.to_string()))
}
