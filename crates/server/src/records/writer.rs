//! The one writer of this process. A commit costs a wait for the disk, so writes that are queued at the
//! same time share one commit. Each write runs in a savepoint of its own, so that a failed one does not
//! affect the others. No write is answered before the shared commit is durable.
//!
//! `BEGIN IMMEDIATE` takes SQLite's write lock at once. Everything that a write reads therefore stays
//! true until its commit, even if another process writes to the same file.

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

/// The most writes in one commit. It limits how long the first write of a group waits for the last.
const MOST_PER_COMMIT: usize = 256;
/// The most writes in the queue, because each takes memory. Further writes wait until there is room.
const LONGEST_QUEUE: usize = 1024;

/// Sends writes to the writer's task. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
    stop: CancellationToken,
    task: TaskTracker,
}

impl Writer {
    /// Starts the task on `db`. After a failure it connects again with `options`.
    pub(super) fn start(db: SqliteConnection, options: SqliteConnectOptions) -> Self {
        let (queue, waiting) = mpsc::channel(LONGEST_QUEUE);
        let stop = CancellationToken::new();
        let task = TaskTracker::new();
        let db = Some(db);
        task.spawn(Committer { db, options }.run(waiting, stop.clone()));
        task.close();
        Self { queue, stop, task }
    }

    /// Runs this work in a transaction, which is durable when this returns. If the work fails, nothing
    /// of it is saved. Work that is queued is done even if its caller stops waiting.
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

    /// Runs one statement and returns whether it changed a row. This is the compare-and-set: the
    /// `WHERE` of the statement names the state that it expects.
    pub(super) async fn changes(
        &self,
        statement: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<bool, RecordsError> {
        let work = self.write(move |db| {
            Box::pin(async move { Ok(statement.execute(db).await?.rows_affected() > 0) })
        });
        work.await
    }

    /// Returns true once the writer takes no more writes.
    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Refuses further writes, and returns when the last one is committed and the connection is closed.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.task.wait().await;
    }
}

/// A queued write with its types erased.
#[async_trait]
trait Job: Send {
    /// Runs the work in a savepoint of `group`.
    ///
    /// # Errors
    /// Fails if the whole group is lost. If only this work fails, its own answer reports that.
    async fn run(&mut self, group: &mut SqliteConnection) -> sqlx::Result<()>;

    /// Sends the result to the caller that waits for it.
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
        // The caller may have stopped waiting. The write stays.
        let _ = self.answer.send(answer);
    }
}

/// The state of the writer's task.
struct Committer {
    /// `None` after a failure. The next group then makes a new connection.
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
            // Everything is committed, so an error here loses nothing.
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
        // The connection is used again only after a success. After a failure such as a full disk,
        // SQLite may have ended the transaction by itself, and sqlx would believe that it is still
        // open.
        self.db = Some(db);
        Ok(())
    }
}
