//! Merges the four sources of settings and converts them to typed values.

use core::time::Duration;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
};

use sealift_keyring::{Pepper, Peppers};

use super::{
    Auth, Config, ConfigError, Keyring, Limits, LogConfig, LogFormat, StoreConfig, check,
    names::{ALIASES, COMMAND_LINE, NAMES, Name, TESTS},
    read::Values,
};
use crate::objects::{StoreAlgorithm, StoreEncryption};

/// The sources of the settings, weakest first. Defaults are weaker than all of them.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The configuration file.
    pub file: ConfigFile,
    /// The whole environment, as `std::env::vars` returns it.
    pub environment: BTreeMap<String, String>,
    /// The flags, by the setting's name in the file ([`Name::key`]).
    pub flags: Vec<(&'static str, String)>,
}

/// Says which configuration file is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ConfigFile {
    /// No file.
    #[default]
    None,
    /// `sealift.toml` in the working folder, if there is one.
    InWorkingFolder,
    /// This file, which must exist.
    At(PathBuf),
}

impl Config {
    /// Reads and checks all settings.
    ///
    /// # Errors
    /// Returns [`ConfigError`] for the first setting that is wrong.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let values = Values(merge(sources)?);
        let data_dir = PathBuf::from(values.must("data_dir")?);
        let key_file = match values.text("key_file") {
            Some(file) => file.into(),
            None => default_key_file(&data_dir),
        };
        let kms_key = values.text("kms_key");
        let peppers = peppers(&values)?;
        let keyring = match values.choice("keyring", &["local", "kms", "kek"])? {
            Some(1) => Keyring::Kms,
            Some(2) => Keyring::Kek,
            None if kms_key.is_some() && peppers.is_some() => Keyring::Kek,
            None if kms_key.is_some() => Keyring::Kms,
            _ => Keyring::Local,
        };
        if kms_key.is_none() && keyring != Keyring::Local {
            return Err(ConfigError::Missing {
                name: name("kms_key"),
                because: "the keyrings kms and kek need the id, ARN or alias of a KMS key",
            });
        }
        if peppers.is_none() && keyring == Keyring::Kek {
            return Err(ConfigError::Missing {
                name: name("pepper"),
                because: "the keyring kek needs a pepper; `sealift keys make-pepper` makes one",
            });
        }
        let s3_bucket = values.text("s3_bucket");
        let public_endpoint = values.endpoint("s3_public_endpoint")?;
        let (store, bucket) = match values.choice("store", &["embedded", "s3"])? {
            Some(0) => (None, s3_bucket.unwrap_or_else(|| EMBEDDED_BUCKET.into())),
            None if s3_bucket.is_none() => (None, EMBEDDED_BUCKET.into()),
            _ => (
                Some(values.endpoint("s3_endpoint")?),
                s3_bucket.ok_or(ConfigError::Missing {
                    name: name("s3_bucket"),
                    because: "the store s3 needs the name of a bucket",
                })?,
            ),
        };
        let store = match store {
            None => StoreConfig::Embedded {
                port: values.number("s3_port", "a port from 0 to 65535")?,
                public_endpoint,
            },
            Some(endpoint) => StoreConfig::S3 {
                path_style: values.flag("s3_path_style")?.unwrap_or(endpoint.is_some()),
                endpoint,
                public_endpoint,
            },
        };

        let config = Self {
            bind: values.number::<IpAddr>("bind", "an IP address such as 127.0.0.1")?,
            port: values.number("port", "a port from 0 to 65535")?,
            auth: match values.choice("auth", &["none", "api-keys"])? {
                Some(0) => Auth::None,
                _ => Auth::ApiKeys,
            },
            trust_proxy: values.flag("trust_proxy")?.unwrap_or(false),
            data_dir,
            key_file,
            keyring,
            kms_key,
            kms_endpoint: values.endpoint("kms_endpoint")?,
            peppers,
            store,
            bucket,
            encryption: encryption(&values)?,
            prefix: values.number(
                "prefix",
                "segments of a-z, 0-9, '-' and '_' joined by '/', at most 64 characters,",
            )?,
            region: values.text("region"),
            page_dir: values.text("page_dir").map(PathBuf::from),
            page_origins: values.origins("page_origins")?,
            frame_length: values.bytes("frame_length")?,
            part_length: values.bytes("part_length")?,
            limits: limits(&values)?,
            verifies_all: values.choice("verify", &["full", "edges"])? != Some(1),
            sweep_every: match values.number("sweep_seconds", "a number of seconds, or 0")? {
                0 => None,
                seconds => Some(Duration::from_secs(seconds)),
            },
            longest_idle: Duration::from_secs(
                values.number("idle_seconds", check::IDLE_SECONDS_EXPECTED)?,
            ),
            log: LogConfig {
                filter: values.must("log")?,
                format: match values.choice("log_format", &["auto", "pretty", "json"])? {
                    Some(1) => LogFormat::Pretty,
                    Some(2) => LogFormat::Json,
                    _ => LogFormat::Auto,
                },
            },
            unknown_names: unknown_names(&sources.environment),
        };
        check::check(&config)?;
        Ok(config)
    }
}

/// The bucket of the embedded store if no other is named.
const EMBEDDED_BUCKET: &str = "sealift";

/// Reads the encryption that the store is asked for.
fn encryption(values: &Values) -> Result<StoreEncryption, ConfigError> {
    let algorithm = match values.choice("s3_sse", &["AES256", "aws:kms", "aws:kms:dsse"])? {
        None => None,
        Some(0) => Some(StoreAlgorithm::S3Keys),
        Some(1) => Some(StoreAlgorithm::Kms),
        Some(_) => Some(StoreAlgorithm::KmsInTwoLayers),
    };
    Ok(StoreEncryption {
        algorithm,
        kms_key: values.text("s3_sse_kms_key"),
        bucket_key: values.flag("s3_sse_bucket_key")?.unwrap_or(false),
    })
}

fn limits(values: &Values) -> Result<Limits, ConfigError> {
    let count = "a number from 1 to 1,000,000";
    Ok(Limits {
        name_bytes: values.bytes("limit_name")?,
        metadata_bytes: values.bytes("limit_metadata")?,
        json_body_bytes: values.bytes("limit_json")?,
        file_bytes: match values.text("limit_file") {
            Some(_) => Some(values.bytes("limit_file")?),
            None => None,
        },
        open_uploads: values.number("limit_open_uploads", count)?,
        opens_per_minute: values.number("limit_opens", count)?,
        keys_per_minute: values.number("limit_keys", count)?,
        parts_per_batch: values.number("limit_batch", "a number from 1 to 1,000")?,
        sealing_memory_bytes: values.bytes("limit_sealing_memory")?,
        all_reads_at_once: values.number("limit_all_reads", count)?,
        reads_at_once: values.number("limit_reads", count)?,
        ticket_reads_at_once: values.number("limit_ticket_reads", count)?,
    })
}

/// Reads the pepper and the one before it. An error names the setting, but never quotes it.
fn peppers(values: &Values) -> Result<Option<Peppers>, ConfigError> {
    let wrong = |key| {
        move |problem| ConfigError::Pepper {
            name: name(key),
            problem,
        }
    };
    let expected = "a number from 1 to 4,294,967,295";
    let Some(newest) = values.text("pepper") else {
        if values.text("old_pepper").is_some() {
            return Err(ConfigError::Missing {
                name: name("pepper"),
                because: "an old pepper is read only beside a new one; set the only one there is as the pepper",
            });
        }
        return Ok(None);
    };
    let version = values.number("pepper_version", expected)?;
    let newest = Pepper::parse(version, &newest).map_err(wrong("pepper"))?;
    let old = match values.text("old_pepper") {
        None => None,
        Some(old) => {
            let version = match values.text("old_pepper_version") {
                Some(_) => values.number("old_pepper_version", expected)?,
                None if version == 1 => {
                    return Err(ConfigError::Missing {
                        name: name("pepper_version"),
                        because: "a new pepper beside an old one needs a version of its own, 2 or higher",
                    });
                }
                None => version.saturating_sub(1),
            };
            Some(Pepper::parse(version, &old).map_err(wrong("old_pepper"))?)
        }
    };
    let both = Peppers::new(newest, old).map_err(wrong("old_pepper"))?;
    Ok(Some(both))
}

/// Returns the default key file, next to the data folder: `<data folder>-keys/sealift.key`.
fn default_key_file(data_dir: &Path) -> PathBuf {
    let folder = data_dir
        .file_name()
        .map_or_else(|| "sealift-data".into(), std::ffi::OsStr::to_os_string);
    let mut keys = folder;
    keys.push("-keys");
    data_dir.with_file_name(keys).join("sealift.key")
}

/// Merges the sources by the settings' names; a later source wins.
fn merge(sources: &Sources) -> Result<BTreeMap<&'static str, String>, ConfigError> {
    let mut merged = BTreeMap::new();
    let defaults = NAMES.iter().map(|name| (name.key, name.default.to_owned()));
    merged.extend(defaults);
    if let Some(path) = existing(&sources.file)? {
        merged.extend(read_file(&path)?);
    }
    let by_env = |key: &'static str, env: &str| Some((key, sources.environment.get(env)?.clone()));
    let aliases = ALIASES.iter().filter_map(|(key, env)| by_env(key, env));
    let environment = NAMES.iter().filter_map(|name| by_env(name.key, name.env));
    // In a container's environment `NAME=` means that the setting is not given.
    let given = aliases
        .chain(environment)
        .chain(sources.flags.iter().cloned())
        .filter(|(_, value)| !value.is_empty());
    merged.extend(given);
    Ok(merged)
}

fn existing(file: &ConfigFile) -> Result<Option<PathBuf>, ConfigError> {
    match file {
        ConfigFile::None => Ok(None),
        ConfigFile::InWorkingFolder => {
            let path = PathBuf::from("sealift.toml");
            Ok(path.is_file().then_some(path))
        }
        ConfigFile::At(path) if path.is_file() => Ok(Some(path.clone())),
        ConfigFile::At(path) => Err(ConfigError::Unreadable(path.clone())),
    }
}

/// Reads the file as one table of settings. A misspelt name is an error.
fn read_file(path: &Path) -> Result<BTreeMap<&'static str, String>, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|_| ConfigError::Unreadable(path.to_owned()))?;
    let table: toml::Table =
        text.parse()
            .map_err(|error: toml::de::Error| ConfigError::NotToml {
                path: path.to_owned(),
                at: first_line(&error.to_string()),
            })?;
    let settings = table.into_iter().map(|(key, value)| {
        let name = super::names::name(&key).ok_or_else(|| ConfigError::UnknownKey {
            path: path.to_owned(),
            key,
        })?;
        Ok((name.key, plain_text(name, &value)?))
    });
    settings.collect()
}

/// Returns a value of the file as the text that a variable of the environment would have.
fn plain_text(name: &'static Name, value: &toml::Value) -> Result<String, ConfigError> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Float(number) => Ok(number.to_string()),
        toml::Value::Boolean(flag) => Ok(flag.to_string()),
        other => Err(ConfigError::Invalid {
            name,
            given: format!("a value of type {}", other.type_str()),
            expected: "a text, a number, true or false",
        }),
    }
}

/// Returns the first line, such as "TOML parse error at line 3, column 5". The lines after it would
/// quote the file.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

fn unknown_names(environment: &BTreeMap<String, String>) -> Vec<String> {
    environment
        .keys()
        .filter(|given| given.starts_with("SEALIFT_"))
        .filter(|given| !NAMES.iter().any(|name| name.env == given.as_str()))
        .filter(|given| !COMMAND_LINE.contains(&given.as_str()))
        .filter(|given| !given.starts_with(TESTS))
        .cloned()
        .collect()
}

/// Returns the row of a name that this program contains.
pub(super) fn name(key: &'static str) -> &'static Name {
    // A name without a row would be a mistake in this folder, and its first test would find it.
    static NONE: Name = Name {
        key: "?",
        env: "?",
        default: "",
        about: "",
    };
    super::names::name(key).unwrap_or(&NONE)
}
