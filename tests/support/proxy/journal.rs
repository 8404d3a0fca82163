//! Records the requests that really reached the target.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use sealift_transfer::api::Sha256;

use super::request::{Operation, RequestHead};

/// A request that the target got. The journal holds them in the order of their answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The parsed head of the request.
    pub request: RequestHead,
    /// SHA-256 of the whole body. `None` if the target did not get all of it.
    pub body_sha256: Option<Sha256>,
    /// The SHA-256 that the signed header promised, which is known even if the body broke off.
    pub promised_sha256: Option<Sha256>,
    /// The status that the target answered. `None` if it did not answer.
    pub status: Option<StatusCode>,
}

impl Reached {
    /// Returns whether the request brought all bytes of a part or of a whole object.
    #[must_use]
    pub fn is_whole_part(&self) -> bool {
        let brings_bytes = matches!(
            self.request.operation,
            Operation::UploadPart | Operation::PutObject
        );
        brings_bytes && self.body_sha256.is_some()
    }
}

/// All requests that reached the target.
#[derive(Debug, Clone, Default)]
pub struct Journal(Vec<Reached>);

/// Object and part number, which may have only one ciphertext. A single PUT counts as part 1.
type ObjectPart = (String, u16);

impl Journal {
    pub(super) fn record(&mut self, reached: Reached) {
        self.0.push(reached);
    }

    /// Returns all requests in order.
    pub fn iter(&self) -> impl Iterator<Item = &Reached> {
        self.0.iter()
    }

    /// Returns how many requests for this operation reached the target.
    #[must_use]
    pub fn count(&self, operation: Operation) -> usize {
        self.iter()
            .filter(|reached| reached.request.operation == operation)
            .count()
    }

    /// Returns every ciphertext that was sent for each part, whether its bytes came whole or were only promised.
    #[must_use]
    pub fn ciphertexts(&self) -> BTreeMap<ObjectPart, BTreeSet<Sha256>> {
        let mut found: BTreeMap<ObjectPart, BTreeSet<Sha256>> = BTreeMap::new();
        for reached in self.iter() {
            let number = match reached.request.operation {
                Operation::UploadPart => reached.request.part_number.unwrap_or_default(),
                Operation::PutObject => 1,
                _ => continue,
            };
            let all = found
                .entry((reached.request.path.clone(), number))
                .or_default();
            all.extend(reached.body_sha256);
            all.extend(reached.promised_sha256);
        }
        found
    }

    /// Returns the parts for which more than one ciphertext was sent. There must be none (docs/FORMAT.md, R2).
    #[must_use]
    pub fn parts_sealed_twice(&self) -> Vec<ObjectPart> {
        let all = self.ciphertexts().into_iter();
        all.filter(|(_, ciphertexts)| ciphertexts.len() > 1)
            .map(|(part, _)| part)
            .collect()
    }
}
