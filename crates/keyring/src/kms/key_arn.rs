//! Parses the ARNs of KMS keys. The region in an ARN says which regional KMS knows the key.

/// The ARN of a KMS key, from a message, a key row or an answer of KMS. Nothing has authenticated it yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyArn<'a> {
    /// The ARN as it was given.
    pub whole: &'a str,
    /// The partition, such as `aws`.
    pub partition: &'a str,
    /// The region of the key.
    pub region: &'a str,
    /// The account that the key belongs to.
    pub account: &'a str,
    key_id: &'a str,
}

impl<'a> KeyArn<'a> {
    /// Parses `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`. Only plain labels pass, because the region becomes
    /// part of the host name to which a request with our credentials goes, and policies name the whole ARN, in which a
    /// `*` would stand for every key.
    #[must_use]
    pub fn parse(whole: &'a str) -> Option<Self> {
        let mut fields = whole.splitn(6, ':');
        let mut next = || fields.next();
        let (arn, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        let key_id = resource.strip_prefix("key/")?;
        let is_key = arn == "arn" && service == "kms" && is_key_id(key_id);
        let is_sound = is_label(partition) && is_label(region) && is_label(account);
        (is_key && is_sound).then_some(Self {
            whole,
            partition,
            region,
            account,
            key_id,
        })
    }

    /// Returns the ARN of the replica in this region, if the key is a multi-region key of another region. A
    /// replica has the same key id and the same key material.
    pub(super) fn replica_in(&self, region: &str) -> Option<String> {
        let Self {
            partition,
            account,
            key_id,
            ..
        } = self;
        let is_elsewhere = self.region != region && is_label(region);
        (is_elsewhere && key_id.starts_with("mrk-"))
            .then(|| format!("arn:{partition}:kms:{region}:{account}:key/{key_id}"))
    }
}

fn is_key_id(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty() && text.bytes().all(is_part)
}

fn is_label(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_part)
}

/// Returns the region of the key in the settings, if it is named by an ARN, of a key or of an alias.
pub(super) fn region_of_setting(key: &str) -> Option<&str> {
    let mut fields = key.splitn(6, ':');
    let is_kms = fields.next() == Some("arn") && fields.nth(1) == Some("kms");
    let region = fields.next()?;
    (is_kms && is_label(region)).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multi_region_key_has_replicas_and_another_key_has_none() {
        let mrk = KeyArn::parse("arn:aws:kms:eu-west-1:111122223333:key/mrk-1").unwrap();
        assert_eq!(
            mrk.replica_in("us-east-1").as_deref(),
            Some("arn:aws:kms:us-east-1:111122223333:key/mrk-1")
        );
        assert_eq!(mrk.replica_in("eu-west-1"), None);
        assert_eq!(mrk.replica_in("elsewhere.example/"), None);
        let ordinary = KeyArn::parse("arn:aws:kms:eu-west-1:111122223333:key/1").unwrap();
        assert_eq!(ordinary.replica_in("us-east-1"), None);
    }

    #[test]
    fn a_wildcard_names_no_key() {
        for arn in [
            "arn:aws:kms:eu-west-1:111122223333:key/*",
            "arn:aws:kms:eu-west-1:*:key/1",
            "arn:aws:kms:*:111122223333:key/1",
            "arn:aws:kms:eu-west-1:111122223333:key/",
            "arn:aws:kms:eu-west-1:111122223333:alias/ours",
        ] {
            assert_eq!(KeyArn::parse(arn), None, "{arn}");
        }
    }

    #[test]
    fn the_settings_name_a_region_by_an_arn_only() {
        for (key, region) in [
            (
                "arn:aws:kms:eu-west-1:111122223333:key/1",
                Some("eu-west-1"),
            ),
            (
                "arn:aws-cn:kms:cn-north-1:111122223333:alias/ours",
                Some("cn-north-1"),
            ),
            ("alias/ours", None),
            ("1234abcd", None),
            ("arn:aws:s3:eu-west-1:111122223333:key/1", None),
            ("arn:aws:kms:elsewhere.example/:1:key/1", None),
            ("", None),
        ] {
            assert_eq!(region_of_setting(key), region, "{key}");
        }
    }
}
