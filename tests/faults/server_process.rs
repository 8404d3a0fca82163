//! `sealift serve` in a process of its own, which can be killed and started again on the same
//! data.

use std::{
    env,
    fs::File,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

/// How it is started, each time the same.
#[derive(Debug)]
pub(crate) struct ServerSettings {
    /// By their names in the environment.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// What it logs, all starts together.
    pub(crate) log_file: PathBuf,
    /// The program, of which nobody builds another meanwhile.
    pub(crate) binary: PathBuf,
}

/// The server, or what is left of it.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    settings: ServerSettings,
    running: Option<Child>,
}

/// A start may meet faults too, and is then made again, as a supervisor would.
const MOST_STARTS: u64 = 60;

impl ServerProcess {
    pub(crate) fn new(settings: ServerSettings) -> Self {
        Self {
            settings,
            running: None,
        }
    }

    /// Starts it until it is ready; how many starts were refused before.
    pub(crate) fn start(&mut self) -> Result<u64> {
        for refused in 0..MOST_STARTS {
            if self.try_start()? {
                return Ok(refused);
            }
            thread::sleep(Duration::from_millis(200));
        }
        bail!(
            "the server did not start {MOST_STARTS} times; its log is {}",
            self.settings.log_file.display()
        )
    }

    fn try_start(&mut self) -> Result<bool> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.settings.log_file)?;
        let binary = &self.settings.binary;
        // A write beyond the limit of a file's size is to fail, as on a full disk, not to kill.
        let mut command = Command::new("sh");
        for (name, _) in env::vars_os() {
            // What is meant for tests is no setting of the server.
            if name.to_string_lossy().starts_with("SEALIFT_") {
                command.env_remove(name);
            }
        }
        let mut process = command
            .args(["-c", "trap '' XFSZ; exec \"$0\" serve"])
            .arg(binary)
            .envs(
                self.settings
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let said = process.stdout.take().context("the server has no stdout")?;
        self.running = Some(process);
        let mut lines = BufReader::new(said).lines();
        let ready = lines
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.contains("Sealift is ready"));
        // A full pipe would stop it.
        thread::spawn(move || lines.for_each(drop));
        if !ready {
            self.kill()?;
        }
        Ok(ready)
    }

    /// SIGKILL: it gets to do nothing more.
    pub(crate) fn kill(&mut self) -> Result<()> {
        if let Some(mut process) = self.running.take() {
            process.kill()?;
            process.wait()?;
        }
        Ok(())
    }

    /// Whether it ended without being told to: that is a fault of its own.
    pub(crate) fn has_died(&mut self) -> Result<bool> {
        match &mut self.running {
            Some(process) => Ok(process.try_wait()?.is_some()),
            None => Ok(false),
        }
    }

    /// Its process, while it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.running.as_ref().map(Child::id)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
