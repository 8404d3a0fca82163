//! Reads one setting at a time and converts its text to a type.

use core::str::FromStr;
use std::collections::BTreeMap;

use super::{ConfigError, load::name};

/// The merged settings. Each is read as text, whatever its type in the file is.
pub(super) struct Values(pub(super) BTreeMap<&'static str, String>);

impl Values {
    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        self.0.get(key).filter(|text| !text.is_empty()).cloned()
    }

    pub(super) fn must(&self, key: &'static str) -> Result<String, ConfigError> {
        self.text(key).ok_or_else(|| ConfigError::Missing {
            name: name(key),
            because: "it needs a value that is not empty",
        })
    }

    /// Reads any type that parses from text.
    pub(super) fn number<T: FromStr>(
        &self,
        key: &'static str,
        expected: &'static str,
    ) -> Result<T, ConfigError> {
        let given = self.must(key)?;
        given.trim().parse().map_err(|_| ConfigError::Invalid {
            name: name(key),
            given,
            expected,
        })
    }

    /// Returns the index of the given choice, or `None` if nothing was given.
    pub(super) fn choice(
        &self,
        key: &'static str,
        choices: &'static [&'static str],
    ) -> Result<Option<usize>, ConfigError> {
        let Some(given) = self.text(key) else {
            return Ok(None);
        };
        match choices.iter().position(|choice| *choice == given) {
            Some(at) => Ok(Some(at)),
            None => Err(ConfigError::Invalid {
                name: name(key),
                given,
                expected: match key {
                    "auth" => "none or api-keys",
                    "keyring" => "local, kms or kek",
                    "store" => "embedded or s3",
                    "s3_sse" => "AES256, aws:kms or aws:kms:dsse",
                    _ => "auto, pretty or json",
                },
            }),
        }
    }

    pub(super) fn flag(&self, key: &'static str) -> Result<Option<bool>, ConfigError> {
        match self.text(key).as_deref() {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(given) => Err(ConfigError::Invalid {
                name: name(key),
                given: given.to_owned(),
                expected: "true or false",
            }),
        }
    }

    /// Reads a number of bytes, plain or in KiB, MiB, GiB or TiB.
    pub(super) fn bytes<T: TryFrom<u64>>(&self, key: &'static str) -> Result<T, ConfigError> {
        let given = self.must(key)?;
        parse_bytes(given.trim())
            .and_then(|bytes| T::try_from(bytes).ok())
            .ok_or(ConfigError::Invalid {
                name: name(key),
                given,
                expected: "a number of bytes such as 65536, 64KiB or 8MiB",
            })
    }

    /// Reads an endpoint, `scheme://host[:port]` without user, path or query.
    pub(super) fn endpoint(&self, key: &'static str) -> Result<Option<String>, ConfigError> {
        let Some(given) = self.text(key) else {
            return Ok(None);
        };
        if given.contains('@') {
            return Err(ConfigError::SecretInEndpoint { name: name(key) });
        }
        match origin(&given) {
            Some(endpoint) => Ok(Some(endpoint)),
            None => Err(ConfigError::Invalid {
                name: name(key),
                given,
                expected: "http:// or https:// with a host and perhaps a port",
            }),
        }
    }

    /// Reads a list of origins as browsers write them, separated by commas.
    pub(super) fn origins(&self, key: &'static str) -> Result<Vec<String>, ConfigError> {
        let given = self.text(key).unwrap_or_default();
        given
            .split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty())
            .map(|one| {
                origin(one).ok_or_else(|| ConfigError::Invalid {
                    name: name(key),
                    given: one.to_owned(),
                    expected: "an origin such as http://127.0.0.1:8090",
                })
            })
            .collect()
    }
}

fn parse_bytes(text: &str) -> Option<u64> {
    let digits_end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(digits_end)?;
    let factor: u64 = match unit.trim() {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Returns the origin without a slash at its end, or `None` if there is more than scheme, host and
/// port.
fn origin(text: &str) -> Option<String> {
    let uri: http::Uri = text.parse().ok()?;
    let scheme = uri
        .scheme_str()
        .filter(|s| matches!(*s, "http" | "https"))?;
    let authority = uri.authority()?;
    let bare = matches!(uri.path(), "" | "/")
        && uri.query().is_none()
        && !text.contains('#')
        && !authority.as_str().contains('@')
        && !authority.host().is_empty();
    bare.then(|| format!("{scheme}://{}", authority.as_str().to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_binary_units() {
        assert_eq!(parse_bytes("5242880"), Some(5 * 1024 * 1024));
        assert_eq!(parse_bytes("256KiB"), Some(262_144));
        assert_eq!(parse_bytes("5 GiB"), Some(5_368_709_120));
        for bad in [
            "",
            "KiB",
            "-1",
            "1.5MiB",
            "8MB",
            "99999999999TiB",
            "8 MiB x",
        ] {
            assert_eq!(parse_bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_endpoint_is_scheme_host_and_port() {
        assert_eq!(
            origin("https://S3.example.com/").unwrap(),
            "https://s3.example.com"
        );
        assert_eq!(origin("http://[::1]:9000").unwrap(), "http://[::1]:9000");
        for bad in [
            "s3.example.com",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://a?b",
            "https://u:p@a",
        ] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }
}
