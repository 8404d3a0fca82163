//! Takes one request through the proxy: decides its fault, forwards it and returns the answer.

use core::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::{
    body::{Body as _, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::sleep};

use super::{
    State, answers,
    body::{GivenBody, PassingBody, Whole},
    fault::Fault,
    iam::{Asked, denied},
    journal::Reached,
    line::Cut,
    lock,
    recording::Recorded,
    request::RequestHead,
};

type Answer = Response<Either<Incoming, Full<Bytes>>>;

/// Ends the connection without an answer.
#[derive(Debug)]
pub(super) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the failing proxy breaks the connection")
    }
}

impl core::error::Error for Broken {}

pub(super) async fn forward(
    request: Request<Incoming>,
    state: Arc<State>,
    cut: Arc<Cut>,
) -> Result<Answer, Broken> {
    let (head, body) = request.into_parts();
    let policy = lock(&state.policy).clone();
    let Some(policy) = policy else {
        return decided(head, Either::Left(body), state, cut).await;
    };
    // The encryption context of a request to KMS is in its body.
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    let asked = Asked::by(&head, &body);
    // A request that no policy is known for is refused, so that its test fails.
    let is_allowed = asked.is_ok_and(|asked| asked.iter().all(|one| policy.allows(one)));
    let ours = |answer: Response<Bytes>| Ok(answer.map(|body| Either::Right(Full::new(body))));
    if !is_allowed {
        return ours(denied(&head));
    }
    let says_absent = policy.lists(&head) || head.headers.contains_key("x-amz-target");
    let asked = head.clone();
    let answer = decided(head, Either::Right(Full::new(body)), state, cut).await?;
    // S3 says that an object is absent only to somebody who may list the bucket.
    match answer.status() {
        StatusCode::NOT_FOUND if !says_absent => ours(denied(&asked)),
        _ => Ok(answer),
    }
}

/// Decides the request's fault, and forwards it with that.
async fn decided(
    head: Parts,
    body: GivenBody,
    state: Arc<State>,
    cut: Arc<Cut>,
) -> Result<Answer, Broken> {
    let request = RequestHead::of(&head);
    state.gate.pass_request(request.operation).await;
    let Some(fault) = state.decide(&request) else {
        let passed = pass(&state, &request, head, body, None).await;
        // If the target is gone, the client sees a reset, as it would from a crashed server.
        return passed.inspect_err(|_| cut.reset());
    };
    match fault {
        Fault::DropRequest => {
            cut.reset();
            Err(Broken)
        }
        Fault::Delay(for_so_long) => {
            sleep(for_so_long).await;
            pass(&state, &request, head, body, None).await
        }
        Fault::Stall(for_so_long) => {
            sleep(for_so_long).await;
            cut.reset();
            Err(Broken)
        }
        Fault::ResetRequest { after_bytes } => {
            // The target may answer the bytes that it got, but the client never sees that answer.
            let _ = pass(&state, &request, head, body, Some(after_bytes)).await;
            cut.reset();
            Err(Broken)
        }
        Fault::LoseAnswer => {
            let answer = pass(&state, &request, head, body, None).await;
            if let Ok(answer) = answer {
                // Reads the answer to its end, so that the request has surely taken effect.
                let _ = answer.into_body().collect().await;
            }
            cut.reset();
            Err(Broken)
        }
        Fault::ResetAnswer { after_bytes } => {
            let answer = pass(&state, &request, head, body, None).await?;
            cut.after(within(&request, &answer, after_bytes), true);
            Ok(answer)
        }
        Fault::TruncateAnswer { after_bytes } => {
            let answer = pass(&state, &request, head, body, None).await?;
            cut.after(within(&request, &answer, after_bytes), false);
            Ok(answer)
        }
        Fault::InternalError => instead(body, answers::internal_error(&request)).await,
        Fault::SlowDown { retry_after_s } => {
            instead(body, answers::slow_down(&request, retry_after_s)).await
        }
        Fault::Expired => instead(body, answers::expired(&request)).await,
        Fault::OkWithError => instead(body, answers::ok_with_error()).await,
        Fault::AddressEnded { code } => {
            instead(body, answers::refused(StatusCode::BAD_REQUEST, code)).await
        }
        Fault::RefusedByKms { code } => instead(body, answers::refused_by_kms(code)).await,
        Fault::RefusedEarly { status, code } => {
            cut.reset_at_end();
            let mut answer = answers::refused(status, code);
            // `Connection: close` prevents another request even if the whole body came together with the head.
            let close = HeaderValue::from_static("close");
            answer.headers_mut().insert(header::CONNECTION, close);
            Ok(answer.map(|body| Either::Right(Full::new(body))))
        }
    }
}

/// Limits `after_bytes` so that the cut surely falls inside this answer. A short answer may be little more than its
/// head, which has at least one line.
fn within(request: &RequestHead, answer: &Answer, after_bytes: u64) -> u64 {
    let least_head = u64::try_from("HTTP/1.1 200 OK".len()).unwrap_or_default();
    let body = match answer.body().size_hint().exact() {
        Some(len) if request.method != Method::HEAD => len,
        _ => 0,
    };
    after_bytes.min(least_head.saturating_add(body))
}

/// Sends an answer of the proxy's own after the whole request has come. A client that is still sending would see a
/// broken connection instead.
async fn instead(body: GivenBody, answer: Response<Bytes>) -> Result<Answer, Broken> {
    body.collect().await.map_err(|_| Broken)?;
    Ok(answer.map(|body| Either::Right(Full::new(body))))
}

/// Forwards the request on a connection of its own and records it in the journal.
async fn pass(
    state: &State,
    request: &RequestHead,
    head: Parts,
    body: GivenBody,
    most_bytes: Option<u64>,
) -> Result<Answer, Broken> {
    let promised = head.headers.get("x-amz-checksum-sha256");
    let promised_sha256 = promised.and_then(|sha256| sha256.to_str().ok()?.parse().ok());
    let recording = state.recorded.as_ref().map(|_| Recorded::of(&head));
    let (body, whole) = PassingBody::new(body, most_bytes, recording.is_some());
    let answer = send(state, Request::from_parts(head, body)).await;
    let record = |whole: &Whole, status| {
        if let (Some(all), Some(recorded)) = (&state.recorded, recording) {
            lock(all).push(recorded.with_body(&whole.bytes()));
        }
        state.record(Reached {
            request: request.clone(),
            body_sha256: whole.sha256(),
            promised_sha256,
            status,
        });
    };
    match answer {
        Ok(answer) => {
            record(&whole, Some(answer.status()));
            Ok(answer.map(Either::Left))
        }
        Err(Unsent::NotConnected) => Err(Broken),
        Err(Unsent::NotAnswered) => {
            record(&whole, None);
            Err(Broken)
        }
    }
}

/// How far a failed request got.
enum Unsent {
    NotConnected,
    NotAnswered,
}

async fn send(
    state: &State,
    mut request: Request<PassingBody>,
) -> Result<Response<Incoming>, Unsent> {
    let far = TcpStream::connect(state.target).await;
    let far = far.map_err(|_| Unsent::NotConnected)?;
    let _ = far.set_nodelay(true);
    let (mut sender, connection) = http1::handshake(TokioIo::new(far))
        .await
        .map_err(|_| Unsent::NotConnected)?;
    // This task ends with the answer, because nothing keeps the sender.
    tokio::spawn(connection);
    // Every request has its own connection to the target, so the client's `Connection` header is not forwarded.
    request.headers_mut().remove(http::header::CONNECTION);
    let answer = sender.send_request(request).await;
    let mut answer = answer.map_err(|_| Unsent::NotAnswered)?;
    answer.headers_mut().remove(http::header::CONNECTION);
    // Some older servers answer in HTTP/1.0, but the proxy answers the client in HTTP/1.1.
    *answer.version_mut() = http::Version::HTTP_11;
    Ok(answer)
}
