//! `sealift policy`: prints the policies for a cloud's access control.

use anyhow::Context as _;
use sealift_keyring::KeyringError;
use sealift_server::{AwsPolicies, AwsPolicyError, Config, Principal, cloudformation};
use serde::Serialize;

use crate::{
    args::{AwsPolicy, Policy, PolicyFormat, PrincipalChoice},
    failure::{Exit, Failure},
    terminal::{self, shown},
};

/// Several policies by the names of their principals.
#[derive(Debug, Default, Serialize)]
struct Policies {
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<sealift_server::Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<sealift_server::Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    control: Option<sealift_server::Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reader: Option<sealift_server::Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<sealift_server::Policy>,
}

pub(crate) async fn run(args: Policy) -> anyhow::Result<()> {
    match args {
        Policy::Aws(args) => aws(&args).await,
    }
}

async fn aws(args: &AwsPolicy) -> anyhow::Result<()> {
    let config = Config::load(&args.cloud.sources())?;
    match args.format {
        PolicyFormat::Json => policies(args, &config).await?,
        PolicyFormat::Cloudformation => template(args, &config)?,
    }
    let is_a_part = |choice| matches!(choice, PrincipalChoice::Signer | PrincipalChoice::Control);
    if args.principal.iter().copied().any(is_a_part) {
        terminal::note(
            "A server has one set of credentials today, for signing and for everything else. Give it the policy \
             `server`.",
        );
    }
    Ok(())
}

async fn policies(args: &AwsPolicy, config: &Config) -> anyhow::Result<()> {
    let policies = AwsPolicies::of(config, &args.old_kms_key)
        .await
        .map_err(refused)?;
    let of = |choice| match principal(choice) {
        Some(principal) => Ok(policies.policy(principal)),
        None => policies.key_policy().ok_or_else(|| {
            Failure::new(Exit::Usage, "the settings name no KMS key")
                .remedy("set KMS_KEY_ALIAS or give --kms-key")
        }),
    };
    if let [choice] = args.principal.as_slice() {
        return print(&of(*choice)?);
    }
    let mut named = Policies::default();
    let is_all = args.principal.is_empty();
    let wanted = |choice| is_all || args.principal.contains(&choice);
    for (choice, place) in [
        (PrincipalChoice::Server, &mut named.server),
        (PrincipalChoice::Signer, &mut named.signer),
        (PrincipalChoice::Control, &mut named.control),
        (PrincipalChoice::Reader, &mut named.reader),
        (PrincipalChoice::Key, &mut named.key),
    ] {
        // Without a KMS key, all other policies are still complete.
        if wanted(choice) && !(is_all && choice == PrincipalChoice::Key && config.kms_key.is_none())
        {
            *place = Some(of(choice)?);
        }
    }
    print(&named)
}

fn template(args: &AwsPolicy, config: &Config) -> anyhow::Result<()> {
    if !args.old_kms_key.is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            "a template is for a new deployment, which has no old KMS keys",
        )
        .remedy("leave --old-kms-key out, or print the policies with --format json")
        .into());
    }
    let principals = match args.principal.as_slice() {
        [] => vec![Principal::Server, Principal::Reader],
        // The key's policy is in every template that makes a key, so `key` alone makes no role.
        asked => asked.iter().copied().filter_map(principal).collect(),
    };
    print(&cloudformation(config, &principals).map_err(refused)?)
}

fn principal(choice: PrincipalChoice) -> Option<Principal> {
    match choice {
        PrincipalChoice::Server => Some(Principal::Server),
        PrincipalChoice::Signer => Some(Principal::Signer),
        PrincipalChoice::Control => Some(Principal::Control),
        PrincipalChoice::Reader => Some(Principal::Reader),
        PrincipalChoice::Key => None,
    }
}

fn print(document: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(document).context("the policy is not JSON")?;
    Ok(terminal::say(&text)?)
}

fn refused(error: AwsPolicyError) -> anyhow::Error {
    let exit = match &error {
        AwsPolicyError::NoBucket | AwsPolicyError::NotAnArn { .. } => Exit::Usage,
        AwsPolicyError::NoKey { .. } => Exit::NotFound,
        AwsPolicyError::NoArn { source, .. } => match source {
            KeyringError::Unavailable { .. } => Exit::Unreachable,
            KeyringError::NoCredentials | KeyringError::Refused { .. } => Exit::NotAllowed,
            _ => Exit::Failed,
        },
        _ => Exit::Failed,
    };
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    let sentence = match cause {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    Failure::new(exit, shown(&sentence)).into()
}
