//! Loads the key-encryption keys of a deployment with the keyring local or kek. They decrypt the deployment's own
//! objects.

use std::collections::BTreeMap;

use sealift_keyring::{Kek, KeyFileError, KeyFileProblem};
use sealift_message::general::Header;
use sealift_server::{
    Config, StoredKeksError, TenantId, all_stored_keks, audit_export,
    config::{ConfigFile, Sources},
    stored_keks,
};

use super::demo;
use crate::{
    args::Deployment,
    failure::{Exit, Failure},
};

/// Loads the tenant's key-encryption keys from a deployment's database. The message says which tenant that is; if it
/// lies, the data key cannot be decrypted.
pub(super) async fn of(sources: &Deployment, header: &Header) -> anyhow::Result<Vec<Kek>> {
    match config(sources)? {
        Some(config) => under(&config, header).await,
        None => Ok(Vec::new()),
    }
}

/// Loads the same keys for settings that are read already.
pub(super) async fn under(config: &Config, header: &Header) -> anyhow::Result<Vec<Kek>> {
    let tenant = header.encryption_context().get("tenant");
    match tenant.and_then(|tenant| tenant.parse::<TenantId>().ok()) {
        Some(tenant) => {
            let keks = stored_keks(config, &tenant, header.encrypted_data_keys()).await;
            keks.map_err(refused)
        }
        None => Ok(Vec::new()),
    }
}

/// Loads all versions of the tenant's key-encryption key.
pub(super) async fn of_tenant(config: &Config, tenant: &TenantId) -> anyhow::Result<Vec<Kek>> {
    all_stored_keks(config, tenant).await.map_err(refused)
}

/// Writes the export of these keys to the audit of the deployment's database.
pub(super) async fn audit(config: &Config, tenant: &TenantId, keks: &[Kek]) -> anyhow::Result<()> {
    audit_export(config, tenant, keks).await.map_err(refused)
}

/// Returns the settings that the keys of a deployment need, or `None` if no deployment was given.
pub(super) fn config(sources: &Deployment) -> anyhow::Result<Option<Config>> {
    let Some(folder) = &sources.data else {
        return Ok(None);
    };
    let path = |path: &std::path::Path| match path.to_str() {
        Some(path) => Ok(path.to_owned()),
        None => Err(Failure::new(Exit::Usage, "a folder's name is not UTF-8")),
    };
    let (folder, key_file) = match demo::deployment_in(folder) {
        Some((folder, key_file)) => (folder, Some(key_file)),
        None => (folder.clone(), None),
    };
    // The rest of the environment describes the server that runs on this machine.
    let mut flags = vec![
        ("data_dir", path(&folder)?),
        ("keyring", "local".to_owned()),
    ];
    if let Some(key_file) = sources.key_file.as_ref().or(key_file.as_ref()) {
        flags.push(("key_file", path(key_file)?));
    }
    let config = Config::load(&Sources {
        file: ConfigFile::None,
        environment: key_settings(),
        flags,
    })?;
    Ok(Some(config))
}

/// Returns the variables of the environment that say how KMS is reached and which peppers there are. Peppers are
/// secrets, so they are no flags.
fn key_settings() -> BTreeMap<String, String> {
    const KEYS: &[&str] = &[
        "SEALIFT_PEPPER",
        "ENCX_PEPPER",
        "SEALIFT_PEPPER_VERSION",
        "SEALIFT_OLD_PEPPER",
        "SEALIFT_OLD_PEPPER_VERSION",
        "SEALIFT_KMS_ENDPOINT",
        "AWS_REGION",
    ];
    let given = KEYS.iter().map(|name| (*name, std::env::var(name)));
    let given = given.filter_map(|(name, value)| Some((name.to_owned(), value.ok()?)));
    given.collect()
}

fn refused(error: StoredKeksError) -> anyhow::Error {
    let failure = |exit| Failure::new(exit, error.to_string()).into();
    match &error {
        StoredKeksError::NoDatabase(_) => failure(Exit::NotFound),
        StoredKeksError::OtherKeyFile(_) => failure(Exit::NotAllowed),
        StoredKeksError::KeyFile(KeyFileError {
            problem: KeyFileProblem::Missing,
            ..
        }) => failure(Exit::NotFound),
        _ => error.into(),
    }
}
