//! curl, as the system's packages have it.

use super::debian;
use crate::programs;
use crate::timed::timed;
use crate::workshop::Workshop;
use anyhow::Result;

/// Finds it or installs it.
pub(crate) fn ready(workshop: &Workshop) -> Result<()> {
    if programs::find("curl").is_some() {
        return Ok(());
    }
    timed(workshop, "set up curl", |log| {
        debian::install(log, &["curl"])
    })
    .result
}
