//! What a file that is sealed on the server takes of it: memory for two parts and a frame, however
//! long it is, and no file of its own. A binary of its own, since memory is counted for the process.

#[cfg(test)]
#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other binaries use the rest")]
mod support;

#[cfg(test)]
mod sealing;
