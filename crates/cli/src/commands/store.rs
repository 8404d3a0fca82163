//! `sealift store`: marks the bucket, or moves the records to another one.

use anyhow::bail;
use sealift_server::{Config, mark_store, move_store};

use crate::{
    args::{MarkStore, MovedStore, Store},
    terminal,
};

pub(crate) async fn run(args: Store) -> anyhow::Result<()> {
    match args {
        Store::Mark(mark) => self::mark(mark).await,
        Store::Moved(moved) => self::moved(moved).await,
    }
}

async fn mark(args: MarkStore) -> anyhow::Result<()> {
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    mark_store(&config, args.yes).await?;
    let (bucket, prefix) = (&config.bucket, &config.prefix);
    terminal::say(&format!(
        "{prefix}/ in the bucket {bucket} is marked as this deployment's. The sweeper deletes objects \
         there that have no record and are older than 31 days, after it has logged them once."
    ))?;
    Ok(())
}

async fn moved(args: MovedStore) -> anyhow::Result<()> {
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    let (bucket, prefix) = (&config.bucket, &config.prefix);
    if !args.yes {
        bail!(
            "this makes all records use {prefix}/ in the bucket {bucket}, if all objects are there, \
             and ends every open upload; if you want this, stop every server and give --yes"
        );
    }
    let files = move_store(&config).await?;
    terminal::say(&format!(
        "All records now use the bucket {bucket}, where the objects of {files} files were found. You \
         can start the server. Files of open uploads must be sent again."
    ))?;
    Ok(())
}
