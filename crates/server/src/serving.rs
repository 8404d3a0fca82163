//! Accepting connections until told to stop: running requests finish, idle connections end, and
//! those whose other side stands still are given up ([`patience`]).

use core::{convert::Infallible, time::Duration};
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::clock::Clock;

mod patience;

use patience::Patient;

/// A client that takes longer for its request's head is cut off.
const LONGEST_HEAD: Duration = Duration::from_secs(30);

/// Serves HTTP/1.1 until `stop`, then waits for the running requests. `service_for` makes the
/// service of a connection from its peer's address; `who` names it in the log; how long a reader may
/// stand still goes by `clock`.
pub(crate) async fn serve<S, B>(
    listener: TcpListener,
    who: &'static str,
    service_for: impl Fn(SocketAddr) -> S,
    clock: Clock,
    stop: CancellationToken,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut http1 = hyper::server::conn::http1::Builder::new();
    http1
        .timer(TokioTimer::new())
        .header_read_timeout(LONGEST_HEAD);
    let running = GracefulShutdown::new();
    loop {
        let (socket, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Such as too many open files: accepting again at once would spin.
                    tracing::warn!(%error, "The {who} could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        // Answers are small and waited for; Nagle would hold them back.
        let _ = socket.set_nodelay(true);
        let service = TowerToHyperService::new(service_for(peer));
        let socket = TokioIo::new(Patient::new(socket, clock.clone()));
        let connection = running.watch(http1.serve_connection(socket, service));
        tokio::spawn(async move {
            // A connection that broke is the client's to report.
            let _ = connection.await;
        });
    }
    drop(listener);
    running.shutdown().await;
}
