//! `sealift keys`: what other readers need of a deployment's keys.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use sealift_keyring::{Kek, Keyring as _};
use sealift_message::{
    EncryptionContext,
    general::{Header, Policy},
};
use serde::Serialize;

use super::{inspect, local_keks};
use crate::{
    args::{ExportKey, Keys},
    failure::{Exit, Failure},
    message::unusable,
    terminal::{self, shown},
};

/// What a reader must be told beside the key.
#[derive(Debug, Serialize)]
struct Exported {
    path: String,
    tenant: String,
    key_namespace: String,
    key_name: String,
}

pub(crate) async fn run(args: Keys) -> anyhow::Result<()> {
    match args {
        Keys::Export(export) => self::export(&export).await,
    }
}

async fn export(args: &ExportKey) -> anyhow::Result<()> {
    if args.deployment.data.is_none() {
        let none = "no deployment was named";
        return Err(Failure::new(Exit::Usage, none)
            .remedy("give its data folder by --data")
            .into());
    }
    let (header, _) = inspect::look(&args.message, &args.reach).await?;
    expect_tenant(args, &header)?;
    let keks = local_keks::of(&args.deployment, &header).await?;
    let [kek] = &keks[..] else {
        let none = "the message is under no key of this deployment";
        return Err(Failure::new(Exit::NotFound, none)
            .remedy("`sealift inspect` says which key it is under")
            .code("no_such_key")
            .into());
    };
    prove(&header, kek).await?;
    write_new(&args.output, kek.expose())?;
    let (namespace, name) = kek.namespace_and_name();
    tell(
        args,
        &Exported {
            path: args.output.to_string_lossy().into_owned(),
            tenant: args.tenant.to_string(),
            key_namespace: namespace.to_owned(),
            key_name: name,
        },
    )
}

/// Whoever hands a message in chooses which key is given out, unless somebody else says whose it is.
fn expect_tenant(args: &ExportKey, header: &Header) -> Result<(), Failure> {
    match header.encryption_context().get("tenant") {
        Some(tenant) if tenant != args.tenant.as_str() => {
            let tenant = shown(tenant);
            let other = format!("the message says that it is of the tenant {tenant}");
            Err(Failure::new(Exit::NotAuthentic, other)
                .remedy("no key was written; ask who gave you the message")
                .code("other_context"))
        }
        _ => Ok(()),
    }
}

/// That the header is what was sealed under that key, and not somebody's claim.
async fn prove(header: &Header, kek: &Kek) -> Result<(), Failure> {
    let claim = || {
        let claim = "the message's header does not open with the key that it names";
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

/// For its owner only, from the first byte on.
fn write_new(path: &Path, key: &[u8; 32]) -> Result<(), Failure> {
    let name = shown(&path.to_string_lossy());
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(Exit::Failed, format!("{name} is there already"))
            .remedy("name another file with --output")
            .code("exists"),
        _ => unusable(&name, &error),
    })?;
    file.write_all(key)
        .and_then(|()| file.sync_all())
        .map_err(|error| unusable(&name, &error))
}

fn tell(args: &ExportKey, exported: &Exported) -> anyhow::Result<()> {
    if args.told.json {
        return terminal::say_json(exported);
    }
    terminal::say(&format!(
        "key        {}\ntenant     {}\nnamespace  {}\nname       {}",
        shown(&exported.path),
        exported.tenant,
        exported.key_namespace,
        exported.key_name
    ))?;
    if !args.told.quiet {
        terminal::note(
            "Whoever has this file opens every file of the tenant that was sealed under it.",
        );
    }
    Ok(())
}
