//! Probes the store as browsers reach it: by presigned URLs at the public endpoint, from the pages'
//! origins.
//!
//! The server may be unable to reach that endpoint although browsers can, and programs need no
//! CORS, so most faults here are only reported as flaws. Two are errors, because browsers get the
//! same: a refusal of the store itself, and a header that is missing from its answer.

use http::{HeaderMap, header};
use sealift_transfer::api::PresignedGet;

use super::{
    super::{
        ETag, ObjectHead, ObjectKey, Objects, ObjectsError, PresignedPut, StoredObject, s3::refusal,
    },
    Flaw, ProbeError, RIGHT, code_of, http_client, is_success, probe_key, right, tidied,
};
use crate::unix_millis::UnixMillis;

/// Headers that a page sends with a GET, and that CORS must therefore allow.
const SENT_WITH_GET: &str = "if-match,range";
/// Headers that a page must be able to read in an answer.
const READ: [&str; 2] = ["content-range", "etag"];

impl Objects {
    /// PUTs and GETs a probe at the public endpoint, and sends the requests that pages of these
    /// origins send. `own_origins` are several names of one server, so one that works is enough.
    ///
    /// # Errors
    /// Returns [`ProbeError::PublicRefused`] or [`ProbeError::PublicAnswerLacks`]; the server must
    /// not start then.
    pub async fn prove_public(
        &self,
        page_origins: &[String],
        own_origins: &[String],
        random: [u8; 16],
        now: UnixMillis,
    ) -> Result<Vec<Flaw>, ProbeError> {
        let key = probe_key(self, random);
        let proved = self.prove_public_at(&key, page_origins, own_origins, now);
        let proved = proved.await;
        tidied(self.remove(&key).await);
        proved
    }

    /// PUTs an object as a page of this origin does, and sends the other requests of such a page. Returns the
    /// first that the page may not send, or whose answer it may not read.
    ///
    /// # Errors
    /// Fails if the store itself does not answer.
    pub(crate) async fn prove_cors(
        &self,
        origin: &str,
        random: [u8; 16],
        now: UnixMillis,
    ) -> Result<Option<Flaw>, ProbeError> {
        let key = probe_key(self, random);
        let proved = self.prove_cors_at(&key, origin, now).await;
        tidied(self.remove(&key).await);
        proved
    }

    async fn prove_cors_at(
        &self,
        key: &ObjectKey,
        origin: &str,
        now: UnixMillis,
    ) -> Result<Option<Flaw>, ProbeError> {
        let http = http_client()?;
        let (sha256, len) = right();
        let put = self.presign_put(key, &sha256, len, now).await?;
        let answer = match send(&http, &put, Some(origin)).await? {
            Ok(answer) => answer,
            Err(flaw) => return Ok(Some(flaw)),
        };
        let Some(head) = self.head(key, None).await? else {
            return Ok(Some(ACCEPTED_ELSEWHERE));
        };
        if !allows(&answer, origin) {
            let what = "the page may not read the answer to a PUT".to_owned();
            let origin = origin.to_owned();
            return Ok(Some(Flaw::NoCors { origin, what }));
        }
        let get = self.presign_get(&head.of(key), now, None).await?;
        Ok(cors(&http, &put, &get, origin).await)
    }

    async fn prove_public_at(
        &self,
        key: &ObjectKey,
        page_origins: &[String],
        own_origins: &[String],
        now: UnixMillis,
    ) -> Result<Vec<Flaw>, ProbeError> {
        let http = http_client()?;
        let (sha256, len) = right();
        let put = self.presign_put(key, &sha256, len, now).await?;
        if let Err(flaw) = send(&http, &put, None).await? {
            return Ok(vec![flaw]);
        }
        let Some(head) = self.head(key, None).await? else {
            return Ok(vec![ACCEPTED_ELSEWHERE]);
        };
        let get = self.presign_get(&head.of(key), now, None).await?;
        let Some(answer) = fetch(&http, &get, None).await else {
            return Ok(vec![Flaw::PublicUnreachable]);
        };
        answer_is_of(&head, &answer)?;
        let mut flaws = Vec::new();
        for origin in page_origins {
            flaws.extend(cors(&http, &put, &get, origin).await);
        }
        let mut own = Vec::new();
        for origin in own_origins {
            match cors(&http, &put, &get, origin).await {
                Some(flaw) => own.push(flaw),
                None => return Ok(flaws),
            }
        }
        flaws.extend(own.into_iter().next());
        Ok(flaws)
    }
}

/// The flaw if the PUT was accepted, but not by this store.
const ACCEPTED_ELSEWHERE: Flaw = Flaw::AnotherAnswers { status: 200 };

/// Compares an answer to the ranged GET with the store's own answer to HEAD.
fn answer_is_of(head: &ObjectHead, answer: &HeaderMap) -> Result<(), ProbeError> {
    let total = format!("bytes 0-4/{}", head.len);
    for (name, expected) in [
        ("ETag", head.etag.0.as_str()),
        ("Content-Range", total.as_str()),
    ] {
        if text(answer, name) != Some(expected) {
            return Err(ProbeError::PublicAnswerLacks { header: name });
        }
    }
    Ok(())
}

/// Proves that a ranged GET at the public endpoint is answered as at the own one, and only for the ETag that
/// it names. The probe lies at the key.
pub(super) async fn prove_reading(
    objects: &Objects,
    key: &ObjectKey,
    head: &ObjectHead,
    now: UnixMillis,
) -> Result<Option<Flaw>, ProbeError> {
    let http = http_client()?;
    let object = head.of(key);
    let get = objects.presign_get(&object, now, None).await?;
    let Some(answer) = fetch(&http, &get, None).await else {
        let status = None;
        return Err(ProbeError::RangeNotGiven(ObjectsError::Unavailable {
            status,
        }));
    };
    answer_is_of(head, &answer)?;
    let another = StoredObject {
        etag: ETag("\"00000000000000000000000000000000\"".to_owned()),
        ..object
    };
    let get = objects.presign_get(&another, now, None).await?;
    let heeded = fetch(&http, &get, None).await.is_none();
    Ok((!heeded).then_some(Flaw::IgnoresIfMatch))
}

/// Sends the probe, as a page of this origin if there is one. Returns the headers of the answer, or a flaw if the
/// answer may not be the store's.
pub(super) async fn send(
    http: &reqwest::Client,
    put: &PresignedPut,
    origin: Option<&str>,
) -> Result<Result<HeaderMap, Flaw>, ProbeError> {
    let mut request = http.put(&put.url).body(RIGHT);
    for (name, value) in &put.headers {
        request = request.header(name, value);
    }
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    let Ok(answer) = request.send().await else {
        return Ok(Err(Flaw::PublicUnreachable));
    };
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let said = answer.text().await.unwrap_or_default();
    if is_success(status) {
        return Ok(Ok(headers));
    }
    let code = code_of(&said);
    match (refusal::of(status, code.as_deref()), code) {
        (ObjectsError::Refused { status, code, .. }, Some(_)) => {
            Err(ProbeError::PublicRefused { status, code })
        }
        _ => Ok(Err(Flaw::AnotherAnswers { status })),
    }
}

/// Returns the headers of the answer to a ranged GET; `None` if there was no such answer.
async fn fetch(
    http: &reqwest::Client,
    get: &PresignedGet,
    origin: Option<&str>,
) -> Option<HeaderMap> {
    let mut request = http.get(&get.url).header(header::RANGE, "bytes=0-4");
    for (name, value) in &get.headers {
        request = request.header(name, value);
    }
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    let answer = request.send().await.ok()?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.bytes().await.ok()?;
    (status == 206 && RIGHT.starts_with(&body)).then_some(headers)
}

/// Returns the first request that a page of that origin may not send, as a flaw.
async fn cors(
    http: &reqwest::Client,
    put: &PresignedPut,
    get: &PresignedGet,
    origin: &str,
) -> Option<Flaw> {
    let flaw = |what: String| {
        let origin = origin.to_owned();
        Some(Flaw::NoCors { origin, what })
    };
    // The signer says which headers a PUT must have, so CORS must allow these.
    let sent_with_put: Vec<&str> = put.headers.keys().map(String::as_str).collect();
    let sent_with_put = sent_with_put.join(",");
    for (method, headers, url) in [
        ("PUT", sent_with_put.as_str(), &put.url),
        ("GET", SENT_WITH_GET, &get.url),
    ] {
        let asked = http
            .request(http::Method::OPTIONS, url)
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, method)
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, headers)
            .send()
            .await;
        let Ok(answer) = asked else {
            return Some(Flaw::PublicUnreachable);
        };
        // Whether the page may send it, only the store says, and only if it is not busy.
        if answer.status().is_server_error() {
            let status = answer.status().as_u16();
            return Some(Flaw::AnotherAnswers { status });
        }
        let is_ok = answer.status().is_success() && allows(answer.headers(), origin);
        let answer = answer.headers();
        if !is_ok || !lists(answer, "access-control-allow-methods", method) {
            return flaw(format!("{method} is not allowed"));
        }
        for name in headers.split(',') {
            if !lists(answer, "access-control-allow-headers", name) {
                return flaw(format!("the request header {name} is not allowed"));
            }
        }
    }
    let Some(answer) = fetch(http, get, Some(origin)).await else {
        return Some(Flaw::PublicUnreachable);
    };
    if !allows(&answer, origin) {
        return flaw("the page may not read the answer to a GET".to_owned());
    }
    let hidden = |name: &&str| !lists(&answer, "access-control-expose-headers", name);
    match READ.into_iter().find(hidden) {
        Some(name) => flaw(format!("the answer's header {name} is not exposed")),
        None => None,
    }
}

fn allows(answer: &HeaderMap, origin: &str) -> bool {
    matches!(text(answer, "access-control-allow-origin"), Some(allowed) if allowed == origin || allowed == "*")
}

/// Returns whether a header lists that word, in one line or several.
fn lists(answer: &HeaderMap, header: &str, word: &str) -> bool {
    let lines = answer.get_all(header).iter();
    let words = lines.filter_map(|line| line.to_str().ok());
    let mut words = words.flat_map(|line| line.split(',')).map(str::trim);
    words.any(|listed| listed.eq_ignore_ascii_case(word) || listed == "*")
}

fn text<'a>(answer: &'a HeaderMap, name: &str) -> Option<&'a str> {
    answer.get(name).and_then(|value| value.to_str().ok())
}
