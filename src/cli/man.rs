//! `salesgraph man`

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;

use super::exit::Exit;
use super::output;
use crate::error::{Code, Error, Result};

const EXAMPLES: &str = "\
Examples:
  salesgraph man | man -l -                    read the main page
  salesgraph man --out /usr/local/share/man/man1
                                               a page for each subcommand, too

The Debian package installs all of them: `man salesgraph-load`.";

/// The name of the manual, in the middle of each page's head.
const MANUAL: &str = "salesgraph manual";

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Write the pages of all subcommands into this folder, which is made if it is missing
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Prints the main page, or writes all pages.
pub fn run(args: &Args, command: Command) -> Result<Exit> {
    // `salesgraph help load` is what `salesgraph load --help` is.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    match &args.out {
        None => output::print(&page(&Man::new(command).manual(MANUAL))?)?,
        Some(folder) => {
            fs::create_dir_all(folder).map_err(|error| cannot_write(folder, error))?;
            let pages = write_pages(&command, folder)?;
            output::print(&format!("{pages} pages in {}\n", folder.display()))?;
        }
    }
    Ok(Exit::Done)
}

/// Writes the page of a command and those of its subcommands; returns their number.
fn write_pages(command: &Command, folder: &Path) -> Result<usize> {
    let man = Man::new(command.clone()).manual(MANUAL);
    let path = folder.join(man.get_filename());
    fs::write(&path, page(&man)?).map_err(|error| cannot_write(&path, error))?;
    let mut pages = 1;
    for subcommand in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        pages += write_pages(subcommand, folder)?;
    }
    Ok(pages)
}

fn page(man: &Man) -> Result<String> {
    let mut page = Vec::new();
    man.render(&mut page)
        .map_err(|error| Error::internal("a man page cannot be written").with_source(error))?;
    let page = String::from_utf8(page)
        .map_err(|error| Error::internal("a man page is not UTF-8").with_source(error))?;
    Ok(with_examples(&page))
}

/// Gives what follows the options the headings that readers look for, and keeps its lines.
fn with_examples(page: &str) -> String {
    let Some((before, extra)) = page.split_once(".SH EXTRA\n") else { return page.to_owned() };
    let (extra, after) = match extra.find(".SH ") {
        Some(at) => extra.split_at(at),
        None => (extra, ""),
    };
    let (heading, extra) = match extra.strip_prefix("Examples:\n") {
        Some(examples) => ("EXAMPLES", examples),
        None => ("NOTES", extra),
    };
    format!("{before}.SH {heading}\n.nf\n{extra}.fi\n{after}")
}

fn cannot_write(path: &Path, error: io::Error) -> Error {
    let message = format!("cannot write {}; choose another folder with --out", path.display());
    Error::new(Code::BadUserInput, message).with_source(error)
}
