//! One byte out of a very large file: the object is a real one of 10 GiB in the store, of which the
//! frames that are read were really sealed. The rest of it is a hole in the store's file, and would
//! not open.

use std::{
    fs::{self, File},
    io::{Seek as _, SeekFrom, Write as _},
    ops::Range,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use http::{StatusCode, header};
use sealift_message::{ContentKey, FrameSealer, StoredHeader};
use sealift_server::{
    objects::ETag,
    records::{CompletedObject, LeaseOwner, Records},
};
use sealift_tests::Randomness;
use sealift_transfer::api::{FileId, OpenedUpload, open};
use serde_json::json;

use crate::watched::Watched;

const SIZE: u64 = 10 * 1024 * 1024 * 1024;

/// The bytes of a frame are its index, over and over.
fn byte_at(at: u64, frame_length: u64) -> u8 {
    at.checked_div(frame_length)
        .map_or(0, |index| index.to_le_bytes()[0])
}

/// A file of that size of which these frames can be read.
struct Large {
    watched: Watched,
    file_id: FileId,
    sealer: FrameSealer,
    frame_length: u64,
}

impl Large {
    async fn with_frames(frames: &[u64]) -> Result<Self> {
        let watched = Watched::start(&[]).await?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let asked =
            json!({ "client_token": "token-of-ten-gibibytes", "name": "large", "size": SIZE });
        let url = format!("{}{}", watched.address, open::PATH);
        let opened = http.post(url).json(&asked).send().await?;
        let opened: OpenedUpload = opened.error_for_status()?.json().await?;
        let content_key = opened.content_key.as_ref().and_then(|key| key.to_bytes());
        let content_key = ContentKey::from_bytes(&*content_key.context("no content key")?);
        let verified = StoredHeader::new(&opened.header)?.verify(&content_key)?;
        let large = Self {
            frame_length: u64::from(verified.header().frame_length().get()),
            sealer: FrameSealer::new(verified, SIZE)?,
            file_id: opened.file_id.clone(),
            watched,
        };
        large.keep(&opened, frames).await?;
        Ok(large)
    }

    /// Writes the object where a multipart upload would have made it, and says that it is complete.
    async fn keep(&self, opened: &OpenedUpload, frames: &[u64]) -> Result<()> {
        let records = Records::open(&self.watched.config.database_file()).await?;
        let owner = LeaseOwner::from_random([7; 16]);
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let now_ms = i64::try_from(now.as_millis())?;
        let id = &opened.upload_id;
        ensure!(records.begin_completing(id, owner, now_ms, 60_000).await?);
        let object = CompletedObject {
            etag: ETag("\"large\"".to_owned()),
            version: None,
            sniffed_type: None,
            uploaded_at_ms: now_ms,
            verification_due_at_ms: None,
        };
        let file = records.complete(id, owner, object).await?;
        let file = file.context("the upload became no file")?;

        let [object, notes] = self.watched.object_paths(&file.s3_key.to_string());
        fs::create_dir_all(object.parent().context("a folder")?)?;
        let mut object = File::create_new(object)?;
        object.set_len(self.sealer.layout().sealed_len())?;
        object.write_all(&opened.header)?;
        for index in frames {
            let (place, sealed) = self.seal(*index)?;
            object.seek(SeekFrom::Start(place.start))?;
            object.write_all(&sealed)?;
        }
        fs::write(notes, json!({ "e_tag": "large" }).to_string())?;
        Ok(())
    }

    fn seal(&self, index: u64) -> Result<(Range<u64>, Vec<u8>)> {
        let layout = self.sealer.layout();
        let place = self.frame(index)?;
        let held = layout.plaintext_range_of(&(index..index + 1));
        let held = held.context("no such frame")?;
        let byte = byte_at(held.start, self.frame_length);
        let plaintext = vec![byte; usize::try_from(held.end - held.start)?];
        let mut sealed = vec![0; usize::try_from(place.end - place.start)?];
        self.sealer.seal_frame(index, &plaintext, &mut sealed)?;
        Ok((place, sealed))
    }

    /// Where this frame lies in the object.
    fn frame(&self, index: u64) -> Result<Range<u64>> {
        let place = self.sealer.layout().sealed_range_of(&(index..index + 1));
        place.context("no such frame")
    }

    /// What the range holds, and the GETs that it took.
    async fn read(&self, plaintext: Range<u64>) -> Result<(Vec<u8>, Vec<Range<u64>>)> {
        let before = self.watched.gets().len();
        let http = reqwest::Client::builder().no_proxy().build()?;
        let asked = format!("bytes={}-{}", plaintext.start, plaintext.end - 1);
        let answer = http
            .get(self.watched.content_url(&self.file_id))
            .header(header::RANGE, &asked)
            .send()
            .await?;
        ensure!(
            answer.status() == StatusCode::PARTIAL_CONTENT,
            "{asked}: {}",
            answer.status()
        );
        let body = answer.bytes().await?.to_vec();
        Ok((body, self.watched.gets().split_off(before)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_anywhere_in_ten_gibibytes_costs_one_get_of_exactly_its_frame() -> Result<()> {
    let mut randomness = Randomness::from_printed_seed()?;
    let frame_length = 256 * 1024;
    let last = SIZE / frame_length - 1;
    let some = 2 + randomness.below(last - 4);
    let frames = [0, 1, last / 2, last / 2 + 1, some, last - 1, last];
    let large = Large::with_frames(&frames).await?;
    assert_eq!(large.frame_length, frame_length);
    for index in frames {
        let start = index * frame_length;
        let within = randomness.below(frame_length);
        for at in [start, start + within, start + frame_length - 1] {
            let (body, gets) = large.read(at..at + 1).await?;
            assert_eq!(body, [byte_at(at, frame_length)], "byte {at}");
            let mut exactly = large.frame(index)?;
            if index == 0 {
                // The header comes along, to be compared with the record's.
                exactly.start = 0;
            }
            assert_eq!(gets, [exactly], "byte {at}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_bytes_over_a_frames_edge_cost_one_get_of_two_frames() -> Result<()> {
    let middle = SIZE / (256 * 1024) / 2;
    let large = Large::with_frames(&[middle, middle + 1]).await?;
    let edge = (middle + 1) * large.frame_length;
    let (body, gets) = large.read(edge - 1..edge + 1).await?;
    let expected = [edge - 1, edge].map(|at| byte_at(at, large.frame_length));
    assert_eq!(body, expected);
    let both = large.frame(middle)?.start..large.frame(middle + 1)?.end;
    assert_eq!(gets, [both]);
    Ok(())
}
