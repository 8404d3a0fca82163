//! Sends the requests of small files in batches, and gives each file its own result.

use core::task::Poll;
use std::{cell::RefCell, rc::Rc};

use futures::{
    channel::oneshot,
    future::{Either, poll_fn, select},
};
use sealift_transfer::batches::{Answered, Ask, Batches, Kind, refuses_batches};
use wasm_bindgen_futures::spawn_local;

use crate::{
    failure::{Peer, RequestError},
    server_api::ServerApi,
};

/// The batches of all uploads of a page. Clones share them.
#[derive(Clone)]
pub struct Batcher(Rc<Shared>);

struct Shared {
    server: Rc<ServerApi>,
    batches: RefCell<Batches<Waiter>>,
}

type Waiter = oneshot::Sender<Result<Answered, RequestError>>;

impl Batcher {
    /// Sends to this server.
    #[must_use]
    pub fn new(server: Rc<ServerApi>) -> Self {
        let batches = RefCell::default();
        Self(Rc::new(Shared { server, batches }))
    }

    /// Sends a request of a small file, alone or with others of its kind. Dropping the future takes the item out
    /// of its batch, and aborts the request if nobody waits for it any more.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails, or if the server refuses this item.
    pub async fn ask(&self, ask: Ask) -> Result<Answered, RequestError> {
        let kind = ask.kind();
        let (waiter, result) = oneshot::channel();
        self.0.batches.borrow_mut().add(ask, waiter);
        self.send_next(kind);
        let lost = |_| Err(RequestError::no_answer(Peer::Server));
        result.await.unwrap_or_else(lost)
    }

    fn send_next(&self, kind: Kind) {
        loop {
            let is_wanted = |waiter: &Waiter| !waiter.is_canceled();
            let next = self.0.batches.borrow_mut().next(kind, is_wanted);
            let Some(items) = next else { return };
            let batcher = self.clone();
            spawn_local(async move {
                batcher.send(kind, items).await;
                batcher.0.batches.borrow_mut().ended(kind);
                batcher.send_next(kind);
            });
        }
    }

    async fn send(&self, kind: Kind, mut items: Vec<(Ask, Waiter)>) {
        let count = items.len();
        let sent = {
            let request = ServerApi::request(kind, items.iter().map(|(ask, _)| ask).collect());
            let sent = core::pin::pin!(self.0.server.send_all(kind, count, request));
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
        match sent {
            Ok(results) => {
                for ((_, waiter), result) in items.into_iter().zip(results) {
                    // Sending fails if nobody waits for this item any more.
                    let _wanted = waiter.send(result.map_err(RequestError::from));
                }
            }
            Err(error) if count > 1 && error.failure.status().is_some_and(refuses_batches) => {
                self.0.batches.borrow_mut().go_alone(kind, items);
            }
            Err(error) => {
                for (_, waiter) in items {
                    let _wanted = waiter.send(Err(error.clone()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
