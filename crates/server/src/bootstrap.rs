//! Sets the cloud up for a deployment: bucket, KMS key and mark. `sealift bootstrap` shows the steps and, if it is
//! told to, carries them out.
//!
//! Every step first looks at what is there. It adds what is missing, and changes or removes nothing, except that it
//! turns the yearly rotation of a KMS key on: what is there but not enough is left to a person. Therefore a set-up can
//! be repeated at any time.

use sealift_keyring::{FoundKey, KmsSetup};

use crate::{
    config::{Config, StoreConfig},
    deployment::first_mark,
    keys::kms_config,
    objects::{FoundTarget, Objects, bucket_of},
};

mod failure;
mod target;

pub use failure::FailureKind;
use failure::TargetError;
pub use target::Target;

/// The set-up of one deployment. [`Bootstrap::look`] makes it, and [`Bootstrap::carry_out`] does it.
#[derive(Debug)]
pub struct Bootstrap {
    config: Config,
    objects: Objects,
    kms: Option<KmsSetup>,
    makes_database: bool,
    steps: Vec<Step>,
    /// The ARN of the KMS key, once it is known.
    key: Option<String>,
}

/// A target of the set-up, and its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The target.
    pub target: Target,
    /// The target in words, with its names.
    pub what: String,
    /// The state of the target.
    pub state: StepState,
    /// A sentence for the person, about what to know or to do.
    pub note: Option<String>,
}

/// The state of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// The target was there before.
    There,
    /// The target is missing; nothing was done yet.
    Missing,
    /// Something is there that only a person may change.
    ByHand,
    /// The target is not made here.
    NotNeeded,
    /// The target was made just now.
    Made,
    /// Looking or making failed.
    Failed(FailureKind),
    /// The target waits for another one.
    Waits,
}

/// The reasons why no set-up begins.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BootstrapError {
    /// The embedded store needs no set-up.
    #[error(
        "the settings name no bucket, and the embedded store needs no set-up; set S3_BUCKET_NAME or give \
         --bucket"
    )]
    NoBucket,
    /// Bucket and key would lie in an unknown place.
    #[error("no region is set; set AWS_REGION, such as eu-central-1")]
    NoRegion,
}

impl Bootstrap {
    /// Looks at all steps, and changes nothing. `makes_database` says whether a database may be made for the
    /// deployment's mark; that is right only on the server's own machine.
    ///
    /// # Errors
    /// Returns a [`BootstrapError`] if the settings do not say where. Whatever else fails is in the steps.
    pub async fn look(config: Config, makes_database: bool) -> Result<Self, BootstrapError> {
        let bucket = bucket_of(&config).ok_or(BootstrapError::NoBucket)?;
        let objects = Objects::connect(&bucket).await;
        if objects.region().is_none() {
            return Err(BootstrapError::NoRegion);
        }
        let kms = match &config.kms_key {
            None => None,
            Some(key) => Some(KmsSetup::connect(&kms_config(&config, key)).await),
        };
        let mut bootstrap = Self {
            config,
            objects,
            kms,
            makes_database,
            steps: Vec::new(),
            key: None,
        };
        bootstrap.look_at_all().await;
        Ok(bootstrap)
    }

    /// Returns all steps, in their order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Makes every target that is missing, and passes each step to `show` as soon as it is done. A target whose
    /// needed target is not there waits; all others are tried even if one fails.
    pub async fn carry_out(&mut self, mut show: impl FnMut(&Step)) {
        let mut steps = core::mem::take(&mut self.steps);
        for index in 0..steps.len() {
            let is_there = |target| steps.iter().any(|step: &Step| step.is_there(target));
            let waits = |step: &Step| step.target.needs().is_some_and(|target| !is_there(target));
            let Some(mut step) = steps.get(index).cloned() else {
                break;
            };
            if step.state == StepState::Missing && waits(&step) {
                step.state = StepState::Waits;
            } else if step.state == StepState::Missing {
                self.try_step(&mut step).await;
            }
            show(&step);
            if let Some(kept) = steps.get_mut(index) {
                *kept = step;
            }
        }
        self.steps = steps;
    }

    async fn try_step(&mut self, step: &mut Step) {
        match self.make(step.target).await {
            Ok(FoundTarget::Missing | FoundTarget::Enough) => step.state = StepState::Made,
            Ok(found) => step.found(found),
            Err(error) => step.failed(&error),
        }
        if step.target == Target::Alias
            && matches!(step.state, StepState::Failed(_))
            && let (Some(note), Some(key)) = (&mut step.note, &self.key)
        {
            // A second run would make a second key, because nothing else names this one.
            note.push_str(&format!(
                "; then give it to the new key by hand: aws kms create-alias --alias-name {} \
                 --target-key-id {key}",
                self.alias()
            ));
        }
        step.what = self.what(step.target);
    }

    async fn look_at_all(&mut self) {
        let mut steps: Vec<Step> = Vec::new();
        for target in Target::ALL {
            if !self.concerns(target) {
                continue;
            }
            let mut step = Step {
                target,
                what: String::new(),
                state: StepState::Missing,
                note: None,
            };
            let needed = target.needs();
            let needed = needed.and_then(|target| steps.iter().find(|step| step.target == target));
            match needed.map(|needed| needed.state) {
                // If the needed target is made, this one is made behind it.
                Some(StepState::Missing) if self.is_to_be_made(target) => {}
                Some(StepState::ByHand | StepState::Failed(_) | StepState::Waits) => {
                    step.state = StepState::Waits;
                }
                _ => match self.look_at(target).await {
                    Ok(found) => step.found(found),
                    Err(error) => step.failed(&error),
                },
            }
            step.what = self.what(target);
            steps.push(step);
        }
        self.steps = steps;
    }

    /// Returns whether the settings ask for this target at all.
    fn concerns(&self, target: Target) -> bool {
        match target {
            Target::Alias => self.kms.as_ref().is_some_and(|kms| kms.alias().is_some()),
            Target::Rotation => self.kms.is_some(),
            _ => true,
        }
    }

    /// Returns whether the target is made together with the one that it needs.
    fn is_to_be_made(&self, target: Target) -> bool {
        match target {
            Target::Cors => !self.config.page_origins.is_empty(),
            Target::Mark => self.makes_database || self.config.database_file().is_file(),
            // A key may be there although the bucket is not.
            Target::Key => false,
            _ => true,
        }
    }

    async fn look_at(&mut self, target: Target) -> Result<FoundTarget, TargetError> {
        let objects = &self.objects;
        Ok(match target {
            Target::Bucket => objects.look_at_bucket().await?,
            Target::Ownership => objects.look_at_ownership().await?,
            Target::AccessBlock => objects.look_at_access_block().await?,
            Target::Cors if self.config.page_origins.is_empty() => FoundTarget::NotNeeded(
                "no page has another origin than the server's; set SEALIFT_PAGE_ORIGINS to the address at which \
                 browsers open the page"
                    .to_owned(),
            ),
            Target::Cors => objects.look_at_cors(&self.config.page_origins).await?,
            Target::UnfinishedRule => objects.look_at_unfinished_rule().await?,
            Target::Key | Target::Alias | Target::Rotation => self.look_at_key(target).await?,
            Target::Mark => first_mark::look(&self.config, objects, self.makes_database).await?,
        })
    }

    async fn look_at_key(&mut self, target: Target) -> Result<FoundTarget, TargetError> {
        let Some(kms) = &self.kms else {
            return Ok(FoundTarget::NotNeeded(
                "the settings name none, so new files are under the key file; to use KMS, set KMS_KEY_ALIAS"
                    .to_owned(),
            ));
        };
        let found = kms.look().await?;
        Ok(match (found, target) {
            // The key was made just now, and only the alias makes it known by the name of the settings.
            (FoundKey::None, Target::Rotation) if self.key.is_some() => FoundTarget::Missing,
            (FoundKey::None, _) if kms.alias().is_some() => FoundTarget::Missing,
            (FoundKey::None, _) => FoundTarget::ByHand(
                "KMS has no such key in this region; name an alias such as alias/sealift, which can be made"
                    .to_owned(),
            ),
            (FoundKey::Unusable { arn, because }, _) => {
                self.key = Some(arn);
                FoundTarget::ByHand(because.to_owned())
            }
            (FoundKey::Usable { arn, cannot_rotate }, target) => {
                // Only the rotation needs the permission to ask for it.
                let found = match (target, cannot_rotate) {
                    (Target::Rotation, Some(because)) => FoundTarget::NotNeeded(because.to_owned()),
                    (Target::Rotation, None) if !kms.rotates(&arn).await? => FoundTarget::Missing,
                    _ => FoundTarget::Enough,
                };
                self.key = Some(arn);
                found
            }
        })
    }

    /// Looks once more, and makes the target if it is still missing. Returns what was found before.
    async fn make(&mut self, target: Target) -> Result<FoundTarget, TargetError> {
        let found = self.look_at(target).await?;
        if found != FoundTarget::Missing {
            return Ok(found);
        }
        let objects = &self.objects;
        match (target, &self.kms) {
            (Target::Bucket, _) => objects.create_bucket().await?,
            (Target::Ownership, _) => objects.add_ownership().await?,
            (Target::AccessBlock, _) => objects.add_access_block().await?,
            (Target::Cors, _) => objects.add_cors(&self.config.page_origins).await?,
            (Target::UnfinishedRule, _) => objects.add_unfinished_rule().await?,
            (Target::Mark, _) => first_mark::write(&self.config, objects).await?,
            (Target::Key, Some(kms)) => self.key = Some(kms.create_key().await?),
            (Target::Alias, Some(kms)) => {
                if let (Some(alias), Some(key)) = (kms.alias(), &self.key) {
                    kms.create_alias(alias, key).await?;
                }
            }
            (Target::Rotation, Some(kms)) => {
                if let Some(key) = &self.key {
                    kms.enable_rotation(key).await?;
                }
            }
            (Target::Key | Target::Alias | Target::Rotation, None) => {}
        }
        Ok(found)
    }

    fn alias(&self) -> &str {
        self.kms.as_ref().and_then(KmsSetup::alias).unwrap_or("")
    }

    /// Names a target.
    fn what(&self, target: Target) -> String {
        let (bucket, prefix) = (&self.config.bucket, &self.config.prefix);
        match target {
            Target::Bucket => match &self.config.store {
                StoreConfig::S3 {
                    endpoint: Some(endpoint),
                    ..
                } => format!("bucket {bucket} at {endpoint}"),
                _ => format!(
                    "bucket {bucket} in {}",
                    self.objects.region().unwrap_or_default()
                ),
            },
            Target::Ownership => "ownership of all objects by the bucket's owner".to_owned(),
            Target::AccessBlock => "block of all public access".to_owned(),
            Target::Cors if self.config.page_origins.is_empty() => {
                "CORS rule for the page".to_owned()
            }
            Target::Cors => format!("CORS rule for {}", self.config.page_origins.join(" and ")),
            Target::UnfinishedRule => format!(
                "lifecycle rule: end unfinished uploads under {prefix}/ after {} days",
                crate::lifetimes::LEAST_DAYS_OF_BUCKET_RULE
            ),
            Target::Key => match &self.key {
                Some(key) => format!("KMS key {key}"),
                None => "symmetric KMS key".to_owned(),
            },
            Target::Alias => format!("{} for the KMS key", self.alias()),
            Target::Rotation => "yearly rotation of the KMS key's material".to_owned(),
            Target::Mark => format!("mark {}", self.objects.mark_key()),
        }
    }
}

impl Step {
    fn is_there(&self, target: Target) -> bool {
        self.target == target && matches!(self.state, StepState::There | StepState::Made)
    }

    fn found(&mut self, found: FoundTarget) {
        (self.state, self.note) = match found {
            FoundTarget::Enough => (StepState::There, None),
            FoundTarget::Missing => (StepState::Missing, None),
            FoundTarget::ByHand(note) => (StepState::ByHand, Some(note)),
            FoundTarget::NotNeeded(note) => (StepState::NotNeeded, Some(note)),
        };
    }

    fn failed(&mut self, error: &TargetError) {
        self.state = StepState::Failed(error.kind());
        self.note = Some(error.sentence());
    }
}
