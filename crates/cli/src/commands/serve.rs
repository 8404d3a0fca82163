//! `sealift serve`.

use sealift_server::{Config, Server, telemetry};

use super::stop::Stop;
use crate::{args::Serve, failure, terminal};

pub(crate) async fn run(args: Serve) -> anyhow::Result<()> {
    let config = Config::load(&args.sources())?;
    telemetry::init(&config.log)?;
    for name in &config.unknown_names {
        tracing::warn!(
            name,
            "{name} is no setting and means nothing; see sealift serve --help"
        );
    }
    let port = config.port;
    let server = Server::start(config)
        .await
        .map_err(|error| failure::to_start(error.into(), port))?;
    let address = server.address();
    let mut stop = Stop::listen()?;
    // The log says so, too.
    let _ = terminal::say(&format!("Sealift is ready: http://{address}"));
    tracing::info!(%address, "Listening on {address}");

    stop.asked().await;
    tracing::info!("Stopping: running requests may finish");
    stop.impatiently();
    server.shutdown().await;
    Ok(())
}
