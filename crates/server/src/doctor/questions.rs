//! Asks the questions of the probe ([`crate::objects::Question`]) and makes checks of the answers.

use super::{
    check::{Asked, Check, begun},
    table::PUBLIC,
};
use crate::{
    clock::Clock,
    objects::{Flaw, Objects, ObjectsError, Place, ProbeError, Question},
    random,
};

/// The reason to ask nothing that puts an object into the store.
pub(super) const STAYS: &str = "Not asked, because the object could not be removed again";

/// Asks these questions at one endpoint.
pub(super) async fn ask(
    objects: &Objects,
    place: Place,
    questions: &[(Asked, Question)],
    leaves_nothing: bool,
    clock: &Clock,
    report: &mut (dyn FnMut(Check) + Send),
) {
    let mut refuses_all = false;
    for (asked, question) in questions {
        let is_a_refusal = matches!(
            question,
            Question::WrongBody | Question::MissingHeader | Question::EndedAddress
        );
        if !leaves_nothing && *question != Question::Absence {
            report(asked.not_applicable(STAYS));
        } else if refuses_all && is_a_refusal {
            report(
                asked.not_applicable(
                    "A refusal proves nothing, because right bytes are refused too",
                ),
            );
        } else {
            let answer = objects
                .ask(*question, place, random::bytes(), clock.now())
                .await;
            refuses_all |= matches!(answer, Err(ProbeError::RightBytesRefused { .. }));
            report(answered(*asked, answer));
        }
    }
}

/// Makes a check of the answer to a question.
pub(super) fn answered(asked: Asked, answer: Result<Option<Flaw>, ProbeError>) -> Check {
    match answer {
        Ok(None) => asked.ok(begun(asked.asks)),
        Ok(Some(Flaw::IgnoresIfMatch)) => asked.warning(
            "The store ignores If-Match on GET",
            "Nothing needs to be done, because every answer's ETag is compared with the record",
        ),
        Ok(Some(Flaw::NoCors { origin, what })) => asked.failed(
            format!("Pages from {origin} cannot send and read: {what}"),
            asked.mends,
        ),
        Ok(Some(Flaw::PublicUnreachable)) => asked.warning(
            "The endpoint of browsers cannot be reached from here, so it was not checked",
            format!("If browsers do not reach it either, {}", PUBLIC.mends),
        ),
        Ok(Some(Flaw::AnotherAnswers { status })) => asked.warning(
            format!(
                "Something other than the store answers at the endpoint of browsers ({status})"
            ),
            format!("If browsers get the same, {}", PUBLIC.mends),
        ),
        Err(ProbeError::Objects(error)) => failed(asked, &error),
        Err(error) => asked.failed_by(&error),
    }
}

/// Makes a failure of an error of the store.
pub(super) fn failed(asked: Asked, error: &ObjectsError) -> Check {
    match error {
        ObjectsError::Refused {
            status: status @ 403,
            code,
            action: Some(action),
        } if code == "AccessDenied" && asked.name != *action => asked.failed(
            format!("The store refuses {action} with {status} {code}"),
            format!("Add `{action}` to the policy; `sealift policy aws` prints it"),
        ),
        ObjectsError::Refused { status, code, .. } => asked.failed(
            format!("The store refuses with {status} {code}"),
            asked.mends,
        ),
        ObjectsError::Unavailable { status: None } => asked.failed(
            "The store does not answer",
            "Check S3_ENDPOINT, the network and the store, then try again",
        ),
        ObjectsError::Unavailable {
            status: Some(status @ 200..=299),
        } => asked.failed(
            format!("The store answers {status}, but not as S3 does"),
            "Use another store (AWS S3, Garage 2, the embedded one), or mend what stands before it",
        ),
        ObjectsError::Unavailable {
            status: Some(status),
        } => asked.failed(
            format!("The store, or something before it, is busy or out of step ({status})"),
            "Try again in a moment, and look at the log of the store",
        ),
        error => asked.failed_by(error),
    }
}
