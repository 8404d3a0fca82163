//! Decides requests to S3 and KMS by a policy of IAM, as AWS would: by action, resource and condition. moto does
//! that, too, but takes every condition for a refusal and lets presigned URLs pass.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{Method, Response, StatusCode, request::Parts};
use serde::Deserialize;
use serde_json::Value;

use super::{answers, request::query_value};

/// A policy as `sealift policy aws` prints it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct IamPolicy {
    statement: Vec<Statement>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Sid")]
    _sid: String,
    effect: Effect,
    // The policy of a key names its principals. Here everybody is the account's.
    #[serde(rename = "Principal", default)]
    _principal: Option<Value>,
    action: Vec<String>,
    resource: OneOrMany,
    #[serde(default)]
    condition: BTreeMap<Operator, BTreeMap<String, OneOrMany>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

/// The operators of the printed policies. Any other fails the test that reads the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum Operator {
    #[serde(rename = "StringEquals")]
    Equal,
    #[serde(rename = "StringNotEquals")]
    NotEqual,
    #[serde(rename = "ForAllValues:StringEquals")]
    AllEqual,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// An action that a request needs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    action: String,
    resource: String,
    /// The values of the condition keys. An encryption context has one value for each of its keys, and all its
    /// keys in one more.
    context: BTreeMap<String, Vec<String>>,
}

impl IamPolicy {
    /// Reads a policy.
    ///
    /// # Errors
    /// Fails if the text is none, or has parts that this evaluation does not know.
    pub fn parse(text: &[u8]) -> Result<Self> {
        serde_json::from_slice(text).context("the policy cannot be evaluated")
    }

    /// Returns all actions that it allows, in their order, each once.
    #[must_use]
    pub fn actions(&self) -> Vec<&str> {
        let mut actions: Vec<&str> = Vec::new();
        for action in self.statement.iter().flat_map(|one| &one.action) {
            if !actions.contains(&action.as_str()) {
                actions.push(action);
            }
        }
        actions
    }

    /// Returns the policy without one action.
    #[must_use]
    pub fn without(&self, action: &str) -> Self {
        let mut less = self.clone();
        for statement in &mut less.statement {
            statement.action.retain(|one| one != action);
        }
        less
    }

    pub(super) fn allows(&self, asked: &Asked) -> bool {
        let meets = |effect| {
            let mut of_effect = self.statement.iter().filter(|one| one.effect == effect);
            of_effect.any(|statement| statement.meets(asked))
        };
        meets(Effect::Allow) && !meets(Effect::Deny)
    }

    /// Returns whether S3 would say that an object is absent.
    pub(super) fn lists(&self, head: &Parts) -> bool {
        let bucket = head.uri.path().split('/').nth(1).unwrap_or_default();
        self.allows(&Asked::of_s3("ListBucket", bucket))
    }
}

impl Statement {
    /// Returns whether the statement is about this request.
    fn meets(&self, asked: &Asked) -> bool {
        self.action.iter().any(|one| fits(one, &asked.action))
            && self
                .resource
                .all()
                .iter()
                .any(|one| fits(one, &asked.resource))
            && self.condition.iter().all(|(operator, wanted)| {
                wanted.iter().all(|(key, allowed)| {
                    let is_allowed = |value| allowed.all().contains(value);
                    match (operator, asked.context.get(key)) {
                        (Operator::Equal, values) => {
                            values.is_some_and(|values| values.iter().any(is_allowed))
                        }
                        // Nothing that is absent equals anything.
                        (Operator::NotEqual, values) => {
                            values.is_none_or(|values| !values.iter().any(is_allowed))
                        }
                        (Operator::AllEqual, values) => {
                            values.is_none_or(|values| values.iter().all(is_allowed))
                        }
                    }
                })
            })
    }
}

impl OneOrMany {
    fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// The settings of a bucket by their names in a query, with the actions that read and write them.
const SETTINGS: [(&str, &str, &str); 4] = [
    (
        "ownershipControls",
        "GetBucketOwnershipControls",
        "PutBucketOwnershipControls",
    ),
    (
        "publicAccessBlock",
        "GetBucketPublicAccessBlock",
        "PutBucketPublicAccessBlock",
    ),
    ("cors", "GetBucketCORS", "PutBucketCORS"),
    (
        "lifecycle",
        "GetLifecycleConfiguration",
        "PutLifecycleConfiguration",
    ),
];

/// Returns whether an action or a resource fits a pattern, in which `*` stands at the end only.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => text.starts_with(beginning),
        None => pattern == text,
    }
}

impl Asked {
    /// Returns the actions that a request needs. A browser's preflight needs none.
    ///
    /// # Errors
    /// Fails for a request that no policy is known for, so that a new one is not overlooked.
    pub(super) fn by(head: &Parts, body: &Bytes) -> Result<Vec<Self>> {
        if let Some(target) = head.headers.get("x-amz-target") {
            let operation = target.to_str()?.strip_prefix("TrentService.");
            return Self::of_kms(operation.context("a target of KMS")?, body);
        }
        if head.method == Method::OPTIONS {
            return Ok(Vec::new());
        }
        let has = |name| query_value(&head.uri, name).is_some();
        let path = head.uri.path().trim_matches('/');
        let setting = SETTINGS.iter().find(|(name, ..)| has(name));
        let action = match (head.method.as_str(), path.contains('/')) {
            ("GET", false) if setting.is_some() => setting.map_or("", |(_, get, _)| get),
            ("PUT", false) if setting.is_some() => setting.map_or("", |(.., put)| put),
            // Any query names a setting of the bucket.
            ("PUT", false) if head.uri.query().is_none() => "CreateBucket",
            ("HEAD", false) => "ListBucket",
            ("PUT" | "POST", true) => "PutObject",
            ("DELETE", true) if has("uploadId") => "AbortMultipartUpload",
            ("DELETE", true) if has("versionId") => "DeleteObjectVersion",
            ("DELETE", true) => "DeleteObject",
            ("GET", true) if has("uploadId") => "ListMultipartUploadParts",
            ("GET" | "HEAD", true) if has("versionId") => "GetObjectVersion",
            ("GET" | "HEAD", true) => "GetObject",
            ("GET", false) if has("uploads") => "ListBucketMultipartUploads",
            ("GET", false) if has("versions") => "ListBucketVersions",
            ("GET", false) if has("list-type") => "ListBucket",
            _ => bail!("no action of IAM is known for {} {path}", head.method),
        };
        Ok(vec![Self::of_s3(action, path)])
    }

    fn of_s3(action: &str, path: &str) -> Self {
        Self {
            action: format!("s3:{action}"),
            resource: format!("arn:aws:s3:::{path}"),
            context: BTreeMap::new(),
        }
    }

    fn of_kms(operation: &str, body: &Bytes) -> Result<Vec<Self>> {
        let body: Value = serde_json::from_slice(body)?;
        let one = |action: &str, key: &str, context: &str| {
            let mut keys = Vec::new();
            let mut values = BTreeMap::new();
            let pairs = body.get(context).and_then(Value::as_object);
            for (name, value) in pairs.into_iter().flatten() {
                keys.push(name.clone());
                let value = value.as_str().unwrap_or_default().to_owned();
                values.insert(format!("kms:EncryptionContext:{name}"), vec![value]);
            }
            values.insert("kms:EncryptionContextKeys".to_owned(), keys);
            Self {
                action: format!("kms:{action}"),
                // A request to make a key names none.
                resource: body
                    .get(key)
                    .and_then(Value::as_str)
                    .unwrap_or("*")
                    .to_owned(),
                context: values,
            }
        };
        match operation {
            "ReEncrypt" => Ok(vec![
                one("ReEncryptFrom", "SourceKeyId", "SourceEncryptionContext"),
                one(
                    "ReEncryptTo",
                    "DestinationKeyId",
                    "DestinationEncryptionContext",
                ),
            ]),
            "CreateAlias" => Ok(vec![one("CreateAlias", "TargetKeyId", "")]),
            operation => Ok(vec![one(operation, "KeyId", "EncryptionContext")]),
        }
    }
}

/// Returns the answer to a request that the policy does not allow, in the target's format.
pub(super) fn denied(head: &Parts) -> Response<Bytes> {
    match head.headers.contains_key("x-amz-target") {
        true => answers::kms(StatusCode::BAD_REQUEST, "AccessDeniedException"),
        false => answers::refused(StatusCode::FORBIDDEN, "AccessDenied"),
    }
}
