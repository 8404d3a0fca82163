//! `sealift keys export`: writes a deployment's keys out, so that other programs can decrypt its objects.

use std::{fs, path::Path};

use sealift_keyring::{Kek, Keyring as _};
use sealift_message::{
    EncryptionContext,
    general::{Header, Policy},
};
use sealift_server::Config;
use serde::Serialize;

use super::super::{inspect, stored_keks};
use crate::{
    args::ExportKey,
    failure::{Exit, Failure},
    message::Location,
    terminal::{self, shown},
};

/// The data that another program needs together with the key.
#[derive(Debug, Serialize)]
struct Exported {
    path: String,
    tenant: String,
    key_namespace: String,
    key_name: String,
}

pub(super) async fn export(args: &ExportKey) -> anyhow::Result<()> {
    let Some(config) = stored_keks::config(&args.deployment)? else {
        let none = "no deployment was given";
        return Err(Failure::new(Exit::Usage, none)
            .remedy("give its data folder with --data")
            .into());
    };
    let Some(location) = &args.location else {
        return export_all(args, &config).await;
    };
    let kek = kek_of(args, &config, location).await?;
    stored_keks::audit(&config, &args.tenant, std::slice::from_ref(&kek)).await?;
    let exported = write(args, &kek, &args.destination)?;
    if args.output.json {
        return terminal::say_json(&exported);
    }
    report(args, &[exported])
}

/// Writes all versions of the tenant's key into a new folder. All of them are opened before the first is written.
async fn export_all(args: &ExportKey, config: &Config) -> anyhow::Result<()> {
    let keks = stored_keks::of_tenant(config, &args.tenant).await?;
    if keks.is_empty() {
        let none = format!("the tenant {} has no key in this deployment", args.tenant);
        return Err(Failure::new(Exit::NotFound, none)
            .remedy("`sealift keys list` shows the tenants that have one")
            .code("no_such_key")
            .into());
    }
    super::make_folder(&args.destination)?;
    if let Err(error) = stored_keks::audit(config, &args.tenant, &keks).await {
        // An empty folder would be in the way of the next try.
        let _ = fs::remove_dir(&args.destination);
        return Err(error);
    }
    let mut exported = Vec::with_capacity(keks.len());
    for kek in &keks {
        let name = format!("{}-{}.bin", args.tenant, kek.version());
        exported.push(write(args, kek, &args.destination.join(name))?);
    }
    if args.output.json {
        return terminal::say_json(&exported);
    }
    report(args, &exported)
}

fn write(args: &ExportKey, kek: &Kek, path: &Path) -> Result<Exported, Failure> {
    super::write_new(path, kek.expose())?;
    let (namespace, name) = kek.namespace_and_name();
    Ok(Exported {
        path: path.to_string_lossy().into_owned(),
        tenant: args.tenant.to_string(),
        key_namespace: namespace.to_owned(),
        key_name: name,
    })
}

/// Returns the key that decrypts this message.
async fn kek_of(args: &ExportKey, config: &Config, location: &Location) -> anyhow::Result<Kek> {
    let (header, _) = inspect::look(location, &args.reach).await?;
    expect_tenant(args, &header)?;
    let keks = stored_keks::under(config, &header).await?;
    let Ok([kek]) = <[Kek; 1]>::try_from(keks) else {
        let none = "no key of this deployment decrypts the message";
        return Err(Failure::new(Exit::NotFound, none)
            .remedy("`sealift inspect` shows which key it needs")
            .code("no_such_key")
            .into());
    };
    prove(&header, &kek).await?;
    Ok(kek)
}

/// Checks that the message belongs to the tenant that was given. Otherwise the person who supplied the message would
/// choose whose key is exported.
fn expect_tenant(args: &ExportKey, header: &Header) -> Result<(), Failure> {
    match header.encryption_context().get("tenant") {
        Some(tenant) if tenant != args.tenant.as_str() => {
            let tenant = shown(tenant);
            let other = format!("the message says that it belongs to the tenant {tenant}");
            Err(Failure::new(Exit::NotAuthentic, other)
                .remedy("no key was written; ask the person who gave you the message")
                .code("other_context"))
        }
        _ => Ok(()),
    }
}

/// Proves that the header was encrypted under that key, so that it is more than somebody's claim.
async fn prove(header: &Header, kek: &Kek) -> Result<(), Failure> {
    let claim = || {
        let claim = "the message's header is not authentic under the key that it names";
        Failure::new(Exit::NotAuthentic, claim).remedy("no key was written; fetch the object again")
    };
    let [encrypted] = header.encrypted_data_keys() else {
        return Err(claim());
    };
    let data_key = kek.open(encrypted, header.encryption_context()).await;
    let data_key = data_key.map_err(|_| claim())?.into();
    let none_required = EncryptionContext::default();
    let verified = header.verify(&Policy::COMMITTED, &data_key, &none_required);
    verified.map(drop).map_err(|_| claim())
}

fn report(args: &ExportKey, exported: &[Exported]) -> anyhow::Result<()> {
    for key in exported {
        terminal::say(&format!(
            "key        {}\ntenant     {}\nnamespace  {}\nname       {}",
            shown(&key.path),
            key.tenant,
            key.key_namespace,
            key.key_name
        ))?;
    }
    if !args.output.quiet {
        let these = match exported.len() {
            1 => "this key can decrypt every file of the tenant that was encrypted under it.",
            _ => "these keys can decrypt every file of the tenant that was encrypted under them.",
        };
        terminal::note(&format!("Anyone who has {these}"));
    }
    Ok(())
}
