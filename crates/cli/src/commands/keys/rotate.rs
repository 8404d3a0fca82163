//! `sealift keys rotate`: makes new key versions.

use sealift_server::{Config, rotate_keys};

use crate::{args::RotateKeys, terminal};

pub(super) async fn rotate(args: RotateKeys) -> anyhow::Result<()> {
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    let made = rotate_keys(&config, args.tenant).await?;
    if made.is_empty() {
        terminal::note("No tenant has a key yet, so nothing was made.");
    }
    for (tenant, version) in made {
        terminal::say(&format!("{tenant}  version {version}"))?;
    }
    Ok(())
}
