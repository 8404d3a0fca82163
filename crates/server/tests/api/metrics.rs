//! `GET /metrics`: the counts are right, only the operator may read them, and docs/METRICS.md lists all of
//! them.

use std::collections::BTreeMap;

use sealift_server::{
    SweepKind,
    records::{Role, Roles},
};
use sealift_transfer::api::{FileRecord, ProblemCode};

use crate::support::{Answer, Client, PART, Stack, alter, bytes};

async fn metrics(client: &Client) -> Answer {
    let answer = client.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text;")
    );
    answer
}

/// Returns every sample by its name and labels.
async fn samples(client: &Client) -> BTreeMap<String, i64> {
    let text = String::from_utf8(metrics(client).await.body).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let samples = lines.map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    });
    samples.collect()
}

#[tokio::test]
async fn what_happens_to_uploads_is_counted() {
    let stack = Stack::with(&[("sweep_seconds", "0")]).await;
    let client = stack.client();
    let before = samples(&client).await;

    let complete = client.open("a", &bytes(PART + 10)).await;
    client.send(&complete).await;
    client.complete(&complete).await.json::<FileRecord>(200);
    client.complete(&complete).await.json::<FileRecord>(200);
    for _ in 0..2 {
        client.content(complete.file_id()).await;
    }

    let aborted = client.open("b", &bytes(10)).await;
    client.key_again(aborted.id()).await;
    for _ in 0..2 {
        assert_eq!(client.abort(aborted.id()).await.status, 204);
    }

    let failed = client.open("c", &bytes(PART + 10)).await;
    client.send(&failed).await;
    alter(&stack.part_files(failed.id(), 1).await[0], 1000);
    let refused = client.complete(&failed).await;
    refused.refused(ProblemCode::UploadFailed);

    let after = samples(&client).await;
    for (name, expected) in [
        ("sealift_uploads_opened_total", 3),
        ("sealift_uploads_completed_total", 1),
        ("sealift_uploads_aborted_total", 1),
        ("sealift_uploads_failed_total", 1),
        ("sealift_parts_signed_total", 4),
        ("sealift_keys_issued_total", 4),
        ("sealift_file_reads_total", 2),
        ("sealift_sweeper_last_run_timestamp_seconds", 0),
    ] {
        assert_eq!((before[name], after[name]), (0, expected), "{name}");
    }
}

#[tokio::test]
async fn what_a_sweep_finds_and_does_is_counted_by_kind() {
    let stack = Stack::with(&[("sweep_seconds", "0")]).await;
    let client = stack.client();
    let file = client.open("a", &bytes(PART + 10)).await;
    let cut_off = "UPDATE uploads SET state = CAST(? AS TEXT) WHERE upload_id = ?";
    let cut_off = stack.change(cut_off, b"aborting".to_vec(), file.id().as_str());
    assert_eq!(cut_off.await.unwrap(), 1);
    stack.server.sweep_now().await;
    let after = samples(&client).await;
    for kind in SweepKind::ALL {
        // No part of the upload was ever signed, so the same sweep also removes its tombstone.
        let was_there = matches!(kind, SweepKind::Aborting | SweepKind::Tombstone);
        let expected = i64::from(was_there);
        let kind = kind.as_str();
        for (name, expected) in [("found", expected), ("done", expected), ("errors", 0)] {
            let sample = format!("sealift_sweeper_{name}_total{{kind=\"{kind}\"}}");
            assert_eq!(after[&sample], expected, "{sample}");
        }
    }
    assert!(after["sealift_sweeper_last_run_timestamp_seconds"] > 1_700_000_000);
}

#[tokio::test]
async fn only_an_operator_reads_metrics() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let nobody = stack.client().get("/metrics").await;
    nobody.refused(ProblemCode::Unauthenticated);
    let all_but_operator = Roles::of(&[Role::Member, Role::Admin, Role::Upload, Role::Download]);
    let user = stack.login("acme", "ann", all_but_operator).await;
    let refused = user.get("/metrics").await;
    refused.refused(ProblemCode::Forbidden);
    let operator = Roles::of(&[Role::Operator]);
    metrics(&stack.login("acme", "ops", operator).await).await;
}

#[tokio::test]
async fn metrics_identify_nobody() {
    let stack = Stack::start().await;
    let client = stack.client();
    client.upload("named.txt", &bytes(10)).await;
    for sample in samples(&client).await.keys() {
        let labels = sample.split_once('{').map(|(_, labels)| labels);
        let is_a_kind = |labels: &str| {
            let kinds = SweepKind::ALL.iter();
            kinds
                .map(|kind| format!("kind=\"{}\"}}", kind.as_str()))
                .any(|kind| kind == labels)
        };
        assert!(labels.is_none_or(is_a_kind), "{sample}");
    }
}

#[tokio::test]
async fn the_list_of_metrics_is_true() {
    let stack = Stack::start().await;
    let text = String::from_utf8(metrics(&stack.client()).await.body).unwrap();
    let lines_of = |word: &str| -> BTreeMap<String, String> {
        let begin = format!("# {word} ");
        let lines = text.lines().filter_map(|line| line.strip_prefix(&begin));
        lines
            .map(|line| line.split_once(' ').unwrap())
            .map(|(name, what)| (name.to_owned(), what.to_owned()))
            .collect()
    };
    let (types, helps) = (lines_of("TYPE"), lines_of("HELP"));
    let row = |(name, kind): (&String, &String)| {
        let total = if kind == "counter" { "_total" } else { "" };
        format!("| `{name}{total}` | {kind} | {} |", helps[name])
    };
    let mut expected: Vec<String> = types.iter().map(row).collect();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/METRICS.md");
    let page = std::fs::read_to_string(page).unwrap();
    let begin = |begin: &'static str| page.lines().filter(move |line| line.starts_with(begin));
    let mut listed: Vec<String> = begin("| `sealift_").map(str::to_owned).collect();
    expected.sort();
    listed.sort();
    assert_eq!(listed, expected);

    let kinds = begin("| `").filter(|line| !line.starts_with("| `sealift_"));
    let kinds = kinds.map(|line| line.split('`').nth(1).unwrap().to_owned());
    let expected = SweepKind::ALL.map(|kind| kind.as_str().to_owned());
    assert_eq!(kinds.collect::<Vec<_>>(), expected);
}
