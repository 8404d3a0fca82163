//! `sealift serve`: runs the server until Ctrl-C or SIGTERM.

use sealift_server::{Config, Server, telemetry};

use super::stop::Stop;
use crate::{args::Serve, failure, terminal};

pub(crate) async fn run(args: Serve) -> anyhow::Result<()> {
    let config = Config::load(&args.sources())?;
    telemetry::init(&config.log)?;
    for name in &config.unknown_names {
        tracing::warn!(
            name,
            "{name} is not a setting and is ignored; see sealift serve --help"
        );
    }
    let port = config.port;
    let server = Server::start(config)
        .await
        .map_err(|error| failure::to_start(error.into(), port))?;
    let address = server.address();
    let mut stop = Stop::listen()?;
    // If nobody reads stdout, the log still has the address.
    let _ = terminal::say(&format!("Sealift is ready: http://{address}"));
    tracing::info!(%address, "Listening on {address}");

    stop.asked().await;
    tracing::info!("Stopping: running requests may finish");
    stop.impatiently();
    server.shutdown().await;
    Ok(())
}
