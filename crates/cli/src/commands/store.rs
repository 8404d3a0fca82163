//! `sealift store`.

use sealift_server::{Config, mark_store};

use crate::{
    args::{MarkStore, Store},
    terminal,
};

pub(crate) async fn run(args: Store) -> anyhow::Result<()> {
    match args {
        Store::Mark(mark) => self::mark(mark).await,
    }
}

async fn mark(args: MarkStore) -> anyhow::Result<()> {
    let config = Config::load(&args.place.sources(Vec::new()))?;
    mark_store(&config).await?;
    let (bucket, prefix) = (&config.bucket, &config.prefix);
    terminal::say(&format!(
        "{prefix}/ in the bucket {bucket} is marked as this deployment's. The sweeper removes what \
         is older than 31 days there and has no record, after it was reported in the log once."
    ))?;
    Ok(())
}
