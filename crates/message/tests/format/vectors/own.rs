//! Tests the project's own vectors: 60 messages, some by the official Python SDK and some forged, and also
//! key derivations and layouts.

use std::collections::BTreeMap;

use sealift_message::{
    DataKey, DecryptError, EncryptedDataKey, EncryptionContext, Field, FrameLength, FrameSealer,
    Header, HeaderBuilder, Layout, LayoutError, Limits, MessageId,
};
use serde::Deserialize;

use super::{Base64, WrappingKey};

#[derive(Deserialize)]
struct Vectors {
    wrapping_key: Base64,
    key_namespace: String,
    key_name: String,
    vectors: Vec<Vector>,
    derivation: Vec<Derivation>,
    layout: Vec<LayoutRow>,
    impossible_sizes: Vec<ImpossibleSize>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    message: Base64,
    plaintext: Option<Base64>,
    context: BTreeMap<String, String>,
    authenticated_only: BTreeMap<String, String>,
    expect: Verdict,
    reason: String,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Accept,
    Refuse,
}

#[derive(Deserialize)]
struct Derivation {
    data_key: String,
    message_id: String,
    content_key: String,
    commitment: String,
    frame1_of_abc_final: String,
}

#[derive(Deserialize)]
struct LayoutRow {
    plaintext: u64,
    frame: u32,
    header: u64,
    frames: u64,
    object: u64,
    last_frame_offset: u64,
    /// The first and the last frame, the first byte and the byte after the last.
    range_of_last_byte: Option<[u64; 4]>,
}

#[derive(Deserialize)]
struct ImpossibleSize {
    header: u64,
    frame: u32,
    object: u64,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../vectors/own-vectors.json")).unwrap()
}

impl Vectors {
    fn wrapping_key(&self) -> WrappingKey<'_> {
        WrappingKey {
            bytes: self.wrapping_key.0.as_slice().try_into().unwrap(),
            namespace: &self.key_namespace,
            name: &self.key_name,
        }
    }
}

impl Vector {
    fn required(&self) -> EncryptionContext {
        EncryptionContext::from_pairs(self.authenticated_only.clone()).unwrap()
    }

    /// Returns whether the message ends with a full final frame, as some other writers end it if the
    /// plaintext fills its frames.
    fn has_full_final_frame(&self) -> bool {
        let (header, len) = Header::parse(&self.message.0, &Limits::GENERAL).unwrap();
        let plaintext_len = self.plaintext.as_ref().unwrap().0.len() as u64;
        let frame_length = u64::from(header.frame_length().get());
        let body_len = self.message.0.len() as u64 - len as u64;
        plaintext_len > 0 && body_len == plaintext_len + 32 * (plaintext_len / frame_length) + 8
    }
}

#[test]
fn the_general_reader_judges_as_expected() {
    let vectors = vectors();
    assert_eq!(vectors.vectors.len(), 60);
    for vector in &vectors.vectors {
        let name = &vector.name;
        let opened = vectors
            .wrapping_key()
            .open(&vector.message.0, &vector.required());
        // `iv-not-sequence` is the only case of a single frame in which the two readers differ.
        if vector.expect == Verdict::Accept || name == "iv-not-sequence" {
            let plaintext = &vector.plaintext.as_ref().unwrap().0;
            assert_eq!(opened.as_ref(), Ok(plaintext), "{name}");
            let (header, _) = Header::parse(&vector.message.0, &Limits::GENERAL).unwrap();
            let pairs = vector.context.iter();
            let pairs = pairs.map(|(key, value)| (key.as_str(), value.as_str()));
            assert!(header.encryption_context().iter().eq(pairs), "{name}");
        } else {
            let error = opened.expect_err(name);
            assert!(is_for(&vector.reason, error), "{name}: {error}");
        }
    }
}

/// Returns whether the error is of the kind that the vector is refused for.
fn is_for(reason: &str, error: DecryptError) -> bool {
    use DecryptError::{Malformed, Truncated, Unauthentic, Unsupported};
    match reason {
        "refuse: no data key"
        | "refuse: key commitment"
        | "refuse: header tag"
        | "refuse: frame tag" => error == Unauthentic,
        "refuse: version/suite" => matches!(error, Unsupported(_)),
        "refuse: pairs unsorted or duplicate"
        | "refuse: zero pairs"
        | "refuse: encryption context length" => {
            let field = Field::EncryptionContext;
            error == Malformed { field, at: 35 }
        }
        "refuse: bytes after the final frame" => matches!(
            error,
            Malformed {
                field: Field::AfterTheEnd,
                ..
            }
        ),
        "refuse: short header" => error == Truncated,
        // The claim is refused, or the bytes after it are refused as a consequence.
        "refuse: data key count"
        | "refuse: content type / frame length"
        | "refuse: sequence / IV"
        | "refuse: frame length / truncated" => error != Unauthentic,
        _ => false,
    }
}

#[test]
fn the_strict_reader_judges_as_expected() {
    let vectors = vectors();
    let mut with_full_final_frame = Vec::new();
    for vector in &vectors.vectors {
        let name = vector.name.as_str();
        let opened = vectors
            .wrapping_key()
            .open_strictly(&vector.message.0, &vector.required());
        if vector.expect == Verdict::Accept && vector.has_full_final_frame() {
            with_full_final_frame.push(name);
            let sealed_len = vector.message.0.len() as u64;
            assert_eq!(
                opened,
                Err(DecryptError::SealedLen { sealed_len }),
                "{name}"
            );
        } else {
            let is_taken = vector.expect == Verdict::Accept;
            assert_eq!(opened.is_ok(), is_taken, "{name}: {opened:?}");
        }
    }
    assert_eq!(with_full_final_frame, ["ours-full-final"]);
}

#[test]
fn keys_are_derived_and_frames_sealed_as_computed_elsewhere() {
    let rows = vectors().derivation;
    assert_eq!(rows.len(), 3);
    for row in rows {
        let data_key = DataKey::try_from(from_hex(&row.data_key).as_slice()).unwrap();
        let message_id = from_hex(&row.message_id).as_slice().try_into().unwrap();
        let message_id = MessageId::from_bytes(message_id);
        let (content_key, commitment) = data_key.derive(&message_id);
        assert_eq!(content_key.expose()[..], from_hex(&row.content_key));
        assert_eq!(commitment.as_bytes()[..], from_hex(&row.commitment));
        let header = HeaderBuilder::new(
            message_id,
            EncryptionContext::default(),
            EncryptedDataKey::new("ns", "name", [0; 8]).unwrap(),
            FrameLength::DEFAULT,
        )
        .authenticate(&data_key)
        .unwrap();
        let sealer = FrameSealer::new(header.verify(&data_key).unwrap(), 3).unwrap();
        let mut frame = vec![0; 3 + 40];
        sealer.seal_frame(0, b"abc", &mut frame).unwrap();
        assert_eq!(frame, from_hex(&row.frame1_of_abc_final));
    }
}

#[test]
fn layouts_are_those_computed_elsewhere() {
    let rows = vectors().layout;
    assert_eq!(rows.len(), 15);
    for row in rows {
        let frame_length = FrameLength::try_from(row.frame).unwrap();
        let layout = Layout::new(row.header, frame_length, row.plaintext).unwrap();
        assert_eq!(layout.frame_count(), row.frames);
        assert_eq!(layout.sealed_len(), row.object);
        let last = row.frames - 1;
        assert_eq!(layout.frame_offset(last), Some(row.last_frame_offset));
        let again = Layout::from_sealed_len(row.header, frame_length, row.object);
        assert_eq!(again, Ok(layout));
        if let Some([first, last, start, end]) = row.range_of_last_byte {
            let frames = layout
                .frames_of(&(row.plaintext - 1..row.plaintext))
                .unwrap();
            assert_eq!(frames, first..last + 1);
            assert_eq!(layout.sealed_range_of(&frames), Some(start..end));
        }
    }
}

#[test]
fn sizes_that_no_plaintext_gives_are_refused() {
    let rows = vectors().impossible_sizes;
    assert_eq!(rows.len(), 6);
    for row in rows {
        let frame_length = FrameLength::try_from(row.frame).unwrap();
        let refused = Layout::from_sealed_len(row.header, frame_length, row.object);
        let sealed_len = row.object;
        assert_eq!(refused, Err(LayoutError::SealedLen { sealed_len }));
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}
