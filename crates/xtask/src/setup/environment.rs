//! The environment of the tests. It says where the real programs are that the tests start.

use super::browser::{Chromium, find_firefox};
use super::node::{Node, SDK};
use super::python::Python;
use super::tools::Tool;
use crate::native;
use crate::page;
use crate::workshop::Workshop;
use anyhow::Result;
use std::ffi::OsString;

/// Credentials that moto and Garage accept, but no AWS endpoint, so that a test that reaches AWS by mistake is refused.
/// Garage needs its keys in this form, and its starter imports this one.
pub(crate) const NO_AWS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "GK31c2f218a2e44f485b94239e"),
    (
        "AWS_SECRET_ACCESS_KEY",
        "b892c0665f0ada8a4755dae98baa3b133590e11dae3bcc1f9d769d67f16c3835",
    ),
    ("AWS_REGION", "eu-central-1"),
];

/// Returns the variables for every part that is installed. A test fails with a message if its part is not named.
pub(crate) fn for_tests(workshop: &Workshop) -> Result<Vec<(&'static str, OsString)>> {
    let mut named: Vec<(&'static str, OsString)> = NO_AWS
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    let mut name = |variable, path: std::path::PathBuf| named.push((variable, path.into()));
    if let Some(chromium) = Chromium::find() {
        name("SEALIFT_TEST_CHROMIUM", chromium.program);
        name("SEALIFT_TEST_CHROMEDRIVER", chromium.driver);
    }
    if let Some(firefox) = find_firefox() {
        name("SEALIFT_TEST_FIREFOX", firefox);
    }
    for (variable, tool) in [
        ("SEALIFT_TEST_GECKODRIVER", Tool::Geckodriver),
        ("SEALIFT_TEST_GARAGE", Tool::Garage),
    ] {
        let program = tool.program(workshop)?;
        if program.is_file() {
            name(variable, program);
        }
    }
    if let Some(python) = Python::find(workshop) {
        name("SEALIFT_TEST_MOTO", python.moto_server);
        name("SEALIFT_TEST_SDK_PYTHON", python.sdk_python);
        name("SEALIFT_TEST_CLI", python.encryption_cli);
    }
    if let Some(node) = Node::find(workshop, &SDK) {
        name("SEALIFT_TEST_NODE", node.node);
        name("SEALIFT_TEST_JAVASCRIPT_SDK", node.packages);
    }
    name("SEALIFT_TEST_SEALIFT", native::sealift(workshop));
    name("SEALIFT_TEST_PAGE_DIR", page::default_dist(workshop));
    Ok(named)
}
