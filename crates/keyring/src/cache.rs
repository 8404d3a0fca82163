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

use crate::KeyringError;

/// The age at which a tenant's key is opened again. After that time a key that was revoked stops working.
const TENANT_KEYS_REFRESHED_AFTER: Duration = Duration::from_secs(5 * 60);

/// How long a tenant's key is kept while it cannot be opened again because KMS is away.
const TENANT_KEYS_KEPT_FOR: Duration = Duration::from_secs(60 * 60);

/// The wait between two attempts to refresh a key. Meanwhile the old key is used, so that KMS's timeouts do not
/// slow every request down.
const REFRESHED_AGAIN_AFTER: Duration = Duration::from_secs(10);

const MOST_KEYS: usize = 1_000;

/// The name of a tenant's key: tenant and version.
pub type TenantKey = (String, u32);

/// A cache of at most 1,000 opened keys by name. A key that leaves the cache is wiped as soon as its last user
/// drops it; that is why this is our own cache and not a library that frees entries later, when its epochs
/// allow. Clones share the same entries.
///
/// By default a name is (tenant, version) of a KEK or of a tenant's records key. Such a key is opened again
/// after five minutes. If KMS is away then, the old key is used until it is an hour old.
pub struct KeyCache<K, N = TenantKey> {
    entries: Arc<Mutex<HashMap<N, Entry<K>>>>,
    refreshed_after: Duration,
    kept_for: Duration,
}

struct Entry<K> {
    /// Empty until the first caller has opened the key; the other callers wait for that one.
    key: Arc<OnceCell<Arc<K>>>,
    since: Instant,
    /// The time of the last attempt to refresh the key.
    tried: Instant,
}

/// The error of opening a key, as far as the cache must know it.
pub trait MayPass {
    /// Returns whether the key itself is not to blame, so that the one from before may still be used.
    fn may_pass(&self) -> bool;
}

impl MayPass for KeyringError {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::NoCredentials)
    }
}

impl<K, N: Clone + Eq + Hash> KeyCache<K, N> {
    /// Makes a cache that drops a key once it is older than `kept_for`, and never refreshes one.
    #[must_use]
    pub fn keeping_for(kept_for: Duration) -> Self {
        Self {
            entries: Arc::default(),
            refreshed_after: kept_for,
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
        match self.entry(name, Instant::now()) {
            Found::Fresh(cell) => opened(&cell, open).await,
            Found::Old(key) => Ok(key),
        }
    }

    /// Like [`Self::get_or_open`], but opens a key again that is old enough.
    ///
    /// # Errors
    /// Returns the error of `open`, except where the key from before may still be used.
    pub async fn get_or_refresh<E: MayPass>(
        &self,
        name: N,
        open: impl Future<Output = Result<K, E>>,
    ) -> Result<Arc<K>, E> {
        match self.entry(name.clone(), Instant::now()) {
            Found::Fresh(cell) => opened(&cell, open).await,
            Found::Old(key) => match open.await {
                Ok(opened) => Ok(self.replace(name, opened)),
                Err(error) if error.may_pass() => Ok(key),
                Err(error) => {
                    self.drop_key(&name);
                    Err(error)
                }
            },
        }
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

    fn replace(&self, name: N, key: K) -> Arc<K> {
        let key = Arc::new(key);
        let entry = Entry::new(OnceCell::new_with(Some(key.clone())), Instant::now());
        self.entries().insert(name, entry);
        key
    }

    fn entry(&self, name: N, now: Instant) -> Found<K> {
        let mut entries = self.entries();
        drop_old(&mut entries, self.kept_for, now);
        if entries.len() >= MOST_KEYS && !entries.contains_key(&name) {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.since);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                entries.remove(&oldest);
            }
        }
        let entry = entries
            .entry(name)
            .or_insert_with(|| Entry::new(OnceCell::new(), now));
        let age = now.saturating_duration_since(entry.since);
        let waited = now.saturating_duration_since(entry.tried);
        match entry.key.get() {
            // One caller refreshes the key. The others use the old one until that has succeeded or failed.
            Some(key) if age >= self.refreshed_after && waited >= REFRESHED_AGAIN_AFTER => {
                entry.tried = now;
                Found::Old(key.clone())
            }
            _ => Found::Fresh(entry.key.clone()),
        }
    }
}

/// An entry for one caller.
enum Found<K> {
    /// A key to use, or an empty cell to open it in.
    Fresh(Arc<OnceCell<Arc<K>>>),
    /// A key that this caller is to open again.
    Old(Arc<K>),
}

impl<K> Entry<K> {
    fn new(key: OnceCell<Arc<K>>, now: Instant) -> Self {
        Self {
            key: Arc::new(key),
            since: now,
            tried: now,
        }
    }
}

async fn opened<K, E>(
    cell: &OnceCell<Arc<K>>,
    open: impl Future<Output = Result<K, E>>,
) -> Result<Arc<K>, E> {
    let opened = cell.get_or_try_init(|| async { open.await.map(Arc::new) });
    opened.await.cloned()
}

fn drop_old<K, N>(entries: &mut HashMap<N, Entry<K>>, kept_for: Duration, now: Instant) {
    entries.retain(|_, entry| now.saturating_duration_since(entry.since) < kept_for);
}

impl<K> Default for KeyCache<K> {
    fn default() -> Self {
        Self {
            entries: Arc::default(),
            refreshed_after: TENANT_KEYS_REFRESHED_AFTER,
            kept_for: TENANT_KEYS_KEPT_FOR,
        }
    }
}

impl<K, N> Clone for KeyCache<K, N> {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            refreshed_after: self.refreshed_after,
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
mod tests;
