//! Stories with the native client and with plain HTTP.

mod at_rest;
mod aws_page;
mod aws_policies;
mod bootstrap;
mod callers;
mod curl;
mod doctor;
mod keyrings;
mod ordinary_use;
mod paused;
mod pieces;
mod ranges;
mod resealing;
mod restart;
mod resume;
mod rewrapping;
mod sizes;
mod stopped;
mod ten_gibibytes;
mod warm;
