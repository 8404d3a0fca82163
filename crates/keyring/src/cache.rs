//! Opened keys, kept for a few minutes so that not every request opens them anew.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::OnceCell;

/// A key is opened anew when it is this old: one that was taken away stops working by then.
const KEPT_FOR: Duration = Duration::from_secs(5 * 60);
const MOST_KEYS: usize = 1_000;

/// Which of a tenant's keys.
type Name = (String, u32);

/// Opened keys per (tenant, version): KEKs, or tenants' records keys. At most 1,000, each for five
/// minutes; a key that leaves is wiped as soon as nobody works with it. (A cache that frees what
/// leaves it later, when its epochs allow, does not do.) Clones are the same cache.
pub struct KeyCache<K>(Arc<Mutex<HashMap<Name, Entry<K>>>>);

struct Entry<K> {
    /// Empty until its first asker has opened it; the others wait for that one.
    key: Arc<OnceCell<Arc<K>>>,
    since: Instant,
}

impl<K> KeyCache<K> {
    /// The key, from here or by `open`. The caller has checked already that it may be had.
    ///
    /// # Errors
    /// What `open` gives; it is not kept.
    pub async fn get_or_open<E>(
        &self,
        tenant: &str,
        version: u32,
        open: impl Future<Output = Result<K, E>>,
    ) -> Result<Arc<K>, E> {
        self.entry((tenant.to_owned(), version), Instant::now())
            .get_or_try_init(|| async { open.await.map(Arc::new) })
            .await
            .cloned()
    }

    /// Lets the old ones go; to be called now and then, or an idle program would keep them.
    pub fn drop_old(&self) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop_old(&mut entries, Instant::now());
    }

    fn entry(&self, name: Name, now: Instant) -> Arc<OnceCell<Arc<K>>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop_old(&mut entries, now);
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

fn drop_old<K>(entries: &mut HashMap<Name, Entry<K>>, now: Instant) {
    entries.retain(|_, entry| now.saturating_duration_since(entry.since) < KEPT_FOR);
}

impl<K> Default for KeyCache<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K> Clone for KeyCache<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K> fmt::Debug for KeyCache<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyCache(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, sync::Weak};

    use super::*;

    async fn get(cache: &KeyCache<String>, tenant: &str, version: u32, key: &str) -> Arc<String> {
        let open = async { Ok::<_, Infallible>(key.to_owned()) };
        let Ok(key) = cache.get_or_open(tenant, version, open).await;
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
        let first = cache.get_or_open("a", 1, opened);
        let second = cache.get_or_open("a", 1, async {
            // It is not even polled.
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
        let failed = cache.get_or_open("a", 1, async { Err("KMS is down") });
        assert_eq!(failed.await, Err("KMS is down"));
        assert_eq!(*get(&cache, "a", 1, "key").await, "key");
    }

    #[tokio::test]
    async fn a_key_is_dropped_when_it_is_five_minutes_old() {
        let cache = KeyCache::default();
        let name = || ("a".to_owned(), 1);
        let key = Arc::downgrade(&get(&cache, "a", 1, "key").await);
        let since = cache.0.lock().unwrap()[&name()].since;

        let young = cache.entry(name(), since + KEPT_FOR - Duration::from_nanos(1));
        assert!(young.initialized());
        drop(young);
        // Whoever asks for any key drops the old ones.
        cache.entry(("b".to_owned(), 1), since + KEPT_FOR);
        assert_eq!(Weak::strong_count(&key), 0);
        assert!(!cache.entry(name(), since + KEPT_FOR).initialized());
    }

    #[tokio::test]
    async fn over_the_bound_the_oldest_key_is_dropped() {
        let cache = KeyCache::default();
        let oldest = Arc::downgrade(&get(&cache, "a", 0, "key").await);
        let second = Arc::downgrade(&get(&cache, "a", 1, "key").await);
        for version in 2..=1_000 {
            get(&cache, "a", version, "key").await;
        }
        assert_eq!(cache.0.lock().unwrap().len(), MOST_KEYS);
        assert_eq!(Weak::strong_count(&oldest), 0);
        assert_eq!(Weak::strong_count(&second), 1);
    }
}
