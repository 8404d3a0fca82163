//! Stories by the native client and by plain HTTP.

mod at_rest;
mod callers;
mod paused;
mod ranges;
mod restart;
mod resume;
mod sizes;
mod stopped;
