//! `sealift files show`: shows everything that is known about a file.

use core::fmt::Write as _;

use data_encoding::BASE64;
use sealift_transfer::api::{FileRecord, UnreadableField, Verification};

use super::{name, of_file};
use crate::{
    args::ShowFile,
    online::{connect, date},
    terminal::{self, BAD, FAINT, GOOD, human_size, shown, styled},
};

pub(super) async fn run(args: ShowFile) -> anyhow::Result<()> {
    let client = connect(&args.access)?;
    let file = client.file(&args.id).await;
    let file = file.map_err(|error| of_file(&error, &args.id, &args.access))?;
    match args.output.json {
        true => terminal::say_json(&file)?,
        false => terminal::say(&table(&file))?,
    }
    if !file.unreadable.is_empty() && !args.output.json && !args.output.quiet {
        terminal::note(
            "A part of this record cannot be read, because its row in the server's database or the \
             key of that row was damaged. Restore the database from a backup; the file can still be \
             downloaded and deleted.",
        );
    }
    Ok(())
}

pub(super) fn table(file: &FileRecord) -> String {
    let mut lines = vec![
        ("name", name(file)),
        ("id", file.id.to_string()),
        ("size", size(file.size)),
        ("sealed size", size(file.sealed_size)),
        ("uploaded", format!("{} UTC", date(file.uploaded_at_ms))),
    ];
    let text = |text: &Option<String>| text.as_deref().map(shown);
    lines.extend(text(&file.content_type).map(|kind| ("type", kind)));
    lines.extend(text(&file.reference).map(|reference| ("reference", reference)));
    let metadata = file.metadata.as_ref();
    lines.extend(metadata.map(|metadata| ("metadata", shown(&metadata.to_string()))));
    let is_unreadable = |field| file.unreadable.contains(&field);
    if is_unreadable(UnreadableField::Metadata) {
        lines.push(("metadata", styled("cannot be read", BAD)));
    }
    match is_unreadable(UnreadableField::Verification) {
        true => {
            let remedy = "cannot be read; verify the file again with `sealift files verify`";
            lines.push(("verified", styled(remedy, BAD)));
        }
        false => lines.extend(verification(&file.verification)),
    }
    let object = format!("s3://{}/{}", file.bucket, file.object_key);
    lines.push(("object", shown(&object)));
    lines.extend(text(&file.version).map(|version| ("version", version)));
    lines.push(("etag", shown(&file.etag)));
    lines.push(("data key", BASE64.encode(&file.encrypted_data_key)));
    if is_unreadable(UnreadableField::EncryptionContext) {
        lines.push(("context", styled("cannot be read", BAD)));
    }
    for (key, value) in &file.encryption_context {
        lines.push(("context", shown(&format!("{key}={value}"))));
    }
    let mut table = String::new();
    let mut last = "";
    for (label, value) in lines {
        let shown = if label == last { "" } else { label };
        last = label;
        // Writing to a string does not fail.
        let _ = writeln!(table, "{}  {value}", styled(&format!("{shown:<12}"), FAINT));
    }
    table.trim_end().to_owned()
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => human_size(bytes),
        _ => format!("{} ({bytes} bytes)", human_size(bytes)),
    }
}

fn verification(found: &Verification) -> Vec<(&'static str, String)> {
    let label = "verified";
    match found {
        Verification::Pending => vec![(label, "not yet".to_owned())],
        Verification::Verified {
            at_ms,
            plaintext_sha256,
        } => vec![
            (label, styled(&format!("{} UTC", date(*at_ms)), GOOD)),
            ("sha256", shown(plaintext_sha256)),
        ],
        Verification::Failed { at_ms, code } => {
            let failed = format!("DAMAGED, found {} UTC ({})", date(*at_ms), shown(code));
            vec![(label, styled(&failed, BAD))]
        }
        Verification::Unknown => vec![(label, "the result needs a newer sealift".into())],
    }
}
