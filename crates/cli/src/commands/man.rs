//! `sealift man`.

use std::fs;

use anyhow::Context as _;
use clap::CommandFactory as _;

use crate::{
    args::{Args, Man},
    terminal,
};

pub(crate) fn run(args: &Man) -> anyhow::Result<()> {
    match &args.dir {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Args::command()).render(&mut page)?;
            terminal::write_all(&page)?;
        }
        Some(folder) => {
            let unusable = || format!("no manual pages can be written to {}", folder.display());
            fs::create_dir_all(folder).with_context(unusable)?;
            clap_mangen::generate_to(Args::command(), folder).with_context(unusable)?;
        }
    }
    Ok(())
}
