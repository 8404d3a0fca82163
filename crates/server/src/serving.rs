//! Accepts connections until the server stops. Then running requests finish and idle connections
//! end. A connection whose other side stands still is closed ([`patience`]), and a client that is
//! refused while it still sends gets to read the reason ([`unread`], [`lingering`]).

use core::{convert::Infallible, time::Duration};
use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Body;
use hyper_util::{rt::TokioIo, server::graceful::GracefulShutdown};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt as _};

use crate::clock::Clock;

mod connection;
mod head_timer;
mod lingering;
mod patience;
mod unread;

use connection::ConnectionState;
use head_timer::{HeadTimer, LONGEST_HEAD};
use lingering::Lingering;
use patience::Patient;
pub(crate) use unread::RequestBody;
use unread::Unread;

/// The clocks and the limit by which connections are closed.
#[derive(Debug, Clone)]
pub(crate) struct Times {
    /// The clock for timeouts during a request and while a connection closes.
    pub(crate) clock: Clock,
    /// The clock for idle connections. It is the machine's clock, because a test that moves its own
    /// clock by minutes would close the connections that it uses.
    pub(crate) idle_clock: Clock,
    /// How long a connection without a request stays open.
    pub(crate) longest_idle: Duration,
}

/// Serves HTTP/1.1 until `stop`, then waits for the running requests. `service_for` makes the
/// service of a connection from its peer's address; `who` names the server in the log.
pub(crate) async fn serve<S, B>(
    listener: TcpListener,
    who: &'static str,
    service_for: impl Fn(SocketAddr) -> S,
    times: Times,
    stop: CancellationToken,
) where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let running = GracefulShutdown::new();
    loop {
        let (socket, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // An error may be lasting, such as too many open files. Accepting again at once
                    // would spin.
                    tracing::warn!(%error, "The {who} could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        // Answers are small and clients wait for them; Nagle's algorithm would delay them.
        let _ = socket.set_nodelay(true);
        let state = Arc::new(ConnectionState::default());
        let mut http1 = hyper::server::conn::http1::Builder::new();
        http1
            .timer(HeadTimer {
                connection: Arc::clone(&state),
                clock: times.idle_clock.clone(),
                longest_idle: times.longest_idle,
            })
            .header_read_timeout(LONGEST_HEAD);
        let socket = Patient::new(socket, times.clock.clone());
        let socket = Lingering::new(
            socket,
            Arc::clone(&state),
            times.clock.clone(),
            stop.clone(),
        );
        let (service, clock, stop) = (service_for(peer), times.clock.clone(), stop.clone());
        let service = hyper::service::service_fn(move |request| {
            let (request, unread) = Unread::of(request);
            let answering = service.clone().oneshot(request);
            let (state, clock, stop) = (Arc::clone(&state), clock.clone(), stop.clone());
            async move {
                let mut answer = answering.await?;
                unread.settle(&mut answer, &state, &clock, &stop);
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = running.watch(http1.serve_connection(TokioIo::new(socket), service));
        tokio::spawn(async move {
            // If a connection broke, the client reports it; the server need not.
            let _ = connection.await;
        });
    }
    drop(listener);
    running.shutdown().await;
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;

    #[tokio::test]
    async fn an_idle_connection_is_kept_for_its_time_and_not_longer() {
        let (idle_clock, hand) = Clock::by_hand(0);
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
        tokio::spawn(serve(
            listener,
            "test",
            move |_| service,
            times,
            stop.clone(),
        ));
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
        stop.cancel();
    }
}
