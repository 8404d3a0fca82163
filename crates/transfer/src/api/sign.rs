//! `POST /v1/uploads/{id}/parts` signs parts whose sealed bytes are ready.

use core::fmt;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::{ids::UploadId, sha256::Sha256};
use crate::{
    address::{Life, Moment},
    part_map::PartMap,
    part_plan::PartNumber,
};

/// Returns the path to `POST` [`SignParts`] to.
#[must_use]
pub fn path(upload: &UploadId) -> String {
    format!("/v1/uploads/{upload}/parts")
}

/// Identifies a part's one ciphertext by the part's number and the SHA-256 of its sealed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartReceipt {
    /// The number of the part.
    pub number: PartNumber,
    /// SHA-256 of all sealed bytes of the part.
    pub sha256: Sha256,
}

/// The request. The server signs all of the parts or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignParts(pub Vec<PartReceipt>);

/// The answer with the signed parts.
#[derive(Debug, Serialize, Deserialize)]
pub struct SignedParts {
    /// The signed parts, in the order of the request.
    pub parts: Vec<SignedPart>,
    /// When the upload ends unless another part is signed; milliseconds since the Unix epoch.
    pub expires_at_ms: i64,
}

/// A presigned PUT for one part. Its query is a credential: `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedPart {
    /// The number of the part.
    pub number: PartNumber,
    /// The URL to `PUT` the sealed bytes to.
    pub url: String,
    /// Headers to send exactly as they are. The signature covers them, the host and the content length.
    pub headers: BTreeMap<String, String>,
    /// When the signature ends by the server's clock; milliseconds since the Unix epoch.
    pub expires_at_ms: i64,
    /// How long the signature lasts from the answer on; milliseconds. A client counts these by
    /// its own clock, because that clock may differ from the server's clock. Servers of earlier
    /// versions do not send this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ms: Option<u64>,
}

impl SignedPart {
    /// Returns the life of this address, which was asked for at `asked_at`.
    #[must_use]
    pub fn life(&self, asked_at: Moment) -> Life {
        Life::new(asked_at, self.expires_in_ms, self.expires_at_ms)
    }
}

impl fmt::Debug for SignedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedPart {{ number: {}, .. }}", self.number)
    }
}

/// Why part receipts were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartReceiptsError {
    /// The part has a receipt for other bytes. Each part has one ciphertext, ever (docs/FORMAT.md, R2).
    #[error("part {0} was sealed before, to other bytes")]
    AnotherCiphertext(PartNumber),
    /// The part has no receipt, and the digest needs every part.
    #[error("part {0} is missing")]
    Missing(PartNumber),
}

/// The receipts of an upload, one for each part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartReceipts(PartMap<Sha256>);

impl PartReceipts {
    /// Records a receipt. Recording the same one again is fine.
    ///
    /// # Errors
    /// Returns [`PartReceiptsError::AnotherCiphertext`] if the part has a receipt for other bytes.
    pub fn note(&mut self, receipt: PartReceipt) -> Result<(), PartReceiptsError> {
        match self.0.insert(receipt.number, receipt.sha256) {
            Some(before) if before != receipt.sha256 => {
                self.0.insert(receipt.number, before);
                Err(PartReceiptsError::AnotherCiphertext(receipt.number))
            }
            _ => Ok(()),
        }
    }

    /// Returns the receipt of a part, if it is recorded.
    #[must_use]
    pub fn get(&self, number: PartNumber) -> Option<PartReceipt> {
        let sha256 = *self.0.get(number)?;
        Some(PartReceipt { number, sha256 })
    }

    /// Computes the SHA-256 of the parts' raw digests in order, which the completion compares.
    ///
    /// # Errors
    /// Returns [`PartReceiptsError::Missing`] with the first part of `1..=part_count` without a receipt.
    pub fn digest(&self, part_count: PartNumber) -> Result<Sha256, PartReceiptsError> {
        let mut hasher = sha2::Sha256::new();
        for number in PartNumber::all(part_count) {
            let sha256 = self.0.get(number);
            hasher.update(sha256.ok_or(PartReceiptsError::Missing(number))?.as_bytes());
        }
        Ok(Sha256::from_bytes(hasher.finalize().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: u16) -> PartNumber {
        n.try_into().unwrap()
    }

    fn receipt(n: u16, bytes: &[u8]) -> PartReceipt {
        PartReceipt {
            number: number(n),
            sha256: Sha256::of(bytes),
        }
    }

    #[test]
    fn a_second_ciphertext_of_a_part_is_refused_and_the_first_stays() {
        let mut receipts = PartReceipts::default();
        receipts.note(receipt(1, b"a")).unwrap();
        receipts.note(receipt(1, b"a")).unwrap();
        assert_eq!(
            receipts.note(receipt(1, b"b")),
            Err(PartReceiptsError::AnotherCiphertext(number(1)))
        );
        assert_eq!(receipts.get(number(1)), Some(receipt(1, b"a")));
    }

    #[test]
    fn the_digest_is_over_the_raw_digests_in_order_and_needs_every_part() {
        let mut receipts = PartReceipts::default();
        receipts.note(receipt(2, b"b")).unwrap();
        assert_eq!(
            receipts.digest(number(2)),
            Err(PartReceiptsError::Missing(number(1)))
        );
        receipts.note(receipt(1, b"a")).unwrap();
        let raw = [*Sha256::of(b"a").as_bytes(), *Sha256::of(b"b").as_bytes()].concat();
        assert_eq!(receipts.digest(number(2)), Ok(Sha256::of(&raw)));
    }

    #[test]
    fn a_signed_part_does_not_print_its_url() {
        let part = SignedPart {
            number: number(3),
            url: "https://s3/bucket?X-Amz-Signature=abc".into(),
            headers: BTreeMap::new(),
            expires_at_ms: 0,
            expires_in_ms: None,
        };
        assert_eq!(format!("{part:?}"), "SignedPart { number: 3, .. }");
    }
}
