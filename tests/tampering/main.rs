//! An attacker with write access to the bucket alters objects. The server must never return wrong bytes as
//! if they were the file.

mod altered;
mod frames;
mod header;
mod length;
mod swapped;
