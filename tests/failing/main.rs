//! Faults on cue. Each happens exactly once, at exactly that request, and the story checks what follows.

mod between_client_and_server;
mod between_client_and_store;
mod between_server_and_kms;
mod between_server_and_store;
mod database;
mod ended_addresses;
mod proxy_itself;
mod sending;
mod small_files;
