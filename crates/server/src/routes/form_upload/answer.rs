//! Answers the sender of an upload: three plain lines, the record as JSON, or a page. The request's
//! `Accept` header chooses.

use axum::{
    Json,
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use data_encoding::BASE64;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sealift_transfer::api::{FileRecord, files};

use super::page;
use crate::refusals::RefusedAsPage;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Lines,
    Json,
    Page,
}

impl Form {
    /// Returns the form with the highest weight, the first of equals; lines if the request names none.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let accepts = headers.get_all(header::ACCEPT).iter();
        let mut wanted: Vec<(f32, &str)> = accepts
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(weighed)
            .collect();
        // The sort is stable, so the first of equals stays the first.
        wanted.sort_by(|one, other| other.0.total_cmp(&one.0));
        let known = wanted.iter().find_map(|(_, kind)| match *kind {
            "application/json" | "application/*" => Some(Self::Json),
            "text/html" | "application/xhtml+xml" => Some(Self::Page),
            "text/plain" | "text/*" | "*/*" => Some(Self::Lines),
            _ => None,
        });
        known.unwrap_or(Self::Lines)
    }

    /// Returns the answer 201 with the address of the file's record in `Location`.
    pub(super) fn answer(self, file: &FileRecord) -> Response {
        let mut answer = match self {
            Self::Lines => lines(file).into_response(),
            Self::Json => Json(file).into_response(),
            Self::Page => page::sealed(file),
        };
        *answer.status_mut() = StatusCode::CREATED;
        // This never fails, because an id has only letters and digits.
        if let Ok(place) = HeaderValue::from_str(&files::path(&file.id)) {
            answer.headers_mut().insert(header::LOCATION, place);
        }
        let vary = HeaderValue::from_static("accept");
        answer.headers_mut().append(header::VARY, vary);
        answer
    }
}

/// Returns a media type with its weight, or `None` if its weight is 0 or cannot be read.
fn weighed(text: &str) -> Option<(f32, &str)> {
    let mut fields = text.split(';').map(str::trim);
    let kind = fields.next()?;
    let weight = fields
        .find_map(|field| field.strip_prefix("q="))
        .map_or(Some(1.0), |weight| weight.parse().ok())?;
    (weight > 0.0).then_some((weight, kind))
}

/// Returns the answer as three lines. A name has no line break, because such a name was refused.
fn lines(file: &FileRecord) -> String {
    let (bucket, object_key) = (&file.bucket, &file.object_key);
    let key = BASE64.encode(&file.encrypted_data_key);
    format!("s3://{bucket}/{object_key}\n{key}\n{}\n", file.name)
}

/// Middleware: answers refusals as a page too if the request wants pages, as a browser does.
pub(crate) async fn refusals_as_wanted(request: Request, next: Next) -> Response {
    let form = Form::wanted(request.headers());
    let mut answer = next.run(request).await;
    if form == Form::Page {
        answer.extensions_mut().insert(RefusedAsPage(page::refused));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_is_wanted_most() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (accept, form) in [
            ("*/*", Form::Lines),
            ("", Form::Lines),
            ("image/png", Form::Lines),
            (browser, Form::Page),
            ("application/json", Form::Json),
            ("application/json, text/plain, */*", Form::Json),
            ("text/plain, application/json;q=0.5", Form::Lines),
            ("text/html;q=0.2, application/json;q=0.3", Form::Json),
            ("text/html;q=0, */*", Form::Lines),
            ("text/html;q=x", Form::Lines),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(Form::wanted(&headers), form, "{accept}");
        }
        assert_eq!(Form::wanted(&HeaderMap::new()), Form::Lines);
    }
}
