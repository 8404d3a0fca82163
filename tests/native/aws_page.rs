//! The commands of docs/AWS.md work, one after the other, as they stand on the page.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use sealift_tests::{Garage, Moto, free_address, lines};

/// Returns the lines of the page's `sh` blocks that begin so.
fn lines_of<'a>(page: &'a str, beginning: &str) -> Vec<&'a str> {
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|rest| Some(rest.split_once("```")?.0));
    let lines = blocks.flat_map(str::lines);
    lines.filter(|line| line.starts_with(beginning)).collect()
}

/// A server in the background, which ends with the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_from_an_empty_account_to_the_first_upload_works() -> Result<()> {
    let page = include_str!("../../docs/AWS.md");
    let settings = lines_of(page, "export ").join("\n");
    let commands = lines_of(page, "sealift ");
    let called: Vec<_> = commands
        .iter()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(called, ["bootstrap", "policy", "doctor", "serve", "upload"]);

    // The bucket is Garage's, because the server refuses moto's, which checks no sum.
    let garage = Garage::start("acme-files")?;
    let moto = Moto::start().await?;
    let folder = tempfile::tempdir()?;
    let port = free_address()?.port();
    fs::write(folder.path().join("report.pdf"), "a report")?;
    let shell = |command: &str| -> Result<Command> {
        let program = std::env::var_os("SEALIFT_TEST_SEALIFT").context("SEALIFT_TEST_SEALIFT")?;
        let programs = Path::new(&program).parent().context("its folder")?;
        let mut shell = Command::new("sh");
        shell
            .args(["-ec", &format!("{settings}\nexec {command}")])
            .current_dir(folder.path())
            .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
            .env("S3_ENDPOINT", garage.endpoint())
            .env("SEALIFT_KMS_ENDPOINT", moto.endpoint())
            .env("PORT", port.to_string())
            .env("SEALIFT_SERVER", format!("http://127.0.0.1:{port}"))
            .stdin(Stdio::null());
        Ok(shell)
    };
    let mut serving = None;
    for command in commands {
        match command.split(' ').nth(1) {
            Some("serve") => {
                let mut command = shell(command)?;
                let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
                let mut started = command.spawn()?;
                let said = started.stdout.take().context("an output")?;
                serving = Some(Serving(started));
                let ready = lines::wait_for(said, |line| line.contains("is ready").then_some(()));
                ready.context("the server did not start")?;
            }
            _ => {
                let done = shell(command)?.output()?;
                let said = String::from_utf8_lossy(&done.stderr);
                ensure!(done.status.success(), "{command}: {said}");
            }
        }
    }
    drop(serving);
    let policy = fs::read_to_string(folder.path().join("server-policy.json"))?;
    assert!(policy.contains("kms:GenerateDataKey"), "{policy}");
    Ok(())
}
