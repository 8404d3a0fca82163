//! Measures an upload over a link of 1 Gbit/s with a round trip of 20 ms. The link is in a network namespace of its
//! own: the kernel limits the rate, and [`Distance`](sealift_tests::Distance) delays every byte.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use sealift_tests::{Browser, BrowserKind};
use tokio::process::Command;

use crate::{
    Scale, figures,
    ground::{Ground, Wanted},
    race::{Race, SEALIFT},
};

pub(crate) const ROW: &str = "link";
/// The row inside the namespace.
pub(crate) const INSIDE: &str = "inside-link";

const ONE_WAY: Duration = Duration::from_millis(10);

/// The interfaces. The one beside loopback carries nothing, but without it Chromium says that it is offline, and Uppy
/// waits.
const UP: [&str; 5] = [
    "ip link set lo up",
    "ip link add online type veth peer name other",
    "ip address add 10.99.0.1/24 dev online",
    "ip link set online up",
    "ip link set other up",
];

/// Loopback with one class, which nothing limits but tbf. Whatever no filter puts into it goes by.
const CLASSES: [&str; 3] = [
    "tc qdisc add dev lo root handle 1: htb default 2",
    "tc class add dev lo parent 1: classid 1:1 htb rate 40gbit quantum 60000",
    "tc qdisc add dev lo parent 1:1 handle 10: tbf rate 1gbit burst 128kb latency 50ms",
];

/// Runs this program again in a network namespace, which ends with it.
pub(crate) async fn measure(quick: bool) -> Result<()> {
    if let Err(why) = probe().await {
        figures::note(
            ROW,
            &format!(
                "Not measured, because this machine has no network namespace whose rate can be limited ({why:#})."
            ),
        );
        return Ok(());
    }
    let mut inside = in_namespace(std::env::current_exe()?);
    inside.arg(INSIDE).args(quick.then_some("--quick"));
    let status = inside.status().await?;
    ensure!(
        status.success(),
        "the row in the namespace ended with {status}"
    );
    Ok(())
}

/// Tries all that the row needs.
async fn probe() -> Result<()> {
    let tries = [UP.as_slice(), &CLASSES].concat().join(" && ");
    let mut shell = in_namespace("sh");
    let tried = shell.args(["-c", &tries]).output().await;
    let tried = tried.context("unshare does not start")?;
    if !tried.status.success() {
        bail!("{}", String::from_utf8_lossy(&tried.stderr).trim());
    }
    Ok(())
}

fn in_namespace(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("unshare");
    command
        .arg("--net")
        .arg("--")
        .arg(program)
        .stdin(Stdio::null());
    command
}

pub(crate) async fn inside(scale: Scale) -> Result<()> {
    for command in UP {
        run(command).await?;
    }
    let ground = Ground::of(Wanted {
        one_way: Some(ONE_WAY),
        ..Wanted::default()
    });
    let ground = ground.await?;
    // Only what goes to the near ends passes the link. Everything else on loopback has nothing to do with it.
    for command in CLASSES {
        run(command).await?;
    }
    for near in ground.near_ends() {
        let port = near.port();
        run(&format!(
            "tc filter add dev lo parent 1: protocol ip u32 match ip dport {port} 0xffff flowid 1:1"
        ))
        .await?;
    }
    let race = Race {
        row: ROW,
        path: ground.file("link.bin", scale.upload_bytes)?,
        bytes: scale.upload_bytes,
        browser: Browser::start_in(BrowserKind::Chromium).await?,
        ground,
    };
    race.run(&[SEALIFT, "uppy6-best", "uppy5-best"], scale.rounds)
        .await
}

async fn run(command: &str) -> Result<()> {
    let mut words = command.split(' ');
    let program = words.next().context("a command has a first word")?;
    let status = Command::new(program).args(words).status().await;
    let status = status.with_context(|| format!("{program} does not start"))?;
    ensure!(status.success(), "{command} ended with {status}");
    Ok(())
}
