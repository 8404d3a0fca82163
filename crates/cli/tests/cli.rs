//! Checks the texts of the command line word for word. After a wanted change, run `TRYCMD=overwrite cargo test
//! -p sealift-cli --test cli`, then read the difference.

#[test]
fn help_and_errors_say_what_they_should() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
