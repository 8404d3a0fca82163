//! Logs: one line where something is decided, never a secret.
//!
//! # What may never be logged
//!
//! - data keys, content keys, key-encryption keys, the pepper, the key file's bytes
//! - API keys and `Authorization`, tickets, cookies, AWS or embedded-store credentials
//! - presigned URLs, or any query string: signatures are credentials
//! - plaintext, file names, metadata, references: file names are personal data
//! - bodies of requests and answers
//!
//! Tenant, owner, upload id, file id, object key, part number, sizes, checksums of sealed bytes,
//! codes and request ids may be. Types that hold secrets have a `Debug` that says nothing;
//! `#[instrument]` always has `skip_all`. Every event carries its values as fields, once, at the
//! edge.
//!
//! # What enforces it
//!
//! Other crates do not know this rule: the AWS SDK logs signed requests and KMS answers, s3s whole
//! requests, hyper headers. So whatever `SEALIFT_LOG` asks for, code that is not
//! sealift's is never logged below `warn` ([`cap`]). `log` records of non-`tracing` crates are not
//! collected at all. The test suite runs everything at `trace` through this same filter
//! ([`subscriber`] with a [`Capture`]) and searches the outcome.

use std::io::{self, IsTerminal as _};

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer as _, fmt::MakeWriter, layer::SubscriberExt as _, registry::Registry,
};

mod cap;
mod capture;
mod metrics;
mod request_id;

pub use capture::Capture;
pub(crate) use metrics::Metrics;
pub use request_id::{RequestId, with_request_id};

use crate::config::{LogConfig, LogFormat};

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// Not an `EnvFilter`.
    #[error("{0:?} is not a log filter; write something like info or sealift_server=debug")]
    Filter(String),
    /// Only one per process.
    #[error("logging is set up already")]
    AlreadySetUp,
}

/// Sets up logging of this process, to standard error.
///
/// # Errors
/// [`TelemetryError`].
pub fn init(config: &LogConfig) -> Result<(), TelemetryError> {
    let format = match config.format {
        LogFormat::Auto if io::stderr().is_terminal() => LogFormat::Pretty,
        LogFormat::Auto => LogFormat::Json,
        chosen => chosen,
    };
    let subscriber = subscriber(&config.filter, format, io::stderr)?;
    // Not `init()`: that would also collect `log` records, which carry no target to cap by.
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::AlreadySetUp)
}

/// The subscriber that [`init`] installs, with any writer: tests give a [`Capture`].
///
/// # Errors
/// [`TelemetryError::Filter`].
pub fn subscriber<W>(
    filter: &str,
    format: LogFormat,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + use<W>, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter).map_err(|_| TelemetryError::Filter(filter.into()))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = match format {
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
        LogFormat::Pretty | LogFormat::Auto => lines.with_ansi(io::stderr().is_terminal()).boxed(),
    };
    Ok(Registry::default().with(lines.with_filter(filter).with_filter(cap::OnlyOurs)))
}

#[cfg(test)]
mod tests;
