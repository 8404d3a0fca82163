//! Faults on cue: each happens exactly once, at exactly that request, and what follows is shown.

mod between_client_and_server;
mod between_client_and_store;
mod between_server_and_kms;
mod between_server_and_store;
mod database;
mod ended_addresses;
mod wire;
mod wired;
