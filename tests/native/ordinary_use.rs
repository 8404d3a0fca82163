//! One person's many small files must not meet any limit of the default settings: with curl, many at once, and
//! with the command line.

use std::{fs, path::Path, process::Stdio, time::Instant};

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use sealift_tests::{Setup, Stack, sealift::sealift};
use tokio::process::Command;

const AT_ONCE: usize = 50;

/// Prints how many files arrived in a second.
fn report(what: &str, files: u32, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    let rate = f64::from(files) / seconds;
    eprintln!("{what}: {files} files in {seconds:.1} s, {rate:.0} a second");
}

async fn expect_all(stack: &Stack, files: u32) -> Result<()> {
    let (there, refused) = stack.files_and_refusals("too_many_requests").await?;
    assert_eq!((there, refused), (i64::from(files), 0));
    Ok(())
}

async fn curls(files: u32) -> Result<()> {
    let stack = Setup::new().start().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("small.bin");
    fs::write(&file, vec![7; 10 * 1024])?;
    let (file, address) = (file.as_path(), format!("{}/upload/", stack.address()));
    let began = Instant::now();
    stream::iter(0..files)
        .map(|at| curl(file, format!("{address}{at}.bin")))
        .buffer_unordered(AT_ONCE)
        .try_for_each(|status| async move {
            ensure!(status == "201", "{status}");
            Ok(())
        })
        .await?;
    report("curl, 50 at once", files, began);
    expect_all(&stack, files).await
}

async fn curl(file: &Path, address: String) -> Result<String> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--noproxy", "*"])
        .args(["--output", "/dev/null", "--write-out", "%{http_code}"])
        .arg("--upload-file")
        .args([file.as_os_str(), address.as_ref()])
        .stdin(Stdio::null());
    let run = curl.output().await;
    let run = run.context("curl is needed for this story; install it")?;
    ensure!(run.status.success(), "{run:?}");
    Ok(String::from_utf8(run.stdout)?)
}

async fn folder_by_the_command_line(files: u32) -> Result<()> {
    let stack = Setup::new().start().await?;
    let folder = tempfile::tempdir()?;
    for at in 0..files {
        fs::write(folder.path().join(format!("{at}.bin")), vec![7; 1024])?;
    }
    let began = Instant::now();
    let arguments = [
        "upload",
        "--recursive",
        "--quiet",
        "--server",
        stack.address(),
    ];
    let mut arguments: Vec<_> = arguments.map(std::ffi::OsString::from).into();
    arguments.push(folder.path().into());
    let called = tokio::task::spawn_blocking(move || sealift(arguments)).await??;
    assert_eq!(called.code, Some(0), "{}", called.stderr);
    report("sealift upload --recursive", files, began);
    expect_all(&stack, files).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "only with --full"]
async fn a_thousand_curls_fifty_at_once_are_all_accepted() -> Result<()> {
    curls(1_000).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "only with --full"]
async fn ten_thousand_small_files_go_by_the_command_line_without_a_refusal() -> Result<()> {
    folder_by_the_command_line(10_000).await
}
