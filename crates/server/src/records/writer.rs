//! The one writer of this process. Waiting for the disk is what a commit costs, so writes that
//! wait at the same time share one: each runs in a savepoint of its own, so that a failed one
//! spoils nothing of its neighbours, and none is answered before the commit of all is durable.
//!
//! `BEGIN IMMEDIATE` takes SQLite's write lock at once: what a write reads stays true until its
//! commit, also where another process writes to the same file.

use core::mem;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use sqlx::{
    ConnectOptions as _, Connection as _, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteConnectOptions},
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::RecordsError;

/// Bounds how long the first write of a group waits for the last.
const MOST_PER_COMMIT: usize = 256;
/// Writes beyond wait for a place: the memory they take is bounded.
const LONGEST_QUEUE: usize = 1024;

/// Hands writes to the writer's task. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
    stop: CancellationToken,
    task: TaskTracker,
}

impl Writer {
    /// Starts the task on `db`; `options` connect again after a failure.
    pub(super) fn start(db: SqliteConnection, options: SqliteConnectOptions) -> Self {
        let (queue, waiting) = mpsc::channel(LONGEST_QUEUE);
        let stop = CancellationToken::new();
        let task = TaskTracker::new();
        let db = Some(db);
        task.spawn(Committer { db, options }.run(waiting, stop.clone()));
        task.close();
        Self { queue, stop, task }
    }

    /// Does this work in a transaction; durable when this returns. Where the work fails, nothing
    /// of it is kept. Once queued it is done, also if nobody waits any more.
    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, RecordsError>
    where
        T: Send + 'static,
        W: for<'db> FnOnce(&'db mut SqliteConnection) -> BoxFuture<'db, sqlx::Result<T>>
            + Send
            + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let progress = Progress::Waiting(work);
        let queued = self.queue.send(Box::new(Write { progress, answer })).await;
        queued.map_err(|_| RecordsError::Closed)?;
        answered.await.map_err(|_| RecordsError::Closed)?
    }

    /// Runs one statement; tells whether it changed a row. This is the compare-and-set: its
    /// `WHERE` names the state that is expected.
    pub(super) async fn changes(
        &self,
        statement: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<bool, RecordsError> {
        let work = self.write(move |db| {
            Box::pin(async move { Ok(statement.execute(db).await?.rows_affected() > 0) })
        });
        work.await
    }

    /// Whether writes are refused from now on.
    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Takes no more writes; returns when the last is committed and the connection closed.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.task.wait().await;
    }
}

/// A write that waits, with its types erased.
#[async_trait]
trait Job: Send {
    /// Does the work in a savepoint of `group`.
    ///
    /// # Errors
    /// Where the group is lost. A failure of the work alone is kept for its own answer.
    async fn run(&mut self, group: &mut SqliteConnection) -> sqlx::Result<()>;

    /// Tells who waits what became of it.
    fn answer(self: Box<Self>, committed: &Result<(), Arc<sqlx::Error>>);
}

struct Write<W, T> {
    progress: Progress<W, T>,
    answer: oneshot::Sender<Result<T, RecordsError>>,
}

enum Progress<W, T> {
    Waiting(W),
    Running,
    Done(T),
    Failed(sqlx::Error),
}

#[async_trait]
impl<W, T> Job for Write<W, T>
where
    T: Send + 'static,
    W: for<'db> FnOnce(&'db mut SqliteConnection) -> BoxFuture<'db, sqlx::Result<T>>
        + Send
        + 'static,
{
    async fn run(&mut self, group: &mut SqliteConnection) -> sqlx::Result<()> {
        let Progress::Waiting(work) = mem::replace(&mut self.progress, Progress::Running) else {
            return Ok(());
        };
        let mut savepoint = group.begin().await?;
        match work(&mut savepoint).await {
            Ok(done) => {
                savepoint.commit().await?;
                self.progress = Progress::Done(done);
            }
            Err(error) => {
                self.progress = Progress::Failed(error);
                savepoint.rollback().await?;
            }
        }
        Ok(())
    }

    fn answer(self: Box<Self>, committed: &Result<(), Arc<sqlx::Error>>) {
        let answer = match (self.progress, committed) {
            (Progress::Failed(error), _) => Err(RecordsError::Database(error)),
            (_, Err(error)) => Err(RecordsError::NotCommitted(Arc::clone(error))),
            (Progress::Done(done), Ok(())) => Ok(done),
            (Progress::Waiting(_) | Progress::Running, Ok(())) => Err(RecordsError::Closed),
        };
        // Whoever asked may have gone; what was written stays.
        let _ = self.answer.send(answer);
    }
}

/// The task's own side.
struct Committer {
    /// `None` after a failure: a new connection is made for the next group.
    db: Option<SqliteConnection>,
    options: SqliteConnectOptions,
}

impl Committer {
    async fn run(mut self, mut waiting: mpsc::Receiver<Box<dyn Job>>, stop: CancellationToken) {
        let mut jobs = Vec::new();
        loop {
            tokio::select! {
                () = stop.cancelled(), if !waiting.is_closed() => waiting.close(),
                count = waiting.recv_many(&mut jobs, MOST_PER_COMMIT) => {
                    if count == 0 {
                        break;
                    }
                    let committed = self.commit(&mut jobs).await.map_err(Arc::new);
                    for job in jobs.drain(..) {
                        job.answer(&committed);
                    }
                }
            }
        }
        if let Some(db) = self.db {
            // All is committed; an error here loses nothing.
            let _ = db.close().await;
        }
    }

    async fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> sqlx::Result<()> {
        let mut db = match self.db.take() {
            Some(db) => db,
            None => self.options.connect().await?,
        };
        let mut group = db.begin_with("BEGIN IMMEDIATE").await?;
        for job in jobs {
            job.run(&mut group).await?;
        }
        group.commit().await?;
        // Kept only here: after a failure SQLite may have ended the transaction by itself (disk
        // full), and sqlx would still count on it.
        self.db = Some(db);
        Ok(())
    }
}
