//! Checks the store at the server's own endpoint: the bucket, every action, and every answer that the server relies on.

use bytes::Bytes;
use sealift_transfer::{PartNumber, api::Sha256};

use super::{
    bucket,
    check::{Asked, Check, Outcome, begun},
    database::other_owner,
    public,
    questions::{ask, failed},
    store_clock,
    table::{
        ABORT, ABSENCE, BUCKET, CHECKS, DELETE, ENDED_ADDRESS, GET, LIST, LIST_PARTS, LIST_UPLOADS,
        MISSING_HEADER, PUT, RANGES, RIGHT_BODY, TLS, UNEQUAL_PARTS, WRONG_BODY,
    },
};
use crate::{
    clock::Clock,
    config::{Config, StoreConfig},
    objects::{CommandStore, Objects, ObjectsError, Place, Question, probe_key},
    random,
};

/// The answers of the store at its own endpoint, in the order of the report.
const ASKED: [(Asked, Question); 7] = [
    (ABSENCE, Question::Absence),
    (RIGHT_BODY, Question::RightBody),
    (WRONG_BODY, Question::WrongBody),
    (MISSING_HEADER, Question::MissingHeader),
    (ENDED_ADDRESS, Question::EndedAddress),
    (RANGES, Question::Ranges),
    (UNEQUAL_PARTS, Question::UnequalParts),
];

/// Makes all checks of the store.
pub(super) async fn check(config: &Config, clock: &Clock, report: &mut (dyn FnMut(Check) + Send)) {
    if !CommandStore::is_made(config) {
        let made = "There is no embedded store yet; the first start of a server makes it";
        return rest_from(BUCKET).for_each(|asked| report(asked.not_applicable(made)));
    }
    let is_embedded = matches!(config.store, StoreConfig::Embedded { .. });
    if is_embedded && !config.store_credentials_file().exists() {
        let made =
            "The embedded store has no credentials yet; the next start of a server makes them";
        return rest_from(BUCKET).for_each(|asked| report(asked.not_applicable(made)));
    }
    if is_embedded && other_owner(&config.data_dir).is_some() {
        let others = "Not asked, because folders of another user than the server's would stay";
        return rest_from(BUCKET).for_each(|asked| report(asked.not_applicable(others)));
    }
    let store = match CommandStore::open(config).await {
        Ok(store) => store,
        Err(error) => {
            report(BUCKET.failed_by(&error));
            let unopened = "Not asked, because the store does not open";
            let rest = rest_from(BUCKET).skip(1);
            return rest.for_each(|asked| report(asked.not_applicable(unopened)));
        }
    };
    let objects = &store.objects;
    let listed = objects.list_objects(None).await.map(drop);
    let of_bucket = first_answer(config, &listed);
    let is_usable = of_bucket.outcome == Outcome::Ok;
    report(of_bucket);
    report(store_clock::check(objects, clock).await);
    if !is_usable {
        let unusable = "Not asked, because the bucket cannot be used";
        return rest_from(LIST).for_each(|asked| report(asked.not_applicable(unusable)));
    }
    report(of_action(LIST, listed));
    let (checks, leaves_nothing) = actions(objects).await;
    checks.into_iter().for_each(&mut *report);
    ask(objects, Place::Own, &ASKED, leaves_nothing, clock, report).await;
    public::check(config, objects, leaves_nothing, clock, report).await;
    for check in bucket::check(objects).await {
        report(check);
    }
}

/// Returns the checks of the store from this one on.
fn rest_from(first: Asked) -> impl Iterator<Item = Asked> {
    let rest = CHECKS
        .iter()
        .copied()
        .skip_while(move |asked| *asked != first);
    rest.take_while(|asked| *asked != TLS)
}

/// Judges the first answer of the store.
fn first_answer(config: &Config, listed: &Result<(), ObjectsError>) -> Check {
    let name = &config.bucket;
    let code = match listed {
        Ok(()) => return BUCKET.ok(format!("The store answers for the bucket {name}")),
        Err(ObjectsError::Refused { code, .. }) => code.as_str(),
        Err(error) => return failed(BUCKET, error),
    };
    match code {
        "NoSuchBucket" => BUCKET.failed(
            format!("The store has no bucket {name}"),
            "Set S3_BUCKET_NAME to the right one, or make it with `sealift bootstrap`",
        ),
        "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
            let region = config.region.as_deref().unwrap_or("of the AWS chain");
            BUCKET.failed(
                format!("The bucket {name} is not in the region {region} ({code})"),
                format!("Set AWS_REGION to what `aws s3api head-bucket --bucket {name}` prints"),
            )
        }
        "SignatureDoesNotMatch" | "InvalidAccessKeyId" | "InvalidToken" => BUCKET.failed(
            format!("The store does not accept the credentials ({code})"),
            "Check access key and secret: `aws sts get-caller-identity` shows what the AWS chain finds",
        ),
        // The store knows bucket and caller. The check of the action says what is missing.
        "AccessDenied" => BUCKET.ok(format!("The store answers for the bucket {name}")),
        code => BUCKET.failed(format!("The store refuses the bucket {name} ({code})"), BUCKET.mends),
    }
}

/// Tries every action with an object and a multipart upload of its own. Returns also whether both were removed again.
async fn actions(objects: &Objects) -> (Vec<Check>, bool) {
    let key = probe_key(objects, random::bytes());
    let content = Bytes::from_static(b"sealift doctor");
    let sha256 = Sha256::of(&content);
    let put = objects.put_object(&key, content.clone(), &sha256).await;
    let nothing = "Not asked, because nothing could be PUT";
    // A store that does not encrypt as the settings ask has the object nevertheless.
    let is_stored = matches!(put, Ok(()) | Err(ObjectsError::NotEncrypted { .. }));
    let (get, delete) = if is_stored {
        let head = objects.head(&key, None).await;
        let version = head
            .as_ref()
            .ok()
            .and_then(|head| head.as_ref()?.version.clone());
        let get = match head {
            Ok(Some(head)) => objects.get_range(&head.of(&key), 0..1).await.map(drop),
            Ok(None) => Err(ObjectsError::NotFound),
            Err(error) => Err(error),
        };
        let delete = objects.delete(&key, version.as_ref()).await;
        (of_action(GET, get), of_action(DELETE, delete))
    } else {
        (GET.not_applicable(nothing), DELETE.not_applicable(nothing))
    };
    let created = objects.create_multipart(&key).await;
    let list_uploads = of_action(LIST_UPLOADS, objects.unfinished_multiparts().await);
    let (put_part, list_parts, abort) = match &created {
        Ok(upload) => {
            let put_part = objects.put_part(&key, upload, PartNumber::FIRST, content, &sha256);
            (
                put_part.await,
                of_action(LIST_PARTS, objects.list_parts(&key, upload).await),
                of_action(ABORT, objects.abort_multipart(&key, upload).await),
            )
        }
        Err(_) => (
            Ok(()),
            LIST_PARTS.not_applicable(nothing),
            ABORT.not_applicable(nothing),
        ),
    };
    let leaves_nothing = [&delete, &abort]
        .iter()
        .all(|check| check.outcome != Outcome::Failed);
    let put = of_action(PUT, put.and(created).and(put_part));
    let checks = vec![put, get, delete, list_uploads, list_parts, abort];
    (checks, leaves_nothing)
}

fn of_action<T>(asked: Asked, outcome: Result<T, ObjectsError>) -> Check {
    match outcome {
        Ok(_) => asked.ok(begun(asked.asks)),
        Err(error) => failed(asked, &error),
    }
}
