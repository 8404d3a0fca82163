//! Accepts connections until the server stops. Then running requests finish and idle connections
//! end. axum-server accepts the connections; [`accept`] puts our patience around each. An idle connection
//! is closed ([`idle`]), and so is one whose other side stands still ([`patience`]). A client that is
//! refused while it still sends gets to read the reason ([`unread`], [`lingering`]).

use core::convert::Infallible;
use std::net::SocketAddr;

use axum_server::{Handle, Server};
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Body;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::Service;

mod accept;
mod connection;
mod idle;
mod lingering;
mod patience;
mod socket;
mod times;
mod unread;

use accept::{PatientAcceptor, PatientService};
pub(crate) use times::Times;
pub(crate) use unread::RequestBody;

/// Serves HTTP/1.1 and HTTP/2 until `stop`, then waits for the running requests. `service_for` makes
/// the service of a connection from its peer's address; `who` names the server in the log.
pub(crate) async fn serve<S, B>(
    listener: TcpListener,
    who: &'static str,
    service_for: impl Fn(SocketAddr) -> S + Send,
    times: Times,
    stop: CancellationToken,
) where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let handle = Handle::<SocketAddr>::new();
    let server = Server::from_listener(listener)
        .handle(handle.clone())
        // An error may be lasting, such as too many open files.
        .accept_error_handler(move |_, error| {
            tracing::warn!(%error, "The {who} could not accept a connection");
        })
        .acceptor(PatientAcceptor);
    let services = tower::service_fn(|peer| {
        let service = PatientService::new(service_for(peer), &times, &stop);
        core::future::ready(Ok::<_, Infallible>(service))
    });
    let serving = server.serve(services);
    tokio::pin!(serving);
    let served = tokio::select! {
        served = &mut serving => served,
        () = stop.cancelled() => {
            handle.graceful_shutdown(None);
            serving.await
        }
    };
    if let Err(error) = served {
        tracing::error!(%error, "The {who} stopped accepting connections");
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hyper::client::conn::http2;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;
    use crate::{
        clock::{Clock, ClockHand},
        unix_millis::UnixMillis,
    };

    /// A server whose every answer is the text "answer". It reads no body.
    async fn served() -> (SocketAddr, ClockHand, CancellationToken) {
        let (idle_clock, hand) = Clock::by_hand(UnixMillis::from_ms(0));
        let times = Times {
            clock: Clock::system(),
            idle_clock,
            longest_idle: Duration::from_secs(75),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = tower::service_fn(|_: Request<RequestBody>| async {
            Ok::<_, Infallible>(Response::new("answer".to_owned()))
        });
        let stop = CancellationToken::new();
        let serving = serve(listener, "test", move |_| service, times, stop.clone());
        tokio::spawn(serving);
        (address, hand, stop)
    }

    #[tokio::test]
    async fn an_idle_connection_is_kept_for_its_time_and_not_longer() {
        let (address, hand, _stop) = served().await;
        let mut socket = TcpStream::connect(address).await.unwrap();
        for _ in 0..3 {
            let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
            socket.write_all(request).await.unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"answer") {
                answer.push(socket.read_u8().await.unwrap());
            }
            hand.forward(74_000);
        }
        let ended = tokio::spawn(async move { socket.read(&mut [0]).await });
        while !ended.is_finished() {
            // The connection may not yet wait when the clock is moved, so move it again.
            hand.forward(1_000);
            tokio::task::yield_now().await;
        }
        assert_eq!(ended.await.unwrap().unwrap_or(0), 0);
    }

    #[tokio::test]
    async fn a_client_may_speak_http_2_and_a_refused_body_ends_only_its_own_stream() {
        let (address, hand, stop) = served().await;
        let socket = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (mut requests, connection) = http2::handshake(TokioExecutor::new(), socket)
            .await
            .unwrap();
        let connection = tokio::spawn(connection);
        let large = "x".repeat(4 * 1024 * 1024);
        for body in [String::new(), large, String::new()] {
            let request = Request::post(format!("http://{address}/"))
                .body(body)
                .unwrap();
            let answer = requests.send_request(request).await.unwrap();
            assert_eq!(answer.version(), http::Version::HTTP_2);
        }
        // The connection is idle now, and ends like any other.
        while !connection.is_finished() {
            hand.forward(1_000);
            tokio::task::yield_now().await;
        }
        stop.cancel();
    }
}
