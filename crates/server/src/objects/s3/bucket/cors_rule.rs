//! The bucket's CORS rule for the pages. S3 answers a page by the first rule that fits its request, so a rule
//! of ours is added only for an origin that no rule answers yet. Then no other page gets another answer.

use aws_sdk_s3::types::{CorsConfiguration, CorsRule};

use super::{
    super::{
        super::{
            ObjectsError,
            cors::{EXPOSED_HEADERS, MAX_AGE_SECONDS, METHODS, headers_of_pages},
        },
        Objects,
        answers::translate,
    },
    FoundTarget, INCOMPLETE, Setting, are, setting,
};

/// The answer of the rules to the pages of one origin.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Enough,
    None,
    /// The rule with this number, counted from 1, lacks these methods and headers.
    Lacks {
        rule: usize,
        names: Vec<&'static str>,
    },
}

impl Objects {
    /// Looks whether pages of all these origins may send and read.
    ///
    /// # Errors
    /// Fails if the store's answer does not show it.
    pub(crate) async fn look_at_cors(
        &self,
        origins: &[String],
    ) -> Result<FoundTarget, ObjectsError> {
        let Some(rules) = self.cors_rules().await? else {
            return Ok(FoundTarget::not_offered());
        };
        let mut is_missing = false;
        let sent = headers_of_pages(&self.encryption);
        for origin in origins {
            match answer_to(&rules, origin, &sent) {
                Answer::Enough => {}
                Answer::None => is_missing = true,
                Answer::Lacks { rule, names } => {
                    return Ok(FoundTarget::ByHand(format!(
                        "rule {rule} of the bucket already answers pages of {origin}, but {} missing in it; add \
                         what is missing to that rule",
                        are(&names)
                    )));
                }
            }
        }
        Ok(match is_missing {
            true => FoundTarget::Missing,
            false => FoundTarget::Enough,
        })
    }

    /// Adds a rule behind those that are there, for those of the origins that no rule answers.
    ///
    /// # Errors
    /// Fails if the store refuses.
    pub(crate) async fn add_cors(&self, origins: &[String]) -> Result<(), ObjectsError> {
        let mut rules = self.cors_rules().await?.unwrap_or_default();
        let sent = headers_of_pages(&self.encryption);
        let unanswered = |origin: &&String| answer_to(&rules, origin, &sent) == Answer::None;
        let origins: Vec<String> = origins.iter().filter(unanswered).cloned().collect();
        rules.push(rule_for(origins, &sent)?);
        let rules = CorsConfiguration::builder().set_cors_rules(Some(rules));
        let put = self.own.put_bucket_cors().bucket(&self.bucket);
        let put = put.cors_configuration(rules.build().map_err(|_| INCOMPLETE)?);
        put.send().await.map_err(translate)?;
        Ok(())
    }

    /// Returns the bucket's rules in their order; `None` if the store has no such setting.
    async fn cors_rules(&self) -> Result<Option<Vec<CorsRule>>, ObjectsError> {
        let asked = self.own.get_bucket_cors().bucket(&self.bucket).send().await;
        Ok(
            match setting(asked.map_err(translate), "NoSuchCORSConfiguration")? {
                Setting::Is(answer) => Some(answer.cors_rules.unwrap_or_default()),
                Setting::Absent => Some(Vec::new()),
                Setting::NotOffered => None,
            },
        )
    }
}

fn rule_for(origins: Vec<String>, sent: &[&str]) -> Result<CorsRule, ObjectsError> {
    let owned = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    let rule = CorsRule::builder()
        .set_allowed_origins(Some(origins))
        .set_allowed_methods(owned(&METHODS))
        .set_allowed_headers(owned(sent))
        .set_expose_headers(owned(&EXPOSED_HEADERS))
        .max_age_seconds(MAX_AGE_SECONDS);
    rule.build().map_err(|_| INCOMPLETE)
}

/// Returns how the rules answer pages of this origin. One rule must be enough for all requests, because a rule
/// that only some of them meet hides the next one from those.
fn answer_to(rules: &[CorsRule], origin: &str, sent: &[&'static str]) -> Answer {
    let its = |rule: &&CorsRule| {
        let mut origins = rule.allowed_origins().iter();
        let mut methods = rule.allowed_methods().iter();
        origins.any(|pattern| fits(pattern, origin))
            && methods.any(|method| METHODS.contains(&method.as_str()))
    };
    let mut found = rules.iter().enumerate();
    let Some((index, rule)) = found.find(|(_, rule)| its(rule)) else {
        return Answer::None;
    };
    let methods = METHODS.into_iter();
    let methods = methods.filter(|name| !rule.allowed_methods().iter().any(|has| has == name));
    let sent = sent.iter().copied().filter(|name| {
        let mut allowed = rule.allowed_headers().iter();
        !allowed.any(|has| fits(&has.to_ascii_lowercase(), name))
    });
    let read = EXPOSED_HEADERS.into_iter().filter(|name| {
        let mut exposed = rule.expose_headers().iter();
        !exposed.any(|has| has.eq_ignore_ascii_case(name))
    });
    let names: Vec<_> = methods.chain(sent).chain(read).collect();
    match names.is_empty() {
        true => Answer::Enough,
        false => Answer::Lacks {
            rule: index.saturating_add(1),
            names,
        },
    }
}

/// Returns whether the text fits the pattern, in which one `*` stands for any text, as in S3's rules.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => {
            let rest = text.strip_prefix(before);
            rest.is_some_and(|rest| rest.ends_with(after))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::cors::ALLOWED_HEADERS;

    const PAGE: &str = "https://files.example.com";

    fn rule(origins: &[&str], methods: &[&str], sent: &[&str], read: &[&str]) -> CorsRule {
        let owned = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
        let rule = CorsRule::builder()
            .set_allowed_origins(owned(origins))
            .set_allowed_methods(owned(methods))
            .set_allowed_headers(owned(sent))
            .set_expose_headers(owned(read));
        rule.build().unwrap()
    }

    #[test]
    fn our_own_rule_and_a_wider_one_are_enough() {
        let ours = rule_for(vec![PAGE.to_owned()], &ALLOWED_HEADERS).unwrap();
        assert_eq!(answer_to(&[ours], PAGE, &ALLOWED_HEADERS), Answer::Enough);
        for origin in ["*", "https://*.example.com", "https://files.*"] {
            let wide = rule(&[origin], &METHODS, &["*"], &EXPOSED_HEADERS);
            assert_eq!(
                answer_to(&[wide], PAGE, &ALLOWED_HEADERS),
                Answer::Enough,
                "{origin}"
            );
        }
    }

    #[test]
    fn rules_of_other_origins_and_methods_do_not_answer() {
        let other = rule(&["https://example.com"], &METHODS, &["*"], &EXPOSED_HEADERS);
        let posts = rule(&["*"], &["POST"], &["*"], &EXPOSED_HEADERS);
        assert_eq!(
            answer_to(&[other, posts], PAGE, &ALLOWED_HEADERS),
            Answer::None
        );
    }

    #[test]
    fn a_rule_that_is_not_enough_hides_the_next_one() {
        let first = rule(&["*"], &["GET", "HEAD"], &["X-Amz-*", "Range"], &["etag"]);
        let ours = rule_for(vec![PAGE.to_owned()], &ALLOWED_HEADERS).unwrap();
        let names = vec![
            "PUT",
            "if-none-match",
            "if-match",
            "content-type",
            "Content-Range",
            "Content-Length",
            "Accept-Ranges",
            "Retry-After",
            "Date",
        ];
        let lacks = Answer::Lacks { rule: 1, names };
        assert_eq!(answer_to(&[first, ours], PAGE, &ALLOWED_HEADERS), lacks);
    }

    #[test]
    fn the_headers_of_server_side_encryption_are_needed_where_it_is_asked_for() {
        let ours = rule_for(vec![PAGE.to_owned()], &ALLOWED_HEADERS).unwrap();
        let header = "x-amz-server-side-encryption";
        let sent = [&ALLOWED_HEADERS[..], &[header]].concat();
        let names = vec![header];
        let lacks = Answer::Lacks { rule: 1, names };
        assert_eq!(answer_to(&[ours], PAGE, &sent), lacks);
    }
}
