//! Checks the store as browsers reach it: at the public endpoint, and from the origins of the pages.

use super::{
    check::{Asked, Check, Outcome},
    questions::{answered, ask},
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
    let is_reached = match skipped(config, leaves_nothing) {
        Some(why) => {
            report(PUBLIC.not_applicable(why));
            ASKED
                .iter()
                .for_each(|(asked, _)| report(asked.not_applicable(why)));
            true
        }
        None => {
            let question = Question::RightBody;
            let now = clock.now();
            let answer = objects.ask(question, Place::Public, random::bytes(), now);
            let reached = answered(PUBLIC, answer.await);
            let is_reached = reached.outcome == Outcome::Ok;
            report(reached);
            if is_reached {
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
                let unreached = "Not asked, because the store does not answer there";
                ASKED
                    .iter()
                    .for_each(|(asked, _)| report(asked.not_applicable(unreached)));
            }
            is_reached
        }
    };
    report(cors(config, objects, is_reached && leaves_nothing, clock).await);
}

/// Returns why the public endpoint needs no check of its own.
fn skipped(config: &Config, leaves_nothing: bool) -> Option<&'static str> {
    let own = match &config.store {
        StoreConfig::Embedded { .. } => &None,
        StoreConfig::S3 { endpoint, .. } => endpoint,
    };
    match public_endpoint_of(config) {
        None => Some("Browsers use the same endpoint as the server"),
        public if public == own => Some("Browsers use the same endpoint as the server"),
        Some(_) if !leaves_nothing => {
            Some("Not asked, because the object could not be removed again")
        }
        Some(_) => None,
    }
}

async fn cors(config: &Config, objects: &Objects, is_reached: bool, clock: &Clock) -> Check {
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
        return CORS.not_applicable("No page is served here, and no origin of pages is configured");
    }
    if !is_reached {
        return CORS.not_applicable("Not asked, because the store does not answer there");
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
