//! Checks the settings. A wrong pepper is set aside, so that everything else can still be checked.

use super::{
    check::Check,
    table::{PEPPER, SETTINGS},
};
use crate::{
    config::{Config, ConfigError, Keyring, Sources},
    objects::StoreAddress,
};

/// Returns the settings, if they can be used, and the checks of them. If only the pepper is wrong, the settings have
/// none.
pub(super) fn read(sources: &Sources) -> (Option<Config>, Vec<Check>) {
    match Config::load(sources) {
        Ok(config) => {
            let checks = vec![settings(&config), pepper(&config)];
            (Some(config), checks)
        }
        Err(error) if is_about_the_pepper(&error) => {
            let of_pepper = PEPPER.failed_by(&error);
            match Config::load(&with_another_pepper(sources)) {
                Ok(config) => {
                    let checks = vec![settings(&config), of_pepper];
                    let peppers = None;
                    (Some(Config { peppers, ..config }), checks)
                }
                Err(error) => (None, vec![SETTINGS.failed_by(&error), of_pepper]),
            }
        }
        Err(error) => (None, vec![SETTINGS.failed_by(&error)]),
    }
}

fn settings(config: &Config) -> Check {
    let keyring = match config.keyring {
        Keyring::Local => "local",
        Keyring::Kms => "kms",
        Keyring::Kek => "kek",
    };
    let found = format!(
        "New keys are made by the keyring {keyring}; objects are under {}",
        StoreAddress::of(config)
    );
    match config.unknown_names.as_slice() {
        [] => SETTINGS.ok(found),
        unknown => SETTINGS.warning(
            format!("{} is not a setting and is ignored", unknown.join(", ")),
            SETTINGS.mends,
        ),
    }
}

fn pepper(config: &Config) -> Check {
    match &config.peppers {
        Some(peppers) => {
            let version = peppers.newest().version();
            PEPPER.ok(format!("The pepper of version {version} has 32 bytes"))
        }
        None => PEPPER.not_applicable("Only the keyring kek needs a pepper"),
    }
}

fn is_about_the_pepper(error: &ConfigError) -> bool {
    match error {
        ConfigError::Pepper { .. } => true,
        ConfigError::Missing { name, .. } => name.key.starts_with("pepper"),
        _ => false,
    }
}

/// Puts valid peppers in the place of the given ones. They open nothing, and the caller drops them.
fn with_another_pepper(sources: &Sources) -> Sources {
    let mut sources = sources.clone();
    sources.flags.extend([
        ("pepper", "x".repeat(32)),
        ("pepper_version", "2".to_owned()),
        ("old_pepper", "y".repeat(32)),
        ("old_pepper_version", "1".to_owned()),
    ]);
    sources
}
