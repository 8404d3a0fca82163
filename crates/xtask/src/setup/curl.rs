//! Finds curl, or installs it from the system's packages.

use super::debian;
use crate::programs;
use crate::timed::timed;
use crate::workshop::Workshop;
use anyhow::Result;

/// Finds curl or installs it.
pub(crate) fn ready(workshop: &Workshop) -> Result<()> {
    if programs::find("curl").is_some() {
        return Ok(());
    }
    timed(workshop, "set up curl", |log| {
        debian::install(log, &["curl"])
    })
    .result
}
