//! Tests the cache with times that the tests choose; nothing here waits.

use std::sync::Weak;

use super::*;

/// An error of a key that is gone, or of KMS that is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failed {
    Gone,
    Away,
}

impl MayPass for Failed {
    fn may_pass(&self) -> bool {
        *self == Self::Away
    }
}

/// Makes every key of the cache older.
fn age<K>(cache: &KeyCache<K>, by: Duration) {
    for entry in cache.entries().values_mut() {
        entry.since -= by;
        entry.tried -= by;
    }
}

fn name(version: u32) -> TenantKey {
    ("a".to_owned(), version)
}

async fn get(cache: &KeyCache<String>, tenant: &str, version: u32, key: &str) -> Arc<String> {
    let open = async { Ok::<_, Failed>(key.to_owned()) };
    let opened = cache.get_or_refresh((tenant.to_owned(), version), open);
    opened.await.unwrap()
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
    let first = cache.get_or_refresh(name(1), async { opened.await.map_err(|_| Failed::Gone) });
    let second = cache.get_or_refresh(name(1), async {
        // The cache does not even poll this future.
        Err::<&str, _>(Failed::Gone)
    });
    let opener = async { gate.send("key").unwrap() };
    let (first, second, ()) = tokio::join!(first, second, opener);
    assert_eq!(*first.unwrap(), "key");
    assert_eq!(*second.unwrap(), "key");
}

#[tokio::test]
async fn a_failure_is_given_on_and_not_kept() {
    let cache = KeyCache::default();
    for failed in [Failed::Away, Failed::Gone] {
        let opened = cache.get_or_refresh(name(1), async { Err(failed) });
        assert_eq!(opened.await, Err(failed));
    }
    assert_eq!(*get(&cache, "a", 1, "key").await, "key");
}

#[tokio::test]
async fn a_key_is_opened_again_when_it_is_five_minutes_old() {
    let cache = KeyCache::default();
    let old = Arc::downgrade(&get(&cache, "a", 1, "key").await);
    age(&cache, TENANT_KEYS_REFRESHED_AFTER - Duration::from_secs(1));
    assert_eq!(*get(&cache, "a", 1, "not opened").await, "key");
    age(&cache, Duration::from_secs(1));
    assert_eq!(*get(&cache, "a", 1, "again").await, "again");
    assert_eq!(Weak::strong_count(&old), 0);
    assert_eq!(*get(&cache, "a", 1, "not opened").await, "again");
}

#[tokio::test]
async fn an_old_key_is_used_for_an_hour_while_kms_is_away() {
    let cache = KeyCache::default();
    get(&cache, "a", 1, "key").await;
    let away = async || {
        let open = async { Err(Failed::Away) };
        cache.get_or_refresh(name(1), open).await
    };
    age(&cache, TENANT_KEYS_REFRESHED_AFTER);
    assert_eq!(*away().await.unwrap(), "key");
    age(
        &cache,
        TENANT_KEYS_KEPT_FOR - TENANT_KEYS_REFRESHED_AFTER - Duration::from_secs(1),
    );
    assert_eq!(*away().await.unwrap(), "key");
    age(&cache, Duration::from_secs(1));
    assert_eq!(away().await, Err(Failed::Away));
    assert!(cache.entries()[&name(1)].key.get().is_none());
}

#[tokio::test]
async fn a_key_that_is_refused_is_dropped_at_once() {
    let cache = KeyCache::default();
    let key = Arc::downgrade(&get(&cache, "a", 1, "key").await);
    age(&cache, TENANT_KEYS_REFRESHED_AFTER);
    let refused = cache.get_or_refresh(name(1), async { Err(Failed::Gone) });
    assert_eq!(refused.await, Err(Failed::Gone));
    assert_eq!(Weak::strong_count(&key), 0);
}

#[tokio::test]
async fn one_caller_refreshes_and_the_others_use_the_old_key() {
    let cache = KeyCache::default();
    get(&cache, "a", 1, "key").await;
    age(&cache, TENANT_KEYS_REFRESHED_AFTER);
    let (gate, opened) = tokio::sync::oneshot::channel();
    let first = cache.get_or_refresh(name(1), async { opened.await.map_err(|_| Failed::Gone) });
    let second = async {
        let used = get(&cache, "a", 1, "not opened").await;
        gate.send("new".to_owned()).unwrap();
        used
    };
    let (first, second) = tokio::join!(biased; first, second);
    assert_eq!(*first.unwrap(), "new");
    assert_eq!(*second, "key");
}

#[tokio::test]
async fn kms_is_asked_again_only_after_a_while() {
    let cache = KeyCache::default();
    get(&cache, "a", 1, "key").await;
    age(&cache, TENANT_KEYS_REFRESHED_AFTER);
    let away = cache.get_or_refresh(name(1), async { Err(Failed::Away) });
    assert_eq!(*away.await.unwrap(), "key");
    assert_eq!(*get(&cache, "a", 1, "too early").await, "key");
    age(&cache, REFRESHED_AGAIN_AFTER);
    assert_eq!(*get(&cache, "a", 1, "later").await, "later");
}

#[tokio::test]
async fn a_cache_that_refreshes_nothing_drops_what_is_old() {
    let cache = KeyCache::keeping_for(Duration::from_secs(50));
    let key = Arc::downgrade(&get(&cache, "a", 1, "key").await);
    age(&cache, Duration::from_secs(50));
    // A request for any key drops the old ones.
    get(&cache, "b", 1, "other").await;
    assert_eq!(Weak::strong_count(&key), 0);
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
