//! Puts our patience around a connection: around its socket, which closes when the other side stands
//! still, and around its service, which lets a client read why it was refused.

use core::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};
use std::{io, sync::Arc};

use axum_server::accept::Accept;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt as _};

use super::{
    RequestBody, Times,
    connection::{ConnectionState, Running},
    socket::PatientSocket,
    unread::Unread,
};

/// Wraps the socket of each connection, with the state that its service has.
#[derive(Debug, Clone, Copy)]
pub(super) struct PatientAcceptor;

impl<S> Accept<TcpStream, PatientService<S>> for PatientAcceptor {
    type Stream = PatientSocket<TcpStream>;
    type Service = PatientService<S>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, socket: TcpStream, service: PatientService<S>) -> Self::Future {
        // Answers are small and clients wait for them; Nagle's algorithm would delay them.
        let _ = socket.set_nodelay(true);
        let PatientService {
            connection,
            times,
            stop,
            ..
        } = &service;
        let socket = PatientSocket::new(socket, connection, times, stop);
        ready(Ok((socket, service)))
    }
}

/// The service of one connection. It counts its running requests, and handles what is left of their bodies.
#[derive(Debug, Clone)]
pub(super) struct PatientService<S> {
    service: S,
    connection: Arc<ConnectionState>,
    times: Times,
    stop: CancellationToken,
}

impl<S> PatientService<S> {
    /// Makes the service of a new connection.
    pub(super) fn new(service: S, times: &Times, stop: &CancellationToken) -> Self {
        Self {
            service,
            connection: Arc::default(),
            times: times.clone(),
            stop: stop.clone(),
        }
    }
}

impl<S, B> Service<Request<Incoming>> for PatientService<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<AnswerBody<B>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // `oneshot` waits for the inner service.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let running = self.connection.begin(request.version());
        let (request, unread) = Unread::of(request);
        let answering = self.service.clone().oneshot(request);
        let (connection, stop) = (Arc::clone(&self.connection), self.stop.clone());
        let clock = self.times.clock.clone();
        Box::pin(async move {
            let mut answer = answering.await?;
            unread.settle(&mut answer, &connection, &clock, &stop);
            Ok(answer.map(|body| AnswerBody {
                body,
                _running: running,
            }))
        })
    }
}

/// The body of an answer. Its request runs until it is sent or dropped.
pub(super) struct AnswerBody<B> {
    body: B,
    _running: Running,
}

impl<B: Body<Data = Bytes> + Unpin> Body for AnswerBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
