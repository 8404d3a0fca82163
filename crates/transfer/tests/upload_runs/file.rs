//! The file that a person chooses: the right one, or one that differs.

use std::collections::BTreeSet;

use sealift_transfer::{
    PartNumber,
    api::{PartReceipt, Sha256},
};

use crate::{random::Random, server::Server};

pub(crate) struct ChosenFile {
    /// The parts whose plaintext differs from that of the first file.
    pub(crate) altered: BTreeSet<PartNumber>,
    pub(crate) size: u64,
    pub(crate) last_modified_ms: Option<i64>,
}

impl ChosenFile {
    pub(crate) fn first(server: &Server) -> Self {
        Self {
            altered: BTreeSet::new(),
            size: server.plan.plaintext_len(),
            last_modified_ms: server.last_modified_ms,
        }
    }

    /// Returns the file whose parts were signed.
    pub(crate) fn as_signed(server: &Server) -> Self {
        let first = Self::first(server);
        let rows = server.rows.iter();
        let altered = rows.filter(|(part, sha256)| first.receipt(**part).sha256 != **sha256);
        Self {
            altered: altered.map(|(part, _)| *part).collect(),
            ..first
        }
    }

    /// Returns the file whose parts were signed, or sometimes one that differs.
    pub(crate) fn another(server: &Server, random: &mut Random) -> Self {
        let mut file = Self::as_signed(server);
        match random.below(8) {
            0 => file.size += 1,
            1 => file.last_modified_ms = None,
            2 | 3 => {
                file.last_modified_ms = Some(9);
                file.alter(server, random);
            }
            _ => {}
        }
        file
    }

    /// Changes the plaintext of some part, but not the size.
    pub(crate) fn alter(&mut self, server: &Server, random: &mut Random) {
        let parts: Vec<_> = PartNumber::all(server.plan.part_count()).collect();
        let part = *parts.get(random.place(parts.len())).unwrap();
        if !self.altered.remove(&part) {
            self.altered.insert(part);
        }
    }

    /// Returns the receipt of a part's sealed bytes.
    pub(crate) fn receipt(&self, number: PartNumber) -> PartReceipt {
        let text = format!("{number} {}", self.altered.contains(&number));
        PartReceipt {
            number,
            sha256: Sha256::of(text.as_bytes()),
        }
    }
}
