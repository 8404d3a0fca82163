//! Stands between the doctor and a store or KMS, and changes one thing of every request or answer.

use std::sync::Arc;

use anyhow::Result;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
    routing::any,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// The key that the refusals of KMS name.
const NAMED: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd";

/// A change to one request or answer of the set-up.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    /// Refuses this action of KMS with this code.
    RefuseKms(&'static str, &'static str),
    /// Refuses requests with this method and this text in the query with 403 `AccessDenied`.
    RefuseS3(&'static str, &'static str),
    /// Removes a header of every request.
    WithoutHeader(&'static str),
    /// Removes a header of every answer.
    WithoutAnswerHeader(&'static str),
    /// Gives the answer for the bare endpoint another date. The SDK would correct its clock by the date of others.
    Date(&'static str),
}

/// A running proxy. Dropping it stops it.
#[derive(Debug)]
pub(super) struct Between {
    endpoint: String,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Way {
    target: String,
    change: Change,
    http: reqwest::Client,
}

impl Between {
    pub(super) async fn start(target: &str, change: Change) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let way = Arc::new(Way {
            target: target.to_owned(),
            change,
            http: reqwest::Client::builder().no_proxy().build()?,
        });
        let app = Router::new()
            .fallback(any(pass))
            .layer(DefaultBodyLimit::disable())
            .with_state(way);
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { endpoint, serving })
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(
    State(way): State<Arc<Way>>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query = uri.query().unwrap_or_default();
    let action = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    match way.change {
        Change::RefuseKms(wanted, code)
            if action.is_some_and(|action| action == format!("TrentService.{wanted}")) =>
        {
            // AWS's sentences name the key, whatever the request called it.
            let body = format!(r#"{{"__type":"{code}","message":"no: {NAMED} because of it"}}"#);
            return (StatusCode::BAD_REQUEST, body).into_response();
        }
        Change::RefuseS3(wanted, text) if method == wanted && query.contains(text) => {
            let body = "<Error><Code>AccessDenied</Code></Error>";
            return (StatusCode::FORBIDDEN, body).into_response();
        }
        Change::WithoutHeader(name) => {
            headers.remove(name);
        }
        _ => {}
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    // The headers keep their host, because signatures cover it.
    let request = way
        .http
        .request(method, format!("{}{path}", way.target))
        .headers(headers)
        .body(body);
    let Ok(answer) = request.send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.unwrap_or_default();
    headers.remove(header::TRANSFER_ENCODING);
    headers.remove(header::CONNECTION);
    match way.change {
        Change::WithoutAnswerHeader(name) => {
            headers.remove(HeaderName::from_static(name));
        }
        Change::Date(date) if path == "/" => {
            headers.insert(header::DATE, HeaderValue::from_static(date));
        }
        _ => {}
    }
    let mut changed = Response::new(Body::from(body));
    *changed.status_mut() = status;
    *changed.headers_mut() = headers;
    changed
}
