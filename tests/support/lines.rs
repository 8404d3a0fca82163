//! Reads the output of a started program line by line.

use std::{
    io::{BufRead as _, BufReader, Read},
    thread,
};

/// Reads until `find` returns something for a line, then keeps reading in a thread, so that the program never
/// blocks on a full pipe. Returns `None` if the program ends first.
#[must_use]
pub fn wait_for<T>(
    output: impl Read + Send + 'static,
    find: impl FnMut(String) -> Option<T>,
) -> Option<T> {
    let mut lines = BufReader::new(output).lines();
    let found = lines.by_ref().map_while(Result::ok).find_map(find);
    thread::spawn(move || lines.for_each(drop));
    found
}
