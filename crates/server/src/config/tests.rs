use std::fs;

use super::*;

mod encryption;

fn load(
    environment: &[(&str, &str)],
    flags: &[(&'static str, &str)],
) -> Result<Config, ConfigError> {
    Config::load(&sources(environment, flags))
}

fn sources(environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Sources {
    Sources {
        file: ConfigFile::None,
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        flags: flags
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect(),
    }
}

fn with_file(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealift.toml");
    fs::write(&path, text).unwrap();
    let mut sources = sources(environment, &[]);
    sources.file = ConfigFile::At(path);
    Config::load(&sources)
}

#[test]
fn the_defaults_are_loopback_api_keys_and_everything_embedded() {
    let config = load(&[], &[]).unwrap();
    assert_eq!(config.address(), "127.0.0.1:8080".parse().unwrap());
    assert_eq!(config.auth, Auth::ApiKeys);
    assert_eq!(config.keyring, Keyring::Local);
    assert!(matches!(
        config.store,
        StoreConfig::Embedded { port: 8081, .. }
    ));
    assert_eq!(config.frame_length, 262_144);
    assert_eq!(config.part_length, 8 * 1024 * 1024);
    assert_eq!(config.limits.open_uploads, 100);
    assert_eq!(
        config.key_file,
        PathBuf::from("sealift-data-keys/sealift.key")
    );
}

#[test]
fn flags_beat_the_environment_which_beats_the_file() {
    let file = "port = 1001\nauth = 'none'\nprefix = 'file'\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealift.toml");
    fs::write(&path, file).unwrap();
    let mut sources = sources(
        &[("PORT", "1002"), ("SEALIFT_PREFIX", "env")],
        &[("port", "1003")],
    );
    sources.file = ConfigFile::At(path);
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.port, 1003);
    assert_eq!(config.prefix.as_str(), "env");
    assert_eq!(config.auth, Auth::None);
}

#[test]
fn the_names_of_aws_choose_s3_and_kms() {
    let config = load(
        &[
            ("S3_BUCKET_NAME", "sealed-files"),
            ("KMS_KEY_ALIAS", "alias/sealift"),
            ("AWS_REGION", "eu-central-1"),
            ("S3_PUBLIC_ENDPOINT", "https://files.example.com/"),
        ],
        &[],
    )
    .unwrap();
    assert_eq!(config.bucket, "sealed-files");
    assert_eq!(config.region.as_deref(), Some("eu-central-1"));
    assert_eq!(config.keyring, Keyring::Kms);
    assert_eq!(config.kms_key.as_deref(), Some("alias/sealift"));
    let StoreConfig::S3 {
        endpoint,
        public_endpoint,
        path_style,
    } = config.store
    else {
        panic!("S3_BUCKET_NAME means S3");
    };
    assert_eq!(endpoint, None);
    assert_eq!(
        public_endpoint.as_deref(),
        Some("https://files.example.com")
    );
    assert!(!path_style);
}

#[test]
fn an_error_names_the_setting_what_it_was_and_what_would_be_right() {
    let error = load(&[("PORT", "http")], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "PORT (in the file: port) is \"http\", but a port from 0 to 65535 is expected"
    );
}

#[test]
fn no_login_is_for_loopback_only() {
    let away = [("SEALIFT_AUTH", "none"), ("SEALIFT_BIND", "0.0.0.0")];
    assert!(matches!(
        load(&away, &[]),
        Err(ConfigError::Conflict { one, .. }) if one.key == "auth"
    ));
    assert!(load(&[("SEALIFT_AUTH", "none"), ("SEALIFT_BIND", "::1")], &[]).is_ok());
}

#[test]
fn the_key_file_may_not_lie_in_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let inside = [
        data.join("sealift.key"),
        data.join("keys/../keys/sealift.key"),
        folder.path().join("elsewhere/../data/sealift.key"),
    ];
    #[cfg(unix)]
    std::os::unix::fs::symlink(&data, folder.path().join("link")).unwrap();
    let linked = folder.path().join("link/sealift.key");
    for key_file in inside.iter().chain(cfg!(unix).then_some(&linked)) {
        let refused = load(
            &[],
            &[
                ("data_dir", data.to_str().unwrap()),
                ("key_file", key_file.to_str().unwrap()),
            ],
        );
        assert!(
            matches!(refused, Err(ConfigError::Conflict { one, .. }) if one.key == "key_file"),
            "{}",
            key_file.display()
        );
    }
}

#[test]
fn a_secret_in_an_endpoint_is_refused_and_not_echoed() {
    let error = load(
        &[
            ("S3_ENDPOINT", "https://key:c0ffee@s3.example.com"),
            ("S3_BUCKET_NAME", "abc"),
        ],
        &[],
    )
    .unwrap_err();
    assert!(!format!("{error} {error:?}").contains("c0ffee"), "{error}");
}

#[test]
fn signed_urls_do_not_travel_in_the_clear() {
    let public = |endpoint| {
        load(
            &[("S3_BUCKET_NAME", "abc"), ("S3_PUBLIC_ENDPOINT", endpoint)],
            &[],
        )
    };
    assert!(public("http://s3.example.com").is_err());
    for fine in [
        "https://s3.example.com",
        "http://127.0.0.1:9000",
        "http://localhost:1",
        "http://[::1]:2",
    ] {
        assert!(public(fine).is_ok(), "{fine}");
    }
}

#[test]
fn without_a_public_endpoint_urls_are_signed_for_the_servers_own_which_must_be_private_too() {
    let at = |endpoint| {
        load(
            &[("S3_BUCKET_NAME", "files"), ("S3_ENDPOINT", endpoint)],
            &[],
        )
    };
    assert!(at("http://10.0.0.5:3900").is_err());
    assert!(at("http://127.0.0.1:3900").is_ok());
    assert!(at("https://s3.example.com").is_ok());
}

#[test]
fn data_keys_do_not_travel_in_the_clear() {
    let at = |endpoint| {
        let key = ("KMS_KEY_ALIAS", "alias/sealift");
        load(&[key, ("SEALIFT_KMS_ENDPOINT", endpoint)], &[])
    };
    assert!(at("http://10.0.0.5:4566").is_err());
    assert!(at("http://127.0.0.1:4566").is_ok());
    assert!(at("https://kms.example.com").is_ok());
}

#[test]
fn a_misspelt_name_in_the_file_is_refused_and_in_the_environment_reported() {
    assert!(matches!(
        with_file("prot = 1\n", &[]),
        Err(ConfigError::UnknownKey { key, .. }) if key == "prot"
    ));
    let environment = [
        ("SEALIFT_KEYFILE", "a"),
        ("SEALIFT_API_KEY", "b"),
        ("SEALIFT_SERVER", "https://files.example.org"),
    ];
    let config = load(&environment, &[]).unwrap();
    assert_eq!(config.unknown_names, ["SEALIFT_KEYFILE"]);
}

#[test]
fn a_broken_file_is_refused_without_quoting_it() {
    let error = with_file("port = 'c0ffee\n", &[]).unwrap_err();
    assert!(matches!(error, ConfigError::NotToml { .. }));
    assert!(!error.to_string().contains("c0ffee"), "{error}");
}

#[test]
fn the_file_has_numbers_and_booleans_as_toml_writes_them() {
    let config = with_file("port = 0\ntrust_proxy = true\npart_length = 5242880\n", &[]).unwrap();
    assert_eq!(config.port, 0);
    assert!(config.trust_proxy);
    assert_eq!(config.part_length, 5_242_880);
}

#[test]
fn impossible_values_are_refused() {
    for (name, value) in [
        ("SEALIFT_FRAME_LENGTH", "1000"),
        ("SEALIFT_FRAME_LENGTH", "4MiB"),
        ("SEALIFT_FRAME_LENGTH", "99999999999"),
        ("SEALIFT_PART_LENGTH", "4MiB"),
        ("SEALIFT_PART_LENGTH", "5GiB"),
        ("SEALIFT_LIMIT_NAME", "0"),
        ("SEALIFT_LIMIT_JSON", "100MiB"),
        ("SEALIFT_LIMIT_OPEN_UPLOADS", "0"),
        ("SEALIFT_LIMIT_BATCH", "70000"),
        ("SEALIFT_SWEEP_SECONDS", "often"),
        ("SEALIFT_IDLE_SECONDS", "0"),
        ("SEALIFT_IDLE_SECONDS", "3601"),
        ("SEALIFT_LIMIT_SEALING_MEMORY", "1023KiB"),
        ("SEALIFT_SWEEP_SECONDS", "-1"),
        ("SEALIFT_PREFIX", "../other"),
        ("SEALIFT_KEYRING", "kms"),
        ("SEALIFT_STORE", "s3"),
        ("SEALIFT_S3_PORT", "8080"),
        ("SEALIFT_BIND", "0.0.0.0"),
        ("S3_BUCKET_NAME", "a/b"),
        ("SEALIFT_PAGE_ORIGINS", "http://a/b"),
        ("PORT", "65536"),
    ] {
        assert!(load(&[(name, value)], &[]).is_err(), "{name}={value}");
    }
}

#[test]
fn a_prefix_too_long_for_the_embedded_stores_file_names_is_refused() {
    assert!(load(&[("SEALIFT_PREFIX", "sealift-of-a-long-name")], &[]).is_err());
    let with_bucket = [
        ("SEALIFT_PREFIX", "sealift-of-a-long-name"),
        ("S3_BUCKET_NAME", "abc"),
    ];
    assert!(load(&with_bucket, &[]).is_ok());
}

#[test]
fn an_empty_variable_counts_as_absent() {
    assert!(load(&[("S3_BUCKET_NAME", ""), ("PORT", "")], &[]).is_ok());
}

#[test]
fn sweeps_come_every_five_minutes_unless_told_otherwise() {
    let every = |given| {
        load(&[("SEALIFT_SWEEP_SECONDS", given)], &[])
            .unwrap()
            .sweep_every
    };
    assert_eq!(every(""), Some(Duration::from_secs(300)));
    assert_eq!(every("20"), Some(Duration::from_secs(20)));
    assert_eq!(every("0"), None);
}

#[test]
fn no_two_settings_share_a_name() {
    let keys: std::collections::BTreeSet<_> = names::NAMES.iter().map(|name| name.key).collect();
    let envs: std::collections::BTreeSet<_> = names::NAMES.iter().map(|name| name.env).collect();
    assert_eq!(keys.len(), names::NAMES.len());
    assert_eq!(envs.len(), names::NAMES.len());
}

const PEPPER: &str = "a pepper of exactly thirty-two b";
const KEY: (&str, &str) = ("KMS_KEY_ALIAS", "alias/sealift");

#[test]
fn a_kms_key_and_a_pepper_choose_the_keyring_kek() {
    for name in ["SEALIFT_PEPPER", "ENCX_PEPPER"] {
        let config = load(&[KEY, (name, PEPPER)], &[]).unwrap();
        assert_eq!(config.keyring, Keyring::Kek);
        assert_eq!(config.peppers.unwrap().newest().version(), 1);
    }
    let kms = [KEY, ("SEALIFT_PEPPER", PEPPER), ("SEALIFT_KEYRING", "kms")];
    assert_eq!(load(&kms, &[]).unwrap().keyring, Keyring::Kms);
    // The pepper alone opens old rows, and chooses nothing.
    let local = [("SEALIFT_PEPPER", PEPPER)];
    assert_eq!(load(&local, &[]).unwrap().keyring, Keyring::Local);
}

#[test]
fn the_old_pepper_is_one_version_older_unless_it_says_otherwise() {
    let old = "another pepper of thirty-two by.";
    let both = [
        ("SEALIFT_PEPPER", PEPPER),
        ("SEALIFT_PEPPER_VERSION", "7"),
        ("SEALIFT_OLD_PEPPER", old),
    ];
    let has = |environment: &[(&str, &str)], version| {
        let peppers = load(environment, &[]).unwrap().peppers.unwrap();
        peppers.of_version(version).is_some()
    };
    assert!(has(&both, 7) && has(&both, 6) && !has(&both, 5));
    let named = [&both[..], &[("SEALIFT_OLD_PEPPER_VERSION", "3")]].concat();
    assert!(has(&named, 7) && has(&named, 3) && !has(&named, 6));
}

#[test]
fn an_error_about_a_pepper_names_the_setting_and_never_quotes_it() {
    const VERSION: (&str, &str) = ("SEALIFT_PEPPER_VERSION", "2");
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("SEALIFT_PEPPER", "secret")], "6 bytes"),
        (&[("SEALIFT_PEPPER", "base64:secret!")], "base64"),
        (
            &[
                ("SEALIFT_PEPPER", PEPPER),
                VERSION,
                ("SEALIFT_OLD_PEPPER", "secret"),
            ],
            "SEALIFT_OLD_PEPPER",
        ),
        (
            &[
                ("SEALIFT_PEPPER", PEPPER),
                VERSION,
                ("SEALIFT_OLD_PEPPER", PEPPER),
            ],
            "make-pepper",
        ),
        (
            &[("SEALIFT_PEPPER", PEPPER), ("SEALIFT_OLD_PEPPER", PEPPER)],
            "SEALIFT_PEPPER_VERSION",
        ),
        (&[("SEALIFT_OLD_PEPPER", PEPPER)], "SEALIFT_PEPPER"),
        (&[KEY, ("SEALIFT_KEYRING", "kek")], "make-pepper"),
    ];
    for (environment, expected) in cases {
        let error = load(environment, &[]).unwrap_err();
        let sentence = error.to_string();
        assert!(sentence.contains(expected), "{sentence}");
        let said = format!("{sentence} {error:?}");
        assert!(!said.contains("secret") && !said.contains(PEPPER), "{said}");
    }
    let config = load(&[("SEALIFT_PEPPER", PEPPER)], &[]).unwrap();
    assert!(!format!("{config:?}").contains(PEPPER));
}
