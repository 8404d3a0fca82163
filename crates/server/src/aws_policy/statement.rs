//! The statements of the policies, whatever form the names have: ARNs, or references of CloudFormation.

use sealift_keyring::KeyArn;
use serde::Serialize;
use serde_json::{Value, json};

use crate::keys::context::FORMAT;

/// A principal that gets a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// The server as it is today, which signs and does everything else with the same credentials.
    Server,
    /// Only the signatures of PUTs that clients send.
    Signer,
    /// Everything that a server does, except for those signatures.
    Control,
    /// A program that decrypts files without a server, such as `sealift decrypt`.
    Reader,
}

/// A policy as IAM reads it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: &'static str,
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Value>,
    action: Vec<&'static str>,
    resource: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

/// The names of one deployment.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) bucket: Value,
    /// All objects under the prefix.
    pub(super) objects: Value,
    /// The KMS key that makes new data keys, if the settings name one.
    pub(super) key: Option<Value>,
    /// The KMS keys that only open what they made before.
    pub(super) old_keys: Vec<Value>,
    /// The KMS key with which the store itself encrypts, if the settings name one.
    pub(super) store_key: Option<StoreKey>,
}

/// A KMS key with which the store itself encrypts (SSE-KMS). S3 uses it with the credentials of whoever asks S3.
#[derive(Debug, Clone)]
pub(super) struct StoreKey {
    pub(super) resource: Value,
    /// The name by which KMS knows S3 in this region.
    pub(super) via: Value,
    /// The alias that the key must have, if the resource does not name one key.
    pub(super) alias: Option<String>,
}

/// The version of IAM's policy language.
const VERSION: &str = "2012-10-17";

/// The encryption context's keys of a file (`keys/context.rs`).
const KEYS_OF_FILES: [&str; 4] = ["format", "object-id", "tenant", "upload-id"];
/// The encryption context's keys of everything else: key rows, records keys and the proof at the start
/// (`keyring/src/kms.rs` and `keyring/src/kms/kek_rows.rs`).
const KEYS_OF_RECORDS: [&str; 3] = ["kek-version", "purpose", "tenant"];
const PURPOSES: [&str; 3] = ["sealift-kek", "sealift-proof", "sealift-records"];

impl Names {
    pub(super) fn policy(&self, principal: Principal) -> Policy {
        let mut statement = match principal {
            // Everything that the signer needs is among it.
            Principal::Server | Principal::Control => self.control(),
            Principal::Signer => vec![allow(
                "PutSealedBytes",
                &["s3:PutObject"],
                self.objects.clone(),
                None,
            )],
            Principal::Reader => self.reader(),
        };
        if let Some(key) = &self.store_key {
            // S3 also decrypts for whoever writes, because it opens the data key of a multipart upload for each part.
            let actions = match principal {
                Principal::Reader => &["kms:Decrypt"][..],
                _ => &["kms:GenerateDataKey", "kms:Decrypt"],
            };
            statement.push(key.allow(actions));
        }
        Policy {
            version: VERSION,
            statement,
        }
    }

    fn control(&self) -> Vec<Statement> {
        let mut statements = vec![
            allow(
                "Objects",
                &[
                    "s3:PutObject",
                    "s3:GetObject",
                    "s3:GetObjectVersion",
                    "s3:DeleteObject",
                    "s3:DeleteObjectVersion",
                    "s3:ListMultipartUploadParts",
                    "s3:AbortMultipartUpload",
                ],
                self.objects.clone(),
                None,
            ),
            // The statement has no condition on the prefix: S3 says that an object is absent only to somebody who may
            // list, and a request for one object names no prefix.
            allow(
                "Bucket",
                &[
                    "s3:ListBucket",
                    "s3:ListBucketVersions",
                    "s3:ListBucketMultipartUploads",
                ],
                self.bucket.clone(),
                None,
            ),
        ];
        let Some(key) = &self.key else {
            return statements;
        };
        let makes = ["kms:GenerateDataKey", "kms:Decrypt"];
        let old_keys = Value::from(self.old_keys.clone());
        statements.push(allow("KeysOfFiles", &makes, key.clone(), files()));
        if self.old_keys.is_empty() {
            statements.push(allow("KeysOfRecords", &makes, key.clone(), records()));
            return statements;
        }
        let [make, open] = makes;
        let mut moves = vec![make, open, "kms:ReEncryptTo"];
        // ReEncrypt does not reach another region.
        if self.old_keys.iter().any(|old| region(old) != region(key)) {
            moves.push("kms:Encrypt");
        }
        statements.extend([
            allow("KeysOfRecords", &moves, key.clone(), records()),
            allow("OldKeysOfFiles", &[open], old_keys.clone(), files()),
            allow(
                "OldKeysOfRecords",
                &[open, "kms:ReEncryptFrom"],
                old_keys,
                records(),
            ),
        ]);
        statements
    }

    fn reader(&self) -> Vec<Statement> {
        let mut statements = vec![allow(
            "Objects",
            &["s3:GetObject", "s3:GetObjectVersion"],
            self.objects.clone(),
            None,
        )];
        if let Some(key) = &self.key {
            let keys: Vec<_> = [key].into_iter().chain(&self.old_keys).cloned().collect();
            let keys = Value::from(keys);
            statements.push(allow("KeysOfFiles", &["kms:Decrypt"], keys, files()));
        }
        statements
    }
}

impl StoreKey {
    /// Allows the actions to S3 alone, which uses the key with contexts of its own.
    fn allow(&self, actions: &[&'static str]) -> Statement {
        let mut condition = json!({ "StringEquals": { "kms:ViaService": self.via } });
        if let (Some(alias), Some(condition)) = (&self.alias, condition.as_object_mut()) {
            let of_alias = json!({ "kms:ResourceAliases": alias });
            condition.insert("ForAnyValue:StringEquals".to_owned(), of_alias);
        }
        let key = self.resource.clone();
        allow("KeyOfTheStore", actions, key, Some(condition))
    }
}

/// Returns the region in the ARN of a key.
fn region(arn: &Value) -> Option<&str> {
    KeyArn::parse(arn.as_str()?).map(|arn| arn.region)
}

/// Returns the policy of the KMS key. IAM's policies in its account decide who may use it; but nobody may use it
/// for anything that is not Sealift's.
pub(super) fn key_policy(root: Value) -> Policy {
    let mut account = allow("PoliciesOfTheAccountDecide", &["kms:*"], json!("*"), None);
    account.principal = Some(json!({ "AWS": root }));
    let uses = [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
    ];
    // Both comparisons hold if the context has neither key.
    let is_foreign = json!({ "StringNotEquals": {
        "kms:EncryptionContext:format": FORMAT,
        "kms:EncryptionContext:purpose": PURPOSES,
    }});
    let foreign = Statement {
        effect: "Deny",
        principal: Some(json!({ "AWS": "*" })),
        ..allow("NothingButSealift", &uses, json!("*"), Some(is_foreign))
    };
    Policy {
        version: VERSION,
        statement: vec![account, foreign],
    }
}

fn allow(
    sid: &'static str,
    actions: &[&'static str],
    resource: Value,
    condition: Option<Value>,
) -> Statement {
    Statement {
        sid,
        effect: "Allow",
        principal: None,
        action: actions.to_vec(),
        resource,
        condition,
    }
}

/// The condition that the encryption context is a file's.
fn files() -> Option<Value> {
    Some(json!({
        "StringEquals": { "kms:EncryptionContext:format": FORMAT },
        "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": KEYS_OF_FILES },
    }))
}

/// The condition that the encryption context is that of a key in the database, or of the proof at the start.
fn records() -> Option<Value> {
    Some(json!({
        "StringEquals": { "kms:EncryptionContext:purpose": PURPOSES },
        "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": KEYS_OF_RECORDS },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the policy of a server whose keys move from a key in that region to one in eu-west-1.
    fn moving_from(region: &str) -> String {
        let names = Names {
            bucket: json!("arn:aws:s3:::b"),
            objects: json!("arn:aws:s3:::b/sealift/*"),
            key: Some(json!("arn:aws:kms:eu-west-1:111122223333:key/1")),
            old_keys: vec![json!(format!("arn:aws:kms:{region}:111122223333:key/2"))],
            store_key: None,
        };
        serde_json::to_string(&names.policy(Principal::Server)).unwrap()
    }

    #[test]
    fn keys_that_move_to_another_region_are_encrypted_there() {
        assert!(!moving_from("eu-west-1").contains("kms:Encrypt\""));
        assert!(moving_from("us-east-1").contains("kms:Encrypt\""));
    }
}
