//! `sealift completions`: prints the completions for a shell.

use clap::CommandFactory as _;

use crate::{
    args::{Args, Completions},
    terminal,
};

pub(crate) fn run(args: &Completions) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "sealift", &mut script);
    terminal::write_all(&script)?;
    Ok(())
}
