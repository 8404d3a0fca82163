//! `sealift records`.

use anyhow::bail;
use sealift_server::{Config, begin_new_epoch};

use crate::{
    args::{NewEpoch, Records},
    terminal,
};

pub(crate) async fn run(args: Records) -> anyhow::Result<()> {
    match args {
        Records::NewEpoch(new) => new_epoch(new).await,
    }
}

async fn new_epoch(args: NewEpoch) -> anyhow::Result<()> {
    let config = Config::load(&args.place.sources(Vec::new()))?;
    if !args.yes {
        bail!(
            "this ends every upload that is open, whose files must then be sent anew, and keeps \
             the complete ones; if that is what you want, give --yes"
        );
    }
    let epoch = begin_new_epoch(&config).await?;
    terminal::say(&format!(
        "Epoch {epoch} has begun. Uploads of earlier ones are refused from now on; the server's \
         next sweep aborts them."
    ))?;
    Ok(())
}
