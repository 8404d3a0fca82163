//! `sealift keys shred`: destroys all keys of a tenant.

use anyhow::bail;
use sealift_server::{Config, shred_keys};

use crate::{args::ShredKeys, terminal};

pub(super) async fn shred(args: &ShredKeys) -> anyhow::Result<()> {
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    if !args.yes {
        bail!(
            "this destroys every key of the tenant {}: its file names and, except under the keyring kms, its files \
             never open again; if you want this, give --yes",
            args.tenant
        );
    }
    let count = shred_keys(&config, &args.tenant).await?;
    terminal::say(&format!(
        "{count} keys of the tenant {} are destroyed",
        args.tenant
    ))?;
    terminal::note(
        "Backups of the database, exported keys and, for files of the keyring kms, the KMS key still open what they \
         opened before. A server that runs stops using them within five minutes.",
    );
    Ok(())
}
