//! Checks a deployment and explains what is wrong with it: `sealift doctor`. Every check gives one [`Check`], and all
//! are made, also after a failure, where they can be. docs/DOCTOR.md has the list.
//!
//! The questions to the store are those of a server's start ([`crate::objects::Question`]). The doctor changes
//! nothing that is there: it makes no folder, database or key file, and removes the objects and multipart uploads that
//! it puts under `<prefix>/probe/`.

use crate::{
    clock::Clock,
    config::{Config, Sources, StoreConfig},
    objects::public_endpoint_of,
};

mod bucket;
mod check;
mod credentials;
mod database;
mod keys;
mod machine;
mod public;
mod questions;
mod settings;
mod store;
mod store_clock;
mod table;
mod tls;
mod transport;

pub use check::{Asked, Check, Outcome};
pub use table::CHECKS;

/// Makes all checks with the settings of `sealift serve`, and reports each as soon as it is made. `public_url` is the
/// address by which people open the pages, if its certificate is to be checked.
pub async fn examine(
    sources: &Sources,
    public_url: Option<&str>,
    clock: &Clock,
    report: &mut (dyn FnMut(Check) + Send),
) {
    let (config, checks) = settings::read(sources);
    checks.into_iter().for_each(&mut *report);
    let Some(config) = config else { return };
    report(transport::proxies(&sources.environment, &config));
    report(credentials::check(&config, &sources.environment).await);
    report(machine::memory(&config.limits, machine::memory_bytes()));
    let (mut records, checks) = database::check(&config).await;
    checks.into_iter().for_each(&mut *report);
    let checks = keys::check(&config, records.as_mut()).await;
    checks.into_iter().for_each(&mut *report);
    if let Some(records) = records {
        // Everything was read, so an error of closing means nothing.
        let _ = records.close().await;
    }
    store::check(&config, clock, report).await;
    report(tls::check(&public_addresses(&config, public_url), clock.now()).await);
}

/// Returns the addresses that browsers use, as far as the settings name them.
fn public_addresses(config: &Config, public_url: Option<&str>) -> Vec<String> {
    let store = match (public_endpoint_of(config), &config.store) {
        (Some(public), _) => Some(public.clone()),
        (None, StoreConfig::S3 { endpoint, .. }) => endpoint.clone(),
        (None, StoreConfig::Embedded { .. }) => None,
    };
    let named = public_url.map(str::to_owned);
    let pages = config.page_origins.iter().cloned();
    named.into_iter().chain(pages).chain(store).collect()
}
