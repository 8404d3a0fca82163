//! Keeps the types of the pages' scripts equal to those of the API: `web/module/api.d.ts` is made from these types.

use std::{env, fs};

use ts_rs::{Config, TS};

use super::{
    ChangeTicket, FileId, FileList, FileRecord, MadeTicket, MakeTicket, Policy, Problem,
    ProblemCode, RedeemTicket, SharedFile, TicketId, TicketList, TicketState, TicketSummary,
    TicketText, UnreadableField, UploadId, UploadList, UploadState, UploadSummary, Verification,
};
use crate::part_plan::PartNumber;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/module/api.d.ts");

/// Returns the declaration of a type without its documentation, which is in the Rust source.
fn declared<T: TS>() -> String {
    // JSON has no larger integers for JavaScript.
    let config = Config::new().with_large_int("number");
    let mut declared = T::decl(&config);
    while let Some((before, rest)) = declared.split_once("\n/**") {
        let (_, after) = rest.split_once("*/\n").unwrap();
        declared = format!("{before}{after}");
    }
    format!("\nexport {declared}\n")
}

fn declared_codes() -> String {
    let codes: Vec<_> = ProblemCode::ALL
        .iter()
        .map(|code| format!("\n  | '{}'", code.as_str()))
        .collect();
    format!("\nexport type ProblemCode ={};\n", codes.concat())
}

#[test]
fn the_types_of_the_pages_are_those_of_the_api() {
    let declared = [
        "// Made from crates/transfer/src/api by its test `page_types`; `cargo xtask test --only native --fix` writes it.\n"
            .to_owned(),
        declared::<FileId>(),
        declared::<UploadId>(),
        declared::<TicketId>(),
        declared::<PartNumber>(),
        declared::<serde_json::Value>(),
        declared::<Policy>(),
        declared::<UnreadableField>(),
        declared::<Verification>(),
        declared::<FileRecord>(),
        declared::<FileList>(),
        declared::<SharedFile>(),
        declared::<UploadState>(),
        declared::<UploadSummary>(),
        declared::<UploadList>(),
        declared::<TicketText>(),
        declared::<MakeTicket>(),
        declared::<MadeTicket>(),
        declared::<ChangeTicket>(),
        declared::<TicketList>(),
        declared::<TicketSummary>(),
        declared::<TicketState>(),
        declared::<RedeemTicket>(),
        declared::<Problem>(),
        declared_codes(),
    ]
    .concat();
    if env::var_os("SEALIFT_TEST_FIX").is_some() {
        fs::write(FILE, &declared).unwrap();
    }
    let there = fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        there == declared,
        "web/module/api.d.ts is not made from these types; `cargo xtask test --only native --fix` writes it"
    );
}
