//! No secret is ever logged. Everything runs at `trace` through the same filter that `sealift serve`
//! installs, and then the log is searched. This is a test binary of its own, because a process has only
//! one subscriber.

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
