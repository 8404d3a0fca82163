//! Ids of uploads, files, keys, tickets, tenants and owners. Knowing an id alone permits nothing.

mod base32;

use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de::Error as _};

/// The error for a text that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 26 characters of lower-case base32 are expected")]
pub struct NotAnId;

/// The error for a text that cannot name a tenant or an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name of a tenant or owner: 1 to 64 of a-z, 0-9, '-' and '_' are expected")]
pub struct NotAName;

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[cfg_attr(test, derive(ts_rs::TS))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Makes an id from 128 random bits.
            #[must_use]
            pub fn from_random(bits: [u8; 16]) -> Self {
                Self(base32::encode(bits))
            }

            /// Returns the 26 characters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                if base32::is_canonical(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NotAnId)
                }
            }
        }

        string_like!($name);
    };
}

macro_rules! given_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Returns the text, 1 to 64 ASCII characters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAName;

            fn from_str(text: &str) -> Result<Self, NotAName> {
                let allowed = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
                if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NotAName)
                }
            }
        }

        string_like!($name);
    };
}

macro_rules! string_like {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

random_id!(
    /// The id of an upload, from open to complete or abort. Every sealing of a file gets a new one.
    UploadId
);
random_id!(
    /// The id of a file, which is the object id of docs/FORMAT.md. It stays when the file is sealed again.
    FileId
);
random_id!(
    /// The public part of an API key.
    ApiKeyId
);
random_id!(
    /// The public part of a ticket.
    TicketId
);
given_name!(
    /// The name of a tenant. Each tenant has its own keys, limits and records. The encryption context
    /// contains the name.
    TenantId
);
given_name!(
    /// The name of the owner of a file, within a tenant.
    OwnerId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_26_characters_of_lower_case_base32() {
        let id = UploadId::from_random([0xff; 16]);
        assert_eq!(id.as_str(), "777777777777777777777777".to_owned() + "74");
        assert_eq!(id.as_str().parse::<UploadId>().unwrap(), id);
    }

    #[test]
    fn another_spelling_of_an_id_is_refused() {
        let upper = FileId::from_random([0x11; 16]).as_str().to_uppercase();
        let trailing_bits = format!("{}5", "7".repeat(25));
        for bad in [
            "",
            "a",
            upper.as_str(),
            trailing_bits.as_str(),
            "../../etc/passwd",
        ] {
            assert!(bad.parse::<FileId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tenant_cannot_reach_out_of_its_object_key() {
        for bad in ["", "a/b", "..", "A", "ä", &"a".repeat(65)] {
            assert!(bad.parse::<TenantId>().is_err(), "{bad}");
        }
        assert!("acme-health_2".parse::<TenantId>().is_ok());
    }
}
