//! Checks for proxies in the environment.

use std::collections::BTreeMap;

use super::{check::Check, table::PROXIES};
use crate::config::{Config, Keyring, StoreConfig};

/// The variables by which other programs are told to use a proxy, in both spellings.
const VARIABLES: [&str; 3] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"];

/// Warns about proxies, because neither the AWS SDK nor the probe uses them. Their values may hold a password, so only
/// the names are shown.
pub(super) fn proxies(environment: &BTreeMap<String, String>, config: &Config) -> Check {
    let is_set = |name: &&String| {
        environment
            .get(*name)
            .is_some_and(|value| !value.is_empty())
    };
    let spellings = VARIABLES.map(|name| [name.to_owned(), name.to_lowercase()]);
    let set: Vec<&str> = spellings
        .iter()
        .flatten()
        .filter(is_set)
        .map(String::as_str)
        .collect();
    if set.is_empty() {
        return PROXIES.ok("The environment names no proxy");
    }
    let names = set.join(" and ");
    match config {
        Config {
            store: StoreConfig::Embedded { .. },
            keyring: Keyring::Local,
            ..
        } => PROXIES.ok(format!(
            "{names} is ignored, and the server calls no other machine"
        )),
        _ => PROXIES.warning(
            format!("{names} is set, but the server goes to S3, KMS and STS directly"),
            PROXIES.mends,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Sources, doctor::check::Outcome};

    #[test]
    fn a_proxy_is_named_without_its_password() {
        let environment = BTreeMap::from([
            (
                "https_proxy".to_owned(),
                "http://me:secret@proxy".to_owned(),
            ),
            ("HTTP_PROXY".to_owned(), String::new()),
        ]);
        let flags = |bucket: &str| Sources {
            flags: vec![("s3_bucket", bucket.to_owned())],
            ..Sources::default()
        };
        let config = |bucket| Config::load(&flags(bucket)).unwrap();
        let check = proxies(&environment, &config("files"));
        assert_eq!(check.outcome, Outcome::Warning);
        assert!(check.sentence.starts_with("https_proxy is set, but"));
        assert_eq!(proxies(&environment, &config("")).outcome, Outcome::Ok);
        let none = proxies(&BTreeMap::new(), &config("files"));
        assert_eq!(none.outcome, Outcome::Ok);
    }
}
