//! Decides the media type of a file from its own first bytes, if it is a type that a browser shows
//! without running it. The uploader's own type does not count here, because active content must
//! never be shown.

mod mp4;

use mp4::FileTypeBox;

/// The media type of a raster image, a sound or a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SniffedType(&'static str);

/// Bytes from a file's beginning that are enough to show its type.
pub(crate) const TELLING_BYTES: usize = 4096;

/// The sniffer's name and the browsers' name of every type that may be shown. No type on this list
/// can hold a script or load something; SVG, HTML, XML and PDF never belong here.
const SHOWN: &[(&str, &str)] = &[
    ("image/png", "image/png"),
    ("image/jpeg", "image/jpeg"),
    ("image/gif", "image/gif"),
    ("image/webp", "image/webp"),
    ("image/avif", "image/avif"),
    ("image/bmp", "image/bmp"),
    ("audio/mpeg", "audio/mpeg"),
    ("audio/m4a", "audio/mp4"),
    ("audio/aac", "audio/aac"),
    ("audio/ogg", "audio/ogg"),
    ("audio/opus", "audio/ogg"),
    ("audio/x-wav", "audio/wav"),
    ("audio/x-flac", "audio/flac"),
    ("video/mp4", MP4),
    ("video/x-m4v", MP4),
    ("video/webm", "video/webm"),
    ("video/quicktime", "video/quicktime"),
];

const MP4: &str = "video/mp4";

impl SniffedType {
    /// Returns the type of a file that begins with these authentic bytes.
    pub(crate) fn of(beginning: &[u8]) -> Option<Self> {
        let file_type = FileTypeBox::of(beginning);
        if mp4::begins_with_ftyp(beginning) && file_type.is_none() {
            return None;
        }
        let kind = infer::get(beginning).map(|kind| kind.mime_type());
        let shown = SHOWN.iter().find(|(name, _)| Some(*name) == kind);
        // The sniffer looks only at the major brand. The brands of an image or a sound count first.
        let is_mp4 = || file_type.is_some_and(FileTypeBox::is_mp4);
        shown
            .map(|(_, shown)| Self(shown))
            .or_else(|| is_mp4().then_some(Self(MP4)))
    }

    /// Returns the type that a record names. A text that is not on the list gives `None`, whoever
    /// wrote it there.
    pub(crate) fn from_record(text: &str) -> Option<Self> {
        let shown = SHOWN.iter().find(|(_, shown)| *shown == text);
        shown.map(|(_, shown)| Self(shown))
    }

    /// Returns the media type as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniffed(beginning: &[u8]) -> Option<&'static str> {
        SniffedType::of(beginning).map(SniffedType::as_str)
    }

    #[test]
    fn images_sounds_and_videos_are_known_by_their_first_bytes() {
        let mut webm = b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm".to_vec();
        webm.resize(300, 0);
        for (beginning, expected) in [
            (b"\x89PNG\r\n\x1a\n".as_slice(), "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a", "image/gif"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "image/avif"),
            (b"BM\0\0\0\0", "image/bmp"),
            (b"ID3\x04", "audio/mpeg"),
            (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", "audio/mp4"),
            (b"\xff\xf1\x50\x80", "audio/aac"),
            (b"OggS\0\x02", "audio/ogg"),
            (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
            (b"fLaC\0\0\0\x22", "audio/flac"),
            (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "video/mp4"),
            (b"\0\0\0\x1cftypXAVC\x01\0\x1f\xffXAVCmp42iso2", "video/mp4"),
            (b"\0\0\0\x1cftypiso7\0\0\0\x01iso7mp42iso6", "video/mp4"),
            (b"\0\0\0\x18ftyp3gp5\0\0\0\0mp423gp5", "video/mp4"),
            (&webm, "video/webm"),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
        ] {
            assert_eq!(sniffed(beginning), Some(expected));
        }
    }

    #[test]
    fn what_can_be_active_is_never_shown() {
        for beginning in [
            b"".as_slice(),
            b"<!DOCTYPE html><script>alert(1)</script>",
            b"<html>",
            b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"%PDF-1.7",
            b"PK\x03\x04",
            b"\x7fELF\x02\x01\x01",
            b"alert(1)",
            b"\0\0\0\x14ftypXAVC\0\0\0\0XAVC",
            b"\0\0\0\x10ftypisom\0\0\0",
            b"\0\0\0\x01ftypmp42\0\0\0\0mp42",
            b"\0\0\0\x15ftypisom\0\0\0\0mp42xxxx",
        ] {
            assert_eq!(sniffed(beginning), None, "{}", beginning.escape_ascii());
        }
    }

    #[test]
    fn a_record_cannot_name_a_type_that_is_not_on_the_list() {
        for (_, shown) in SHOWN {
            assert!(SniffedType::from_record(shown).is_some_and(|kept| kept.as_str() == *shown));
            assert!(
                shown.starts_with("image/")
                    || shown.starts_with("audio/")
                    || shown.starts_with("video/")
            );
        }
        for other in [
            "text/html",
            "image/svg+xml",
            "application/pdf",
            "",
            "image/png\r\n",
        ] {
            assert_eq!(SniffedType::from_record(other), None);
        }
    }
}
