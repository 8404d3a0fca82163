//! Counts how many data keys each KEK has wrapped. The count is in the database, so that several servers cannot
//! pass the bound together. A server reserves wraps in blocks, so that not every upload writes the count.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use sealift_transfer::api::TenantId;

/// The most data keys that one KEK wraps. Each wrap has a random IV of 96 bits, for which NIST SP 800-38D (8.3)
/// allows 2^32 with one key; this is a quarter of it.
pub(crate) const MOST_WRAPS: u32 = 1 << 30;

/// The number of wraps that a server reserves at once. The rest of a block is lost when the server ends.
pub(super) const BLOCK: u32 = 256;

/// The wraps that this server has reserved and not used yet.
#[derive(Debug, Default)]
pub(super) struct Wraps(Mutex<HashMap<(TenantId, u32), u32>>);

impl Wraps {
    /// Takes one reserved wrap. Returns false if none is left.
    pub(super) fn take(&self, tenant: &TenantId, version: u32) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = left.get_mut(&(tenant.clone(), version)) else {
            return false;
        };
        let rest = count.checked_sub(1);
        *count = rest.unwrap_or_default();
        rest.is_some()
    }

    /// Adds a block that the database has reserved. Only the tenant's newest version is kept, because older
    /// ones wrap nothing any more.
    pub(super) fn add(&self, tenant: &TenantId, version: u32) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.retain(|(of, older), _| of != tenant || *older >= version);
        let count = left.entry((tenant.clone(), version)).or_default();
        *count = count.saturating_add(BLOCK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_used_up_one_by_one() {
        let (wraps, tenant) = (Wraps::default(), "ours".parse().unwrap());
        assert!(!wraps.take(&tenant, 1));
        wraps.add(&tenant, 1);
        for _ in 0..BLOCK {
            assert!(wraps.take(&tenant, 1));
        }
        assert!(!wraps.take(&tenant, 1));
    }

    #[test]
    fn a_block_is_for_one_tenant_and_one_version() {
        let (wraps, ours) = (Wraps::default(), "ours".parse().unwrap());
        wraps.add(&ours, 1);
        assert!(!wraps.take(&"theirs".parse().unwrap(), 1));
        assert!(!wraps.take(&ours, 2));
        wraps.add(&ours, 2);
        assert!(!wraps.take(&ours, 1));
        assert!(wraps.take(&ours, 2));
    }
}
