//! Reads a form. Its one file is sealed as it arrives, and its other fields are skipped.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, header};
use multer::{Field, Multipart};
use sealift_transfer::api::ProblemCode;

use super::{
    begin,
    body::{BodyError, Paced, SharedBody, Unparsed},
    name,
};
use crate::{
    app::App,
    caller::Caller,
    problem::Refusal,
    uploads::sealing::{ComingFile, Sealing},
};

/// The most bytes of all fields together that are not files.
const MOST_FIELD_BYTES: usize = 64 * 1024;
/// The most fields that are not files.
const MOST_FIELDS: usize = 64;
/// The most bytes of a form besides its file: the other fields, and the heads of all fields.
pub(super) const MOST_AROUND_BYTES: u64 = 256 * 1024;

/// Returns the boundary that stands between the form's fields.
pub(super) fn boundary(headers: &HeaderMap) -> Result<String, Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let boundary = content_type.and_then(|value| multer::parse_boundary(value).ok());
    boundary.ok_or_else(|| {
        Refusal::new(
            ProblemCode::UnsupportedMediaType,
            "This endpoint takes a form with a file: send multipart/form-data, such as `curl -F \
             file=@photo.jpg`, or PUT the file to /upload/NAME.",
        )
    })
}

/// Seals the form's file to its last byte and reads the form to its end. A form that is cut off or has
/// two files leaves no file. When this returns, the parser no longer holds the body.
pub(super) async fn read(
    app: &App,
    caller: &Caller,
    body: &SharedBody,
    boundary: String,
    most_bytes: u64,
) -> Result<Sealing, Refusal> {
    let unparsed = Unparsed::default();
    let mut form = Reader {
        app,
        caller,
        most_bytes,
        fields: Multipart::new(Paced::of(Arc::clone(body), &unparsed), boundary),
        unparsed,
        passed_over: (0, 0),
    };
    let mut file = None;
    let read = form.all(&mut file).await;
    match (read, file) {
        (Ok(()), Some(sealing)) => Ok(sealing),
        (Ok(()), None) => Err(no_file()),
        (Err(refusal), sealing) => {
            if let Some(sealing) = sealing {
                sealing.abort(refusal.code()).await;
            }
            Err(refusal)
        }
    }
}

struct Reader<'a> {
    app: &'a App,
    caller: &'a Caller,
    most_bytes: u64,
    fields: Multipart<'static>,
    unparsed: Unparsed,
    /// The number of fields so far that are not files, and their bytes.
    passed_over: (usize, usize),
}

impl Reader<'_> {
    async fn all(&mut self, file: &mut Option<Sealing>) -> Result<(), Refusal> {
        while let Some(field) = self.fields.next_field().await.map_err(unreadable)? {
            self.unparsed.clear();
            let disposition = field.headers().get(header::CONTENT_DISPOSITION);
            let disposition = disposition.map_or(&[][..], |value| value.as_bytes());
            match name::in_part(disposition) {
                Some(name) => self.file(field, name, file).await?,
                None => self.pass_over(field).await?,
            }
        }
        Ok(())
    }

    async fn file(
        &self,
        mut field: Field<'static>,
        name: String,
        file: &mut Option<Sealing>,
    ) -> Result<(), Refusal> {
        let mut next = bytes_of(&mut field).await?;
        if next.is_none() && name.is_empty() {
            // A browser sends this if the person chose no file.
            return Ok(());
        }
        if file.is_some() {
            return Err(two_files());
        }
        let coming = ComingFile {
            name,
            content_type: field.content_type().map(ToString::to_string),
            most_bytes: self.most_bytes,
            resealed: None,
        };
        let sealing = file.insert(begin(self.app, self.caller, coming).await?);
        while let Some(bytes) = next {
            self.unparsed.clear();
            sealing.push(bytes).await?;
            next = bytes_of(&mut field).await?;
        }
        Ok(())
    }

    async fn pass_over(&mut self, mut field: Field<'static>) -> Result<(), Refusal> {
        let (count, len) = &mut self.passed_over;
        *count = count.saturating_add(1);
        while let Some(bytes) = bytes_of(&mut field).await? {
            self.unparsed.clear();
            *len = len.saturating_add(bytes.len());
            if *len > MOST_FIELD_BYTES {
                break;
            }
        }
        if *count > MOST_FIELDS || *len > MOST_FIELD_BYTES {
            return Err(Refusal::new(
                ProblemCode::BodyTooLarge,
                format!(
                    "The form has more than {MOST_FIELDS} fields or {MOST_FIELD_BYTES} bytes \
                     besides its file; send less."
                ),
            )
            .with_number("most_bytes", MOST_FIELD_BYTES));
        }
        Ok(())
    }
}

/// Returns the next bytes of a field, at least one, or `None` after its end.
async fn bytes_of(field: &mut Field<'static>) -> Result<Option<Bytes>, Refusal> {
    while let Some(bytes) = field.chunk().await.map_err(unreadable)? {
        if !bytes.is_empty() {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

fn no_file() -> Refusal {
    Refusal::new(
        ProblemCode::NotOneFile,
        "The form has no file in it; send one, such as `curl -F file=@photo.jpg`.",
    )
}

fn two_files() -> Refusal {
    Refusal::new(
        ProblemCode::NotOneFile,
        "The form has more than one file in it, so none was kept; send them one by one.",
    )
}

/// Returns the refusal of a form that cannot be parsed. It leaves out the parser's message, which may
/// quote the name of a field, because that is private.
fn unreadable(error: multer::Error) -> Refusal {
    if let multer::Error::StreamReadFailed(cause) = &error
        && let Some(cause) = cause.downcast_ref::<BodyError>()
    {
        return (*cause).into();
    }
    Refusal::new(
        ProblemCode::InvalidRequest,
        "The form cannot be read: it is not multipart/form-data, or it was cut off.",
    )
}
