//! The secrets that must not be in the log, in each spelling that a careless line of code would write.

use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

/// All texts that must stay out of the log, each with its name.
#[derive(Default)]
pub(crate) struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    /// Adds a text as it is.
    pub(crate) fn text(&mut self, what: &'static str, text: &str) {
        // A shorter text would be found by chance.
        assert!(text.len() >= 7, "{what}");
        self.0.push((what, text.to_owned()));
    }

    /// Adds bytes in all encodings and as `Debug` writes them.
    pub(crate) fn bytes(&mut self, what: &'static str, bytes: &[u8]) {
        for spelling in [
            BASE64.encode(bytes),
            BASE64_NOPAD.encode(bytes),
            BASE64URL_NOPAD.encode(bytes),
            BASE32_NOPAD.encode(bytes),
            BASE32_NOPAD.encode(bytes).to_lowercase(),
            HEXLOWER.encode(bytes),
            HEXUPPER.encode(bytes),
            format!("{bytes:?}"),
        ] {
            self.text(what, &spelling);
        }
    }

    /// Adds the value of one parameter of a URL's query.
    pub(crate) fn parameter(&mut self, name: &'static str, url: &str) {
        let (_, after) = url.split_once(&format!("{name}=")).unwrap();
        self.text(name, after.split('&').next().unwrap());
    }

    /// Returns the names of the secrets that are in this text.
    pub(crate) fn found_in(&self, text: &str) -> Vec<&'static str> {
        let stands = |(_, secret): &&(&str, String)| text.contains(secret);
        self.0
            .iter()
            .filter(stands)
            .map(|(what, _)| *what)
            .collect()
    }
}

#[test]
fn a_secret_is_found_in_every_spelling() {
    let mut secrets = Secrets::default();
    secrets.bytes("key", &[0xab; 32]);
    secrets.parameter(
        "X-Amz-Signature",
        "http://a/b?X-Amz-Signature=0123456789&c=d",
    );
    for text in [
        "key=q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=",
        &format!("{:?}", [0xab_u8; 32]),
        &"ab".repeat(32),
        "signature 0123456789",
    ] {
        assert_ne!(secrets.found_in(text), Vec::<&str>::new(), "{text}");
    }
    assert_eq!(secrets.found_in("nothing"), Vec::<&str>::new());
}
