//! The mark of a deployment that is being set up (docs/FORMAT.md, R2, R11). The first start of a server writes the
//! mark, too; but only here is it known that nothing else lies under the prefix.

use super::{DeploymentError, MarkError, audited, by_another, mark, refuse_older_schema};
use crate::{
    config::Config,
    data_folder::make_private,
    objects::{FoundMark, FoundTarget, Mark, Objects, ObjectsError, StoreAddress},
    records::{AuditAction, Records},
};

/// Looks for the mark in a bucket that exists. Without a database there is nothing to compare it with;
/// `makes_database` says whether [`write`](fn@write) may make one.
///
/// # Errors
/// Returns a [`DeploymentError`] if the database or the bucket cannot be read.
pub(crate) async fn look(
    config: &Config,
    objects: &Objects,
    makes_database: bool,
) -> Result<FoundTarget, DeploymentError> {
    let file = config.database_file();
    if !file.is_file() {
        return Ok(match makes_database {
            true => FoundTarget::Missing,
            false => FoundTarget::NotNeeded(format!(
                "the server's first start writes it, because there is no database at {} yet; on the server's \
                 machine, --mark makes both now",
                file.display()
            )),
        });
    }
    // To look changes nothing, and opening the records would bring the schema up to date.
    match refuse_older_schema(&file).await {
        Err(error @ DeploymentError::OlderSchema(_)) => {
            return Ok(FoundTarget::ByHand(error.to_string()));
        }
        is_current => is_current?,
    }
    let records = Records::open(&file).await?;
    let found = found(config, &records, objects).await;
    records.close().await;
    found
}

async fn found(
    config: &Config,
    records: &Records,
    objects: &Objects,
) -> Result<FoundTarget, DeploymentError> {
    let row = records.deployment().await?;
    match mark::is_same_store(config, records, &row).await {
        Err(error @ MarkError::OtherStore { .. }) => {
            return Ok(FoundTarget::ByHand(error.to_string()));
        }
        compared => compared?,
    }
    Ok(match objects.mark_for(&row.deployment_id).await? {
        FoundMark::Ours(..) => FoundTarget::Enough,
        FoundMark::Another => FoundTarget::ByHand(by_another(objects).to_string()),
        FoundMark::None if row.has_uploads => {
            FoundTarget::ByHand(mark::missing(config, objects).to_string())
        }
        FoundMark::None => FoundTarget::Missing,
    })
}

/// Writes the mark, and makes the database if there is none. Call it after [`look`] has found nothing. The
/// prefix becomes this deployment's alone if nothing lies under it.
///
/// # Errors
/// Returns a [`DeploymentError`] if the database cannot be made, or if the bucket refuses.
pub(crate) async fn write(config: &Config, objects: &Objects) -> Result<(), DeploymentError> {
    make_private(&config.data_dir)
        .map_err(|error| DeploymentError::Folder(config.data_dir.clone(), error))?;
    let records = Records::open(&config.database_file()).await?;
    let written = written(config, &records, objects).await;
    records.close().await;
    written
}

async fn written(
    config: &Config,
    records: &Records,
    objects: &Objects,
) -> Result<(), DeploymentError> {
    let row = records.deployment().await?;
    let mark = Mark {
        prefix_is_ours: objects.is_prefix_empty().await?,
        deployment_id: row.deployment_id,
        reached: row.reached,
    };
    // The mark lies in the store, so no transaction can cover both; the audit entry comes first.
    records.add_audit(audited(AuditAction::MarkStore)).await?;
    match objects.put_mark(&mark, None).await {
        Err(ObjectsError::Replaced) => return Err(by_another(objects).into()),
        put => put?,
    }
    Ok(records.set_store(&StoreAddress::of(config)).await?)
}
