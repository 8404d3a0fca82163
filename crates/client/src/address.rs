//! The address of the server.

use core::fmt;
use std::net::IpAddr;

use reqwest::Url;

/// Why a text is not the address of a server. The error does not repeat the text, because it may hold
/// a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The text is not a URL, or has more than scheme, host, port and path.
    #[error(
        "this is not the address of a server; give it as https://host or http://localhost:port"
    )]
    NotAnAddress,
    /// The address is `http` on another machine. Keys are not sent over an unencrypted connection,
    /// because others on the way could read them.
    #[error(
        "keys are not sent over an unencrypted connection; use https, or http on this machine only"
    )]
    Insecure,
}

/// The address of a server to which keys may be sent.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ServerAddress(String);

impl ServerAddress {
    pub(crate) fn parse(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text).map_err(|_| AddressError::NotAnAddress)?;
        let host = url.host_str().ok_or(AddressError::NotAnAddress)?;
        let has_more = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        match url.scheme() {
            _ if has_more => Err(AddressError::NotAnAddress),
            "http" if !is_this_machine(host) => Err(AddressError::Insecure),
            "http" | "https" => Ok(Self(url.as_str().trim_end_matches('/').to_owned())),
            _ => Err(AddressError::NotAnAddress),
        }
    }

    /// Returns whether the server is on this machine. Then its store is here too, and no request
    /// leaves the machine.
    pub(crate) fn is_this_machine(&self) -> bool {
        self.0.starts_with("http://")
    }

    /// Returns the URL of an API path, which begins with `/`.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{self}{path}")
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_the_address_also_behind_a_prefix() {
        let at = |text, path| ServerAddress::parse(text).unwrap().at(path);
        assert_eq!(
            at("http://localhost:8080", "/v1/files"),
            "http://localhost:8080/v1/files"
        );
        assert_eq!(
            at("http://[::1]:8080/", "/v1/files"),
            "http://[::1]:8080/v1/files"
        );
        assert_eq!(
            at("https://a.org/seal/", "/v1/files"),
            "https://a.org/seal/v1/files"
        );
    }

    #[test]
    fn an_open_connection_to_another_machine_is_refused() {
        for bad in [
            "http://a.org",
            "http://10.0.0.1:8080",
            "http://localhost.a.org",
        ] {
            assert_eq!(
                ServerAddress::parse(bad).err(),
                Some(AddressError::Insecure),
                "{bad}"
            );
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_address_is_refused() {
        for bad in [
            "",
            "a.org",
            "ftp://a.org",
            "https://u:p@a.org",
            "https://a.org/?q",
            "https://a.org/#f",
        ] {
            assert_eq!(
                ServerAddress::parse(bad).err(),
                Some(AddressError::NotAnAddress),
                "{bad}"
            );
        }
    }
}
