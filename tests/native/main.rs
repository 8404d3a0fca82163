//! Stories by the native client and by plain HTTP.

mod at_rest;
mod callers;
mod ranges;
mod restart;
mod sizes;
mod stopped;
