//! Checks the key file, KMS and the key rows. Keys that are made here are dropped at once.

use std::{path::Path, sync::Arc};

use sealift_keyring::{
    KekRow, KekWrapper, KekWrappers, KeyFile, KeyFileError, KeyFileProblem, Keyring as _,
    KeyringError, KmsKeyring,
};
use sealift_message::EncryptionContext;
use sealift_transfer::api::{FileId, TenantId, UploadId};

use super::{
    check::Check,
    table::{DECRYPT, GENERATE, KEY_FILE, KEY_ROWS},
};
use crate::{
    config::{Config, Keyring},
    keys::{connect_kms, context},
    random,
    records::ReadOnlyRecords,
};

/// The tenant in the contexts that KMS sees. No caller has this name's files, because nothing is stored.
const TENANT: &str = "sealift-doctor";

/// Returns the checks of everything that the deployment's keys need.
pub(super) async fn check(config: &Config, records: Option<&mut ReadOnlyRecords>) -> Vec<Check> {
    let rows = match records {
        Some(records) => records.kek_of_each_wrapper().await.map_err(|error| {
            // The check of the database says why.
            KEY_ROWS.failed_by(&error)
        }),
        None => Ok(Vec::new()),
    };
    let known: &[KekRow] = rows.as_deref().unwrap_or_default();
    let has_rows = |of| known.iter().any(|row| KekWrapper::of(row) == of);
    let (key_file, of_key_file) = key_file(
        &config.key_file,
        config.keyring == Keyring::Local,
        has_rows(KekWrapper::KeyFile),
    );
    let uses_kms = config.keyring != Keyring::Local || has_rows(KekWrapper::KmsAndPepper);
    let wrappers = KekWrappers {
        key_file: key_file.map(Arc::new),
        kms: match uses_kms {
            true => Some(Arc::new(connect_kms(config).await)),
            false => None,
        },
        peppers: config.peppers.clone(),
    };
    let [generate, decrypt] = match (&wrappers.kms, config.keyring) {
        (None, _) | (_, Keyring::Local) => [GENERATE, DECRYPT]
            .map(|asked| asked.not_applicable("The keyring local makes keys without KMS")),
        (Some(kms), _) => ask_kms(config, kms, &wrappers).await,
    };
    let key_rows = match &rows {
        Err(failed) => failed.clone(),
        Ok(rows) => key_rows(rows, &wrappers).await,
    };
    vec![of_key_file, generate, decrypt, key_rows]
}

fn key_file(path: &Path, makes_keys: bool, has_rows: bool) -> (Option<KeyFile>, Check) {
    if !makes_keys && !has_rows {
        let unused = "No key of this deployment is under a key file";
        return (None, KEY_FILE.not_applicable(unused));
    }
    match KeyFile::load(path) {
        Ok(key_file) => {
            let sentence = format!("{} is whole, and its owner's alone", path.display());
            (Some(key_file), KEY_FILE.ok(sentence))
        }
        Err(error) => (None, key_file_problem(&error, has_rows)),
    }
}

fn key_file_problem(error: &KeyFileError, has_rows: bool) -> Check {
    match error.problem {
        KeyFileProblem::Missing if !has_rows => KEY_FILE
            .not_applicable("There is no key file yet; the first start of a server makes it"),
        KeyFileProblem::OthersMayRead => KEY_FILE.failed(
            format!(
                "Other users may read or write the key file {}",
                error.path.display()
            ),
            format!("`chmod 600 {}`", error.path.display()),
        ),
        _ => KEY_FILE.failed_by(error),
    }
}

/// The outcomes of the calls of KMS: the key that answered, whether a data key was opened, and the first error of each
/// action.
#[derive(Default)]
struct Calls {
    arn: Option<String>,
    not_made: Option<KeyringError>,
    not_opened: Option<KeyringError>,
    opened: bool,
}

impl Calls {
    async fn make_and_open(&mut self, kms: &KmsKeyring, context: &EncryptionContext) {
        match kms.make(context).await {
            Ok((_, encrypted)) => match kms.open(&encrypted, context).await {
                Ok(_) => self.opened = true,
                Err(error) => self.note_not_opened(error),
            },
            Err(error) => self.note_not_made(error),
        }
    }

    fn note_not_made(&mut self, error: KeyringError) {
        self.not_made.get_or_insert(error);
    }

    fn note_not_opened(&mut self, error: KeyringError) {
        self.not_opened.get_or_insert(error);
    }

    /// Notes the error of something that makes and opens.
    fn note(&mut self, error: KeyringError) {
        let is_of_opening = matches!(
            &error,
            KeyringError::Refused { action, .. } if *action == DECRYPT.name
        );
        if is_of_opening {
            self.note_not_opened(error);
        } else {
            self.note_not_made(error);
        }
    }
}

/// Makes and opens data keys with every context that the server uses: that of its start, and those of objects, of
/// records and of KEKs.
async fn ask_kms(config: &Config, kms: &KmsKeyring, wrappers: &KekWrappers) -> [Check; 2] {
    let mut calls = Calls::default();
    match kms.prove().await {
        Ok(arn) => {
            calls.arn = Some(arn);
            calls.opened = true;
        }
        Err(error) => calls.note(error),
    }
    // A first refusal says enough, and a KMS that does not answer would be waited for again.
    if calls.not_made.is_none() {
        match config.keyring {
            Keyring::Kek => of_keks(wrappers, &mut calls).await,
            _ => of_objects(kms, &mut calls).await,
        }
    }
    let key = calls.arn.as_deref().or(config.kms_key.as_deref());
    let key = key.unwrap_or_default();
    let generate = match &calls.not_made {
        None => GENERATE.ok(format!("{key} makes data keys")),
        Some(error) => refused(GENERATE.failed_by(error), error),
    };
    let decrypt = match (&calls.not_opened, calls.opened) {
        (Some(error), _) => refused(DECRYPT.failed_by(error), error),
        (None, true) => DECRYPT.ok(format!("{key} opens them again")),
        (None, false) => DECRYPT.not_applicable("Not asked, because there is no data key to open"),
    };
    [generate, decrypt]
}

async fn of_objects(kms: &KmsKeyring, calls: &mut Calls) {
    if let Ok(tenant) = TENANT.parse::<TenantId>() {
        let file = FileId::from_random(random::bytes());
        let upload = UploadId::from_random(random::bytes());
        if let Ok(context) = context::of(&tenant, &file, &upload) {
            calls.make_and_open(kms, &context).await;
        }
    }
    match kms.make_records_key(TENANT).await {
        Ok((_, blob)) => {
            if let Err(error) = kms.open_records_key(TENANT, &blob).await {
                calls.note_not_opened(error);
            }
        }
        Err(error) => calls.note_not_made(error),
    }
}

async fn of_keks(wrappers: &KekWrappers, calls: &mut Calls) {
    if wrappers.peppers.is_none() {
        return;
    }
    match wrappers.make(KekWrapper::KmsAndPepper, TENANT, 1).await {
        Ok((row, _)) => {
            if let Err(error) = wrappers.open(&row).await {
                calls.note_not_opened(error);
            }
        }
        Err(error) => calls.note_not_made(error),
    }
}

/// Gives a refusal of KMS its own sentence and remedy.
fn refused(check: Check, error: &KeyringError) -> Check {
    let KeyringError::Refused {
        action, key, code, ..
    } = error
    else {
        return check;
    };
    let remedy = match code.as_str() {
        "AccessDeniedException" => format!(
            "Add `{action}` on {key} to the policy of the server's role (`sealift policy aws` prints it), and \
             allow the role in the key's own policy"
        ),
        "NotFoundException" => {
            "Make the key and its alias with `sealift bootstrap`, or set KMS_KEY_ALIAS and \
                                AWS_REGION to those of an existing key"
                .to_owned()
        }
        "DisabledException" => format!("`aws kms enable-key --key-id {key}`"),
        "KMSInvalidStateException" => format!(
            "`aws kms cancel-key-deletion --key-id {key}`, then `aws kms enable-key --key-id {key}`"
        ),
        "UnrecognizedClientException" | "InvalidSignatureException" | "InvalidClientTokenId" => {
            "Check the credentials: `aws sts get-caller-identity` shows whose they are".to_owned()
        }
        _ => return check,
    };
    Check {
        sentence: format!("KMS refuses {action} with the key {key} ({code})"),
        remedy: Some(remedy),
        ..check
    }
}

async fn key_rows(rows: &[KekRow], wrappers: &KekWrappers) -> Check {
    if rows.is_empty() {
        return KEY_ROWS.not_applicable("There are no key rows yet");
    }
    let mut unopened = None;
    for row in rows {
        let of_key_file = KekWrapper::of(row) == KekWrapper::KeyFile;
        if of_key_file && wrappers.key_file.is_none() {
            unopened =
                Some("The rows under the key file were not opened, because it cannot be used");
            continue;
        }
        match wrappers.open(row).await {
            Ok(_) => {}
            Err(KeyringError::Unauthentic) if of_key_file => {
                return KEY_ROWS.failed(
                    "The key file is not the one of this database",
                    "Put the right key file back, or set SEALIFT_KEY_FILE",
                );
            }
            // A server starts nevertheless, because the row may be of an old KMS key.
            Err(
                error @ (KeyringError::Refused { .. }
                | KeyringError::Unavailable { .. }
                | KeyringError::NoCredentials),
            ) => return refused(KEY_ROWS.warning_by(&error), &error),
            Err(error) => return KEY_ROWS.failed_by(&error),
        }
    }
    match unopened {
        Some(why) => KEY_ROWS.not_applicable(why),
        None => KEY_ROWS.ok(format!(
            "One key row of each kind was opened ({} in all)",
            rows.len()
        )),
    }
}
