//! Keeps the types of the pages' scripts equal to those of the messages: `web/module/report.d.ts` is made from these types.

use ts_rs::{Config, TS};
use wasm_bindgen_test::wasm_bindgen_test;

use super::{Reason, Report, State};
use crate::{
    downloader::report::{DownloadReport, How},
    failure::Failure,
};

/// Returns the declaration of a type without its documentation, which is in the Rust source.
fn declared<T: TS>() -> String {
    // `to_js` makes numbers of all integers.
    let config = Config::new().with_large_int("number");
    let mut declared = T::decl(&config);
    while let Some((before, rest)) = declared.split_once("\n/**") {
        let (_, after) = rest.split_once("*/\n").unwrap();
        declared = format!("{before}{after}");
    }
    format!("\nexport {declared}\n")
}

#[wasm_bindgen_test]
fn the_types_of_the_pages_are_those_of_the_messages() {
    let declared = [
        "// Made from crates/browser/src/report.rs and the types it names, by the test `page_types` beside it.\n\n\
         import type { FileRecord, JsonValue, UploadId } from './api.js';\n"
            .to_owned(),
        declared::<State>(),
        declared::<Reason>(),
        declared::<Failure>(),
        declared::<Report>(),
        declared::<How>(),
        declared::<DownloadReport>(),
    ]
    .concat();
    let there = include_str!("../../../../web/module/report.d.ts");
    // A browser cannot write the file.
    assert!(
        there == declared,
        "web/module/report.d.ts is not made from these types; replace it with:\n{declared}"
    );
}
