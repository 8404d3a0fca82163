//! `sealift api-keys`: makes an API key and prints it.

use sealift_server::{Config, make_api_key, records::Roles};

use crate::{
    args::{ApiKeys, MakeApiKey, RoleChoice},
    terminal,
};

pub(crate) async fn run(args: ApiKeys) -> anyhow::Result<()> {
    match args {
        ApiKeys::Make(make) => self::make(make).await,
    }
}

async fn make(args: MakeApiKey) -> anyhow::Result<()> {
    let has = |role| args.roles.contains(&role);
    let roles = Roles {
        upload: has(RoleChoice::Upload),
        download: has(RoleChoice::Download),
        admin: has(RoleChoice::Admin),
    };
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    let key = make_api_key(&config, args.tenant, args.owner, roles).await?;
    terminal::note("This is the only copy of the API key; keep it like a password:");
    Ok(terminal::say(&key.reveal())?)
}
