//! Tests the probe with stores that must be refused, and with proxies that remove something.

use super::*;

mod store;

use store::{Wrong, objects_at};

use crate::unix_millis::UnixMillis;

const NOW: UnixMillis = UnixMillis::from_ms(1_780_000_000_000);

async fn outcome(wrong: Wrong) -> Result<Option<Flaw>, ProbeError> {
    objects_at(wrong).await.prove_store([1; 16], NOW).await
}

async fn public(wrong: Wrong) -> Result<Vec<Flaw>, ProbeError> {
    let objects = objects_at(wrong).await;
    let pages = ["https://files.example.com".to_owned()];
    objects.prove_public(&pages, &[], [1; 16], NOW).await
}

#[tokio::test]
async fn a_store_that_does_all_of_it_is_taken() {
    assert_eq!(outcome(Wrong::Nothing).await, Ok(None));
    assert_eq!(public(Wrong::Nothing).await, Ok(Vec::new()));
    let objects = objects_at(Wrong::Nothing).await;
    assert_eq!(objects.prove_unequal_parts([1; 16]).await, Ok(()));
}

#[tokio::test]
async fn a_store_that_takes_wrong_bytes_is_refused() {
    for wrong in [Wrong::TakesAnything, Wrong::TakesAnyObject] {
        assert_eq!(outcome(wrong).await, Err(ProbeError::WrongBytesAccepted));
    }
}

#[tokio::test]
async fn a_store_that_takes_a_part_without_its_signed_header_is_refused() {
    let refused = outcome(Wrong::TakesPartsWithoutHeader).await;
    assert_eq!(refused, Err(ProbeError::MissingHeaderAccepted));
}

#[tokio::test]
async fn a_store_that_refuses_everything_proves_nothing() {
    let (status, code) = (403, "AccessDenied".to_owned());
    let refused = outcome(Wrong::TakesNothing).await;
    assert_eq!(refused, Err(ProbeError::RightBytesRefused { status, code }));
}

#[tokio::test]
async fn a_store_that_does_not_tell_checksums_is_refused() {
    for wrong in [Wrong::HidesChecksumsOfParts, Wrong::HidesChecksumsOfObjects] {
        assert_eq!(outcome(wrong).await, Err(ProbeError::ChecksumNotReported));
    }
}

#[tokio::test]
async fn a_store_that_does_not_encrypt_as_the_settings_ask_is_refused() {
    for wrong in [Wrong::EncryptsNothing, Wrong::EncryptsUploadsOnly] {
        let refused = outcome(wrong).await.unwrap_err();
        let is_it = matches!(refused, ProbeError::NotEncrypted(_));
        assert!(is_it, "{wrong:?}: {refused:?}");
    }
}

#[tokio::test]
async fn a_store_that_does_not_name_an_absence_is_refused() {
    let denied = "<Error><Code>AccessDenied</Code></Error>";
    for (status, body) in [(403, denied), (404, ""), (404, "<html></html>"), (302, "")] {
        let refused = outcome(Wrong::Absence(status, body)).await.unwrap_err();
        let is_it = matches!(refused, ProbeError::AbsenceNotReported(_));
        assert!(is_it, "{refused:?}");
        assert!(refused.to_string().contains("s3:ListBucket"));
    }
}

#[tokio::test]
async fn a_store_or_a_proxy_that_does_not_answer_ranges_is_refused_and_what_is_missing_is_named() {
    for (wrong, field) in [
        (Wrong::IgnoresRange, "Content-Range"),
        (Wrong::Without("content-range"), "Content-Range"),
        (Wrong::With("content-range", "bytes */41"), "Content-Range"),
        (Wrong::Without("etag"), "ETag"),
        (Wrong::With("etag", "W/\"1\""), "ETag"),
    ] {
        let refused = outcome(wrong).await;
        assert_eq!(refused, Err(ProbeError::AnswerLacks { field }), "{wrong:?}");
        assert!(refused.unwrap_err().to_string().contains(field));
    }
    let refused = outcome(Wrong::DeniesReading).await.unwrap_err();
    assert!(
        matches!(refused, ProbeError::RangeNotGiven(_)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_store_that_ignores_if_match_is_taken_with_a_warning() {
    let proved = outcome(Wrong::IgnoresIfMatch).await;
    assert_eq!(proved, Ok(Some(Flaw::IgnoresIfMatch)));
}

#[tokio::test]
async fn a_store_that_joins_equal_parts_only_is_refused() {
    let objects = objects_at(Wrong::JoinsEqualPartsOnly).await;
    let refused = objects.prove_unequal_parts([1; 16]).await;
    let (status, code) = (400, "InvalidPart".to_owned());
    assert_eq!(
        refused,
        Err(ProbeError::UnequalPartsRefused { status, code })
    );
}

#[tokio::test]
async fn what_the_store_refuses_at_its_public_endpoint_is_an_error() {
    for code in ["SignatureDoesNotMatch", "AccessDenied"] {
        let refused = public(Wrong::PublicRefuses(403, code)).await;
        let (status, code) = (403, code.to_owned());
        assert_eq!(refused, Err(ProbeError::PublicRefused { status, code }));
    }
    for (removed, header) in [("etag", "ETag"), ("content-range", "Content-Range")] {
        let refused = public(Wrong::PublicWithout(removed)).await;
        assert_eq!(refused, Err(ProbeError::PublicAnswerLacks { header }));
    }
}

#[tokio::test]
async fn a_public_endpoint_that_the_server_does_not_reach_is_told_and_no_error() {
    let flaws = public(Wrong::PublicIsAnother).await;
    assert_eq!(flaws, Ok(vec![Flaw::AnotherAnswers { status: 200 }]));
    // Here the store is busy.
    let flaws = public(Wrong::PublicRefuses(503, "SlowDown")).await;
    assert_eq!(flaws, Ok(vec![Flaw::AnotherAnswers { status: 503 }]));
}

#[tokio::test]
async fn whatever_pages_may_not_do_is_told_and_no_error() {
    for (header, word) in [
        ("access-control-allow-origin", "https://files.example.com"),
        ("access-control-allow-methods", "PUT"),
        ("access-control-allow-methods", "GET"),
        ("access-control-allow-headers", "X-Amz-Checksum-Sha256"),
        ("access-control-allow-headers", "If-None-Match"),
        ("access-control-allow-headers", "Range"),
        ("access-control-expose-headers", "ETag"),
        ("access-control-expose-headers", "Content-Range"),
    ] {
        let flaws = public(Wrong::CorsWithout(header, word)).await.unwrap();
        let [Flaw::NoCors { origin, .. }] = flaws.as_slice() else {
            panic!("{flaws:?} without {word} in {header}");
        };
        assert_eq!(origin, "https://files.example.com");
    }
}

#[tokio::test]
async fn of_the_names_of_one_server_one_that_may_is_enough() {
    let objects = objects_at(Wrong::CorsWithout(
        "access-control-allow-origin",
        "http://127.0.0.1:80",
    ))
    .await;
    let names = ["http://127.0.0.1:80", "http://localhost:80"].map(str::to_owned);
    let flaws = objects.prove_public(&[], &names, [1; 16], NOW).await;
    assert_eq!(flaws, Ok(Vec::new()));
    let flaws = objects.prove_public(&[], &names[..1], [1; 16], NOW).await;
    assert_eq!(flaws.unwrap().len(), 1);
}

#[tokio::test]
async fn each_question_gets_its_own_answer_at_both_endpoints_and_nothing_stays() {
    for place in [Place::Own, Place::Public] {
        let answer = async |wrong, question| {
            let objects = objects_at(wrong).await;
            let answer = objects.ask(question, place, [1; 16], NOW).await;
            let left = objects.head(&probe_key(&objects, [1; 16]), None).await;
            assert_eq!(left, Ok(None), "{question:?}");
            answer
        };
        for question in [
            Question::Absence,
            Question::RightBody,
            Question::WrongBody,
            Question::MissingHeader,
            Question::Ranges,
            Question::UnequalParts,
        ] {
            assert_eq!(
                answer(Wrong::Nothing, question).await,
                Ok(None),
                "{place:?}"
            );
        }
        let (status, code) = (400, "InvalidPart".to_owned());
        for (wrong, question, error) in [
            (
                Wrong::TakesAnything,
                Question::WrongBody,
                ProbeError::WrongBytesAccepted,
            ),
            (
                Wrong::TakesAnyObject,
                Question::WrongBody,
                ProbeError::WrongBytesAccepted,
            ),
            (
                Wrong::TakesPartsWithoutHeader,
                Question::MissingHeader,
                ProbeError::MissingHeaderAccepted,
            ),
            // The store of this test knows no time.
            (
                Wrong::Nothing,
                Question::EndedAddress,
                ProbeError::EndedAddressAccepted,
            ),
            (
                Wrong::HidesChecksumsOfParts,
                Question::RightBody,
                ProbeError::ChecksumNotReported,
            ),
            (
                Wrong::HidesChecksumsOfObjects,
                Question::RightBody,
                ProbeError::ChecksumNotReported,
            ),
        ] {
            assert_eq!(answer(wrong, question).await, Err(error), "{place:?}");
        }
        let unequal = answer(Wrong::JoinsEqualPartsOnly, Question::UnequalParts).await;
        assert_eq!(
            unequal,
            Err(ProbeError::UnequalPartsRefused { status, code })
        );
        let ranges = answer(Wrong::IgnoresIfMatch, Question::Ranges).await;
        assert_eq!(ranges, Ok(Some(Flaw::IgnoresIfMatch)));
        let ranges = answer(Wrong::PublicWithout("etag"), Question::Ranges).await;
        match place {
            Place::Own => assert_eq!(ranges, Ok(None)),
            Place::Public => {
                let header = "ETag";
                assert_eq!(ranges, Err(ProbeError::PublicAnswerLacks { header }));
            }
        }
    }
}

#[tokio::test]
async fn a_page_must_also_be_able_to_read_the_answer_to_its_put() {
    let origin = "https://files.example.com";
    let asked = async |wrong| {
        let objects = objects_at(wrong).await;
        objects.prove_cors(origin, [1; 16], NOW).await.unwrap()
    };
    assert_eq!(asked(Wrong::Nothing).await, None);
    for wrong in [
        Wrong::HidesPuts,
        Wrong::CorsWithout("access-control-allow-methods", "PUT"),
    ] {
        let flaw = asked(wrong).await;
        assert!(
            matches!(flaw, Some(Flaw::NoCors { .. })),
            "{wrong:?}: {flaw:?}"
        );
    }
}

#[tokio::test]
async fn a_put_of_a_page_that_does_not_succeed_says_nothing_about_cors() {
    let asked = async |wrong| {
        let objects = objects_at(wrong).await;
        let origin = "https://files.example.com";
        objects.prove_cors(origin, [1; 16], NOW).await
    };
    let (status, code) = (403, "AccessDenied");
    let refused = asked(Wrong::PublicRefuses(status, code)).await;
    let code = code.to_owned();
    assert_eq!(refused, Err(ProbeError::PublicRefused { status, code }));
    for (wrong, status) in [
        (Wrong::PublicRefuses(503, "SlowDown"), 503),
        (Wrong::PublicIsAnother, 200),
    ] {
        let flaw = asked(wrong).await;
        assert_eq!(flaw, Ok(Some(Flaw::AnotherAnswers { status })));
    }
}
