//! What really reached the target.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use sealift_transfer::api::Sha256;

use super::asked::{Asked, Operation};

/// A request that the target got, in order of their answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// What it asked for.
    pub asked: Asked,
    /// Of its whole body; `None` where the target got less than all of it.
    pub body_sha256: Option<Sha256>,
    /// The SHA-256 that its signed header promised, also where the body broke off.
    pub promised_sha256: Option<Sha256>,
    /// What the target answered; `None`: nothing.
    pub status: Option<StatusCode>,
}

impl Reached {
    /// Whether it brought all bytes of a part, or of a whole object.
    #[must_use]
    pub fn is_whole_part(&self) -> bool {
        let brings_bytes = matches!(
            self.asked.operation,
            Operation::UploadPart | Operation::PutObject
        );
        brings_bytes && self.body_sha256.is_some()
    }
}

/// All that reached the target.
#[derive(Debug, Clone, Default)]
pub struct Journal(Vec<Reached>);

/// Object and part: what may have one ciphertext only. A single PUT is part 1.
type Place = (String, u16);

impl Journal {
    pub(super) fn note(&mut self, reached: Reached) {
        self.0.push(reached);
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Reached> {
        self.0.iter()
    }

    /// How many requests for this operation reached the target.
    #[must_use]
    pub fn count(&self, operation: Operation) -> usize {
        self.iter()
            .filter(|reached| reached.asked.operation == operation)
            .count()
    }

    /// Every ciphertext that was sent for each part: those whose bytes came whole, and those that
    /// were only promised.
    #[must_use]
    pub fn ciphertexts(&self) -> BTreeMap<Place, BTreeSet<Sha256>> {
        let mut found: BTreeMap<Place, BTreeSet<Sha256>> = BTreeMap::new();
        for reached in self.iter() {
            let number = match reached.asked.operation {
                Operation::UploadPart => reached.asked.part_number.unwrap_or_default(),
                Operation::PutObject => 1,
                _ => continue,
            };
            let all = found
                .entry((reached.asked.path.clone(), number))
                .or_default();
            all.extend(reached.body_sha256);
            all.extend(reached.promised_sha256);
        }
        found
    }

    /// Parts for which more than one ciphertext was sent: there may be none (FORMAT.md R2).
    #[must_use]
    pub fn parts_sealed_twice(&self) -> Vec<Place> {
        let all = self.ciphertexts().into_iter();
        all.filter(|(_, of_part)| of_part.len() > 1)
            .map(|(place, _)| place)
            .collect()
    }
}
