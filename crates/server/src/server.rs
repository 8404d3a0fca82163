//! The running server: assembles its parts, starts it, and stops it in good order.

use core::time::Duration;
use std::{io, net::SocketAddr};

use axum::extract::ConnectInfo;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{
    app::App,
    clock::Clock,
    config::Config,
    data_folder::make_private,
    deployment::mark::{self, MarkError, Standing},
    keys::{Keys, KeysError, WIPED_EVERY},
    objects::{OpenStore, StoreError, embedded::Embedded},
    random,
    records::{Records, RecordsError},
    router,
    serving::{self, RequestBody, Times},
    sweeper::{self, SweepReport},
    verifier,
};

/// A server that listens. Dropping it stops it at once; [`Server::shutdown`] lets running requests
/// finish.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    app: App,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    wiping: JoinHandle<()>,
    sweeping: Option<JoinHandle<()>>,
    verifying: JoinHandle<()>,
    marking: JoinHandle<()>,
    embedded: Option<Embedded>,
}

/// The reasons why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The server's port is not available.
    #[error("the server cannot listen on {address}")]
    Listen {
        /// The address that the server wanted to listen on.
        address: SocketAddr,
        /// The reason from the operating system.
        source: io::Error,
    },
    /// The data folder cannot be made.
    #[error("the data folder cannot be made")]
    Folder(#[source] io::Error),
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Records(#[from] RecordsError),
    /// The keys cannot be used.
    #[error("the keys cannot be used")]
    Keys(#[from] KeysError),
    /// The object store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object store is not the one that holds this deployment's objects.
    #[error(transparent)]
    Mark(#[from] MarkError),
}

impl Server {
    /// Opens records, keys and store, proves that the store can do what the server needs, and
    /// listens.
    ///
    /// # Errors
    /// Returns a [`ServerError`]; nothing is left running then.
    pub async fn start(config: Config) -> Result<Self, ServerError> {
        Self::start_at(config, Clock::system()).await
    }

    /// Starts a server like [`Server::start`], but with the given clock.
    ///
    /// # Errors
    /// Fails like [`Server::start`].
    pub async fn start_at(config: Config, clock: Clock) -> Result<Self, ServerError> {
        // This comes first, because a taken port is the most common mistake, and because the store
        // must know the origin of the pages.
        let (listener, address) = listen(&config).await?;
        let (records, keys) = open_records(&config, &clock).await?;
        let store = OpenStore::open(&config, address, random::bytes(), clock.now()).await?;
        prove_joining(&records, &store).await?;
        Self::assemble(config, clock, listener, (records, keys), store).await
    }

    /// Starts a server like [`Server::start_at`], on a store that is open already. Another server
    /// may use the same store.
    ///
    /// # Errors
    /// Fails like [`Server::start`].
    pub async fn start_on(
        config: Config,
        clock: Clock,
        store: OpenStore,
    ) -> Result<Self, ServerError> {
        let (listener, _) = listen(&config).await?;
        let opened = open_records(&config, &clock).await?;
        Self::assemble(config, clock, listener, opened, store).await
    }

    async fn assemble(
        config: Config,
        clock: Clock,
        listener: TcpListener,
        (records, keys): (Records, Keys),
        store: OpenStore,
    ) -> Result<Self, ServerError> {
        let address = listener
            .local_addr()
            .map_err(|source| ServerError::Listen {
                address: config.address(),
                source,
            })?;
        let standing = mark::at_start(&config, &records, &store.objects, store.is_new).await?;
        let wiping = tokio::spawn(wipe_old_keys(keys.clone()));
        let sweep_every = config.sweep_every;
        let times = Times {
            clock: clock.clone(),
            idle_clock: Clock::system(),
            longest_idle: config.longest_idle,
        };
        let stop = CancellationToken::new();
        let app = App::assemble(config, clock, (records, keys), store.objects, stop.clone());
        if standing == Standing::Older {
            app.read_only.begin();
        }
        // The sweeper takes up at once what the last stop interrupted.
        let sweeping = sweep_every.map(|every| tokio::spawn(sweeper::run(app.clone(), every)));
        let verifying = tokio::spawn(verifier::run(app.clone()));
        let marking = tokio::spawn(mark::run(app.clone()));
        let router = router::router(app.clone(), &store.public_origin);
        let service_for = move |peer: SocketAddr| {
            router
                .clone()
                .map_request(move |mut request: http::Request<RequestBody>| {
                    request.extensions_mut().insert(ConnectInfo(peer));
                    request.map(axum::body::Body::new)
                })
        };
        let serving = tokio::spawn(serving::serve(
            listener,
            "server",
            service_for,
            times,
            stop.clone(),
        ));
        Ok(Self {
            address,
            app,
            stop,
            serving,
            wiping,
            sweeping,
            verifying,
            marking,
            embedded: store.embedded,
        })
    }

    /// Returns the address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sweeps at once, instead of at the sweeper's next run.
    pub async fn sweep_now(&self) -> SweepReport {
        sweeper::sweep(&self.app).await
    }

    /// Verifies at once the files that the verifier would verify later: opens every frame. Returns
    /// the number of files.
    pub async fn verify_now(&self) -> u64 {
        verifier::verify_due(&self.app).await
    }

    /// Stops the server: accepts no new connections and waits until the running requests are done.
    /// Downloads are included, except those whose reader stands still. Uploads stay open in the
    /// records and continue after the next start.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        // The thread of the accept loop logged its panic already, so the result is not needed.
        let _ = (&mut self.serving).await;
        // These tasks may be interrupted anywhere.
        self.verifying.abort();
        let _ = (&mut self.verifying).await;
        if let Some(sweeping) = self.sweeping.take() {
            sweeping.abort();
            let _ = sweeping.await;
        }
        self.marking.abort();
        let _ = (&mut self.marking).await;
        mark::at_stop(&self.app).await;
        if let Some(embedded) = self.embedded.take() {
            embedded.shutdown(STORE_PATIENCE).await;
        }
        self.app.records.clone().close().await;
    }
}

/// How long a stop waits for parts that browsers are still sending. After this they must be sent
/// again.
const STORE_PATIENCE: Duration = Duration::from_secs(30);

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
        self.wiping.abort();
        self.verifying.abort();
        self.marking.abort();
        if let Some(sweeping) = &self.sweeping {
            sweeping.abort();
        }
    }
}

async fn listen(config: &Config) -> Result<(TcpListener, SocketAddr), ServerError> {
    let wanted = config.address();
    let refused = |source| ServerError::Listen {
        address: wanted,
        source,
    };
    let listener = TcpListener::bind(wanted).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

async fn open_records(config: &Config, clock: &Clock) -> Result<(Records, Keys), ServerError> {
    make_private(&config.data_dir).map_err(ServerError::Folder)?;
    let records = Records::open(&config.database_file()).await?;
    mark::settings_fit(config, &records).await?;
    let keys = Keys::open(config, records.clone(), clock.clone()).await?;
    Ok((records, keys))
}

/// Proves once for each store that it joins parts of unequal length; the test sends 10 MiB. The
/// embedded store is known to do it.
async fn prove_joining(records: &Records, store: &OpenStore) -> Result<(), ServerError> {
    let name = format!("{}/{}", store.public_origin, store.objects.bucket());
    if store.embedded.is_some() || records.store_joins(&name).await? {
        return Ok(());
    }
    let proved = store.objects.prove_unequal_parts(random::bytes()).await;
    proved.map_err(StoreError::from)?;
    Ok(records.note_store_joins(&name).await?)
}

/// Wipes old keys at intervals, so that an idle server does not keep keys for long either.
pub(crate) async fn wipe_old_keys(keys: Keys) {
    let mut again = tokio::time::interval(WIPED_EVERY);
    loop {
        again.tick().await;
        keys.drop_old();
    }
}
