//! Requests, sweepers and servers that meet at the same upload: each race ends in one state,
//! whoever wins. The order is forced at a gate between the servers and their store, and time
//! passes only when a test says so.

#[cfg(test)]
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the other binaries use the rest")]
mod support;

#[cfg(test)]
mod aborting;
#[cfg(test)]
mod completing;
#[cfg(test)]
mod doubt;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod lease;
#[cfg(test)]
mod marking;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod sweeping;
#[cfg(test)]
mod unrecorded;
#[cfg(test)]
mod verifying;
