//! What a started program says, line by line.

use std::{
    io::{BufRead as _, BufReader, Read},
    thread,
};

/// Reads until `find` finds something in a line, then goes on reading, so that the program never
/// waits for a full pipe. `None` where the program ends first.
pub(crate) fn wait_for<T>(
    output: impl Read + Send + 'static,
    find: impl FnMut(String) -> Option<T>,
) -> Option<T> {
    let mut lines = BufReader::new(output).lines();
    let found = lines.by_ref().map_while(Result::ok).find_map(find);
    thread::spawn(move || lines.for_each(drop));
    found
}
