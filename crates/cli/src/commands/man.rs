//! `sealift man`: writes the manual pages.

use std::{fs, io, path::Path};

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};

use crate::{
    args::{Args, Man},
    terminal,
};

pub(crate) fn run(args: &Man) -> anyhow::Result<()> {
    let mut command = Args::command().disable_help_subcommand(true);
    // Without this, subcommands do not know their full names.
    command.build();
    match &args.dir {
        None => terminal::write_all(page(command)?.1.as_bytes())?,
        Some(folder) => {
            let unusable = || format!("no manual pages can be written to {}", folder.display());
            fs::create_dir_all(folder).with_context(unusable)?;
            write_pages(&command, folder).with_context(unusable)?;
        }
    }
    Ok(())
}

fn write_pages(command: &Command, folder: &Path) -> io::Result<()> {
    let subcommands = command.get_subcommands();
    for subcommand in subcommands.filter(|subcommand| !subcommand.is_hide_set()) {
        write_pages(subcommand, folder)?;
    }
    let (name, page) = page(command.clone())?;
    fs::write(folder.join(name), page)
}

/// Returns the file name and the text of a command's page.
fn page(command: Command) -> io::Result<(String, String)> {
    let page = clap_mangen::Man::new(command);
    let mut text = Vec::new();
    page.render(&mut text)?;
    // A help ends with examples and tables, whose lines must stay as they are.
    let text = String::from_utf8_lossy(&text).replace("\n.SH EXTRA\n", "\n.SH NOTES\n.nf\n");
    Ok((page.get_filename(), text))
}
