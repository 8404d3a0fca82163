//! Connects the commands to a server, and translates its errors.

mod date;
mod refused;

pub(crate) use date::date;
pub(crate) use refused::{download_refused, refused, upload_refused};

use std::fs;

use sealift_client::{ApiKey, Client};
use sealift_server::config::names::API_KEY;
use zeroize::Zeroizing;

use crate::{
    args::Access,
    failure::{Exit, Failure},
    terminal::shown,
};

/// Returns a client of the server, with the API key from the file or the environment, if there is one.
pub(crate) fn connect(access: &Access) -> anyhow::Result<Client> {
    let usage = |error: &dyn std::error::Error| Failure::new(Exit::Usage, error.to_string());
    let api_key = api_key(access)?.map(|text| ApiKey::parse(text.trim()));
    let api_key = api_key.transpose().map_err(|error| usage(&error))?;
    Ok(Client::new(&access.server, api_key).map_err(|error| usage(&error))?)
}

fn api_key(access: &Access) -> Result<Option<Zeroizing<String>>, Failure> {
    if let Some(path) = &access.api_key_file {
        let text = fs::read_to_string(path).map_err(|error| {
            let path = shown(&path.to_string_lossy());
            let message = format!("the API key in {path} cannot be read ({error})");
            Failure::new(Exit::Usage, message)
        })?;
        return Ok(Some(Zeroizing::new(text)));
    }
    let text = std::env::var(API_KEY).ok().map(Zeroizing::new);
    // An empty variable, as in `SEALIFT_API_KEY= sealift ..`, means no key.
    Ok(text.filter(|text| !text.is_empty()))
}
