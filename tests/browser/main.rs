//! Stories through the pages in real browsers.

mod beyond_32_bits;
mod broken_download;
mod changed;
mod choosing;
mod damaged;
mod files_page;
mod form;
mod interrupted;
mod keyboard;
mod login;
mod memory;
mod mended;
mod names;
mod official;
mod opening;
mod policy;
mod resumed;
mod scenes;
mod sending;
mod shared;
mod sizes;
mod stopped;
mod video;
mod waiting;
mod webm;
mod withheld;
