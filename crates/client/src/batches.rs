//! Sends the requests of small files in batches, and gives each file its own result.

use core::task::Poll;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::{
    channel::oneshot,
    future::{Either, poll_fn, select},
};
use reqwest::RequestBuilder;
use sealift_transfer::{
    api::batch::ItemRefused,
    batches::{self, Answered, Ask, LARGEST_SMALL_FILE, refuses_batches},
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
            let request = self.request_for(kind, vec![&ask]);
            let mut results = self.send_all(kind, 1, request).await?;
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
            let Some(items) = next else { return };
            let client = self.clone();
            let under_way = UnderWay {
                client: self.clone(),
                kind,
            };
            runtime.spawn(async move {
                let _under_way = under_way;
                client.send_items(kind, items).await;
            });
        }
    }

    async fn send_items(&self, kind: batches::Kind, mut items: Vec<(Ask, Waiter)>) {
        let count = items.len();
        let sent = {
            let request = self.request_for(kind, items.iter().map(|(ask, _)| ask).collect());
            let sent = core::pin::pin!(self.send_all(kind, count, request));
            let unwanted = poll_fn(|context| {
                let mut waiting = items.iter_mut();
                // The first one that still waits wakes this task when it is dropped.
                match waiting.all(|(_, waiter)| waiter.poll_canceled(context).is_ready()) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            });
            match select(sent, unwanted).await {
                Either::Left((sent, _)) => sent,
                Either::Right(_) => return,
            }
        };
        let results = match sent {
            Ok(results) => results,
            Err(error) if count > 1 && error.failure().status().is_some_and(refuses_batches) => {
                return self.batches.lock().go_alone(kind, items);
            }
            Err(error) => RequestError::of_each(error, count),
        };
        for ((_, waiter), result) in items.into_iter().zip(results) {
            // Sending fails if nobody waits for this item any more.
            let _wanted = waiter.send(result);
        }
    }

    /// Returns the request for these items, which are of this kind.
    fn request_for(&self, kind: batches::Kind, items: Vec<&Ask>) -> RequestBuilder {
        let (path, body) = batches::request(kind, items);
        self.post(&path, &body)
    }

    /// Sends such a request for `count` items. Returns the result of each, in their order.
    async fn send_all(
        &self,
        kind: batches::Kind,
        count: usize,
        request: RequestBuilder,
    ) -> Result<Vec<Result<Answered, RequestError>>, RequestError> {
        let patience = match kind {
            batches::Kind::Open | batches::Kind::Sign => self.patience.answer,
            batches::Kind::Complete => self.patience.completion,
        };
        let (status, body) = self.ask_for_bytes(request, patience).await?;
        let results = batches::results(kind, count, &body);
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
