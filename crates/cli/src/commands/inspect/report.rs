//! The description of a header: JSON for programs, a table for people.

use std::{collections::BTreeMap, fmt::Write as _};

use sealift_message::{
    EncryptedDataKey,
    general::{Content, Header},
    suite::AWS_KMS,
};
use serde::Serialize;

use super::sizes::{self, Sizes};
use crate::{
    message::Location,
    terminal::{BAD, FAINT, GOOD, STRONG, human_size, shown, styled},
};

#[derive(Debug, Serialize)]
pub(super) struct Report {
    path: String,
    format_version: u8,
    suite: String,
    suite_name: String,
    commitment: bool,
    signature: bool,
    message_id: String,
    encryption_context: BTreeMap<String, String>,
    encrypted_data_keys: Vec<DataKeyReport>,
    /// `framed` or `unframed`.
    content: &'static str,
    frame_length: Option<u32>,
    header_len: u64,
    /// Bytes of the whole message, if that is known.
    sealed_len: Option<u64>,
    /// The frames and the plaintext as computed from the size, which is not verified. `None` if the size is not known,
    /// if no message has this size, or if a signature of unknown length follows the body.
    by_size: Option<Sizes>,
}

/// One encrypted data key, with the key that decrypts it.
#[derive(Debug, Serialize)]
#[serde(tag = "keyring", rename_all = "kebab-case")]
enum DataKeyReport {
    AwsKms {
        arn: String,
    },
    RawAes {
        namespace: String,
        name: String,
    },
    Other {
        provider_id: String,
        provider_info: String,
    },
}

impl Report {
    pub(super) fn new(location: &Location, header: &Header, sealed_len: Option<u64>) -> Self {
        let suite = header.suite();
        let (content, frame_length) = match header.content() {
            Content::Framed(length) => ("framed", Some(length.get())),
            Content::Unframed => ("unframed", None),
        };
        let body_len = sealed_len.and_then(|len| len.checked_sub(header.len()));
        let by_size =
            body_len
                .filter(|_| !suite.is_signed())
                .and_then(|body_len| match frame_length {
                    Some(length) => sizes::framed(body_len, length),
                    None => sizes::unframed(body_len),
                });
        let pairs = header.encryption_context().iter();
        Self {
            path: location.text(),
            format_version: suite.format_version(),
            suite: format!("{:#06x}", suite.id()),
            suite_name: suite.to_string(),
            commitment: suite.has_commitment(),
            signature: suite.is_signed(),
            message_id: hex(header.message_id()),
            encryption_context: pairs
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
            encrypted_data_keys: header
                .encrypted_data_keys()
                .iter()
                .map(DataKeyReport::new)
                .collect(),
            content,
            frame_length,
            header_len: header.len(),
            sealed_len,
            by_size,
        }
    }

    pub(super) fn table(&self) -> String {
        let mut table = Table::new(&shown(&self.path));
        table.row(
            "format",
            &format!(
                "AWS Encryption SDK message, version {}",
                self.format_version
            ),
        );
        table.row("suite", &format!("{} {}", self.suite, self.suite_name));
        table.row(
            "commitment",
            &match self.commitment {
                true => styled("yes", GOOD),
                false => format!(
                    "{}: opens only with --allow-without-commitment",
                    styled("no", BAD)
                ),
            },
        );
        table.row(
            "signature",
            match self.signature {
                true => "yes, after the body",
                false => "no",
            },
        );
        table.row("message id", &self.message_id);
        match self.encryption_context.is_empty() {
            true => table.row("context", "empty"),
            false => table.heading("context"),
        }
        let widest = self
            .encryption_context
            .keys()
            .map(|key| shown(key).chars().count());
        let widest = widest.max().unwrap_or(0);
        for (key, value) in &self.encryption_context {
            table.item(&format!("{:widest$}  {}", shown(key), shown(value)));
        }
        table.heading("data keys");
        for key in &self.encrypted_data_keys {
            table.item(&key.line());
        }
        table.row(
            "body",
            &match self.frame_length {
                Some(length) => format!("frames of {}", exact(length.into())),
                None => "not divided into frames".to_owned(),
            },
        );
        table.row("header", &exact(self.header_len));
        match self.sealed_len {
            Some(len) => table.row("message", &exact(len)),
            None => table.row("message", "size not known, because it comes from a stream"),
        }
        match &self.by_size {
            Some(sizes) => {
                let frames = match (self.frame_length, sizes.frame_count) {
                    (None, _) => String::new(),
                    (_, 1) => " in 1 frame".to_owned(),
                    (_, count) => format!(" in {count} frames"),
                };
                let by = styled("computed from the size, not verified", FAINT);
                table.row(
                    "plaintext",
                    &format!("{}{frames}, {by}", exact(sizes.plaintext_len)),
                );
            }
            None if self.sealed_len.is_some() && self.signature => {
                table.row("plaintext", "not known: the signature's length varies");
            }
            None if self.sealed_len.is_some() => {
                let none = styled("no whole message has this size", BAD);
                table.row("plaintext", &none);
            }
            None => {}
        }
        table.text
    }
}

impl DataKeyReport {
    fn new(key: &EncryptedDataKey) -> Self {
        let provider_id = key.provider_id().to_owned();
        match (key.provider_id(), key.raw_aes_key_name()) {
            (AWS_KMS, _) => Self::AwsKms {
                arn: String::from_utf8_lossy(key.provider_info()).into_owned(),
            },
            (_, Some(name)) => Self::RawAes {
                namespace: provider_id,
                name: name.to_owned(),
            },
            (_, None) => Self::Other {
                provider_id,
                provider_info: String::from_utf8_lossy(key.provider_info()).into_owned(),
            },
        }
    }

    fn line(&self) -> String {
        match self {
            Self::AwsKms { arn } => format!("AWS KMS  {}", shown(arn)),
            Self::RawAes { namespace, name } => {
                format!(
                    "raw AES  namespace {}  name {}",
                    shown(namespace),
                    shown(name)
                )
            }
            Self::Other {
                provider_id,
                provider_info,
            } => format!("{}  {}", shown(provider_id), shown(provider_info)),
        }
    }
}

/// A table of two columns under a title.
struct Table {
    text: String,
}

impl Table {
    fn new(title: &str) -> Self {
        Self {
            text: styled(title, STRONG),
        }
    }

    fn row(&mut self, name: &str, value: &str) {
        let name = styled(&format!("{name:12}"), FAINT);
        let _ = write!(self.text, "\n  {name}{value}");
    }

    fn heading(&mut self, name: &str) {
        let _ = write!(self.text, "\n  {}", styled(name, FAINT));
    }

    fn item(&mut self, value: &str) {
        let _ = write!(self.text, "\n    {value}");
    }
}

/// Returns a size for people with the exact bytes, such as `3.2 MiB (3355443 bytes)`.
fn exact(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        0..1024 => format!("{bytes} bytes"),
        _ => format!("{} ({bytes} bytes)", human_size(bytes)),
    }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
