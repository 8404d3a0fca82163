//! Checks the fields of a request to open an upload.

use sealift_transfer::api::{
    OpenUpload, ProblemCode,
    file_name::{FileNameError, checked_name},
};

use crate::{config::Config, problem::Refusal, routes::policy::most_bytes};

/// The most bytes of the caller's reference.
const MOST_REFERENCE_BYTES: usize = 256;
/// The most bytes of a media type. RFC 6838 allows 127 characters on each side of the slash.
const MOST_CONTENT_TYPE_BYTES: usize = 255;

/// Checks every field and returns the request with the name that is kept.
pub(super) fn check(mut request: OpenUpload, config: &Config) -> Result<OpenUpload, Refusal> {
    client_token(&request.client_token)?;
    request.name = name(&request.name, config.limits.name_bytes)?;
    if request.size > most_bytes(config) {
        return Err(file_too_large(config));
    }
    if let Some(given) = &request.content_type {
        content_type(given)?;
    }
    if let Some(reference) = &request.reference
        && (reference.len() > MOST_REFERENCE_BYTES || has_control_characters(reference))
    {
        return Err(field(
            "reference",
            "is too long or has control characters",
            MOST_REFERENCE_BYTES,
        ));
    }
    let most_metadata = config.limits.metadata_bytes;
    if let Some(metadata) = &request.metadata
        && metadata.to_string().len() > most_metadata
    {
        return Err(field("metadata", "is too long as JSON", most_metadata));
    }
    Ok(request)
}

pub(super) fn file_too_large(config: &Config) -> Refusal {
    let most = most_bytes(config);
    Refusal::new(
        ProblemCode::FileTooLarge,
        format!("The file is larger than {most} bytes, the most that this server takes."),
    )
    .with_number("most_bytes", most)
}

/// Checks the type that the client claims, if it claims one. Every way to upload a file calls this. The bytes
/// themselves are looked at when the upload is complete (`sniffed.rs`).
pub(in crate::routes) fn content_type(content_type: &str) -> Result<(), Refusal> {
    let visible = |c: u8| matches!(c, b' '..=b'~');
    let fits = content_type.len() <= MOST_CONTENT_TYPE_BYTES;
    if fits && !content_type.is_empty() && content_type.bytes().all(visible) {
        return Ok(());
    }
    Err(field(
        "content_type",
        "is not a media type",
        MOST_CONTENT_TYPE_BYTES,
    ))
}

fn client_token(token: &str) -> Result<(), Refusal> {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    if (16..=64).contains(&token.len()) && token.bytes().all(allowed) {
        return Ok(());
    }
    Err(Refusal::new(
        ProblemCode::InvalidField,
        "`client_token` must be 16 to 64 of A-Z, a-z, 0-9, '-' and '_', new for each upload.",
    )
    .with_number("field", "client_token"))
}

/// Returns the name that is kept of a given one. Every way to upload a file calls this.
pub(in crate::routes) fn name(given: &str, most_bytes: usize) -> Result<String, Refusal> {
    let refused = |why: FileNameError| {
        let detail = format!("The file's name {why}; rename the file and try again.");
        Refusal::new(ProblemCode::InvalidName, detail).with_number("most_bytes", most_bytes)
    };
    checked_name(given, most_bytes)
        .map(str::to_owned)
        .map_err(refused)
}

fn field(name: &str, why: &str, most_bytes: usize) -> Refusal {
    Refusal::new(
        ProblemCode::InvalidField,
        format!("`{name}` {why}; it may have at most {most_bytes} bytes."),
    )
    .with_number("field", name)
    .with_number("most_bytes", most_bytes)
}

fn has_control_characters(text: &str) -> bool {
    text.chars().any(char::is_control)
}
