//! One person who uploads many small files, many of them at once, meets no limit of the default settings.

use futures::{StreamExt as _, stream};
use sealift_server::records::Roles;
use sealift_transfer::api::{FileList, files};

use crate::support::{
    Stack, bytes,
    forms::{Part, post_form, put_file},
};

const FILES: usize = 200;
const AT_ONCE: usize = 50;
const LEN: usize = 10 * 1024;

/// Returns the statuses of the refused uploads.
async fn refused(answers: impl stream::Stream<Item = impl Future<Output = u16>>) -> Vec<u16> {
    let answers = answers.buffer_unordered(AT_ONCE);
    let statuses: Vec<u16> = answers.collect().await;
    assert_eq!(statuses.len(), FILES);
    statuses
        .into_iter()
        .filter(|status| *status != 201)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_files_and_forms_fifty_at_once_are_all_accepted() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    let client = &client;
    let content = bytes(LEN);
    let content = &content;
    let sent = stream::iter(0..FILES).map(|at| async move {
        let name = format!("{at}.txt");
        if at % 2 == 0 {
            let path = format!("/upload/{name}");
            return put_file(client, &path, content).await.status;
        }
        let part = Part::file("f", &name, content);
        post_form(client, &[part]).await.status
    });
    assert_eq!(refused(sent).await, Vec::<u16>::new());
    let list: FileList = client.get(files::PATH).await.json(200);
    assert!(!list.files.is_empty());
}
