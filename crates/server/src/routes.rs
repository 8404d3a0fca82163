//! The endpoints, one file each, and the extractors that their requests share: the id in the path
//! ([`Id`]) and the JSON body ([`JsonBody`]).

use core::{fmt, str::FromStr, time::Duration};

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::request::Parts,
};
use headers::{ContentType, HeaderMapExt as _};
use sealift_transfer::api::ProblemCode;
use serde::de::DeserializeOwned;

use crate::{app::App, problem::Refusal};

pub(crate) mod abort_upload;
pub(crate) mod change_ticket;
pub(crate) mod complete_upload;
pub(crate) mod content;
pub(crate) mod delete_file;
pub(crate) mod file;
pub(crate) mod files;
pub(crate) mod form_upload;
pub(crate) mod health;
pub(crate) mod make_ticket;
pub(crate) mod metrics;
pub(crate) mod no_route;
pub(crate) mod open_file;
pub(crate) mod open_upload;
pub(crate) mod page;
pub(crate) mod paging;
pub(crate) mod policy;
pub(crate) mod redeem_ticket;
pub(crate) mod revoke_ticket;
pub(crate) mod shared_file;
pub(crate) mod sign_parts;
pub(crate) mod tickets;
pub(crate) mod unfinished_uploads;
pub(crate) mod upload_batches;
pub(crate) mod upload_key;
pub(crate) mod upload_status;
pub(crate) mod verify_file;

/// The id in the path. A text that is not an id gets 404, because it names nothing.
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr> FromRequestParts<App> for Id<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Path(text) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::not_found())?;
        text.parse().map(Self).map_err(|_| Refusal::not_found())
    }
}

/// A JSON body within the configured size.
pub(crate) struct JsonBody<T>(pub(crate) T);

/// The server cuts off a client that takes longer than this to send so small a body.
const LONGEST_BODY: Duration = Duration::from_secs(30);

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let most = app.config.limits.json_body_bytes;
        json_body(request, most).await.map(Self)
    }
}

/// Reads a JSON body of at most that many bytes.
async fn json_body<T: DeserializeOwned>(request: Request, most: usize) -> Result<T, Refusal> {
    let too_large = || {
        Refusal::new(
            ProblemCode::BodyTooLarge,
            format!("The request is larger than {most} bytes; send less in one request."),
        )
        .with_number("most_bytes", most)
    };
    let content_type = request.headers().typed_get::<ContentType>();
    let essence = content_type.map(mime_of);
    if essence.as_deref() != Some("application/json") {
        return Err(Refusal::new(
            ProblemCode::UnsupportedMediaType,
            "This endpoint takes JSON: send Content-Type: application/json.",
        ));
    }
    let declared = request.headers().typed_get::<headers::ContentLength>();
    let most_u64 = u64::try_from(most).unwrap_or(u64::MAX);
    if declared.is_some_and(|length| length.0 > most_u64) {
        return Err(too_large());
    }
    let read = axum::body::to_bytes(request.into_body(), most);
    let bytes = tokio::time::timeout(LONGEST_BODY, read)
        .await
        .map_err(|_| invalid(&"its body took too long"))?
        .map_err(|_| too_large())?;
    serde_json::from_slice(&bytes).map_err(|error| invalid(&error))
}

fn mime_of(content_type: ContentType) -> String {
    headers::Mime::from(content_type).essence_str().to_owned()
}

fn invalid(why: &dyn fmt::Display) -> Refusal {
    Refusal::new(
        ProblemCode::InvalidRequest,
        format!("The request cannot be read: {why}."),
    )
}
