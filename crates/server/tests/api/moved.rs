//! The objects of a deployment were copied to another bucket, and `move_store` points its records there.

use std::{fs, path::Path};

use data_encoding::BASE64URL_NOPAD;
use sealift_server::{Config, DeploymentError, Server, move_store};
use sealift_transfer::api::{FileRecord, ProblemCode, files};

use crate::{
    buckets::Stopped,
    support::{Client, bytes},
};

/// Copies every object of a bucket to another one, as `aws s3 sync` does.
fn copy_bucket(store: &Path, from: &str, to: &str) {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let to = to.join(path.file_name().unwrap());
            if path.is_dir() {
                copy(&path, &to);
            } else {
                fs::copy(&path, to).unwrap();
            }
        }
    }
    copy(&store.join(from), &store.join(to));
    let [from, to] = [from, to].map(|name| {
        let name = BASE64URL_NOPAD.encode(name.as_bytes());
        format!(".bucket-{name}.object-")
    });
    for entry in fs::read_dir(store).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if let Some(rest) = name.strip_prefix(&from)
            && !rest.contains(".upload-")
        {
            fs::copy(&path, store.join(format!("{to}{rest}"))).unwrap();
        }
    }
}

/// Copies the objects to another bucket and returns the settings of the deployment there.
pub(crate) fn copied_to_another(config: &Config) -> Config {
    copy_bucket(&config.store_folder(), &config.bucket, "another");
    Config {
        bucket: "another".to_owned(),
        ..config.clone()
    }
}

#[tokio::test]
async fn objects_that_were_copied_to_another_bucket_are_read_there_after_the_records_were_changed()
{
    let stopped = Stopped::new().await;
    let store = stopped.config.store_folder();
    let config = Config {
        bucket: "another".to_owned(),
        ..stopped.config.clone()
    };
    // The move is refused while the mark is missing, or an object is missing or has another size.
    let refused = move_store(&config).await.unwrap_err();
    assert!(
        matches!(refused, DeploymentError::MarkNotCopied { .. }),
        "{refused}"
    );
    copied_to_another(&stopped.config);
    let object = store.join("another").join(&stopped.file.object_key);
    let whole = fs::read(&object).unwrap();
    for broken in [None, Some(&whole[1..])] {
        fs::remove_file(&object).unwrap();
        if let Some(broken) = broken {
            fs::write(&object, broken).unwrap();
        }
        let refused = move_store(&config).await.unwrap_err();
        let DeploymentError::NotCopied { count, example, .. } = &refused else {
            panic!("{refused}");
        };
        assert_eq!((*count, example), (1, &stopped.file.object_key));
        stopped.refused(&config).await;
        stopped.expect_unharmed().await;
        fs::write(&object, &whole).unwrap();
    }
    assert_eq!(move_store(&config).await.unwrap(), 1);
    assert!(
        stopped
            .refused(&stopped.config)
            .await
            .contains("`sealift store moved --yes`")
    );
    let refused = move_store(&config).await.unwrap_err();
    assert!(matches!(refused, DeploymentError::NotMoved(_)), "{refused}");
    fs::remove_dir_all(stopped.bucket()).unwrap();

    let server = Server::start(config).await.unwrap();
    let client = Client::of(server.address());
    let record: FileRecord = client.get(&files::path(&stopped.file.id)).await.json(200);
    assert_eq!(record.bucket, "another");
    assert_eq!(client.content(&stopped.file.id).await.body, bytes(10));
    // The parts of the open upload were not copied. The upload has expired and must begin anew; it has not
    // failed.
    client
        .key_again(&stopped.upload)
        .await
        .refused(ProblemCode::UploadExpired);
    client.upload("new", &bytes(10)).await;
    server.shutdown().await;
}
