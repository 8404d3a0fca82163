//! The mark of a deployment: one small object under its prefix. It says whose prefix this is, how
//! far the deployment's database had come, and whether the sweeper may remove objects without a
//! record there (docs/FORMAT.md, R2, R11).

use serde::{Deserialize, Serialize};

use super::{
    super::{ETag, ObjectsError},
    Objects,
    answers::{etag, positive, translate},
};

/// The mark's name under the prefix. No tenant can have this name, because tenants' names have no
/// dot.
const MARK: &str = "sealift.deployment";
/// The longest possible mark in bytes. A longer object was not written by a deployment.
const LONGEST_MARK_BYTES: u64 = 1024;

/// How far a database has come. A later state of the same database is greater.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reached {
    /// The epoch, which rises with `records new-epoch`.
    pub epoch: i64,
    /// The number that rises with every upload opened, part signed, and file completed or deleted.
    pub high_water: i64,
}

/// The content of a deployment's mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The id of the deployment that wrote it.
    pub deployment_id: String,
    /// How far the deployment's database had come when the mark was written.
    #[serde(flatten)]
    pub reached: Reached,
    /// Whether the prefix belongs to this deployment alone, so that the sweeper may remove objects
    /// without a record there.
    pub prefix_is_ours: bool,
}

/// The result of looking for the mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundMark {
    /// There is no mark.
    None,
    /// The mark of the given deployment, and the ETag of the object that it was read from.
    Ours(Mark, ETag),
    /// The mark of another deployment, or an object that no deployment wrote.
    Another,
}

impl Objects {
    /// Reads the mark of the prefix for this deployment.
    ///
    /// # Errors
    /// Fails if the store's answer does not show whether there is a mark.
    pub async fn mark_for(&self, deployment_id: &str) -> Result<FoundMark, ObjectsError> {
        let asked = self
            .own
            .get_object()
            .bucket(&self.bucket)
            .key(self.mark_key())
            .send()
            .await
            .map_err(translate);
        let answer = match asked {
            Ok(answer) => answer,
            Err(ObjectsError::NotFound) => return Ok(FoundMark::None),
            Err(error) => return Err(error),
        };
        if positive(answer.content_length, "Content-Length")? > LONGEST_MARK_BYTES {
            return Ok(FoundMark::Another);
        }
        let etag = etag(answer.e_tag)?;
        let body = answer.body.collect().await;
        let body = body.map_err(|_| ObjectsError::Unavailable { status: None })?;
        let mark = parse(&body.into_bytes());
        Ok(match mark {
            Some(mark) if mark.deployment_id == deployment_id => FoundMark::Ours(mark, etag),
            _ => FoundMark::Another,
        })
    }

    /// Writes the mark in place of the one that was read as `before`, or only if there is none. A
    /// store that does not know conditions on PUT writes it in any case.
    ///
    /// # Errors
    /// Returns [`ObjectsError::Replaced`] if another server wrote the mark meanwhile; read it
    /// again.
    pub async fn put_mark(&self, mark: &Mark, before: Option<&ETag>) -> Result<(), ObjectsError> {
        let body = serde_json::to_vec(mark)
            .map_err(|_| ObjectsError::Incomprehensible { field: "mark" })?;
        let put = || {
            let put = self.encryption.put_object(&self.own);
            let put = put.bucket(&self.bucket).key(self.mark_key());
            put.body(body.clone().into())
        };
        let conditional = match before {
            Some(before) => put().if_match(&before.0),
            None => put().if_none_match("*"),
        };
        match conditional.send().await.map_err(translate) {
            Ok(_) => Ok(()),
            // Two writers collided, or the mark that was read is gone.
            Err(ObjectsError::Unavailable { status: Some(409) } | ObjectsError::NotFound) => {
                Err(ObjectsError::Replaced)
            }
            Err(
                ObjectsError::Refused {
                    status: 400 | 501, ..
                }
                | ObjectsError::Unavailable { status: Some(501) },
            ) => {
                put().send().await.map_err(translate)?;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the object key of the mark.
    #[must_use]
    pub fn mark_key(&self) -> String {
        format!("{}/{MARK}", self.prefix)
    }
}

/// Reads a mark. A bare id is the mark of an operator who marked the prefix by hand.
fn parse(body: &[u8]) -> Option<Mark> {
    if let Ok(mark) = serde_json::from_slice(body) {
        return Some(mark);
    }
    let is_id = body.len() == 32 && body.iter().all(u8::is_ascii_hexdigit);
    is_id.then(|| Mark {
        deployment_id: String::from_utf8_lossy(body).into_owned(),
        reached: Reached::default(),
        prefix_is_ours: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_nothing_else_is_a_mark() {
        let mark = Mark {
            deployment_id: "0123456789abcdef0123456789abcdef".to_owned(),
            reached: Reached {
                epoch: 2,
                high_water: i64::MAX,
            },
            prefix_is_ours: false,
        };
        let written = serde_json::to_vec(&mark).unwrap();
        assert!(u64::try_from(written.len()).unwrap() < LONGEST_MARK_BYTES);
        assert_eq!(parse(&written), Some(mark.clone()));
        let bare = parse(mark.deployment_id.as_bytes()).unwrap();
        assert!(bare.prefix_is_ours && bare.reached == Reached::default());
        for other in ["", "{}", "hello", r#"{"deployment_id":"a"}"#] {
            assert_eq!(parse(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn an_epoch_counts_more_than_a_high_water_mark() {
        let at = |epoch, high_water| Reached { epoch, high_water };
        assert!(at(1, 9) < at(2, 0));
        assert!(at(2, 3) < at(2, 4));
    }
}
