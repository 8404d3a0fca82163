//! `sealift store`.

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
    let config = Config::load(&args.place.sources(Vec::new()))?;
    mark_store(&config, args.yes).await?;
    let (bucket, prefix) = (&config.bucket, &config.prefix);
    terminal::say(&format!(
        "{prefix}/ in the bucket {bucket} is marked as this deployment's. The sweeper removes what \
         is older than 31 days there and has no record, after it was reported in the log once."
    ))?;
    Ok(())
}

async fn moved(args: MovedStore) -> anyhow::Result<()> {
    let config = Config::load(&args.place.sources(Vec::new()))?;
    let (bucket, prefix) = (&config.bucket, &config.prefix);
    if !args.yes {
        bail!(
            "this makes {prefix}/ in the bucket {bucket} the place of this deployment's objects, if \
             all of them are there, and ends every upload that is open; if that is what you want, \
             stop every server and give --yes"
        );
    }
    let files = move_store(&config).await?;
    terminal::say(&format!(
        "The objects of {files} files are in the bucket {bucket}, and their records say so now. The \
         server can be started. Uploads that were open must be sent anew."
    ))?;
    Ok(())
}
