//! Reads the answer to a request of one or several items. The kind of the answers is a value here, not a type as in
//! [`BatchResults`](crate::api::batch::BatchResults), because the reader of each type would be a hundredth of the
//! page's module.

use core::fmt;

use serde::{
    Deserialize as _, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Error;

use super::{Answered, Kind};
use crate::api::{
    SignedParts,
    batch::{BatchResult, ItemRefused},
};

/// Reads the answer to the request for `count` items: a result for each, in their order.
///
/// # Errors
/// Fails if the answer is not what the request asks for, or has another number of results.
pub fn results(
    kind: Kind,
    count: usize,
    answer: &[u8],
) -> Result<Vec<Result<Answered, ItemRefused>>, Error> {
    let mut reader = serde_json::Deserializer::from_slice(answer);
    let mut results = Vec::new();
    if count == 1 {
        results.push(Ok(kind.deserialize(&mut reader)?));
    } else {
        let results = &mut results;
        let level = Level::Answer;
        Reading {
            kind,
            level,
            results,
        }
        .deserialize(&mut reader)?;
    }
    reader.end()?;
    match results.len() == count {
        true => Ok(results),
        false => Err(Error::custom("it has another number of results")),
    }
}

impl<'de> DeserializeSeed<'de> for Kind {
    type Value = Answered;

    fn deserialize<D: Deserializer<'de>>(self, answer: D) -> Result<Answered, D::Error> {
        Ok(match self {
            Self::Open => Answered::Opened(Box::deserialize(answer)?),
            Self::Sign => Answered::Signed(SignedParts::deserialize(answer)?),
            Self::Complete => Answered::Completed(Box::deserialize(answer)?),
        })
    }
}

/// Reads the answer of a batch level by level, because each level would need its own types otherwise.
struct Reading<'a> {
    kind: Kind,
    level: Level,
    results: &'a mut Vec<Result<Answered, ItemRefused>>,
}

#[derive(Clone, Copy)]
enum Level {
    /// The object around all results.
    Answer,
    /// Their list.
    Results,
    /// One of them.
    Result,
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        match self.level {
            Level::Results => json.deserialize_seq(self),
            Level::Answer | Level::Result => json.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the results of a batch")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        let Self { kind, results, .. } = self;
        loop {
            let results = &mut *results;
            let level = Level::Result;
            if all
                .next_element_seed(Reading {
                    kind,
                    level,
                    results,
                })?
                .is_none()
            {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut result = BatchResult {
            status: 0,
            retry_after_s: None,
            answer: None,
            problem: None,
        };
        while let Some(name) = fields.next_key::<String>()? {
            match (self.level, name.as_str()) {
                (Level::Answer, "results") => {
                    let (kind, level) = (self.kind, Level::Results);
                    let results = &mut *self.results;
                    fields.next_value_seed(Reading {
                        kind,
                        level,
                        results,
                    })?;
                }
                (Level::Result, "status") => result.status = fields.next_value()?,
                (Level::Result, "retry_after_s") => result.retry_after_s = fields.next_value()?,
                (Level::Result, "answer") => {
                    result.answer = Some(fields.next_value_seed(self.kind)?)
                }
                (Level::Result, "problem") => result.problem = fields.next_value()?,
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        if matches!(self.level, Level::Result) {
            self.results.push(result.into_answer());
        }
        Ok(())
    }
}
