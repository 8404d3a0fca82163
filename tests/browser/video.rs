//! Videos and sounds play in the page, and the person can seek in them. The browser requests only the ranges that it
//! needs, and the server decrypts only those.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_tests::{Operation, Page, Proxy, Randomness, Scene};
use sealift_transfer::api::{FileId, files};
use serde::Deserialize;
use serde_json::json;

use crate::{scenes::stories, webm};

stories!(
    chosen:
    a_sound_is_sought_in,
);

stories!(
    chromium:
    an_image_a_sound_and_a_video_are_shown_as_addresses_of_their_own,
);

stories!(
    everywhere:
    a_video_is_sought_in,
);

/// Seconds of the media, long enough that a browser does not fetch all of it at once.
const SECONDS: u64 = 600;

/// Plays a URL, seeks to each time and calls back with the time reached, and for a video with the colour in the middle.
const SEEK: &str = "const [kind, address, times, report] = arguments;
    const media = document.createElement(kind);
    const event = name => new Promise((resolve, reject) => {
        media.addEventListener(name, resolve, { once: true });
        media.addEventListener('error', () => reject(new Error(media.error?.message || 'no media')), { once: true });
    });
    const colour = () => {
        if (kind !== 'video') return null;
        const canvas = document.createElement('canvas');
        canvas.width = media.videoWidth;
        canvas.height = media.videoHeight;
        const context = canvas.getContext('2d');
        context.drawImage(media, 0, 0);
        const [red, , blue] = context.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
        return red > blue ? 'red' : 'blue';
    };
    const play = async () => {
        const ready = event('loadeddata');
        media.muted = true;
        media.preload = 'metadata';
        media.src = address;
        document.body.append(media);
        await ready;
        const seen = [];
        for (const time of times) {
            const there = event('seeked');
            media.currentTime = time;
            await there;
            seen.push({ time: media.currentTime, colour: colour() });
        }
        // Playing continues from there. (Sounds play only after a person has done something on the page.)
        if (kind === 'video') {
            const on = event('timeupdate');
            await media.play();
            await on;
        }
        const answer = { duration: media.duration, seen };
        media.removeAttribute('src');
        media.load();
        return answer;
    };
    play().then(report, error => report({ error: String(error) }));";

/// The result of playing.
#[derive(Debug, Deserialize)]
struct Played {
    duration: f64,
    seen: Vec<Seen>,
}

/// The state at one time.
#[derive(Debug, PartialEq, Deserialize)]
struct Seen {
    time: f64,
    colour: Option<String>,
}

impl Seen {
    fn at(time: f64, colour: Option<&str>) -> Self {
        let colour = colour.map(str::to_owned);
        Self { time, colour }
    }
}

async fn seek(
    page: &Page,
    server: &Proxy,
    kind: &str,
    file: &FileId,
    times: &[f64],
) -> Result<Played> {
    let address = format!(
        "{}{}?inline=1",
        server.endpoint(),
        files::content_path(file)
    );
    let played = page
        .ask(SEEK, vec![json!(kind), json!(address), json!(times)])
        .await?;
    let text = played.to_string();
    serde_json::from_value(played).context(text)
}

/// Returns the first byte of each range that the browser requested.
fn starts(server: &Proxy) -> Vec<u64> {
    let journal = server.journal();
    let asked = journal.iter().map(|reached| &reached.request);
    let ranges = asked
        .filter(|asked| asked.operation == Operation::Content)
        .filter_map(|asked| asked.range.clone());
    ranges.map(|range| range.start).collect()
}

/// Returns PCM sound of this many seconds, with 88,200 bytes for each second.
fn wav(seconds: u32) -> Result<Bytes> {
    let bytes_a_second = 88_200_u32;
    let len = seconds * bytes_a_second;
    let mut sound = Vec::new();
    sound.extend_from_slice(b"RIFF");
    sound.extend_from_slice(&(36 + len).to_le_bytes());
    sound.extend_from_slice(b"WAVEfmt ");
    sound.extend_from_slice(&16_u32.to_le_bytes());
    // The fields are: PCM, one channel, 44,100 samples in a second, two bytes in a sample.
    sound.extend_from_slice(&1_u16.to_le_bytes());
    sound.extend_from_slice(&1_u16.to_le_bytes());
    sound.extend_from_slice(&44_100_u32.to_le_bytes());
    sound.extend_from_slice(&bytes_a_second.to_le_bytes());
    sound.extend_from_slice(&2_u16.to_le_bytes());
    sound.extend_from_slice(&16_u16.to_le_bytes());
    sound.extend_from_slice(b"data");
    sound.extend_from_slice(&len.to_le_bytes());
    let samples = Randomness::from_printed_seed()?.bytes(usize::try_from(len)?);
    sound.extend_from_slice(&samples);
    Ok(sound.into())
}

async fn a_sound_is_sought_in(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.with_proxies().start().await?;
    let server = &stack.proxies()?.client_to_server;
    let file = stack.upload("sound.wav", &wav(600)?).await?;
    let browser = scene.browser().await?;
    let page = browser.open_at(&server.endpoint()).await?;
    let played = seek(&page, server, "audio", &file.id, &[590.0, 300.0]).await?;
    assert_eq!(played.duration, 600.0);
    let expected = [590.0, 300.0].map(|time| Seen::at(time, None));
    assert_eq!(played.seen, expected);
    let starts = starts(server);
    let near_the_end = starts.iter().any(|start| *start > 500 * 88_200);
    assert!(near_the_end, "no range near the end: {starts:?}");
    Ok(())
}

async fn a_video_is_sought_in(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.with_proxies().start().await?;
    let server = &stack.proxies()?.client_to_server;
    let browser = scene.browser().await?;
    let page = browser.open_at(&server.endpoint()).await?;
    let video = webm::of_two_colours(&page, SECONDS).await?;
    let len = u64::try_from(video.len())?;
    let file = stack.upload("video.webm", &video).await?;
    // Every second has a colour: even seconds are red, odd ones blue.
    let times = [501.5, 200.5, 333.5];
    let played = seek(&page, server, "video", &file.id, &times).await?;
    let expected = [(501.5, "blue"), (200.5, "red"), (333.5, "blue")];
    let expected = expected.map(|(time, colour)| Seen::at(time, Some(colour)));
    assert_eq!(played.seen, expected);
    let starts = starts(server);
    let behind_the_middle = starts.iter().any(|start| *start > len / 2);
    assert!(behind_the_middle, "no range behind the middle: {starts:?}");
    Ok(())
}

/// A picture of one red pixel.
const PICTURE: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\x01\0\xff\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// Returns what the document shows: the width of an image, or the length of a sound or a video in seconds. Returns a
/// sentence if the document cannot show it, and null until it is loaded. The test must poll, because a document that
/// permits no script cannot call back.
const SHOWN: &str = "const shown = document.querySelector('img, video, audio');
    if (!shown) return document.readyState === 'complete' ? 'nothing to show' : null;
    if (shown.tagName === 'IMG') return shown.complete ? shown.naturalWidth : null;
    if (shown.error || shown.networkState === 3) return 'no media: ' + shown.error?.message;
    return shown.readyState > 0 ? Math.round(shown.duration) : null;";

/// Tries to run a script as such a document could contain it. The driver's own scripts run in any case.
const TRIED: &str = "const script = document.createElement('script');
    script.textContent = 'document.documentElement.dataset.ran = 1';
    document.documentElement.append(script);
    return document.documentElement.dataset.ran ?? null;";

async fn an_image_a_sound_and_a_video_are_shown_as_addresses_of_their_own(
    scene: Scene,
) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let video = webm::of_two_colours(&page, 10).await?;
    for (name, content, shown) in [
        ("picture", Bytes::from_static(PICTURE), 1),
        ("sound", wav(20)?, 20),
        ("video", video, 10),
    ] {
        let file = stack.upload(name, &content).await?;
        let address = format!("{}?inline=1", stack.content_url(&file.id));
        let page = browser.open_file(&address).await?.page;
        let seen = loop {
            let seen = page.run(SHOWN, vec![]).await?;
            if !seen.is_null() {
                break seen;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(seen, json!(shown), "{name}");
        assert_eq!(page.run(TRIED, vec![]).await?, json!(null), "{name}");
    }
    Ok(())
}
