//! Keeps opened keys for a short time, so that not every request has to open them again.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::OnceCell;

/// How long a tenant's key is kept. After that time a key that was revoked stops working.
const TENANT_KEYS_KEPT_FOR: Duration = Duration::from_secs(5 * 60);
const MOST_KEYS: usize = 1_000;

/// The name of a tenant's key: tenant and version.
pub type TenantKey = (String, u32);

/// A cache of at most 1,000 opened keys by name, each kept for the same time. A key that leaves the cache is
/// wiped as soon as its last user drops it; that is why this is our own cache and not a library that frees
/// entries later, when its epochs allow. Clones share the same entries.
///
/// By default a name is (tenant, version) of a KEK or of a tenant's records key, and each key is kept for
/// five minutes.
pub struct KeyCache<K, N = TenantKey> {
    entries: Arc<Mutex<HashMap<N, Entry<K>>>>,
    kept_for: Duration,
}

struct Entry<K> {
    /// Empty until the first caller has opened the key; the other callers wait for that one.
    key: Arc<OnceCell<Arc<K>>>,
    since: Instant,
}

impl<K, N: Clone + Eq + Hash> KeyCache<K, N> {
    /// Makes a cache that opens a key again once it is older than `kept_for`.
    #[must_use]
    pub fn keeping_for(kept_for: Duration) -> Self {
        Self {
            entries: Arc::default(),
            kept_for,
        }
    }

    /// Returns the key from the cache, or opens it with `open` and keeps it. The caller must have checked
    /// already that it may have this key.
    ///
    /// # Errors
    /// Returns the error of `open`. A failure is not kept.
    pub async fn get_or_open<E>(
        &self,
        name: N,
        open: impl Future<Output = Result<K, E>>,
    ) -> Result<Arc<K>, E> {
        self.entry(name, Instant::now())
            .get_or_try_init(|| async { open.await.map(Arc::new) })
            .await
            .cloned()
    }

    /// Drops the keys that are too old. Call it now and then, because an idle program would otherwise keep
    /// them.
    pub fn drop_old(&self) {
        drop_old(&mut self.entries(), self.kept_for, Instant::now());
    }

    /// Drops one key, because its message or its owner is gone.
    pub fn drop_key(&self, name: &N) {
        self.entries().remove(name);
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<N, Entry<K>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, name: N, now: Instant) -> Arc<OnceCell<Arc<K>>> {
        let mut entries = self.entries();
        drop_old(&mut entries, self.kept_for, now);
        if entries.len() >= MOST_KEYS && !entries.contains_key(&name) {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.since);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                entries.remove(&oldest);
            }
        }
        let entry = entries.entry(name).or_insert_with(|| Entry {
            key: Arc::default(),
            since: now,
        });
        entry.key.clone()
    }
}

fn drop_old<K, N>(entries: &mut HashMap<N, Entry<K>>, kept_for: Duration, now: Instant) {
    entries.retain(|_, entry| now.saturating_duration_since(entry.since) < kept_for);
}

impl<K> Default for KeyCache<K> {
    fn default() -> Self {
        Self::keeping_for(TENANT_KEYS_KEPT_FOR)
    }
}

impl<K, N> Clone for KeyCache<K, N> {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            kept_for: self.kept_for,
        }
    }
}

impl<K, N> fmt::Debug for KeyCache<K, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyCache(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, sync::Weak};

    use super::*;

    fn name(version: u32) -> TenantKey {
        ("a".to_owned(), version)
    }

    async fn get(cache: &KeyCache<String>, tenant: &str, version: u32, key: &str) -> Arc<String> {
        let open = async { Ok::<_, Infallible>(key.to_owned()) };
        let Ok(key) = cache.get_or_open((tenant.to_owned(), version), open).await;
        key
    }

    #[tokio::test]
    async fn a_key_is_opened_once_per_tenant_and_version() {
        let cache = KeyCache::default();
        assert_eq!(*get(&cache, "a", 1, "first").await, "first");
        assert_eq!(*get(&cache.clone(), "a", 1, "again").await, "first");
        assert_eq!(*get(&cache, "a", 2, "newer").await, "newer");
        assert_eq!(*get(&cache, "b", 1, "other").await, "other");
    }

    #[tokio::test]
    async fn who_asks_while_a_key_is_opened_waits_for_it() {
        let cache = KeyCache::default();
        let (gate, opened) = tokio::sync::oneshot::channel();
        let first = cache.get_or_open(name(1), opened);
        let second = cache.get_or_open(name(1), async {
            // The cache does not even poll this future.
            Err::<&str, _>("opened twice")
        });
        let opener = async { gate.send("key").unwrap() };
        let (first, second, ()) = tokio::join!(first, second, opener);
        assert_eq!(*first.unwrap(), "key");
        assert_eq!(*second.unwrap(), "key");
    }

    #[tokio::test]
    async fn a_failure_is_given_on_and_not_kept() {
        let cache = KeyCache::default();
        let failed = cache.get_or_open(name(1), async { Err("KMS is down") });
        assert_eq!(failed.await, Err("KMS is down"));
        assert_eq!(*get(&cache, "a", 1, "key").await, "key");
    }

    #[tokio::test]
    async fn a_key_is_dropped_when_it_is_five_minutes_old() {
        let cache = KeyCache::default();
        let key = Arc::downgrade(&get(&cache, "a", 1, "key").await);
        let since = cache.entries()[&name(1)].since;

        let young = cache.entry(
            name(1),
            since + TENANT_KEYS_KEPT_FOR - Duration::from_nanos(1),
        );
        assert!(young.initialized());
        drop(young);
        // A request for any key drops the old ones.
        cache.entry(("b".to_owned(), 1), since + TENANT_KEYS_KEPT_FOR);
        assert_eq!(Weak::strong_count(&key), 0);
        assert!(
            !cache
                .entry(name(1), since + TENANT_KEYS_KEPT_FOR)
                .initialized()
        );
    }

    #[tokio::test]
    async fn over_the_bound_the_oldest_key_is_dropped() {
        let cache = KeyCache::default();
        let oldest = Arc::downgrade(&get(&cache, "a", 0, "key").await);
        let second = Arc::downgrade(&get(&cache, "a", 1, "key").await);
        for version in 2..=1_000 {
            get(&cache, "a", version, "key").await;
        }
        assert_eq!(cache.entries().len(), MOST_KEYS);
        assert_eq!(Weak::strong_count(&oldest), 0);
        assert_eq!(Weak::strong_count(&second), 1);
    }

    #[tokio::test]
    async fn a_key_is_dropped_when_what_it_is_for_is_gone() {
        let cache = KeyCache::default();
        let key = Arc::downgrade(&get(&cache, "a", 1, "key").await);
        cache.drop_key(&name(1));
        assert_eq!(Weak::strong_count(&key), 0);
        assert_eq!(*get(&cache, "a", 1, "opened anew").await, "opened anew");
    }
}
