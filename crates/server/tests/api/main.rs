//! Tests of the HTTP API as clients use it. Each test starts a real server with its embedded store,
//! keyring and database, on its own loopback ports.

#[cfg(test)]
mod access;
#[cfg(test)]
mod api_keys;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod audit_changes;
#[cfg(test)]
mod batches;
#[cfg(test)]
mod buckets;
#[cfg(test)]
mod callers;
#[cfg(test)]
mod completion;
#[cfg(test)]
mod content;
#[cfg(test)]
mod content_cases;
#[cfg(test)]
mod damaged_rows;
#[cfg(test)]
mod fields;
#[cfg(test)]
mod form;
#[cfg(test)]
mod form_curl;
#[cfg(test)]
mod form_refused;
#[cfg(test)]
mod form_rules;
#[cfg(test)]
mod form_slow;
#[cfg(test)]
mod guesses;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod moved;
mod names;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod ordinary_use;
#[cfg(test)]
mod page;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod random_requests;
#[cfg(test)]
mod read_only;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod reading_limits;
#[cfg(test)]
mod refused_while_sending;
#[cfg(test)]
mod repeats;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod resealed;
#[cfg(test)]
mod restored;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod search;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod single;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod stores;
#[cfg(test)]
mod story;
#[cfg(test)]
mod strangers;
#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;
#[cfg(test)]
mod ticket_list;
#[cfg(test)]
mod ticket_rights;
#[cfg(test)]
mod tickets;
#[cfg(test)]
mod unfinished;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod verification;
