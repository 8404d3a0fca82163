//! A minimal store on loopback, with one fault and a second, public endpoint.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
    routing::any,
};
use sealift_transfer::api::Sha256;

use crate::objects::{
    Objects, S3Config, S3Credentials, StoreAlgorithm, StoreEncryption,
    embedded::EmbeddedCredentials,
};

/// A fault of a store.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wrong {
    Nothing,
    TakesAnything,
    TakesPartsWithoutHeader,
    TakesAnyObject,
    TakesNothing,
    HidesChecksumsOfParts,
    HidesChecksumsOfObjects,
    /// Does not encrypt, although the settings ask for it.
    EncryptsNothing,
    /// Encrypts multipart uploads only, although the settings ask for encryption.
    EncryptsUploadsOnly,
    /// Answers HEAD and GET of an absent object with this status and code.
    Absence(u16, &'static str),
    /// Sends the whole object, whatever range was requested.
    IgnoresRange,
    IgnoresIfMatch,
    /// Removes or replaces a header of the answer to a GET.
    Without(&'static str),
    With(&'static str, &'static str),
    DeniesReading,
    JoinsEqualPartsOnly,
    /// Refuses at the public endpoint only.
    PublicRefuses(u16, &'static str),
    PublicIsAnother,
    PublicWithout(&'static str),
    /// Allows the preflight of a PUT, but lets no page read the answer.
    HidesPuts,
    /// Omits this word from this CORS header.
    CorsWithout(&'static str, &'static str),
}

/// A small store: whole objects by path, and the lengths of parts by number.
#[derive(Clone)]
struct Store {
    wrong: Wrong,
    is_public: bool,
    objects: Arc<Mutex<BTreeMap<String, Bytes>>>,
    parts: Arc<Mutex<BTreeMap<u16, Bytes>>>,
}

const ETAG: &str = "\"1\"";

async fn served(store: &Store, is_public: bool) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let store = Store {
        is_public,
        ..store.clone()
    };
    let app = Router::new().fallback(any(answer)).with_state(store);
    let app = app.layer(axum::extract::DefaultBodyLimit::disable());
    tokio::spawn(async { axum::serve(listener, app).await });
    endpoint
}

pub(super) async fn objects_at(wrong: Wrong) -> Objects {
    let store = Store {
        wrong,
        is_public: false,
        objects: Arc::default(),
        parts: Arc::default(),
    };
    let algorithm = match wrong {
        Wrong::EncryptsNothing | Wrong::EncryptsUploadsOnly => Some(StoreAlgorithm::S3Keys),
        _ => None,
    };
    Objects::connect(&S3Config {
        endpoint: Some(served(&store, false).await),
        public_endpoint: Some(served(&store, true).await),
        region: Some("us-east-1".into()),
        bucket: "sealift".into(),
        prefix: "sealift".parse().unwrap(),
        path_style: true,
        encryption: StoreEncryption {
            algorithm,
            ..StoreEncryption::default()
        },
        credentials: S3Credentials::Embedded(EmbeddedCredentials::from_random(&[7; 52])),
    })
    .await
}

async fn answer(
    State(store): State<Store>,
    method: Method,
    uri: Uri,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wrong = store.wrong;
    let path = uri.path().to_owned();
    let upload = query.contains_key("uploadId");
    let mut answer = match method.as_str() {
        "OPTIONS" => StatusCode::OK.into_response(),
        _ if store.is_public
            && let Wrong::PublicRefuses(status, code) = wrong =>
        {
            refusal(status, code)
        }
        "PUT" if store.is_public && wrong == Wrong::PublicIsAnother => "hello".into_response(),
        "POST" if !upload => {
            "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
                .into_response()
        }
        "POST" => store.join(path),
        "GET" if upload => store.list(),
        "PUT" => store.put(path, &query, &headers, body),
        "GET" | "HEAD" if query.contains_key("versions") => refusal(501, "NotImplemented"),
        "GET" | "HEAD" => store.get(&path, &method, &headers),
        _ if upload => StatusCode::NO_CONTENT.into_response(),
        _ => {
            store.objects.lock().unwrap().remove(&path);
            StatusCode::NO_CONTENT.into_response()
        }
    };
    if wrong == Wrong::EncryptsUploadsOnly && method == Method::POST {
        let encrypted = HeaderValue::from_static("AES256");
        let headers = answer.headers_mut();
        headers.insert("x-amz-server-side-encryption", encrypted);
    }
    store.cors(answer.headers_mut(), &headers);
    if wrong == Wrong::HidesPuts && method == Method::PUT {
        answer.headers_mut().remove("access-control-allow-origin");
    }
    let gone = match wrong {
        Wrong::Without(name) => Some(name),
        Wrong::PublicWithout(name) if store.is_public => Some(name),
        _ => None,
    };
    if let Some(name) = gone
        && method == Method::GET
    {
        answer.headers_mut().remove(name);
    }
    answer
}

fn refusal(status: u16, code: &str) -> Response {
    let body = format!("<Error><Code>{code}</Code></Error>");
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

impl Store {
    fn put(
        &self,
        path: String,
        query: &HashMap<String, String>,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Response {
        let number = query.get("partNumber");
        let told = headers.get("x-amz-checksum-sha256");
        let told = told.map(|value| value.to_str().unwrap());
        let is_right = told == Some(Sha256::of(&body).to_string().as_str());
        let is_taken = match self.wrong {
            Wrong::TakesAnything => true,
            Wrong::TakesPartsWithoutHeader => is_right || told.is_none(),
            Wrong::TakesAnyObject => is_right || number.is_none(),
            Wrong::TakesNothing => false,
            _ => is_right,
        };
        if !is_taken {
            return refusal(403, "AccessDenied");
        }
        match number {
            Some(number) => {
                let number = number.parse().unwrap();
                self.parts.lock().unwrap().insert(number, body);
            }
            None => {
                self.objects.lock().unwrap().insert(path, body);
            }
        }
        [("etag", ETAG)].into_response()
    }

    fn list(&self) -> Response {
        let mut text = "<ListPartsResult>".to_owned();
        for (number, part) in self.parts.lock().unwrap().iter() {
            let sha256 = match self.wrong {
                Wrong::HidesChecksumsOfParts => String::new(),
                _ => format!("<ChecksumSHA256>{}</ChecksumSHA256>", Sha256::of(part)),
            };
            text += &format!(
                "<Part><PartNumber>{number}</PartNumber><ETag>1</ETag><Size>{}</Size>{sha256}</Part>",
                part.len()
            );
        }
        (text + "</ListPartsResult>").into_response()
    }

    fn join(&self, path: String) -> Response {
        let parts = self.parts.lock().unwrap();
        let mut lens: Vec<usize> = parts.values().map(Bytes::len).collect();
        lens.pop();
        if self.wrong == Wrong::JoinsEqualPartsOnly && lens.iter().any(|len| *len != lens[0]) {
            return refusal(400, "InvalidPart");
        }
        let all: Vec<u8> = parts.values().flatten().copied().collect();
        self.objects.lock().unwrap().insert(path, all.into());
        "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>"
            .into_response()
    }

    fn get(&self, path: &str, method: &Method, headers: &HeaderMap) -> Response {
        let object = self.objects.lock().unwrap().get(path).cloned();
        let Some(object) = object else {
            return match self.wrong {
                Wrong::Absence(status, body) => {
                    (StatusCode::from_u16(status).unwrap(), body).into_response()
                }
                _ => refusal(404, "NoSuchKey"),
            };
        };
        let mut answer = if method == Method::HEAD {
            object.clone().into_response()
        } else {
            if self.wrong == Wrong::DeniesReading {
                return refusal(403, "AccessDenied");
            }
            let wanted = headers.get("if-match");
            if self.wrong != Wrong::IgnoresIfMatch && wanted.is_some_and(|wanted| wanted != ETAG) {
                return refusal(412, "PreconditionFailed");
            }
            let range = headers["range"].to_str().unwrap();
            let range = range.strip_prefix("bytes=").unwrap();
            let (first, last) = range.split_once('-').unwrap();
            let [first, last]: [usize; 2] = [first, last].map(|text| text.parse().unwrap());
            if self.wrong == Wrong::IgnoresRange {
                object.clone().into_response()
            } else {
                let range = format!("bytes {first}-{last}/{}", object.len());
                let some = object.slice(first..=last);
                (
                    StatusCode::PARTIAL_CONTENT,
                    [("content-range", range)],
                    some,
                )
                    .into_response()
            }
        };
        let headers = answer.headers_mut();
        headers.insert("etag", HeaderValue::from_static(ETAG));
        if self.wrong != Wrong::HidesChecksumsOfObjects {
            let sha256 = Sha256::of(&object).to_string();
            headers.insert("x-amz-checksum-sha256", sha256.parse().unwrap());
        }
        if let Wrong::With(name, value) = self.wrong
            && method == Method::GET
        {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        answer
    }

    fn cors(&self, answer: &mut HeaderMap, asked: &HeaderMap) {
        let Some(origin) = asked.get("origin") else {
            return;
        };
        let is_a_preflight = asked.contains_key("access-control-request-method");
        let mut says = vec![("access-control-allow-origin", origin.to_str().unwrap())];
        if is_a_preflight {
            says.extend([
                ("access-control-allow-methods", "GET, PUT"),
                (
                    "access-control-allow-headers",
                    "Range, If-Match, If-None-Match, X-Amz-Checksum-Sha256",
                ),
            ]);
        } else {
            says.push(("access-control-expose-headers", "ETag, Content-Range"));
        }
        for (name, value) in says {
            let value = match self.wrong {
                Wrong::CorsWithout(of, word) if of == name => value.replace(word, "-"),
                _ => value.to_owned(),
            };
            answer.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
    }
}
