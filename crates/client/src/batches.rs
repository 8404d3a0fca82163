//! Sends the requests of small files in batches, and gives each file its own result.

use core::task::Poll;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::{
    channel::oneshot,
    future::{Either, poll_fn, select},
};
use sealift_transfer::{
    api::batch::ItemRefused,
    batches::{self, Answered, Ask, Batch, LARGEST_SMALL_FILE, refuses_batches},
};
use tokio::runtime::Handle;

use crate::{client::Client, error::RequestError};

/// The batches of all uploads of a client. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Batches(Arc<Mutex<batches::Batches<Waiter>>>);

type Waiter = oneshot::Sender<Result<Answered, RequestError>>;

impl Batches {
    fn lock(&self) -> MutexGuard<'_, batches::Batches<Waiter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way. Dropping it sends the next one, also after a panic or if its runtime ends.
struct UnderWay {
    client: Client,
    kind: batches::Kind,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.client.batches.lock().ended(self.kind);
        self.client.send_next(self.kind);
    }
}

impl Client {
    /// Sends a request of a file of this length, which goes alone, or with others of its kind if the file is
    /// small. Dropping the future takes the item out of its batch, and aborts the request if nobody waits for
    /// it any more.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails, or if the server refuses this item.
    pub(crate) async fn ask_for_upload(
        &self,
        ask: Ask,
        plaintext_len: u64,
    ) -> Result<Answered, RequestError> {
        let kind = ask.kind();
        if plaintext_len > LARGEST_SMALL_FILE {
            let mut results = self.send_all(kind, &[ask]).await?;
            return results.pop().unwrap_or(Err(RequestError::unanswered()));
        }
        let (waiter, result) = oneshot::channel();
        self.batches.lock().add(ask, waiter);
        self.send_next(kind);
        result
            .await
            .unwrap_or_else(|_| Err(RequestError::unanswered()))
    }

    fn send_next(&self, kind: batches::Kind) {
        // Without a runtime, the next item that is added sends those that wait.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        loop {
            let is_wanted = |waiter: &Waiter| !waiter.is_canceled();
            let next = self.batches.lock().next(kind, is_wanted);
            let Some(batch) = next else { return };
            let client = self.clone();
            let under_way = UnderWay {
                client: self.clone(),
                kind,
            };
            runtime.spawn(async move {
                let _under_way = under_way;
                client.send_batch(kind, batch).await;
            });
        }
    }

    async fn send_batch(&self, kind: batches::Kind, mut batch: Batch<Waiter>) {
        let sent = {
            let sent = core::pin::pin!(self.send_all(kind, &batch.asks));
            let unwanted = poll_fn(|context| {
                let mut waiting = batch.waiters.iter_mut();
                // The first one that still waits wakes this task when it is dropped.
                match waiting.all(|waiter| waiter.poll_canceled(context).is_ready()) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            });
            match select(sent, unwanted).await {
                Either::Left((sent, _)) => sent,
                Either::Right(_) => return,
            }
        };
        let count = batch.asks.len();
        let results = match sent {
            Ok(results) => results,
            Err(error) if count > 1 && error.failure().status().is_some_and(refuses_batches) => {
                return self.batches.lock().go_alone(kind, batch);
            }
            Err(error) => RequestError::of_each(error, count),
        };
        for (waiter, result) in batch.waiters.into_iter().zip(results) {
            // Sending fails if nobody waits for this item any more.
            let _wanted = waiter.send(result);
        }
    }

    /// Sends the request for these items, which are of this kind. Returns the result of each, in their order.
    async fn send_all(
        &self,
        kind: batches::Kind,
        items: &[Ask],
    ) -> Result<Vec<Result<Answered, RequestError>>, RequestError> {
        let request = {
            let (path, body) = batches::request(kind, items);
            self.post(&path, &body)
        };
        let patience = match kind {
            batches::Kind::Open | batches::Kind::Sign => self.patience.answer,
            batches::Kind::Complete => self.patience.completion,
        };
        let (status, body) = self.ask_for_bytes(request, patience).await?;
        let results = batches::results(kind, items.len(), &body);
        let results = results.map_err(|error| {
            let cause = Box::new(error);
            RequestError::Incomprehensible { status, cause }
        })?;
        let results = results.into_iter();
        Ok(results.map(|result| result.map_err(refused)).collect())
    }
}

fn refused(item: ItemRefused) -> RequestError {
    let ItemRefused {
        status,
        retry_after_ms,
        problem,
    } = item;
    match problem {
        Some(problem) => RequestError::Refused {
            problem,
            status,
            retry_after_ms,
        },
        None => RequestError::NotSealift {
            status,
            retry_after_ms,
        },
    }
}

#[cfg(test)]
mod tests;
