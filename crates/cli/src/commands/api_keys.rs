//! `sealift api-keys`: makes, lists and revokes API keys.

use sealift_server::{
    Clock, Config, NewApiKey, list_api_keys, make_api_key,
    records::{ApiKeyEnded, ApiKeyRow, Role, Roles},
    revoke_api_key,
};
use serde::Serialize;

use crate::{
    args::{ApiKeys, ListApiKeys, MakeApiKey, RevokeApiKey},
    online::date,
    terminal::{self, shown},
};

pub(crate) async fn run(args: ApiKeys) -> anyhow::Result<()> {
    match args {
        ApiKeys::Make(make) => self::make(make).await,
        ApiKeys::List(list) => self::list(&list).await,
        ApiKeys::Revoke(revoke) => self::revoke(&revoke).await,
    }
}

async fn make(args: MakeApiKey) -> anyhow::Result<()> {
    let roles: Vec<Role> = args.roles.into_iter().map(Role::from).collect();
    let roles = Roles::of(&roles);
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    let wanted = NewApiKey {
        label: args.label,
        works_for: args.expires,
        ..NewApiKey::of(args.tenant, args.owner, roles)
    };
    let key = make_api_key(&config, wanted).await?;
    terminal::note("This is the only copy of the API key; keep it like a password:");
    Ok(terminal::say(&key.reveal())?)
}

/// An API key, for `--json`.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    id: &'a str,
    label: &'a str,
    tenant: &'a str,
    owner: &'a str,
    roles: String,
    /// `works`, `expired` or `revoked`.
    state: &'static str,
    made_at_ms: i64,
    expires_at_ms: Option<i64>,
    revoked_at_ms: Option<i64>,
    last_used_at_ms: Option<i64>,
}

async fn list(args: &ListApiKeys) -> anyhow::Result<()> {
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    let keys = list_api_keys(&config, args.tenant.as_ref()).await?;
    if args.output.json {
        let listed: Vec<_> = keys.iter().map(listed).collect();
        return terminal::say_json(&listed);
    }
    if keys.is_empty() {
        if !args.output.quiet {
            terminal::note("There is no API key; `sealift api-keys make` makes one.");
        }
        return Ok(());
    }
    let owner = |key: &ApiKeyRow| format!("{}/{}", key.scope.tenant, key.scope.owner);
    let width = |of: &dyn Fn(&ApiKeyRow) -> usize, title: &str| {
        keys.iter()
            .map(of)
            .chain([title.len()])
            .max()
            .unwrap_or_default()
    };
    let owners = width(&|key| owner(key).len(), OWNER);
    let roles = width(&|key| key.roles.to_string().len(), ROLES);
    terminal::say(&format!(
        "{:26}  {OWNER:owners$}  {ROLES:roles$}  {:16}  {:16}  label",
        "id", "last used", "ends"
    ))?;
    for key in &keys {
        terminal::say(&format!(
            "{}  {:owners$}  {:roles$}  {:16}  {:16}  {}",
            key.id,
            owner(key),
            key.roles.to_string(),
            key.last_used_at
                .map_or_else(|| "never".to_owned(), |at| date(at.get())),
            end(key),
            shown(&key.label)
        ))?;
    }
    Ok(())
}

const OWNER: &str = "tenant/owner";
const ROLES: &str = "roles";

/// Says when the key ends, or that it has ended.
fn end(key: &ApiKeyRow) -> String {
    match (state(key), key.expires_at) {
        (ended @ ("revoked" | "expired"), _) => ended.to_owned(),
        (_, Some(at)) => date(at.get()),
        (_, None) => "-".to_owned(),
    }
}

fn state(key: &ApiKeyRow) -> &'static str {
    match key.ended(Clock::system().now()) {
        None => "works",
        Some(ApiKeyEnded::Expired) => "expired",
        Some(ApiKeyEnded::Revoked) => "revoked",
    }
}

fn listed(key: &ApiKeyRow) -> Listed<'_> {
    Listed {
        id: key.id.as_str(),
        label: &key.label,
        tenant: key.scope.tenant.as_str(),
        owner: key.scope.owner.as_str(),
        roles: key.roles.to_string(),
        state: state(key),
        made_at_ms: key.made_at.get(),
        expires_at_ms: key.expires_at.map(|at| at.get()),
        revoked_at_ms: key.revoked_at.map(|at| at.get()),
        last_used_at_ms: key.last_used_at.map(|at| at.get()),
    }
}

async fn revoke(args: &RevokeApiKey) -> anyhow::Result<()> {
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    let said = match revoke_api_key(&config, &args.id).await? {
        true => format!("the API key {} is revoked", args.id),
        false => format!("the API key {} was revoked before", args.id),
    };
    Ok(terminal::say(&said)?)
}
