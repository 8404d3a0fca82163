//! The program that drives a browser. It listens on a free port.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{BrowserKind, lines, processes, programs};

/// A running chromedriver or geckodriver. Dropping this value ends it and its browser.
#[derive(Debug)]
pub(super) struct Driver {
    kind: BrowserKind,
    process: Child,
    port: u16,
}

impl Driver {
    pub(super) fn start(kind: BrowserKind) -> Result<Self> {
        programs::start_listening(|| Self::try_start(kind))
    }

    fn try_start(kind: BrowserKind) -> Result<Self> {
        let mut command = match kind {
            BrowserKind::Chromium => Command::new(programs::path_in("SEALIFT_TEST_CHROMEDRIVER")?),
            BrowserKind::Firefox => {
                let mut command = Command::new(programs::path_in("SEALIFT_TEST_GECKODRIVER")?);
                // A story needs system access to take Firefox offline.
                command.arg("--allow-system-access");
                command
            }
        };
        let mut process = command
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("the driver of {kind:?} does not start"))?;
        let said = process.stdout.take().context("the driver has no stdout")?;
        let port = lines::wait_for(said, |line| {
            let (_, port) = line.split_once(match kind {
                BrowserKind::Chromium => "successfully on port ",
                BrowserKind::Firefox => "Listening on 127.0.0.1:",
            })?;
            port.trim_end_matches('.').parse().ok()
        });
        let Some(port) = port else {
            let _ = process.wait();
            bail!("the driver of {kind:?} ended before it listened");
        };
        Ok(Self {
            kind,
            process,
            port,
        })
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the driver's process id. The browser's processes descend from it.
    pub(super) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Asks chromedriver to end its browsers cleanly. It answers when they have ended.
    /// geckodriver has no such request.
    fn shut_down(&self) -> std::io::Result<()> {
        if self.kind == BrowserKind::Firefox {
            return Ok(());
        }
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.set_read_timeout(Some(Duration::from_secs(20)))?;
        connection.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        connection.read(&mut [0; 64]).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.shut_down();
        let _ = processes::kill_below(self.process());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
