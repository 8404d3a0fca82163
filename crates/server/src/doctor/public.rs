//! Checks the store as browsers reach it: at the public endpoint, and from the origins of the pages.

use super::{
    check::{Asked, Check, Outcome},
    questions::{STAYS, answered, ask},
    table::{
        CORS, PUBLIC, PUBLIC_ENDED_ADDRESS, PUBLIC_MISSING_HEADER, PUBLIC_RANGES,
        PUBLIC_UNEQUAL_PARTS, PUBLIC_WRONG_BODY,
    },
};
use crate::{
    clock::Clock,
    config::{Config, StoreConfig},
    objects::{Objects, Place, Question, own_origins, public_endpoint_of},
    random,
};

const ASKED: [(Asked, Question); 5] = [
    (PUBLIC_WRONG_BODY, Question::WrongBody),
    (PUBLIC_MISSING_HEADER, Question::MissingHeader),
    (PUBLIC_ENDED_ADDRESS, Question::EndedAddress),
    (PUBLIC_RANGES, Question::Ranges),
    (PUBLIC_UNEQUAL_PARTS, Question::UnequalParts),
];

/// Makes the checks of the public endpoint and of CORS.
pub(super) async fn check(
    config: &Config,
    objects: &Objects,
    leaves_nothing: bool,
    clock: &Clock,
    report: &mut (dyn FnMut(Check) + Send),
) {
    let mut unasked = (!leaves_nothing).then_some(STAYS);
    match skipped(config).or(unasked) {
        Some(why) => {
            report(PUBLIC.not_applicable(why));
            ASKED
                .iter()
                .for_each(|(asked, _)| report(asked.not_applicable(why)));
        }
        None => {
            let question = Question::RightBody;
            let now = clock.now();
            let answer = objects.ask(question, Place::Public, random::bytes(), now);
            let reached = answered(PUBLIC, answer.await);
            let is_ok = reached.outcome == Outcome::Ok;
            report(reached);
            if is_ok {
                ask(
                    objects,
                    Place::Public,
                    &ASKED,
                    leaves_nothing,
                    clock,
                    report,
                )
                .await;
            } else {
                let why = "Not asked, because the check public-endpoint did not pass";
                unasked = Some(why);
                ASKED
                    .iter()
                    .for_each(|(asked, _)| report(asked.not_applicable(why)));
            }
        }
    }
    report(cors(config, objects, unasked, clock).await);
}

/// Returns why the public endpoint needs no check of its own.
fn skipped(config: &Config) -> Option<&'static str> {
    let own = match &config.store {
        StoreConfig::Embedded { .. } => &None,
        StoreConfig::S3 { endpoint, .. } => endpoint,
    };
    match public_endpoint_of(config) {
        None => Some("Browsers use the same endpoint as the server"),
        public if public == own => Some("Browsers use the same endpoint as the server"),
        Some(_) => None,
    }
}

/// Checks CORS, unless `unasked` says why not.
async fn cors(
    config: &Config,
    objects: &Objects,
    unasked: Option<&'static str>,
    clock: &Clock,
) -> Check {
    let is_embedded = matches!(config.store, StoreConfig::Embedded { .. });
    if is_embedded && public_endpoint_of(config).is_none() {
        return CORS.not_applicable("The embedded store lets the configured pages in by itself");
    }
    let own = match &config.page_dir {
        // Any free port is unknown before the start.
        Some(_) if config.port != 0 => own_origins(config.address()),
        _ => Vec::new(),
    };
    if own.is_empty() && config.page_origins.is_empty() {
        return CORS.not_applicable(match config.page_dir {
            None => "No page is served here, and no origin of pages is configured",
            Some(_) => "Not asked, because the origin of the pages is not known; SEALIFT_PAGE_ORIGINS names it",
        });
    }
    if let Some(why) = unasked {
        return CORS.not_applicable(why);
    }
    let prove = async |origin: &String| {
        let proved = objects.prove_cors(origin, random::bytes(), clock.now());
        answered(CORS, proved.await)
    };
    for origin in &config.page_origins {
        let check = prove(origin).await;
        if check.outcome != Outcome::Ok {
            return check;
        }
    }
    // The origins are several names of one server, so one that works is enough.
    let mut refused = None;
    for origin in &own {
        let check = prove(origin).await;
        if check.outcome == Outcome::Ok {
            return check;
        }
        refused.get_or_insert(check);
    }
    refused.unwrap_or_else(|| answered(CORS, Ok(None)))
}
