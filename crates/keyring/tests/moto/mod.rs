//! Runs moto's KMS, which speaks the real protocol. `SEALIFT_TEST_MOTO` names the program `moto_server`,
//! which `cargo xtask test` installs; without it the tests that need it are skipped.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, Weak},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::{Client, config::Credentials};

/// A moto server of our own on a free port, which ends with the last test that uses it.
pub(crate) struct Moto {
    process: Child,
    pub(crate) endpoint: String,
}

impl Moto {
    /// Returns the running server, or starts one. Returns `None` if there is no such program.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        static RUNNING: Mutex<Weak<Moto>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap();
        if let Some(moto) = running.upgrade() {
            return Some(moto);
        }
        let Some(program) = std::env::var_os("SEALIFT_TEST_MOTO") else {
            eprintln!("skipped: SEALIFT_TEST_MOTO does not name moto_server");
            return None;
        };
        let moto = Arc::new(Self::start(Command::new(program)));
        *running = Arc::downgrade(&moto);
        Some(moto)
    }

    fn start(mut program: Command) -> Self {
        let mut process = program
            .args(["--host", "127.0.0.1", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("SEALIFT_TEST_MOTO starts");
        let mut said = BufReader::new(process.stderr.take().unwrap()).lines();
        let endpoint = said
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_once("Running on ")
                    .map(|(_, at)| at.trim().to_owned())
            })
            .expect("moto says where it listens");
        // Reads moto's log of its requests, because otherwise the pipe fills up.
        std::thread::spawn(move || said.for_each(drop));
        Self { process, endpoint }
    }

    pub(crate) async fn sdk(&self) -> SdkConfig {
        aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .endpoint_url(&self.endpoint)
            .load()
            .await
    }

    /// Makes a new key and returns its ARN.
    pub(crate) async fn make_key(&self) -> String {
        let made = Client::new(&self.sdk().await).create_key();
        let made = made.send().await.unwrap();
        made.key_metadata.unwrap().arn.unwrap()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
