//! Logging: one line where something is decided, never a secret.
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
//! codes and request ids may be logged. Types that hold secrets have a `Debug` that prints nothing
//! of them; `#[instrument]` always has `skip_all`. Every event carries its values as fields, once,
//! at the edge.
//!
//! # What enforces it
//!
//! Other crates do not know this rule: the AWS SDK logs signed requests and KMS answers, s3s logs
//! whole requests, hyper logs headers. Therefore code that is not sealift's is never logged below
//! `warn`, whatever `SEALIFT_LOG` asks for ([`cap`]). `log` records of crates that do not use
//! `tracing` are not collected at all. The test suite runs everything at `trace` through this same
//! filter ([`subscriber`] with a [`Capture`]) and searches the output.

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
pub(crate) use request_id::CREDENTIAL_FIELD;
pub use request_id::{RequestId, with_request_id};

use crate::config::{LogConfig, LogFormat};

/// The reasons why logging could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// The filter is not a valid `EnvFilter`.
    #[error("{0:?} is not a log filter; write something like info or sealift_server=debug")]
    Filter(String),
    /// A process can set up logging only once, and it did so already.
    #[error("logging is set up already")]
    AlreadySetUp,
}

/// Sets up logging of this process, to standard error.
///
/// # Errors
/// Returns a [`TelemetryError`] if the filter is not valid or logging is set up already.
pub fn init(config: &LogConfig) -> Result<(), TelemetryError> {
    let format = match config.format {
        LogFormat::Auto if io::stderr().is_terminal() => LogFormat::Pretty,
        LogFormat::Auto => LogFormat::Json,
        chosen => chosen,
    };
    let subscriber = subscriber(&config.filter, format, io::stderr)?;
    // Not `init()`, which would also collect `log` records; they carry no target to filter by.
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::AlreadySetUp)
}

/// Makes the subscriber that [`init`] installs, with any writer. Tests give it a [`Capture`].
///
/// # Errors
/// Returns [`TelemetryError::Filter`] if the filter is not valid.
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
