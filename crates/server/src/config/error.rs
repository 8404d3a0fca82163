//! The errors of a configuration. Each names the setting, the value that was given and what to do.

use std::path::PathBuf;

use super::names::Name;

/// The reason why a configuration is refused. It prints as one plain sentence with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {0} cannot be read; check its name and its rights")]
    Unreadable(PathBuf),
    /// The file is not TOML.
    #[error("the configuration file {path} is not TOML: {at}")]
    NotToml {
        /// The path of the file.
        path: PathBuf,
        /// The position of the mistake, without the line itself.
        at: String,
    },
    /// The file has a name that is not a setting, most likely a typing error.
    #[error(
        "the configuration file {path} has {key:?}, which is no setting; `sealift serve --help` lists them"
    )]
    UnknownKey {
        /// The path of the file.
        path: PathBuf,
        /// The name in the file.
        key: String,
    },
    /// The value is not valid for this setting.
    #[error("{name} is {given:?}, but {expected} is expected")]
    Invalid {
        /// The setting.
        name: &'static Name,
        /// The value that was given.
        given: String,
        /// A description of the valid values.
        expected: &'static str,
    },
    /// The endpoint contains a user name or password, so the error does not quote it.
    #[error(
        "{name} holds a user name or password; give the bare endpoint, credentials come from the AWS chain"
    )]
    SecretInEndpoint {
        /// The setting.
        name: &'static Name,
    },
    /// The pepper is not one. The error never quotes it.
    #[error("{name}: {problem}")]
    Pepper {
        /// The setting.
        name: &'static Name,
        /// The problem with it.
        problem: sealift_keyring::PepperError,
    },
    /// The setting is missing, and another setting needs it.
    #[error("{name} is missing: {because}")]
    Missing {
        /// The setting.
        name: &'static Name,
        /// The reason why it is needed.
        because: &'static str,
    },
    /// Two settings contradict each other.
    #[error("{one} and {other} do not go together: {because}")]
    Conflict {
        /// The setting.
        one: &'static Name,
        /// The setting that it conflicts with.
        other: &'static Name,
        /// The reason, and what to do.
        because: &'static str,
    },
}
