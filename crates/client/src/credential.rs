//! The caller's credential, which may expire while uploads run.

use core::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use http::HeaderValue;

use crate::api_key::ApiKey;

/// Asks the caller for a credential in place of one that the server refused. Returns `None` if the
/// caller has no other one.
pub(crate) type Refresh = Arc<dyn Fn() -> BoxFuture<'static, Option<ApiKey>> + Send + Sync>;

/// The credential that all uploads of a client share, and the function that gets the next one.
pub(crate) struct Credential {
    current: Mutex<Current>,
    refresh: Option<Refresh>,
    /// The lock of the task that asks the caller, so that one question serves all waiting tasks.
    asking: tokio::sync::Mutex<()>,
}

struct Current {
    api_key: Option<ApiKey>,
    version: u64,
    /// Questions that gave no other credential.
    declined: u64,
}

impl Credential {
    pub(crate) fn new(api_key: Option<ApiKey>, refresh: Option<Refresh>) -> Self {
        let current = Current {
            api_key,
            version: 0,
            declined: 0,
        };
        Self {
            current: Mutex::new(current),
            refresh,
            asking: tokio::sync::Mutex::new(()),
        }
    }

    pub(crate) fn api_key(&self) -> Option<ApiKey> {
        self.current().api_key.clone()
    }

    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        self.current().api_key.as_ref()?.authorization()
    }

    /// Returns a number that grows with every new credential.
    pub(crate) fn version(&self) -> u64 {
        self.current().version
    }

    /// Returns whether there is another credential than the refused one, which had this version.
    /// Asks the caller for it, unless another task has done so meanwhile. The refused credential
    /// again does not count.
    pub(crate) async fn is_renewed(&self, refused: u64) -> bool {
        let declined = self.current().declined;
        let _asking = self.asking.lock().await;
        {
            let current = self.current();
            if current.version != refused {
                return true;
            }
            if current.declined != declined {
                return false;
            }
        }
        let fresh = match &self.refresh {
            Some(refresh) => refresh().await,
            None => None,
        };
        let mut current = self.current();
        if fresh.is_none() || fresh == current.api_key {
            current.declined = current.declined.saturating_add(1);
            return false;
        }
        current.api_key = fresh;
        current.version = current.version.saturating_add(1);
        true
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicUsize, Ordering};

    use futures::FutureExt as _;

    use super::*;

    fn api_key(text: &str) -> Option<ApiKey> {
        Some(ApiKey::parse(text).unwrap())
    }

    /// Returns a credential whose refresh gives `next` each time, with the number of questions.
    fn credential(next: &'static str) -> (Credential, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let refresh = move || {
            count.fetch_add(1, Ordering::Relaxed);
            let next = ApiKey::parse(next).ok();
            async move {
                // Other tasks arrive while the caller is still being asked.
                tokio::task::yield_now().await;
                next
            }
            .boxed()
        };
        let credential = Credential::new(api_key("old"), Some(Arc::new(refresh)));
        (credential, asked)
    }

    async fn three_at_once(credential: &Credential) -> [bool; 3] {
        let renewed = || credential.is_renewed(0);
        tokio::join!(renewed(), renewed(), renewed()).into()
    }

    #[tokio::test]
    async fn one_question_serves_all_who_were_refused() {
        let (credential, asked) = credential("new");
        assert_eq!(three_at_once(&credential).await, [true; 3]);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert_eq!(credential.api_key(), api_key("new"));
        // This request was refused before the question, but reports it only after the answer.
        assert!(credential.is_renewed(0).await);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn the_refused_credential_again_is_a_refusal_that_all_share() {
        for next in ["old", "not a key"] {
            let (credential, asked) = credential(next);
            assert_eq!(three_at_once(&credential).await, [false; 3]);
            assert_eq!(asked.load(Ordering::Relaxed), 1);
            // A later task asks again.
            assert!(!credential.is_renewed(0).await);
            assert_eq!(asked.load(Ordering::Relaxed), 2);
        }
    }

    #[tokio::test]
    async fn where_nobody_can_be_asked_there_is_no_other_credential() {
        assert!(!Credential::new(api_key("old"), None).is_renewed(0).await);
    }
}
