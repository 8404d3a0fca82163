//! A client of the API that uses plain HTTP and JSON.

use std::net::SocketAddr;

use http::{HeaderMap, Method, header};
use reqwest::RequestBuilder;
use sealift_transfer::api::{Problem, ProblemCode, problem};
use serde::{Serialize, de::DeserializeOwned};

/// Sends requests to one server as one caller.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    api_key: Option<String>,
}

impl Client {
    pub(crate) fn of(server: SocketAddr) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Self {
            http: http.build().unwrap(),
            base: format!("http://{server}"),
            api_key: None,
        }
    }

    pub(crate) fn with_api_key(mut self, key: &str) -> Self {
        self.api_key = Some(key.to_owned());
        self
    }

    /// Returns the text of the client's API key.
    pub(crate) fn api_key(&self) -> &str {
        self.api_key.as_deref().unwrap()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.api_key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// Sends a GET with one more header.
    pub(crate) async fn get_with(&self, path: &str, name: &str, value: &str) -> Answer {
        Answer::to(self.request(Method::GET, path).header(name, value)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &impl Serialize) -> Answer {
        Answer::to(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        Answer::to(self.request(Method::POST, path).json(body)).await
    }

    /// Posts a body that claims to be JSON but need not be.
    pub(crate) async fn post_text(&self, path: &str, body: impl Into<String>) -> Answer {
        let request = self.request(Method::POST, path);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        Answer::to(request.body(body.into())).await
    }

    /// Begins a PUT to a presigned URL, without this caller's own login.
    pub(crate) fn put(&self, url: &str) -> RequestBuilder {
        self.http.put(url)
    }

    /// Does the same with any method.
    pub(crate) fn fetch(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Begins the preflight request that a browser sends before such a PUT.
    pub(crate) fn options(&self, url: &str) -> RequestBuilder {
        self.http.request(Method::OPTIONS, url)
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        Self::or_broken(request).await.unwrap()
    }

    /// Sends the request and reads the whole answer.
    ///
    /// # Errors
    /// Fails if the connection ends before the answer does.
    pub(crate) async fn or_broken(request: RequestBuilder) -> Result<Self, reqwest::Error> {
        let answer = request.send().await?;
        Ok(Self {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.bytes().await?.to_vec(),
        })
    }

    /// Returns a header's text, or "" if the answer has no such header.
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn json<T: DeserializeOwned>(&self, status: u16) -> T {
        assert_eq!(self.status, status, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Returns the Problem of a refusal and checks that it is complete: status, code, a sentence and the
    /// request's id.
    #[track_caller]
    pub(crate) fn refused(&self, code: ProblemCode) -> Problem {
        assert_eq!(
            (self.status, self.code().as_deref()),
            (code.status(), Some(code.as_str())),
            "{}",
            self.text()
        );
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(self.header(header::CONTENT_TYPE), problem::CONTENT_TYPE);
        assert_eq!(self.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(problem.status, self.status);
        assert!(problem.detail.ends_with('.'), "{}", problem.detail);
        let request_id = self.header("x-request-id");
        assert_eq!(problem.request_id.as_deref(), Some(request_id));
        assert_eq!(request_id.len(), 26);
        problem
    }

    /// Returns the code if the answer is a Problem.
    pub(crate) fn code(&self) -> Option<String> {
        let problem: Problem = serde_json::from_slice(&self.body).ok()?;
        Some(problem.code)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
