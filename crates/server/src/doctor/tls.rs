//! Checks the certificates of the public https addresses: the chain as this machine trusts it, the name, and the days
//! that are left.

use core::time::Duration;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use rustls_platform_verifier::Verifier;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError,
        SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{self, CryptoProvider, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};

use super::{
    check::{Check, Outcome},
    table::TLS,
};
use crate::unix_millis::UnixMillis;

/// The limit for connecting and for the handshake.
const PATIENCE: Duration = Duration::from_secs(5);
/// Certificates are renewed a month or more before their end, so one that has fewer days was forgotten.
const FEW_DAYS: u64 = 14;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// Checks every https address among these origins, and reports the worst outcome.
pub(super) async fn check(origins: &[String], now: UnixMillis) -> Check {
    let mut worst = None;
    for origin in origins
        .iter()
        .filter(|origin| origin.starts_with("https://"))
    {
        let check = of(origin, now).await;
        worst = match worst {
            Some(worst) if rank(&worst) >= rank(&check) => Some(worst),
            _ => Some(check),
        };
    }
    worst.unwrap_or_else(|| {
        TLS.not_applicable("The settings name no public https address; --public-url names one")
    })
}

fn rank(check: &Check) -> u8 {
    match check.outcome {
        Outcome::NotApplicable | Outcome::Ok => 0,
        Outcome::Warning => 1,
        Outcome::Failed => 2,
    }
}

async fn of(origin: &str, now: UnixMillis) -> Check {
    let url: Option<http::Uri> = origin.parse().ok();
    let authority = url.as_ref().and_then(http::Uri::authority);
    let Some(authority) = authority else {
        return TLS.failed(
            format!("{origin} is no address"),
            "Give it as https://host or https://host:port",
        );
    };
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    let port = authority.port_u16().unwrap_or(443);
    let Ok(name) = ServerName::try_from(host.clone()) else {
        return TLS.failed(format!("{host} is no name of a host"), TLS.mends);
    };
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let verifier = match Verifier::new(provider.clone()) {
        Ok(verifier) => verifier,
        Err(error) => {
            return TLS.failed(
                format!("This machine trusts no issuer of certificates ({error})"),
                "Install the package ca-certificates",
            );
        }
    };
    match chain(&host, port, name.clone(), provider).await {
        Ok(chain) => judged(&verifier, &chain, origin, &name, now),
        Err(NoChain::Unreached) => TLS.warning(
            format!("{origin} cannot be reached from here, so its certificate was not checked"),
            "Run the doctor where the address can be reached, or mend the address",
        ),
        Err(NoChain::NoTls(error)) => TLS.failed(
            format!("{origin} does not speak TLS as browsers do ({error})"),
            "Let the server or the proxy there speak TLS 1.2 or 1.3",
        ),
    }
}

/// The reasons why there is no chain to judge.
enum NoChain {
    Unreached,
    NoTls(std::io::Error),
}

/// Returns the certificates that the address sends, the leaf first, whether or not they are trusted.
async fn chain(
    host: &str,
    port: u16,
    name: ServerName<'static>,
    provider: Arc<CryptoProvider>,
) -> Result<Vec<CertificateDer<'static>>, NoChain> {
    let recorder = Arc::new(Recorder {
        provider: provider.clone(),
        chain: Mutex::default(),
    });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| NoChain::NoTls(std::io::Error::other(error)))?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_no_client_auth();
    let connecting = timeout(PATIENCE, TcpStream::connect((host, port)));
    let Ok(Ok(stream)) = connecting.await else {
        return Err(NoChain::Unreached);
    };
    let shaking = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let shaken = timeout(PATIENCE, shaking).await;
    let chain = recorder
        .chain
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    match shaken {
        // The chain may have come before the handshake failed.
        _ if !chain.is_empty() => Ok(chain.clone()),
        Ok(Err(error)) => Err(NoChain::NoTls(error)),
        Ok(Ok(_)) | Err(_) => Err(NoChain::NoTls(std::io::ErrorKind::TimedOut.into())),
    }
}

fn judged(
    verifier: &dyn ServerCertVerifier,
    chain: &[CertificateDer<'_>],
    origin: &str,
    name: &ServerName<'_>,
    now: UnixMillis,
) -> Check {
    let Some((leaf, rest)) = chain.split_first() else {
        return TLS.failed(format!("{origin} sends no certificate"), TLS.mends);
    };
    let now_s = now.since(UnixMillis::from_ms(0)).as_secs();
    let at = |seconds| {
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        verifier.verify_server_cert(leaf, rest, name, &[], time)
    };
    match at(now_s) {
        Ok(_) => {}
        Err(TlsError::InvalidCertificate(error)) => return refused(origin, &error, chain.len()),
        Err(error) => {
            return TLS.failed(
                format!("The certificate of {origin} is not accepted ({error})"),
                TLS.mends,
            );
        }
    }
    let days = days_left(now_s, |seconds| at(seconds).is_ok());
    let count = match chain.len() {
        1 => "one certificate".to_owned(),
        count => format!("a chain of {count} certificates"),
    };
    if days < FEW_DAYS {
        TLS.warning(
            format!("The certificate of {origin} ends in {days} days"),
            "Renew it now, and see why that did not happen by itself",
        )
    } else {
        TLS.ok(format!(
            "{origin} sends {count}, valid for {days} days more"
        ))
    }
}

/// Returns for how many whole days the chain stays valid, up to about a hundred years. The chain is valid now, and
/// once any of its certificates has ended it stays invalid.
fn days_left(now_s: u64, is_valid_at: impl Fn(u64) -> bool) -> u64 {
    let after = |days: u64| now_s.saturating_add(days.saturating_mul(SECONDS_PER_DAY));
    let (mut valid, mut ended) = (0, 1 << 15);
    while ended - valid > 1 {
        let middle = u64::midpoint(valid, ended);
        if is_valid_at(after(middle)) {
            valid = middle;
        } else {
            ended = middle;
        }
    }
    valid
}

fn refused(origin: &str, error: &CertificateError, count: usize) -> Check {
    let sentence = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            return TLS.failed(
                format!("The certificate of {origin} has ended"),
                "Renew it, and check the clock of this machine",
            );
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            return TLS.failed(
                format!("The certificate of {origin} is not valid yet"),
                "Check the clock of this machine, or make the certificate anew",
            );
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            return TLS.failed(
                format!("The certificate of {origin} is for another name"),
                "Add that name to the certificate",
            );
        }
        CertificateError::UnknownIssuer if count == 1 => {
            format!("The certificate of {origin} is self-signed, or its chain is not sent")
        }
        CertificateError::UnknownIssuer => {
            format!(
                "The certificate of {origin} is from an issuer that this machine does not trust"
            )
        }
        // A root that was made to sign others, and that the server sends as its own certificate.
        CertificateError::Other(_) if count == 1 => {
            format!("The certificate of {origin} is self-signed ({error})")
        }
        _ => format!("The certificate of {origin} is not accepted ({error})"),
    };
    TLS.failed(
        sentence,
        "Use a certificate of a public issuer and send its whole chain, or let this machine trust its issuer",
    )
}

/// Accepts every certificate and keeps the chain, so that it can be judged afterwards. Nothing is sent over such a
/// connection.
struct Recorder {
    provider: Arc<CryptoProvider>,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let sent = core::iter::once(end_entity).chain(intermediates);
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        *chain = sent.map(|one| one.clone().into_owned()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests;
