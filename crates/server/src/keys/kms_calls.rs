//! Limits the calls of KMS that are under way, so that a busy tenant neither meets KMS's throttling nor holds
//! the others back.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use sealift_transfer::api::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most calls of KMS at once. AWS allows 5,500 to 50,000 symmetric requests a second by region, and one takes
/// about 10 ms, so this is room for thousands of calls a second.
const MOST_CALLS: usize = 64;

/// The most of these for one tenant.
const MOST_CALLS_OF_A_TENANT: usize = 16;

/// Gives permits for calls of KMS. Whoever asked first gets the next one.
#[derive(Debug)]
pub(super) struct KmsCalls {
    all: Arc<Semaphore>,
    of_tenants: Mutex<HashMap<TenantId, Weak<Semaphore>>>,
}

/// The permit for one call, until it is dropped.
pub(super) struct KmsPermit {
    _of_all: Option<OwnedSemaphorePermit>,
    _of_tenant: Option<OwnedSemaphorePermit>,
}

impl Default for KmsCalls {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(MOST_CALLS)),
            of_tenants: Mutex::default(),
        }
    }
}

impl KmsCalls {
    /// Waits for a permit. A tenant that has as many as it may waits without taking one from the others.
    pub(super) async fn permit(&self, tenant: &TenantId) -> KmsPermit {
        // Acquiring fails only if the semaphore is closed, which nobody does.
        let of_tenant = self.of_tenant(tenant).acquire_owned().await.ok();
        let of_all = self.all.clone().acquire_owned().await.ok();
        KmsPermit {
            _of_all: of_all,
            _of_tenant: of_tenant,
        }
    }

    fn of_tenant(&self, tenant: &TenantId) -> Arc<Semaphore> {
        let mut tenants = self
            .of_tenants
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(of_tenant) = tenants.get(tenant).and_then(Weak::upgrade) {
            return of_tenant;
        }
        tenants.retain(|_, unused| unused.strong_count() > 0);
        let of_tenant = Arc::new(Semaphore::new(MOST_CALLS_OF_A_TENANT));
        tenants.insert(tenant.clone(), Arc::downgrade(&of_tenant));
        of_tenant
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_tenant_that_has_all_its_calls_holds_no_other_tenant_back() {
        let calls = KmsCalls::default();
        let (busy, other) = ("busy".parse().unwrap(), "other".parse().unwrap());
        let mut permits: Vec<_> = (0..MOST_CALLS_OF_A_TENANT)
            .map(|_| calls.permit(&busy).now_or_never().unwrap())
            .collect();
        assert!(calls.permit(&busy).now_or_never().is_none());
        assert!(calls.permit(&other).now_or_never().is_some());
        permits.pop();
        assert!(calls.permit(&busy).now_or_never().is_some());
    }

    #[test]
    fn all_tenants_together_have_no_more_calls_than_the_server() {
        let calls = KmsCalls::default();
        let permits: Vec<_> = (0..MOST_CALLS)
            .map(|n| {
                let tenant = format!("tenant-{n}").parse().unwrap();
                calls.permit(&tenant).now_or_never().unwrap()
            })
            .collect();
        let late = "late".parse().unwrap();
        assert!(calls.permit(&late).now_or_never().is_none());
        drop(permits);
        assert!(calls.permit(&late).now_or_never().is_some());
        // The counts of tenants without a call are forgotten.
        assert_eq!(calls.of_tenants.lock().unwrap().len(), 1);
    }
}
