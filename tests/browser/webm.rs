//! Makes a real video: two seconds from the browser's own encoder, repeated, in a WebM file that a player can seek in.

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use sealift_tests::Page;
use serde_json::Value;

/// Calls back with two key frames in hexadecimal, a red one and a blue one. Noise around the middle makes them large.
const ENCODE: &str = "const [report] = arguments;
    const hex = bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
    const encode = async () => {
        const frames = [];
        const encoder = new VideoEncoder({
            output: chunk => {
                const bytes = new Uint8Array(chunk.byteLength);
                chunk.copyTo(bytes);
                frames.push(hex(bytes));
            },
            error: error => report({ error: String(error) }),
        });
        encoder.configure({ codec: 'vp8', width: 320, height: 240, bitrate: 8_000_000, framerate: 1 });
        for (const [index, colour] of ['red', 'blue'].entries()) {
            const canvas = new OffscreenCanvas(320, 240);
            const context = canvas.getContext('2d');
            const noise = context.createImageData(320, 240);
            crypto.getRandomValues(noise.data.subarray(0, 65536));
            for (let at = 65536; at < noise.data.length; at++) noise.data[at] = noise.data[at - 65536];
            for (let at = 3; at < noise.data.length; at += 4) noise.data[at] = 255;
            context.putImageData(noise, 0, 0);
            context.fillStyle = colour;
            context.fillRect(80, 60, 160, 120);
            const frame = new VideoFrame(canvas, { timestamp: index * 1_000_000 });
            encoder.encode(frame, { keyFrame: true });
            frame.close();
        }
        await encoder.flush();
        report({ frames });
    };
    encode().catch(error => report({ error: String(error) }));";

/// Returns a video of this many seconds. Even seconds are red in the middle, odd ones blue.
pub(crate) async fn of_two_colours(page: &Page, seconds: u64) -> Result<Bytes> {
    let encoded = page.ask(ENCODE, Vec::new()).await?;
    let frames = encoded.get("frames").and_then(Value::as_array);
    let frames = frames.with_context(|| encoded.to_string())?;
    let decoded = frames.iter().map(|frame| {
        let text = frame.as_str().unwrap_or_default();
        data_encoding::HEXLOWER.decode(text.as_bytes())
    });
    let frames: Vec<Vec<u8>> = decoded.collect::<Result<_, _>>()?;
    let Ok(frames) = <[Vec<u8>; 2]>::try_from(frames) else {
        bail!("not two frames");
    };
    muxed(&frames, seconds)
}

/// Returns an element of EBML: its id, its length in eight bytes, and its content.
fn element(id: u32, content: &[u8]) -> Result<Vec<u8>> {
    let id = id.to_be_bytes();
    let begin = id.iter().take_while(|byte| **byte == 0).count();
    let mut element = id.get(begin..).unwrap_or_default().to_vec();
    let len = u64::try_from(content.len())? | 1 << 56;
    element.extend_from_slice(&len.to_be_bytes());
    element.extend_from_slice(content);
    Ok(element)
}

fn number(id: u32, value: u64) -> Result<Vec<u8>> {
    element(id, &value.to_be_bytes())
}

fn text(id: u32, value: &str) -> Result<Vec<u8>> {
    element(id, value.as_bytes())
}

/// Returns the video file. Each second is a cluster of one key frame. The cues (the clusters'
/// offsets) come before them.
fn muxed(frames: &[Vec<u8>; 2], seconds: u64) -> Result<Bytes> {
    // The lengths here are short, as in files of other writers, because content sniffers look for exactly these bytes.
    let head =
        b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\
                 \x42\x82\x84webm\x42\x87\x81\x04\x42\x85\x81\x02";
    #[expect(
        clippy::cast_precision_loss,
        clippy::as_conversions,
        reason = "a few minutes"
    )]
    let duration = (seconds * 1000) as f64;
    let info = element(
        0x1549_A966,
        &[
            number(0x2A_D7B1, 1_000_000)?,
            element(0x4489, &duration.to_be_bytes())?,
            text(0x4D80, "sealift")?,
            text(0x5741, "sealift")?,
        ]
        .concat(),
    )?;
    let size = element(0xE0, &[number(0xB0, 320)?, number(0xBA, 240)?].concat())?;
    let track = [
        number(0xD7, 1)?,
        number(0x73C5, 1)?,
        number(0x83, 1)?,
        text(0x86, "V_VP8")?,
        size,
    ];
    let tracks = element(0x1654_AE6B, &element(0xAE, &track.concat())?)?;
    let mut clusters = Vec::new();
    for second in 0..seconds {
        let frame = if second % 2 == 0 {
            &frames[0]
        } else {
            &frames[1]
        };
        // The bytes mean: track 1, no time offset, a key frame.
        let block = [[0x81, 0, 0, 0x80].as_slice(), frame].concat();
        let cluster = [number(0xE7, second * 1000)?, element(0xA3, &block)?].concat();
        clusters.push(element(0x1F43_B675, &cluster)?);
    }
    // Every number has eight bytes, so the cues have the same length before their values are known.
    let before = info.len() + tracks.len();
    let cues_len = cues(&clusters, 0)?.len();
    let cues = cues(&clusters, u64::try_from(before + cues_len)?)?;
    let segment = [info, tracks, cues, clusters.concat()].concat();
    let segment = element(0x1853_8067, &segment)?;
    Ok([head.as_slice(), &segment].concat().into())
}

/// Returns the cues, which hold the offset of each cluster. The first cluster is at `first`.
fn cues(clusters: &[Vec<u8>], first: u64) -> Result<Vec<u8>> {
    let mut points = Vec::new();
    let (mut at, mut time_ms) = (first, 0);
    for cluster in clusters {
        let position = element(0xB7, &[number(0xF7, 1)?, number(0xF1, at)?].concat())?;
        points.extend(element(0xBB, &[number(0xB3, time_ms)?, position].concat())?);
        at += u64::try_from(cluster.len())?;
        time_ms += 1000;
    }
    element(0x1C53_BB6B, &points)
}
