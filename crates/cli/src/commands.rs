//! The commands, one in each file.

pub(crate) mod api_keys;
pub(crate) mod bootstrap;
pub(crate) mod completions;
pub(crate) mod decrypt;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod download;
pub(crate) mod files;
pub(crate) mod inspect;
pub(crate) mod keys;
pub(crate) mod man;
pub(crate) mod policy;
pub(crate) mod records;
pub(crate) mod serve;
mod stop;
pub(crate) mod store;
mod stored_keks;
pub(crate) mod upload;
