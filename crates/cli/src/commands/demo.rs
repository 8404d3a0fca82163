//! `sealift demo`: runs page, server and object store on this machine, for a try in a browser.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use sealift_server::{
    Config, Server, ServerError,
    config::{ConfigFile, Sources},
    telemetry,
};

use super::stop::Stop;
use crate::{args::Demo, failure, terminal};

mod folder;

pub(super) use folder::deployment_in;

use folder::DemoFolder;

pub(crate) async fn run(args: Demo) -> anyhow::Result<()> {
    page_is_built(&args)?;
    let folder = DemoFolder::at(&args.data)?;
    if args.fresh {
        folder.empty()?;
    }
    let config = Config::load(&sources(&args, &folder)?)?;
    telemetry::init(&config.log)?;
    let server =
        Server::start(config)
            .await
            .map_err(|error| match is_of_another_version(&error) {
                true => anyhow!(
                    "the folder {} holds a demo of another version of Sealift; start empty with \
                 `sealift demo --fresh`, which deletes the files in it, or choose another folder \
                 with --data",
                    args.data.display()
                ),
                false => failure::to_start(error.into(), args.port),
            })?;
    let mut stop = Stop::listen()?;
    // The demo runs even if nobody can read this line.
    let _ = terminal::say(&ready(&args, server.address().port()));

    stop.asked().await;
    terminal::note("Stopping: running requests may finish, open uploads can be resumed.");
    stop.impatiently();
    server.shutdown().await;
    if args.drop {
        folder.empty()?;
    }
    Ok(())
}

fn is_of_another_version(error: &ServerError) -> bool {
    matches!(error, ServerError::Records(error) if error.is_of_another_version())
}

fn ready(args: &Demo, port: u16) -> String {
    // A name instead of a number, because people remember names. Browsers treat both as secure.
    let address = format!("http://localhost:{port}/");
    let page = match args.page_dir {
        Some(_) => format!("Open this in a browser: {address}"),
        None => format!("The API is at {address} (no page: give its folder with --page-dir)"),
    };
    let kept = match args.drop {
        true => "are deleted at the end",
        false => "stay there for the next demo (--fresh starts empty)",
    };
    format!(
        "\n  Sealift is ready.\n  {page}\n\n  Data and keys are in {} and {kept}.\n  Ctrl-C stops it.\n",
        args.data.display()
    )
}

fn page_is_built(args: &Demo) -> anyhow::Result<()> {
    match &args.page_dir {
        Some(folder) if !folder.join("index.html").is_file() => bail!(
            "{} holds no built page (index.html); build it with `trunk build`, or give another \
             folder with --page-dir",
            folder.display()
        ),
        _ => Ok(()),
    }
}

/// Returns flags as the only source, because a demo must not use a bucket or a key from the environment.
fn sources(args: &Demo, folder: &DemoFolder) -> anyhow::Result<Sources> {
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .with_context(|| format!("{} is not UTF-8; choose another folder", path.display()))
    };
    let mut flags = vec![
        ("auth", "none".to_owned()),
        ("bind", "127.0.0.1".to_owned()),
        ("keyring", "local".to_owned()),
        ("store", "embedded".to_owned()),
        ("data_dir", text(&folder.data())?),
        ("key_file", text(&folder.key_file())?),
        ("port", args.port.to_string()),
        ("s3_port", args.s3_port.to_string()),
        ("log", args.log.clone()),
    ];
    if let Some(page_dir) = &args.page_dir {
        flags.push(("page_dir", text(page_dir)?));
    }
    Ok(Sources {
        file: ConfigFile::None,
        environment: std::collections::BTreeMap::new(),
        flags,
    })
}
