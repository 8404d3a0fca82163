//! Somebody who can write to the bucket alters what lies there: nothing wrong is ever given out as
//! if it were the file.

mod altered;
mod frames;
mod header;
mod length;
mod swapped;
