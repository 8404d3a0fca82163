//! No secret is logged, whatever happens: everything runs at `trace` through the very filter that
//! `sealift serve` installs, and the outcome is searched. A binary of its own, since there is one
//! subscriber for each process.

#[cfg(test)]
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the other binary uses the rest")]
mod support;

#[cfg(test)]
mod everything;
#[cfg(test)]
mod handing_on;
#[cfg(test)]
mod search;
