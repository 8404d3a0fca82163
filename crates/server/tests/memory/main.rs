//! A file that is sealed on the server takes memory for two parts and a frame, however long the file
//! is, and no file on the disk. This is a test binary of its own, because the memory of the whole process
//! is measured.

#[cfg(test)]
#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other binaries use the rest")]
mod support;

#[cfg(test)]
mod sealing;
