//! Tests the manual pages and the completions.

use std::fs;

use crate::program::{run, sealift, succeeded};

/// Returns the commands that the help lists.
fn commands(help: &[&str]) -> Vec<String> {
    let output = run(sealift(help).arg("--help"));
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let (_, list) = help.split_once("Commands:\n").expect("commands");
    let lines = list.lines().take_while(|line| line.starts_with("  "));
    let names = lines
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_has_a_manual_page_and_a_completion() {
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("man1");
    let mut write = sealift(&["man", "--dir"]);
    succeeded(&run(write.arg(&pages)));
    let page = |name: &str| fs::read_to_string(pages.join(name)).expect("a page");
    let scripts = ["bash", "zsh", "fish", "powershell", "elvish"].map(|shell| {
        let output = run(&mut sealift(&["completions", shell]));
        String::from_utf8(output.stdout).expect("UTF-8")
    });
    let commands = commands(&[]);
    assert!(commands.len() > 8, "{commands:?}");
    for command in &commands {
        assert!(page(&format!("sealift-{command}.1")).contains(".SH SYNOPSIS"));
        for script in &scripts {
            assert!(script.contains(command.as_str()), "{command}");
        }
    }
    assert!(pages.join("sealift-files-share.1").is_file());
    let main = run(&mut sealift(&["man"]));
    assert_eq!(String::from_utf8_lossy(&main.stdout), page("sealift.1"));
    assert!(page("sealift.1").contains("130  interrupted"));
}
