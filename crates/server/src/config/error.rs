//! Why a configuration is refused: which name is wrong, what it was, what to do.

use std::path::PathBuf;

use super::names::Name;

/// Each prints as one plain sentence with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {0} cannot be read; check its name and its rights")]
    Unreadable(PathBuf),
    /// The file is not TOML.
    #[error("the configuration file {path} is not TOML: {at}")]
    NotToml {
        /// Which file.
        path: PathBuf,
        /// Where it goes wrong; without the line itself.
        at: String,
    },
    /// A typing error, most likely.
    #[error(
        "the configuration file {path} has {key:?}, which is no setting; `sealift serve --help` lists them"
    )]
    UnknownKey {
        /// Which file.
        path: PathBuf,
        /// What stands there.
        key: String,
    },
    /// Not a value of this setting.
    #[error("{name} is {given:?}, but {expected} is expected")]
    Invalid {
        /// Which setting.
        name: &'static Name,
        /// What was given.
        given: String,
        /// What would be right.
        expected: &'static str,
    },
    /// An endpoint that holds a user name or password. Not quoted.
    #[error(
        "{name} holds a user name or password; give the bare endpoint, credentials come from the AWS chain"
    )]
    SecretInEndpoint {
        /// Which setting.
        name: &'static Name,
    },
    /// Needed by another setting.
    #[error("{name} is missing: {because}")]
    Missing {
        /// Which setting.
        name: &'static Name,
        /// Why it is needed.
        because: &'static str,
    },
    /// Two settings that do not go together.
    #[error("{one} and {other} do not go together: {because}")]
    Conflict {
        /// Which setting.
        one: &'static Name,
        /// With which.
        other: &'static Name,
        /// Why, and what to do.
        because: &'static str,
    },
}
