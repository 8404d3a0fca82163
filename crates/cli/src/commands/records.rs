//! `sealift records`: shows and changes the epoch of a deployment's database.

use anyhow::bail;
use sealift_server::{Config, begin_new_epoch, deployment_status, objects::Reached};

use crate::{
    args::{NewEpoch, Records, RecordsStatus},
    terminal,
};

pub(crate) async fn run(args: Records) -> anyhow::Result<()> {
    match args {
        Records::NewEpoch(new) => new_epoch(new).await,
        Records::Status(status) => self::status(status).await,
    }
}

async fn new_epoch(args: NewEpoch) -> anyhow::Result<()> {
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    if !args.yes {
        bail!(
            "this ends every open upload, and its file must be sent again; complete files stay; \
             if you want this, give --yes"
        );
    }
    let epoch = begin_new_epoch(&config).await?;
    terminal::say(&format!(
        "Epoch {epoch} has begun. The server now refuses uploads of earlier epochs, and its next \
         sweep aborts them."
    ))?;
    Ok(())
}

async fn status(args: RecordsStatus) -> anyhow::Result<()> {
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    let status = deployment_status(&config).await?;
    let reached = |Reached { epoch, high_water }: &Reached| {
        format!("epoch {epoch}, high-water mark {high_water}")
    };
    terminal::say(&format!("database: {}", reached(&status.database)))?;
    terminal::say(&match &status.store {
        Some(store) => format!("objects: under {store}"),
        None => "objects: no server has started yet".to_owned(),
    })?;
    terminal::say(&match &status.mark {
        Some(mark) => format!("mark: {}", reached(&mark.reached)),
        None => "mark: the configured bucket has none of this deployment".to_owned(),
    })?;
    if status.is_older() {
        terminal::say(
            "The database is older than the mark, as after a restore from a backup. The server is \
             read-only until you run `sealift records new-epoch --yes`.",
        )?;
    }
    Ok(())
}
