//! `sealift decrypt`: decrypts any message of the format, without a server.
//!
//! The command writes only authenticated plaintext, and a file gets its name only when the message was complete.

mod context;
mod keys;
mod raw_key;
mod sink;

use std::collections::BTreeMap;

use bytes::Bytes;
use sealift_message::{
    EncryptionContext, Limits,
    general::{Opener, Policy},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::stop::Stop;
use crate::{
    args::{Decrypt, Demands},
    failure::{Exit, Failure, message},
    message::{Message, Want},
    terminal::{self, Bars, human_size, shown},
};
use sink::{Sink, Target};

/// The result in JSON, for programs.
#[derive(Debug, Serialize)]
struct Opened {
    /// The file of the plaintext, or `-` for stdout.
    path: String,
    plaintext_len: u64,
    suite: String,
    message_id: String,
    /// All pairs that were authenticated, including those that are not stored in the message.
    encryption_context: BTreeMap<String, String>,
    /// The SHA-256 of the plaintext in hexadecimal digits.
    sha256: String,
}

pub(crate) async fn run(args: Decrypt) -> anyhow::Result<()> {
    let mut stop = Stop::listen()?;
    let target = Target::of(&args)?;
    let opened = tokio::select! {
        opened = decrypt(&args, &target) => opened?,
        () = stop.asked() => {
            let stopped = "interrupted: no file was written";
            return Err(Failure::new(Exit::Interrupted, stopped).into());
        }
    };
    report(&args, &target, &opened)
}

/// Decrypts the message, in this order: header, policy, data key, commitment, frames, end.
async fn decrypt(args: &Decrypt, target: &Target) -> anyhow::Result<Opened> {
    let (limits, policy) = (limits(&args.demands), policy(&args.demands));
    let mut source = Message::open(&args.message.location, &args.reach, Want::All).await?;
    if let Some(len) = source.len {
        expect_size(args, len)?;
    }
    let (header, first) = source.header(limits).await?;
    // Checked before any key is used. `verify` checks it again.
    header
        .check(&policy)
        .map_err(|error| message::refused(&error))?;
    let stored = header.encryption_context();
    if !args.demands.allow_moved {
        context::is_at_its_location(&args.message.location, stored)?;
    }
    let required = context::required(&args.demands.context, stored)?;
    let whole = context::whole(stored, &required, &limits)?;
    let wrapping_keys = keys::wrapping_keys(&args.keys, &header).await?;
    let data_key = wrapping_keys
        .open(header.encrypted_data_keys(), &whole)
        .await;
    let data_key = data_key.map_err(|error| keys::refused(&error))?;
    let verified = header.verify(&policy, &data_key, &required);
    let verified = verified.map_err(|error| message::refused(&error))?;
    let opener = verified.opener(&limits);
    let is_signed = matches!(opener, Opener::Signed(_));
    let sink = Sink::open(target, is_signed && !args.demands.release_before_signature)?;

    let body = Body {
        opener,
        sink,
        sha256: args.output.json.then(Sha256::new),
        read: header.len(),
    };
    let (plaintext_len, sha256) = body.open(args, source, first).await?;
    Ok(Opened {
        path: target.to_string(),
        plaintext_len,
        suite: format!("{:#06x}", header.suite().id()),
        message_id: data_encoding::HEXLOWER.encode(header.message_id()),
        encryption_context: pairs(&whole),
        sha256,
    })
}

/// The body of a message while it is decrypted into the sink.
struct Body {
    opener: Opener,
    sink: Sink,
    sha256: Option<Sha256>,
    /// Bytes of the message read so far, header included.
    read: u64,
}

impl Body {
    /// Decrypts the body. `first` holds the bytes that were read together with the header. Returns the
    /// length of the plaintext and its SHA-256, which is computed for `--json` only and otherwise empty.
    async fn open(
        mut self,
        args: &Decrypt,
        mut source: Message,
        first: Vec<u8>,
    ) -> anyhow::Result<(u64, String)> {
        let bars = Bars::new(args.output);
        let bar = bars.bytes(&args.message.location.to_string(), source.len);
        let mut next = Some(Bytes::from(first));
        let mut plaintext = Vec::new();
        while let Some(bytes) = next {
            self.push(&bytes, &mut plaintext).await?;
            bar.reached(self.read);
            next = source.next().await?;
        }
        let finished = match self.opener {
            Opener::Unsigned(opener) => opener.finish(),
            Opener::Signed(opener) => opener.finish(),
        };
        let verified = finished.map_err(|error| message::damaged(&error))?;
        expect_size(args, self.read)?;
        self.sink.keep().await?;
        let sha256 = self
            .sha256
            .map(|hash| data_encoding::HEXLOWER.encode(&hash.finalize()));
        Ok((verified.plaintext_len, sha256.unwrap_or_default()))
    }

    async fn push(&mut self, bytes: &[u8], plaintext: &mut Vec<u8>) -> anyhow::Result<()> {
        plaintext.clear();
        let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.read = self.read.saturating_add(more);
        let pushed = match &mut self.opener {
            Opener::Unsigned(opener) => opener.push(bytes, plaintext),
            // The sink holds this back until `finish`, unless `--release-before-signature` was given.
            Opener::Signed(opener) => opener.push_before_signature(bytes, plaintext),
        };
        // Plaintext from before an error is authentic. Stdout may get it, because the exit code reports the error.
        if let Some(hash) = &mut self.sha256 {
            hash.update(&*plaintext);
        }
        self.sink.write(plaintext).await?;
        Ok(pushed.map_err(|error| message::damaged(&error))?)
    }
}

fn expect_size(args: &Decrypt, len: u64) -> Result<(), Failure> {
    match args.expect_size {
        Some(expected) if expected != len => {
            let other = format!(
                "the message has {len} bytes, not {expected}: it is another one, or incomplete"
            );
            Err(Failure::new(Exit::NotAuthentic, other).code("other_size"))
        }
        _ => Ok(()),
    }
}

fn limits(demands: &Demands) -> Limits {
    Limits::GENERAL
        .with_data_keys(demands.max_data_keys)
        .with_header_bytes(usize::try_from(demands.max_header).unwrap_or(usize::MAX))
        .with_context_bytes(demands.max_context)
        .with_frame_length(demands.max_frame_length)
        .with_unframed_bytes(demands.max_unframed)
}

fn policy(demands: &Demands) -> Policy {
    match demands.allow_without_commitment {
        true => Policy::COMMITTED.allow_without_commitment(),
        false => Policy::COMMITTED,
    }
}

fn pairs(context: &EncryptionContext) -> BTreeMap<String, String> {
    let pairs = context.iter();
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// Prints the result. If the plaintext went to stdout, the result goes to stderr, because stdout may hold nothing
/// else.
fn report(args: &Decrypt, target: &Target, opened: &Opened) -> anyhow::Result<()> {
    if args.output.json {
        return match target {
            Target::File { .. } => terminal::say_json(opened),
            Target::Stdout => {
                terminal::note(&serde_json::to_string(opened)?);
                Ok(())
            }
        };
    }
    if !args.output.quiet {
        let size = human_size(opened.plaintext_len);
        let good = terminal::styled("complete and authentic", terminal::GOOD);
        terminal::note(&format!("{}  {size}, {good}", shown(&opened.path)));
    }
    Ok(())
}
