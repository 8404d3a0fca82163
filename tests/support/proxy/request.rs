//! Parses the head of a request to find out which operation it asks for.

use core::ops::Range;

use http::{HeaderValue, Method, Uri, request::Parts};
use url::form_urlencoded;

/// An operation of S3, KMS or the server, as far as faults and stories distinguish them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// S3: upload a part.
    UploadPart,
    /// S3: upload a whole object.
    PutObject,
    /// S3: begin a multipart upload.
    CreateMultipart,
    /// S3: join the parts.
    CompleteMultipart,
    /// S3: abort a multipart upload.
    AbortMultipart,
    /// S3: list the parts of a multipart upload.
    ListParts,
    /// S3: list multipart uploads or objects.
    List,
    /// S3: read bytes of an object.
    GetObject,
    /// S3: read an object's size and checksum.
    HeadObject,
    /// S3: delete an object.
    DeleteObject,
    /// KMS: `GenerateDataKey`.
    MakeDataKey,
    /// KMS: `Decrypt`.
    OpenDataKey,
    /// Server: open an upload, or several in a batch.
    Open,
    /// Server: sign parts, of one upload or several.
    Sign,
    /// Server: fetch the content key again.
    Key,
    /// Server: complete an upload, or several.
    Complete,
    /// Server: abort an upload.
    Abort,
    /// Server: read the state of an upload.
    Status,
    /// Server: read plaintext.
    Content,
    /// Any other request: a browser's preflight, the page, a health check.
    Other,
}

/// The parts of a request's head that matter to the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// The operation that the request asks for.
    pub operation: Operation,
    /// The HTTP method.
    pub method: Method,
    /// Bucket and object key, or the API's path. The query is left out because it is a credential.
    pub path: String,
    /// The part number, if the request uploads a part.
    pub part_number: Option<u16>,
    /// Bytes of the body, if the request has a `Content-Length`.
    pub body_len: Option<u64>,
    /// The byte range of a GET, if its `Range` header has the form `bytes=first-last` or `bytes=first-`.
    pub range: Option<Range<u64>>,
}

impl RequestHead {
    /// Parses a request head.
    #[must_use]
    pub fn of(head: &Parts) -> Self {
        let query = |name: &str| query_value(&head.uri, name);
        let part_number = query("partNumber").and_then(|number| number.parse().ok());
        let target = head.headers.get("x-amz-target");
        let target = target.and_then(|target| target.to_str().ok());
        let length = head.headers.get(http::header::CONTENT_LENGTH);
        let operation = match target {
            Some(target) => kms(target),
            None if head.uri.path().starts_with("/v1/") => api(&head.method, head.uri.path()),
            None => s3(&head.method, &query, is_object(head.uri.path())),
        };
        Self {
            operation,
            method: head.method.clone(),
            path: head.uri.path().trim_start_matches('/').to_owned(),
            part_number,
            body_len: length.and_then(|length| length.to_str().ok()?.parse().ok()),
            range: head.headers.get(http::header::RANGE).and_then(range),
        }
    }
}

fn range(value: &HeaderValue) -> Option<Range<u64>> {
    let asked = value.to_str().ok()?.strip_prefix("bytes=")?;
    let (first, last) = asked.split_once('-')?;
    let end = match last {
        "" => u64::MAX,
        last => last.parse::<u64>().ok()?.checked_add(1)?,
    };
    Some(first.parse().ok()?..end)
}

pub(super) fn query_value(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query()?.as_bytes());
    let found = pairs.find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned())
}

/// Returns whether a path-style path names more than a bucket. The page's own files contain no `/` except for the
/// icons, and those requests are never signed.
fn is_object(path: &str) -> bool {
    path.trim_matches('/').contains('/')
}

fn kms(target: &str) -> Operation {
    match target {
        "TrentService.GenerateDataKey" => Operation::MakeDataKey,
        "TrentService.Decrypt" => Operation::OpenDataKey,
        _ => Operation::Other,
    }
}

fn s3(method: &Method, query: &impl Fn(&str) -> Option<String>, is_object: bool) -> Operation {
    let has = |name| query(name).is_some();
    match method.as_str() {
        "PUT" if has("partNumber") => Operation::UploadPart,
        "PUT" if is_object => Operation::PutObject,
        "POST" if has("uploads") => Operation::CreateMultipart,
        "POST" if has("uploadId") => Operation::CompleteMultipart,
        "DELETE" if has("uploadId") => Operation::AbortMultipart,
        "DELETE" if is_object => Operation::DeleteObject,
        "GET" if has("uploadId") => Operation::ListParts,
        "GET" if has("uploads") || has("list-type") => Operation::List,
        "GET" if is_object => Operation::GetObject,
        "HEAD" if is_object => Operation::HeadObject,
        _ => Operation::Other,
    }
}

fn api(method: &Method, path: &str) -> Operation {
    let mut segments = path.trim_matches('/').split('/').skip(1);
    let (of, id, what) = (segments.next(), segments.next(), segments.next());
    match (method.as_str(), of, id, what) {
        ("POST", Some("uploads" | "uploads:batch"), None, None) => Operation::Open,
        ("POST", Some("uploads"), Some(_), Some("parts")) => Operation::Sign,
        ("POST", Some("uploads:sign"), None, None) => Operation::Sign,
        ("POST", Some("uploads:complete"), None, None) => Operation::Complete,
        ("POST", Some("uploads"), Some(_), Some("key")) => Operation::Key,
        ("POST", Some("uploads"), Some(_), Some("complete")) => Operation::Complete,
        ("DELETE", Some("uploads"), Some(_), None) => Operation::Abort,
        ("GET", Some("uploads"), Some(_), None) => Operation::Status,
        ("GET", Some("files"), Some(_), Some("content")) => Operation::Content,
        _ => Operation::Other,
    }
}
