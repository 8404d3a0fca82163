//! Seals several parts of one upload at once, each on a thread of its own, so that sealing, hashing and
//! sending overlap.

use std::sync::Arc;

use tokio::{
    sync::{Mutex, Semaphore},
    task::spawn_blocking,
};

/// The threads that seal one upload's parts. Clones share them.
#[derive(Clone)]
pub(super) struct SealingThreads {
    free: Arc<Semaphore>,
    /// Held while a part waits for its thread and its memory, so that parts get both in the order in which
    /// they are asked for. Otherwise a later part of a pipe could take the last memory and then wait for ever
    /// for the bytes of an earlier part.
    order: Arc<Mutex<()>>,
}

impl SealingThreads {
    pub(super) fn at_most(threads: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(threads)),
            order: Arc::default(),
        }
    }

    /// Waits for a free thread and then for `memory`, and runs `seal` with it. The threads that serve
    /// connections stay free. If the returned future is dropped, a seal that has begun runs to its end, and
    /// its thread counts until then. Returns `None` if the thread panicked.
    pub(super) async fn run<M: Send + 'static, T: Send + 'static>(
        &self,
        memory: impl Future<Output = M>,
        seal: impl FnOnce(M) -> T + Send + 'static,
    ) -> Option<T> {
        let order = self.order.lock().await;
        // This fails only if the semaphore is closed, and no code closes it.
        let thread = self.free.clone().acquire_owned().await.ok();
        let memory = memory.await;
        drop(order);
        let sealing = spawn_blocking(move || {
            let sealed = seal(memory);
            drop(thread);
            sealed
        });
        sealing.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, mpsc};

    use futures::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};

    use super::*;

    #[tokio::test]
    async fn parts_are_sealed_at_the_same_time() {
        let threads = SealingThreads::at_most(2);
        let (meet, (began, begun)) = (Arc::new(Barrier::new(2)), mpsc::channel());
        let sealing: FuturesUnordered<_> = (0..4)
            .map(|part| {
                let (threads, meet, began) = (threads.clone(), meet.clone(), began.clone());
                async move {
                    let seal = move |()| {
                        began.send(part).unwrap();
                        // This returns only if another part is sealed at the same time.
                        meet.wait();
                        part
                    };
                    threads.run(async {}, seal).await
                }
            })
            .collect();
        drop(began);
        let mut sealed: Vec<_> = sealing.map(Option::unwrap).collect().await;
        sealed.sort_unstable();
        assert_eq!(sealed, [0, 1, 2, 3]);
        assert_eq!(begun.iter().count(), 4);
    }

    #[tokio::test]
    async fn a_seal_that_was_dropped_counts_until_it_ends() {
        let threads = SealingThreads::at_most(1);
        let (begin, begun) = mpsc::channel::<()>();
        let (finish, finished) = mpsc::channel::<()>();
        let seal = move |()| {
            begin.send(()).unwrap();
            finished.recv()
        };
        let mut first = Box::pin(threads.run(async {}, seal));
        assert!(first.as_mut().now_or_never().is_none());
        drop(first);
        begun.recv().unwrap();
        assert_eq!(threads.free.available_permits(), 0);
        finish.send(()).unwrap();
        threads.run(async {}, |()| ()).await.unwrap();
    }

    #[tokio::test]
    async fn no_part_takes_memory_before_the_part_that_was_asked_for_earlier() {
        let threads = SealingThreads::at_most(2);
        let (give, given) = tokio::sync::oneshot::channel::<()>();
        let mut first = Box::pin(threads.run(given, |_| ()));
        let (taken, mut took) = tokio::sync::oneshot::channel::<()>();
        let memory = async move { taken.send(()).unwrap() };
        let mut second = Box::pin(threads.run(memory, |()| ()));
        assert!(first.as_mut().now_or_never().is_none());
        assert!(second.as_mut().now_or_never().is_none());
        assert!(took.try_recv().is_err());
        give.send(()).unwrap();
        first.await.unwrap();
        second.await.unwrap();
    }
}
