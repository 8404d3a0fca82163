//! `sealift keys export`: writes a deployment's key out, so that other programs can decrypt its objects.

use sealift_keyring::{Kek, Keyring as _};
use sealift_message::{
    EncryptionContext,
    general::{Header, Policy},
};
use serde::Serialize;

use super::super::{inspect, stored_keks};
use crate::{
    args::ExportKey,
    failure::{Exit, Failure},
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
    if args.deployment.data.is_none() {
        let none = "no deployment was given";
        return Err(Failure::new(Exit::Usage, none)
            .remedy("give its data folder with --data")
            .into());
    }
    let (header, _) = inspect::look(&args.message, &args.reach).await?;
    expect_tenant(args, &header)?;
    let keks = stored_keks::of(&args.deployment, &header).await?;
    let [kek] = &keks[..] else {
        let none = "no key of this deployment decrypts the message";
        return Err(Failure::new(Exit::NotFound, none)
            .remedy("`sealift inspect` shows which key it needs")
            .code("no_such_key")
            .into());
    };
    prove(&header, kek).await?;
    super::write_new(&args.destination, kek.expose())?;
    let (namespace, name) = kek.namespace_and_name();
    report(
        args,
        &Exported {
            path: args.destination.to_string_lossy().into_owned(),
            tenant: args.tenant.to_string(),
            key_namespace: namespace.to_owned(),
            key_name: name,
        },
    )
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

fn report(args: &ExportKey, exported: &Exported) -> anyhow::Result<()> {
    if args.output.json {
        return terminal::say_json(exported);
    }
    terminal::say(&format!(
        "key        {}\ntenant     {}\nnamespace  {}\nname       {}",
        shown(&exported.path),
        exported.tenant,
        exported.key_namespace,
        exported.key_name
    ))?;
    if !args.output.quiet {
        terminal::note(
            "Anyone who has this key can decrypt every file of the tenant that was encrypted under it.",
        );
    }
    Ok(())
}
