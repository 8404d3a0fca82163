//! Translates the errors of S3 into failures, in one table.

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use super::super::location::S3Url;
use crate::{
    failure::{Exit, Failure},
    terminal::shown,
};

/// The header in which S3 names the bucket's region if a request was signed for another one.
const REGION_HEADER: &str = "x-amz-bucket-region";

/// Returns the failure for a request. `asked` is the region that the request was signed for.
pub(super) fn translate<E: ProvideErrorMetadata>(
    url: &S3Url,
    asked: Option<&str>,
    error: &SdkError<E, HttpResponse>,
) -> Failure {
    let SdkError::ServiceError(refusal) = error else {
        return no_answer(error);
    };
    let name = name(url);
    let status = refusal.raw().status().as_u16();
    let code = refusal.err().code().unwrap_or_default();
    if let Some(failure) = other_region(&name, asked, status, code, refusal.raw()) {
        return failure;
    }
    match (status, code) {
        (_, "NoSuchKey" | "NoSuchVersion" | "NoSuchBucket") | (404, _) => {
            Failure::new(Exit::NotFound, format!("there is no {name}"))
                .remedy("check bucket, key, --s3-version and --region")
        }
        (412 | 416, _) => replaced(url),
        (_, "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired") => {
            Failure::new(Exit::NotAllowed, "the AWS credentials have expired")
                .remedy("get new ones and try again")
        }
        (400, "") => Failure::new(
            Exit::Usage,
            format!("the store refuses to give {name} and does not say why (400)"),
        )
        .remedy("check the bucket's region (--region) and the credentials"),
        (401 | 403, _) => Failure::new(
            Exit::NotAllowed,
            format!("the store does not let you read {name}"),
        )
        .remedy("check the credentials and the bucket's policy"),
        (429 | 500..=599, _) => {
            Failure::new(Exit::Unreachable, format!("the store is busy ({status})"))
                .remedy("try again")
        }
        _ => Failure::new(
            Exit::Failed,
            format!(
                "the store refuses to give {name} ({status} {})",
                shown(code)
            ),
        ),
    }
}

/// Returns whether the answer gives no reason because it answers a HEAD and so has no body. A GET then learns more.
pub(super) fn lacks_its_reason<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let SdkError::ServiceError(refusal) = error else {
        return false;
    };
    let raw = refusal.raw();
    matches!(raw.status().as_u16(), 301 | 302 | 307 | 308 | 400)
        && refusal.err().code().is_none_or(str::is_empty)
        && raw.headers().get(REGION_HEADER).is_none()
}

/// Returns the failure for an object that is no longer the one of the first answer.
pub(super) fn replaced(url: &S3Url) -> Failure {
    let message = format!("{} was replaced while it was read", name(url));
    Failure::new(Exit::NotAuthentic, message)
        .remedy("try again")
        .code("object_replaced")
}

fn no_answer<E>(error: &SdkError<E, HttpResponse>) -> Failure {
    // Without credentials or a region a request cannot be constructed or signed.
    let lacks_credentials = match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::DispatchFailure(failure) => failure.is_other() && failure.as_other().is_none(),
        _ => false,
    };
    if lacks_credentials {
        return Failure::new(Exit::NotAllowed, "S3 needs credentials and a region")
            .remedy("give them through the AWS chain (AWS_PROFILE, AWS_ACCESS_KEY_ID) or --region")
            .code("no_credentials");
    }
    Failure::new(Exit::Unreachable, "the store does not answer")
        .remedy("check the network and --s3-endpoint, then try again")
}

/// Returns the failure for a request to the wrong region, or `None` if the region was right. S3 reports this in several
/// ways: it redirects, or it refuses the signature, because that is for one region. It names the right region in a
/// header, in the body or not at all.
fn other_region(
    name: &str,
    asked: Option<&str>,
    status: u16,
    code: &str,
    raw: &HttpResponse,
) -> Option<Failure> {
    let says_so = matches!(status, 301 | 302 | 307 | 308)
        || matches!(
            code,
            "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException"
        );
    // Other refusals have the header, too, and it may name the region that was asked.
    if !says_so && !matches!(status, 400 | 403) {
        return None;
    }
    let region = raw.headers().get(REGION_HEADER).and_then(region);
    let region = region.or_else(|| region_in(raw.body().bytes()?));
    let region = region.filter(|region| Some(region.as_str()) != asked);
    let failure = match region {
        Some(region) => Failure::new(Exit::Usage, format!("{name} is in the region {region}"))
            .remedy(format!("give --region {region}")),
        None if says_so => Failure::new(Exit::Usage, format!("{name} is in another region"))
            .remedy("give the bucket's region with --region"),
        None => return None,
    };
    Some(failure.code("other_region"))
}

/// Returns the region that the body of a refused signature names.
fn region_in(body: &[u8]) -> Option<String> {
    let body = core::str::from_utf8(body).ok()?;
    let (_, rest) = body.split_once("<Region>")?;
    region(rest.split_once("</Region>")?.0)
}

/// Returns the text if it is the name of a region. The store chose the text, and it becomes part of a command that a
/// person copies, so nothing else may pass.
fn region(text: &str) -> Option<String> {
    let is_a_name = (1..=40).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-');
    is_a_name.then(|| text.to_owned())
}

fn name(url: &S3Url) -> String {
    format!("s3://{}/{}", shown(&url.bucket), shown(&url.key))
}
