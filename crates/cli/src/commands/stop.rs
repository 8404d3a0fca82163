//! When to stop: Ctrl-C or SIGTERM.

use tokio::signal;

/// Waits for either.
pub(crate) async fn asked() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    signal::ctrl_c().await
}

/// Ends the process when asked a second time; to be run beside the shutdown.
pub(crate) fn impatiently() {
    tokio::spawn(async {
        if asked().await.is_ok() {
            crate::terminal::note("sealift: stopped at once, without waiting for running requests");
            std::process::exit(1);
        }
    });
}
