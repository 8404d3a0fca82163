//! Checks each setting by itself, and all of them together.

use std::path::{Component, Path, PathBuf};

use sealift_transfer::part_plan::LEAST_PART_LENGTH;

use super::{Auth, Config, ConfigError, StoreConfig, load::name};
use crate::objects::{StoreAlgorithm, embedded::longest_file_name};

pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    who_can_reach_it(config)?;
    keys_apart_from_data(config)?;
    buckets(config)?;
    encryption_of_the_store(config)?;
    format(config)?;
    idle_time(config)?;
    limits(config)
}

/// The valid values, for the error about any other value.
pub(super) const IDLE_SECONDS_EXPECTED: &str = "a number of seconds from 1 to 3,600";

fn idle_time(config: &Config) -> Result<(), ConfigError> {
    let seconds = config.longest_idle.as_secs();
    if !(1..=3_600).contains(&seconds) {
        return Err(ConfigError::Invalid {
            name: name("idle_seconds"),
            given: seconds.to_string(),
            expected: IDLE_SECONDS_EXPECTED,
        });
    }
    Ok(())
}

fn who_can_reach_it(config: &Config) -> Result<(), ConfigError> {
    let loopback = config.bind.is_loopback();
    if config.auth == Auth::None && !loopback {
        return Err(ConfigError::Conflict {
            one: name("auth"),
            other: name("bind"),
            because: "without login the server listens on loopback only; set SEALIFT_AUTH=api-keys \
                      or SEALIFT_BIND=127.0.0.1",
        });
    }
    if let StoreConfig::Embedded {
        port,
        public_endpoint,
    } = &config.store
    {
        if !loopback && public_endpoint.is_none() {
            return Err(ConfigError::Conflict {
                one: name("store"),
                other: name("bind"),
                because: "the embedded store listens on loopback only, so browsers elsewhere could \
                          not reach it; use S3_BUCKET_NAME, or give S3_PUBLIC_ENDPOINT of a proxy",
            });
        }
        if *port == config.port && *port != 0 {
            return Err(ConfigError::Conflict {
                one: name("port"),
                other: name("s3_port"),
                because: "server and embedded store need a port each; change one",
            });
        }
    }
    if let Some(endpoint) = &config.kms_endpoint
        && !is_private_on_the_way(endpoint)
    {
        return Err(ConfigError::Invalid {
            name: name("kms_endpoint"),
            given: endpoint.clone(),
            expected: "https://, or http:// on loopback, since data keys travel there,",
        });
    }
    // Without a public endpoint, the URLs for browsers are signed for the server's own endpoint.
    let public = match &config.store {
        StoreConfig::Embedded {
            public_endpoint, ..
        } => public_endpoint,
        StoreConfig::S3 {
            endpoint,
            public_endpoint,
            ..
        } => match public_endpoint {
            None => endpoint,
            given => given,
        },
    };
    match public {
        Some(public) if !is_private_on_the_way(public) => Err(ConfigError::Invalid {
            name: name("s3_public_endpoint"),
            given: public.clone(),
            expected: "https://, or http:// on loopback, since signed URLs travel there,",
        }),
        _ => Ok(()),
    }
}

/// Refuses settings of the encryption that the store would refuse, or ignore without a word.
fn encryption_of_the_store(config: &Config) -> Result<(), ConfigError> {
    let asked = &config.encryption;
    let conflict = |one, because| ConfigError::Conflict {
        one: name(one),
        other: name("s3_sse"),
        because,
    };
    let by_kms = matches!(
        asked.algorithm,
        Some(StoreAlgorithm::Kms | StoreAlgorithm::KmsInTwoLayers)
    );
    if asked.algorithm.is_some() && matches!(config.store, StoreConfig::Embedded { .. }) {
        return Err(conflict(
            "store",
            "the embedded store does not encrypt what it stores, which is ciphertext already; remove S3_SSE, or \
             encrypt the disk",
        ));
    }
    if asked.kms_key.is_some() && !by_kms {
        return Err(conflict(
            "s3_sse_kms_key",
            "a KMS key encrypts only with S3_SSE=aws:kms or aws:kms:dsse",
        ));
    }
    if asked.bucket_key && asked.algorithm != Some(StoreAlgorithm::Kms) {
        return Err(conflict(
            "s3_sse_bucket_key",
            "S3 has bucket keys for S3_SSE=aws:kms only",
        ));
    }
    Ok(())
}

/// Returns true if the endpoint uses TLS or is on this machine.
fn is_private_on_the_way(endpoint: &str) -> bool {
    let Ok(uri) = endpoint.parse::<http::Uri>() else {
        return false;
    };
    if uri.scheme_str() == Some("https") {
        return true;
    }
    is_loopback(&uri)
}

/// Returns whether the address is on this machine.
pub(crate) fn is_loopback(address: &http::Uri) -> bool {
    let host = address.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

fn keys_apart_from_data(config: &Config) -> Result<(), ConfigError> {
    let data = resolved(&config.data_dir);
    let parent = config.key_file.parent().unwrap_or(Path::new(""));
    if resolved(parent).starts_with(&data) {
        return Err(ConfigError::Conflict {
            one: name("key_file"),
            other: name("data_dir"),
            because: "a copy of the data folder would hold its own key; put the key file elsewhere",
        });
    }
    Ok(())
}

/// Returns the absolute path, with links resolved as far as the path exists.
fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => {
                plain.push(part);
                if let Ok(real) = plain.canonicalize() {
                    plain = real;
                }
            }
        }
    }
    plain
}

/// The longest rest of an object key: slashes, a tenant of 64 and two ids of 26 (docs/FORMAT.md, names that
/// are for ever).
const AFTER_THE_PREFIX: usize = 1 + 64 + 1 + 26 + 1 + 26;

fn buckets(config: &Config) -> Result<(), ConfigError> {
    let bucket = &config.bucket;
    let allowed = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    if !(3..=63).contains(&bucket.len())
        || !bucket.bytes().all(allowed)
        || bucket.starts_with(['-', '.'])
        || bucket.ends_with(['-', '.'])
    {
        return Err(ConfigError::Invalid {
            name: name("s3_bucket"),
            given: bucket.clone(),
            expected: "3 to 63 of a-z, 0-9, '-' and '.'",
        });
    }
    let key_len = config
        .prefix
        .as_str()
        .len()
        .saturating_add(AFTER_THE_PREFIX);
    if matches!(config.store, StoreConfig::Embedded { .. })
        && longest_file_name(bucket.len(), key_len) > 255
    {
        return Err(ConfigError::Conflict {
            one: name("prefix"),
            other: name("s3_bucket"),
            because: "the embedded store makes file names of both, and these would be longer than \
                      255; shorten one",
        });
    }
    Ok(())
}

fn format(config: &Config) -> Result<(), ConfigError> {
    let frame = config.frame_length;
    if !(4 * 1024..=1024 * 1024).contains(&frame) || !frame.is_multiple_of(128) {
        return Err(ConfigError::Invalid {
            name: name("frame_length"),
            given: frame.to_string(),
            expected: "4KiB to 1MiB in multiples of 128",
        });
    }
    /// The largest part that S3 accepts.
    const MOST_PART_LENGTH: u64 = 5 * 1024 * 1024 * 1024;
    // A part is rounded up to whole frames, and the first one also holds the header. Half of the limit
    // leaves room for both.
    if !(LEAST_PART_LENGTH..=MOST_PART_LENGTH / 2).contains(&config.part_length) {
        return Err(ConfigError::Invalid {
            name: name("part_length"),
            given: config.part_length.to_string(),
            expected: "5MiB to 2560MiB",
        });
    }
    Ok(())
}

fn limits(config: &Config) -> Result<(), ConfigError> {
    let limits = &config.limits;
    let counts = [
        ("limit_open_uploads", limits.open_uploads),
        ("limit_opens", limits.opens_per_minute),
        ("limit_keys", limits.keys_per_minute),
        ("limit_all_reads", limits.all_reads_at_once),
        ("limit_reads", limits.reads_at_once),
        ("limit_ticket_reads", limits.ticket_reads_at_once),
    ];
    for (key, count) in counts {
        if !(1..=1_000_000).contains(&count) {
            return Err(ConfigError::Invalid {
                name: name(key),
                given: count.to_string(),
                expected: "a number from 1 to 1,000,000",
            });
        }
    }
    if !(1..=1_000).contains(&limits.parts_per_batch) {
        return Err(ConfigError::Invalid {
            name: name("limit_batch"),
            given: limits.parts_per_batch.to_string(),
            expected: "a number from 1 to 1,000",
        });
    }
    if !(1 << 20..=1 << 40).contains(&limits.sealing_memory_bytes) {
        return Err(ConfigError::Invalid {
            name: name("limit_sealing_memory"),
            given: limits.sealing_memory_bytes.to_string(),
            expected: "1MiB to 1TiB",
        });
    }
    // The format and the database limit what is sealed into a row.
    let sizes = [
        ("limit_name", limits.name_bytes, 1..=4096, "1 to 4KiB"),
        (
            "limit_metadata",
            limits.metadata_bytes,
            0..=4096,
            "0 to 4KiB",
        ),
        (
            "limit_json",
            limits.json_body_bytes,
            16_384..=1_048_576,
            "16KiB to 1MiB",
        ),
    ];
    for (key, bytes, allowed, expected) in sizes {
        if !allowed.contains(&bytes) {
            return Err(ConfigError::Invalid {
                name: name(key),
                given: bytes.to_string(),
                expected,
            });
        }
    }
    Ok(())
}
