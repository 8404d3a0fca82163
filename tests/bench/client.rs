//! Measures the command line as a person runs it, beside aws-cli, which encrypts nothing.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use sealift_client::Client;
use sealift_server::{Config, Server, config::Sources};
use sealift_tests::{StoreCredentials, free_address, server_in};
use sealift_transfer::api::FileRecord;

use crate::{
    Scale, figures,
    ground::{folder, path_in},
};

const SMALL_BYTES: usize = 10 * 1024;
const WHO: [&str; 2] = ["sealift", "aws"];
const MEASURES: [&str; 3] = ["MB/s up", "MB/s down", "files of 10 KiB per second"];

pub(crate) async fn measure(scale: Scale) -> Result<()> {
    let place = folder()?;
    let store_port = free_address()?.port();
    let mut flags = server_in(place.path());
    flags.extend([
        ("store", "embedded".to_owned()),
        ("s3_port", store_port.to_string()),
    ]);
    let config = Config::load(&Sources {
        flags,
        ..Sources::default()
    })?;
    let server = Server::start(config).await?;
    let programs = Programs {
        sealift: path_in("SEALIFT_TEST_SEALIFT")?,
        aws: path_in("SEALIFT_BENCH_AWS_CLI")?,
        server: format!("http://{}", server.address()),
        store: format!("http://127.0.0.1:{store_port}"),
        credentials: StoreCredentials::from_file(&place.path().join("keys/s3-credentials.json"))?,
        folder: place.path().to_owned(),
    };
    let (file, small) = (place.path().join("file"), place.path().join("small"));
    fs::write(&file, random(usize::try_from(scale.upload_bytes)?)?)?;
    fs::create_dir(&small)?;
    for number in 0..scale.small_files {
        fs::write(small.join(number.to_string()), random(SMALL_BYTES)?)?;
    }
    let mut values = [const { [const { Vec::new() }; 3] }; 2];
    for round in 0..scale.rounds {
        let order = match round % 2 {
            0 => [0, 1],
            _ => [1, 0],
        };
        for who in order {
            let seconds = match WHO.get(who) {
                Some(&"sealift") => programs.sealift(&file, &small).await?,
                _ => programs.aws(&file, &small, round)?,
            };
            let [up, down, many] = seconds;
            let files = u64::try_from(scale.small_files)?;
            let rates = [
                figures::megabytes_per_second(scale.upload_bytes, up),
                figures::megabytes_per_second(scale.upload_bytes, down),
                figures::number(files) / many,
            ];
            for (values, rate) in values.get_mut(who).into_iter().flatten().zip(rates) {
                values.push(rate);
            }
        }
    }
    for (who, values) in WHO.iter().zip(&values) {
        for (measure, values) in MEASURES.iter().zip(values) {
            figures::report("client", measure, who, values);
        }
    }
    Ok(())
}

struct Programs {
    sealift: PathBuf,
    aws: PathBuf,
    server: String,
    store: String,
    credentials: StoreCredentials,
    folder: PathBuf,
}

impl Programs {
    /// Returns the seconds for the upload, the download and the small files.
    async fn sealift(&self, file: &Path, small: &Path) -> Result<[f64; 3]> {
        let run = |arguments: &[&OsStr]| {
            let mut command = Command::new(&self.sealift);
            command.args(arguments).env("SEALIFT_SERVER", &self.server);
            run(&mut command)
        };
        let flags = ["upload", "--quiet", "--json", "--no-resume"].map(OsStr::new);
        let (up, said) = run(&[&flags[..], &[file.as_os_str()]].concat())?;
        let record: FileRecord = serde_json::from_slice(&said)?;
        let back = self.folder.join("back");
        let flags = ["download", "--quiet", record.id.as_str(), "-o"].map(OsStr::new);
        let (down, _) = run(&[&flags[..], &[back.as_os_str()]].concat())?;
        same(file, &back)?;
        let client = Client::new(&self.server, None)?;
        client.delete(&record.id).await?;
        let flags = ["upload", "--quiet", "--no-resume", "--recursive"].map(OsStr::new);
        let (many, _) = run(&[&flags[..], &[small.as_os_str()]].concat())?;
        Ok([up, down, many])
    }

    /// Returns the seconds for the upload, the download and the small files.
    fn aws(&self, file: &Path, small: &Path, round: usize) -> Result<[f64; 3]> {
        let run = |arguments: &[&OsStr]| {
            let mut command = Command::new(&self.aws);
            command
                .args(["--endpoint-url", &self.store, "s3"])
                .args(arguments)
                .env("AWS_ACCESS_KEY_ID", &self.credentials.access_key)
                .env("AWS_SECRET_ACCESS_KEY", &self.credentials.secret_key)
                .env("AWS_DEFAULT_REGION", "us-east-1")
                .env("AWS_CONFIG_FILE", "/dev/null")
                .env("AWS_EC2_METADATA_DISABLED", "true");
            run(&mut command)
        };
        let [object, many] =
            ["file", "small"].map(|name| format!("s3://sealift/aws/{round}/{name}"));
        let (object, many) = (OsStr::new(&object), OsStr::new(&many));
        let copy = ["cp", "--no-progress"].map(OsStr::new);
        let (up, _) = run(&[&copy[..], &[file.as_os_str(), object]].concat())?;
        let back = self.folder.join("back");
        let (down, _) = run(&[&copy[..], &[object, back.as_os_str()]].concat())?;
        same(file, &back)?;
        run(&[OsStr::new("rm"), object])?;
        let copy = ["cp", "--no-progress", "--recursive"].map(OsStr::new);
        let (many, _) = run(&[&copy[..], &[small.as_os_str(), many]].concat())?;
        Ok([up, down, many])
    }
}

/// Runs a program. Returns the seconds that it took, and its output.
fn run(command: &mut Command) -> Result<(f64, Vec<u8>)> {
    let began = Instant::now();
    let ended = command.stdin(Stdio::null()).output()?;
    let seconds = began.elapsed().as_secs_f64();
    let errors = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "{command:?} fails: {errors}");
    Ok((seconds, ended.stdout))
}

/// Compares a download with its file, and deletes it.
fn same(file: &Path, back: &Path) -> Result<()> {
    ensure!(fs::read(file)? == fs::read(back)?, "another file came back");
    Ok(fs::remove_file(back)?)
}

fn random(len: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    getrandom::fill(&mut bytes).ok().context("no randomness")?;
    Ok(bytes)
}
