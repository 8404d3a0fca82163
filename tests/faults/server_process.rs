//! Runs `sealift serve` in a process of its own, which the run can kill and start again on the same data.

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

/// The settings of the server, the same at each start.
#[derive(Debug)]
pub(crate) struct ServerSettings {
    /// Names and values of environment variables.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// The file that collects the logs of all starts.
    pub(crate) log_file: PathBuf,
    /// A copy of the program, so that a new build does not replace it during the run.
    pub(crate) binary: PathBuf,
}

/// The server, whether it runs or not.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    settings: ServerSettings,
    running: Option<Child>,
}

/// How often a start is tried. A start can meet faults too and is then repeated, as a supervisor would do.
const MOST_STARTS: u64 = 60;

impl ServerProcess {
    pub(crate) fn new(settings: ServerSettings) -> Self {
        Self {
            settings,
            running: None,
        }
    }

    /// Starts the server until it is ready, and returns the number of failed starts before.
    pub(crate) fn start(&mut self) -> Result<u64> {
        for refused in 0..MOST_STARTS {
            if self.try_start()? {
                return Ok(refused);
            }
            thread::sleep(Duration::from_millis(200));
        }
        bail!(
            "the server did not start in {MOST_STARTS} attempts; its log is {}",
            self.settings.log_file.display()
        )
    }

    fn try_start(&mut self) -> Result<bool> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.settings.log_file)?;
        let binary = &self.settings.binary;
        // The shell ignores SIGXFSZ, so that a write beyond the file size limit fails as on a full
        // disk and does not kill.
        let mut command = Command::new("sh");
        for (name, _) in env::vars_os() {
            // These variables are meant for tests and are no settings of the server.
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
        // A full pipe would block the server.
        thread::spawn(move || lines.for_each(drop));
        if !ready {
            self.kill()?;
        }
        Ok(ready)
    }

    /// Kills the server with SIGKILL, so that it cannot do anything more.
    pub(crate) fn kill(&mut self) -> Result<()> {
        if let Some(mut process) = self.running.take() {
            process.kill()?;
            process.wait()?;
        }
        Ok(())
    }

    /// Returns whether the server ended by itself, which is an error of the server.
    pub(crate) fn has_died(&mut self) -> Result<bool> {
        match &mut self.running {
            Some(process) => Ok(process.try_wait()?.is_some()),
            None => Ok(false),
        }
    }

    /// Returns the process id while the server runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.running.as_ref().map(Child::id)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
