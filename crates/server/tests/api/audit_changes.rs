//! Every change of the records is kept together with its audit entry, or not at all. Here the database
//! refuses every audit entry for a while. Meanwhile nothing may change and no secret may leave.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use http::Method;
use sealift_server::{
    Clock, NewApiKey, ResealWhich, SweepKind, UnixMillis, begin_new_epoch, make_api_key,
    move_store,
    records::{AuditAction, Roles},
    reseal_files, revoke_api_key, rotate_keys, shred_keys,
};
use sealift_transfer::api::{FileRecord, UploadState, UploadStatus, files, open, read, tickets};
use serde_json::json;
use sqlx::Connection as _;

use self::rows::{rows, run};
use crate::{
    moved::copied_to_another,
    support::{
        Answer, DAY_MS, PART, Stack, alter, bytes, now_ms,
        sealing::{new_token, request},
    },
};

mod rows;

/// Returns whether an entry of this action records a change of the database. The other entries record a
/// secret that leaves, a refusal, or a change in the store alone; they are written before that happens.
fn is_a_change(action: AuditAction) -> bool {
    match action {
        AuditAction::OpenUpload
        | AuditAction::SignParts
        | AuditAction::CompleteUpload
        | AuditAction::AbortUpload
        | AuditAction::ResealFile
        | AuditAction::DeleteFile
        | AuditAction::MakeApiKey
        | AuditAction::RevokeApiKey
        | AuditAction::MakeKek
        | AuditAction::RewrapKey
        | AuditAction::ShredKeys
        | AuditAction::BeginEpoch
        | AuditAction::MoveStore
        | AuditAction::MakeTicket
        | AuditAction::RedeemTicket
        | AuditAction::ChangeTicket
        | AuditAction::RevokeTicket
        | AuditAction::VerifyFile
        | AuditAction::ForgetUpload
        | AuditAction::ForgetFile
        | AuditAction::ForgetTicket => true,
        AuditAction::IssueKey
        | AuditAction::OpenFile
        | AuditAction::ExportKey
        | AuditAction::MarkStore
        | AuditAction::RemoveObject
        | AuditAction::Denied => false,
    }
}

/// A deployment whose database can refuse audit entries.
struct Watched {
    stack: Stack,
    changed: BTreeSet<&'static str>,
}

impl Watched {
    async fn close_audit(&self) {
        let trigger = "CREATE TRIGGER no_audit BEFORE INSERT ON audit
                       BEGIN SELECT RAISE(ABORT, 'the audit is closed'); END";
        run(&self.stack, trigger).await;
    }

    async fn open_audit(&self) {
        run(&self.stack, "DROP TRIGGER no_audit").await;
    }

    async fn entries(&self, action: AuditAction) -> i64 {
        let entries = "SELECT count(*) FROM audit WHERE action = ?";
        self.stack.number(entries, action.as_str()).await
    }

    /// Calls `act` twice: while no audit entry can be kept, and then as usual. `act` returns whether it
    /// succeeded.
    async fn both_or_neither(&mut self, action: AuditAction, act: impl AsyncFn(&Stack) -> bool) {
        let before = rows(&self.stack).await;
        self.close_audit().await;
        let succeeded = act(&self.stack).await;
        self.open_audit().await;
        assert!(!succeeded, "{action:?} succeeded without its entry");
        assert_eq!(rows(&self.stack).await, before, "{action:?}");

        let entries = self.entries(action).await;
        assert!(act(&self.stack).await, "{action:?} failed with an entry");
        assert!(self.entries(action).await > entries, "{action:?}");
        if is_a_change(action) {
            assert_ne!(rows(&self.stack).await, before, "{action:?}");
            self.changed.insert(action.as_str());
        }
    }
}

fn is(answer: &Answer, status: u16) -> bool {
    assert!(
        answer.status == status || answer.status >= 500,
        "{answer:?}"
    );
    answer.status == status
}

#[tokio::test]
async fn no_change_is_kept_without_its_audit_entry() {
    let now = Arc::new(AtomicI64::new(now_ms()));
    let shown = Arc::clone(&now);
    let clock = Clock::from_fn(move || UnixMillis::from_ms(shown.load(Ordering::SeqCst)));
    let flags = [("auth", "api-keys"), ("sweep_seconds", "0")];
    let stack = Stack::at(clock, &flags).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    // The first upload also makes the tenant's key.
    let file = client.upload("first", b"first").await;
    let mut watched = Watched {
        stack,
        changed: BTreeSet::new(),
    };

    let asked = request(&new_token(), "a", 5);
    let open_again = async |_: &Stack| {
        let opened = client.post(open::PATH, &asked).await;
        opened.status == 201
    };
    watched
        .both_or_neither(AuditAction::OpenUpload, open_again)
        .await;
    let by_put = async |_: &Stack| {
        let put = client.request(Method::PUT, "/upload/b.txt").body("hello");
        is(&Answer::to(put).await, 201)
    };
    watched
        .both_or_neither(AuditAction::OpenUpload, by_put)
        .await;

    // The key leaves after the upload's own entry is kept, so that here only the entry of the key is refused.
    let no_key = "CREATE TRIGGER no_key BEFORE INSERT ON audit WHEN NEW.action = 'issue_key'
                  BEGIN SELECT RAISE(ABORT, 'the audit is closed'); END";
    run(&watched.stack, no_key).await;
    let asked = request(&new_token(), "k", 5);
    let without_entry = client.post(open::PATH, &asked).await;
    run(&watched.stack, "DROP TRIGGER no_key").await;
    assert!(without_entry.status >= 500, "{without_entry:?}");

    let one = client.open("a", &bytes(5)).await;
    let sign = async |_: &Stack| is(&client.sign(one.id(), &one.receipts()).await, 200);
    watched.both_or_neither(AuditAction::SignParts, sign).await;
    let issue = async |_: &Stack| is(&client.key_again(one.id()).await, 200);
    watched.both_or_neither(AuditAction::IssueKey, issue).await;
    client.send(&one).await;
    let complete = async |_: &Stack| is(&client.complete(&one).await, 200);
    watched
        .both_or_neither(AuditAction::CompleteUpload, complete)
        .await;

    let wrong = client.open("c", &bytes(PART + 10)).await;
    client.send(&wrong).await;
    alter(&watched.stack.part_files(wrong.id(), 1).await[0], 1000);
    let fail = async |_: &Stack| is(&client.complete(&wrong).await, 409);
    watched
        .both_or_neither(AuditAction::CompleteUpload, fail)
        .await;
    let failed: UploadStatus = client.status(wrong.id()).await.json(200);
    assert_eq!(failed.state, UploadState::Failed);

    let aborted = client.open("d", &bytes(PART + 10)).await;
    let abort = async |_: &Stack| is(&client.abort(aborted.id()).await, 204);
    watched
        .both_or_neither(AuditAction::AbortUpload, abort)
        .await;

    let verify_path = files::verify_path(&file.id);
    let want = async |_: &Stack| is(&client.post(&verify_path, &()).await, 202);
    watched.both_or_neither(AuditAction::VerifyFile, want).await;
    watched.verdict().await;

    let read_whole = async |_: &Stack| is(&client.content(&file.id).await, 200);
    watched
        .both_or_neither(AuditAction::OpenFile, read_whole)
        .await;
    let open_path = read::path(&file.id);
    let read_elsewhere = async |_: &Stack| is(&client.post(&open_path, &()).await, 200);
    watched
        .both_or_neither(AuditAction::OpenFile, read_elsewhere)
        .await;

    let which = ResealWhich::Files(vec![file.id.clone()]);
    let reseal = async |stack: &Stack| {
        let report = reseal_files(&stack.config, &which, |_| ()).await.unwrap();
        report.failed.is_empty()
    };
    watched
        .both_or_neither(AuditAction::ResealFile, reseal)
        .await;

    let link = json!({ "file_id": file.id });
    let make = async |_: &Stack| is(&client.post(tickets::PATH, &link).await, 201);
    watched.both_or_neither(AuditAction::MakeTicket, make).await;
    let made = client.make_ticket(&file.id).await;
    let ticket_path = tickets::path(&made.ticket_id);
    let later = json!({ "expires_in_seconds": 60 });
    let change = async |_: &Stack| is(&client.patch(&ticket_path, &later).await, 200);
    watched
        .both_or_neither(AuditAction::ChangeTicket, change)
        .await;
    let redeem = async |stack: &Stack| is(&stack.client().redeem(&made).await, 200);
    watched
        .both_or_neither(AuditAction::RedeemTicket, redeem)
        .await;
    let revoke = async |_: &Stack| is(&client.delete(&ticket_path).await, 204);
    watched
        .both_or_neither(AuditAction::RevokeTicket, revoke)
        .await;

    let file_path = files::path(&file.id);
    let delete = async |_: &Stack| is(&client.delete(&file_path).await, 204);
    watched
        .both_or_neither(AuditAction::DeleteFile, delete)
        .await;

    let make_key = async |stack: &Stack| {
        let (tenant, owner) = ("acme".parse().unwrap(), "bob".parse().unwrap());
        let made = make_api_key(&stack.config, NewApiKey::of(tenant, owner, Roles::ALL)).await;
        made.is_ok()
    };
    watched
        .both_or_neither(AuditAction::MakeApiKey, make_key)
        .await;
    let bobs = "SELECT api_key_id FROM api_keys WHERE owner = ?";
    let bobs = watched.stack.text(bobs, "bob").await.parse().unwrap();
    let revoke_key = async |stack: &Stack| {
        let revoked = revoke_api_key(&stack.config, &bobs).await;
        revoked.is_ok()
    };
    watched
        .both_or_neither(AuditAction::RevokeApiKey, revoke_key)
        .await;

    // The sweeper has these to end: an upload that expires, an upload whose abort was cut off, a file
    // whose deletion was cut off, and the tombstones and tickets from above.
    let expired = client.open("e", &bytes(PART + 10)).await;
    let cut_off = client.open("f", &bytes(PART + 10)).await;
    let half_deleted: FileRecord = client.upload("g", b"g").await;
    let change = "UPDATE uploads SET state = CAST(? AS TEXT) WHERE upload_id = ?";
    let (stack, aborting) = (&watched.stack, b"aborting".to_vec());
    let changed = stack.change(change, aborting, cut_off.id().as_str()).await;
    assert_eq!(changed.unwrap(), 1);
    let change = "UPDATE files SET state = CAST(? AS TEXT) WHERE file_id = ?";
    let deleting = b"deleting".to_vec();
    let changed = stack
        .change(change, deleting, half_deleted.id.as_str())
        .await;
    assert_eq!(changed.unwrap(), 1);
    now.fetch_add(40 * DAY_MS, Ordering::SeqCst);
    watched.sweeps().await;
    for (action, subject, outcome) in [
        ("abort_upload", expired.id().as_str(), "ok"),
        ("abort_upload", cut_off.id().as_str(), "finished"),
        ("delete_file", half_deleted.id.as_str(), "finished"),
        ("forget_upload", expired.id().as_str(), "ok"),
        ("forget_upload", cut_off.id().as_str(), "ok"),
        ("forget_upload", aborted.id().as_str(), "ok"),
        ("forget_upload", wrong.id().as_str(), "ok"),
        ("forget_file", file.id.as_str(), "ok"),
        ("forget_file", half_deleted.id.as_str(), "ok"),
    ] {
        assert_eq!(
            watched.by_sweeper(action, subject).await,
            [outcome],
            "{action}"
        );
    }
    let subject = format!("{}/{}", file.id, made.ticket_id);
    assert_eq!(watched.by_sweeper("forget_ticket", &subject).await, ["ok"]);

    // An object arrives after its tombstone was swept.
    now.fetch_add(2 * DAY_MS, Ordering::SeqCst);
    let late = watched.stack.object_to_be(aborted.id()).await;
    watched.stack.lay(aborted.id(), b"late").await;
    let remove = async |stack: &Stack| {
        now.fetch_add(2 * DAY_MS, Ordering::SeqCst);
        stack.server.sweep_now().await;
        !late.exists()
    };
    watched
        .both_or_neither(AuditAction::RemoveObject, remove)
        .await;
    assert!(!fs::exists(&late).unwrap());

    let restore = async |stack: &Stack| begin_new_epoch(&stack.config).await.is_ok();
    watched
        .both_or_neither(AuditAction::BeginEpoch, restore)
        .await;

    let rotate = async |stack: &Stack| rotate_keys(&stack.config, None).await.is_ok();
    watched.both_or_neither(AuditAction::MakeKek, rotate).await;
    let shred = async |stack: &Stack| {
        let tenant = "acme".parse().unwrap();
        shred_keys(&stack.config, &tenant).await.is_ok()
    };
    watched.both_or_neither(AuditAction::ShredKeys, shred).await;

    let elsewhere = copied_to_another(&watched.stack.config);
    let moving = async |_: &Stack| move_store(&elsewhere).await.is_ok();
    watched
        .both_or_neither(AuditAction::MoveStore, moving)
        .await;

    // Moving a row needs KMS; the tests of the records do it.
    let changes = AuditAction::ALL
        .into_iter()
        .filter(|one| is_a_change(*one) && *one != AuditAction::RewrapKey);
    let changes: BTreeSet<_> = changes.map(AuditAction::as_str).collect();
    assert_eq!(
        watched.changed, changes,
        "an action is missing in this test"
    );
}

impl Watched {
    /// Expects that the verifier keeps no verdict while no entry can be kept. The server's own pass may have
    /// been quicker than the trigger, so the verdict is deleted first.
    async fn verdict(&mut self) {
        let files = "SELECT count(*) FROM files WHERE state = ?";
        let verdicts = "SELECT count(verified_at_ms) FROM files WHERE state = ?";
        let entries = "SELECT count(*) FROM audit WHERE via = 'verifier' AND outcome = ?";
        self.close_audit().await;
        let forget = "UPDATE files SET verified_at_ms = NULL, sealed_sha256 = NULL,
                      verification_code = NULL, verification_due_at_ms = 0 WHERE state = 'available'";
        run(&self.stack, forget).await;
        self.stack.server.verify_now().await;
        assert_eq!(self.stack.number(verdicts, "available").await, 0);
        let kept = self.stack.number(entries, "ok").await;
        self.open_audit().await;
        run(&self.stack, forget).await;
        let files = self.stack.number(files, "available").await;
        while self.stack.number(verdicts, "available").await < files {
            self.stack.server.verify_now().await;
        }
        assert!(self.stack.number(entries, "ok").await >= kept + files);
    }

    /// Expects that a sweep ends nothing while no entry can be kept, and ends everything afterwards.
    async fn sweeps(&mut self) {
        let before = rows(&self.stack).await;
        self.close_audit().await;
        let report = self.stack.server.sweep_now().await;
        self.open_audit().await;
        for kind in [
            SweepKind::Expired,
            SweepKind::Aborting,
            SweepKind::Deleting,
            SweepKind::Tombstone,
            SweepKind::Ticket,
        ] {
            let count = report.of(kind);
            assert!(count.done == 0 && count.failed > 0, "{report}");
        }
        assert_eq!(rows(&self.stack).await, before);
        let report = self.stack.server.sweep_now().await;
        for kind in SweepKind::ALL {
            assert_eq!(report.of(kind).failed, 0, "{report}");
        }
        for action in [
            AuditAction::ForgetUpload,
            AuditAction::ForgetFile,
            AuditAction::ForgetTicket,
        ] {
            self.changed.insert(action.as_str());
        }
    }

    /// Returns the outcomes of the sweeper's entries for this action and subject.
    async fn by_sweeper(&self, action: &str, subject: &str) -> Vec<String> {
        let mut db = self.stack.database().await;
        let outcomes = sqlx::query_scalar(
            "SELECT outcome FROM audit WHERE via = 'sweeper' AND action = ? AND subject = ?
             AND owner = 'ada' ORDER BY audit_id",
        );
        let outcomes = outcomes.bind(action).bind(subject).fetch_all(&mut db).await;
        db.close().await.unwrap();
        outcomes.unwrap()
    }
}
