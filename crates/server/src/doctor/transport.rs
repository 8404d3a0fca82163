//! Checks the proxies that the environment names. The AWS SDK and the probe use them.

use std::collections::BTreeMap;

use hyper_util::client::proxy::matcher::Matcher;

use super::{check::Check, table::PROXIES};
use crate::config::{Config, Keyring, StoreConfig, is_loopback};

/// Says which requests go through a proxy. A proxy for requests to this machine itself is a mistake. The values may hold
/// a password, so they are not shown.
pub(super) fn proxies(environment: &BTreeMap<String, String>, config: &Config) -> Check {
    let value = |name: &str| {
        let spellings = [name.to_owned(), name.to_lowercase()];
        let mut set = spellings.iter().filter_map(|name| environment.get(name));
        set.next().cloned().unwrap_or_default()
    };
    let proxies = Matcher::builder()
        .all(value("ALL_PROXY"))
        .http(value("HTTP_PROXY"))
        .https(value("HTTPS_PROXY"))
        .no(value("NO_PROXY"))
        .build();
    let mut through = Vec::new();
    for (name, address) in targets(config) {
        let Ok(address) = address.parse::<http::Uri>() else {
            continue;
        };
        if proxies.intercept(&address).is_none() {
            continue;
        }
        if is_loopback(&address) {
            return PROXIES.failed(
                format!("Requests to {name} at {address} would go through a proxy, but it is on this machine"),
                PROXIES.mends,
            );
        }
        through.push(name);
    }
    match through.as_slice() {
        [] => PROXIES.ok("Requests to the store and to KMS go through no proxy"),
        through => PROXIES.ok(format!(
            "Requests to {} go through a proxy, which must pass bodies and signed headers on unchanged",
            through.join(" and ")
        )),
    }
}

/// Returns what the server calls, with its addresses.
fn targets(config: &Config) -> Vec<(&'static str, String)> {
    let region = config.region.as_deref().unwrap_or("us-east-1");
    let store = match &config.store {
        StoreConfig::Embedded { port, .. } => format!("http://127.0.0.1:{port}"),
        StoreConfig::S3 { endpoint, .. } => endpoint
            .clone()
            .unwrap_or_else(|| format!("https://{}.s3.{region}.amazonaws.com", config.bucket)),
    };
    let mut targets = vec![("the store", store)];
    if config.keyring != Keyring::Local {
        let of_aws = || format!("https://kms.{region}.amazonaws.com");
        targets.push(("KMS", config.kms_endpoint.clone().unwrap_or_else(of_aws)));
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Sources, doctor::check::Outcome};

    fn checked(environment: &[(&str, &str)], bucket: &str, kms_key: &str) -> Check {
        let flags = vec![
            ("s3_bucket", bucket.to_owned()),
            ("kms_key", kms_key.to_owned()),
        ];
        let sources = Sources {
            flags,
            ..Sources::default()
        };
        let pairs = environment.iter().map(|(name, value)| (*name, *value));
        let environment = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        proxies(&environment.collect(), &Config::load(&sources).unwrap())
    }

    const PROXY: &str = "http://me:secret@proxy:3128";

    #[test]
    fn a_proxy_for_aws_is_told_without_its_password() {
        let check = checked(&[("https_proxy", PROXY)], "files", "alias/files");
        assert_eq!(check.outcome, Outcome::Ok);
        assert!(
            check.sentence.contains("the store and KMS go through"),
            "{check:?}"
        );
        assert!(!format!("{check:?}").contains("secret"));
        let kms_alone = [
            ("HTTPS_PROXY", PROXY),
            ("no_proxy", ".s3.us-east-1.amazonaws.com"),
        ];
        let check = checked(&kms_alone, "files", "alias/files");
        assert!(
            check.sentence.contains("Requests to KMS go through"),
            "{check:?}"
        );
        assert!(
            checked(&[], "files", "")
                .sentence
                .contains("through no proxy")
        );
    }

    #[test]
    fn a_proxy_for_the_embedded_store_fails() {
        assert_eq!(
            checked(&[("HTTPS_PROXY", PROXY)], "", "").outcome,
            Outcome::Ok
        );
        for name in ["HTTP_PROXY", "all_proxy"] {
            let check = checked(&[(name, PROXY)], "", "");
            assert_eq!(check.outcome, Outcome::Failed);
            assert!(
                check.sentence.contains("http://127.0.0.1:8081"),
                "{check:?}"
            );
            let spared = checked(&[(name, PROXY), ("NO_PROXY", "127.0.0.1")], "", "");
            assert_eq!(spared.outcome, Outcome::Ok);
        }
    }
}
