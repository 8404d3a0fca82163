//! Tests the audit.

use super::{ann, at, kept};
use crate::records::{AuditAction, AuditEntry, AuditRow};

#[tokio::test]
async fn entries_are_kept_in_order_with_all_that_is_known() {
    let kept = kept().await;
    let denial = AuditRow {
        at: at(1),
        request_id: None,
        scope: None,
        via: "unknown",
        credential: None,
        action: AuditAction::Denied,
        subject: None,
        outcome: "unauthenticated",
    };
    let issue = AuditRow {
        at: at(0),
        request_id: Some("r1".to_owned()),
        scope: Some(ann()),
        via: "api-key",
        credential: None,
        action: AuditAction::IssueKey,
        subject: Some("u1".to_owned()),
        outcome: "ok",
    };
    for row in [denial, issue] {
        kept.records.add_audit(row).await.unwrap();
    }
    let entries = kept.records.audit_rows(0, 9).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    let expected = [
        AuditEntry {
            id: 1,
            at: at(1),
            request_id: None,
            tenant: None,
            owner: None,
            via: "unknown".to_owned(),
            credential: None,
            action: "denied".to_owned(),
            subject: None,
            outcome: "unauthenticated".to_owned(),
        },
        AuditEntry {
            id: 2,
            at: at(0),
            request_id: text("r1"),
            tenant: text("acme"),
            owner: text("ann"),
            via: "api-key".to_owned(),
            credential: None,
            action: "issue_key".to_owned(),
            subject: text("u1"),
            outcome: "ok".to_owned(),
        },
    ];
    assert_eq!(entries, expected);
    assert_eq!(kept.records.audit_rows(1, 9).await.unwrap(), expected[1..]);
    assert_eq!(kept.records.audit_rows(0, 1).await.unwrap(), expected[..1]);
}
