//! Requests, sweepers and servers that work on the same upload at the same time. Each race ends in one
//! state, whoever wins. A gate between the servers and their store forces the order, and time passes only
//! when a test moves the clock.

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
