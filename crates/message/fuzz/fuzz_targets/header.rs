//! Reads any bytes as a header. The reader must keep them as they are or refuse them, and must do the same in
//! pieces as at once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealift_message::{Header, HeaderRead, HeaderReader, Limits, StoredHeader};
use sealift_message_fuzz::data_key;

fuzz_target!(|bytes: &[u8]| {
    let general = Header::parse(bytes, &Limits::GENERAL);
    if let Ok((header, len)) = &general {
        assert_eq!(header.as_bytes(), &bytes[..*len]);
        assert_eq!(header.encrypted_data_keys().len(), 1);
        let context = header.encryption_context().serialised();
        assert_eq!(context, bytes[37..37 + context.len()]);
        // Only the holder of the data key can make a header that the data key verifies.
        assert!(header.verify(&data_key()).is_err());
    }
    if let Ok(stored) = StoredHeader::new(bytes) {
        let (header, len) = general.as_ref().expect("strict is stricter");
        assert_eq!((stored.header(), *len), (header, bytes.len()));
    }
    let middle = bytes.len() / 2;
    let in_pieces = HeaderReader::new(Limits::GENERAL)
        .push(&bytes[..middle])
        .and_then(|read| match read {
            HeaderRead::More(reader) => reader.push(&bytes[middle..]),
            done @ HeaderRead::Done { .. } => Ok(done),
        });
    match (general, in_pieces) {
        (Ok((header, _)), Ok(HeaderRead::Done { header: again, .. })) => assert_eq!(header, again),
        (Err(sealift_message::DecryptError::Truncated), Ok(HeaderRead::More(_))) => {}
        (Err(error), Err(again)) => assert_eq!(error, again),
        (one, other) => panic!("{one:?} and in pieces {other:?}"),
    }
});
