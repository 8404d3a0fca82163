//! The failure of a server that did not start.

use std::io;

use anyhow::anyhow;
use sealift_server::objects::embedded::EmbeddedError;

/// Returns the error to show. If a port is taken, it names the flag that changes the port.
pub(crate) fn to_start(error: anyhow::Error, port: u16) -> anyhow::Error {
    for cause in error.chain() {
        if let Some(EmbeddedError::PortTaken(port)) = cause.downcast_ref() {
            return anyhow!(
                "port {port} is taken, and the object store needs it; free it or choose another \
                 with --s3-port <PORT>"
            );
        }
        let taken = io::ErrorKind::AddrInUse;
        if cause.downcast_ref::<io::Error>().map(io::Error::kind) == Some(taken) {
            return anyhow!("port {port} is taken; free it or choose another with --port <PORT>");
        }
    }
    error
}
