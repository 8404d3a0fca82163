//! Measures sealing and opening a whole message in memory on one thread: Sealift's core and other crates take turns. The
//! argument is the number of rounds. Each line of the output has the contestant, `sealing` or `opening`, and the MB/s of
//! every round, with tabs between them.

mod age;
mod esdk;
mod sealift;

use std::{env, hint::black_box, time::Instant};

use anyhow::{Context as _, Result, ensure};

/// The length of a part, as in the benches of `sealift-message`.
const PLAINTEXT_LEN: usize = 8 << 20;
/// The shortest time of a measurement. One call of a fast contestant is shorter than the clock is exact.
const LEAST_SECONDS: f64 = 0.5;

/// One way to seal a message and to open it again.
trait Contestant {
    fn name(&self) -> &'static str;
    fn seal(&mut self, plaintext: &[u8]) -> Result<()>;
    /// Opens the message that was sealed last, and returns its plaintext.
    fn open(&mut self) -> Result<&[u8]>;
}

fn main() -> Result<()> {
    let rounds = env::args()
        .nth(1)
        .context("the number of rounds is missing")?;
    let plaintext: Vec<u8> = (0..=u8::MAX).cycle().take(PLAINTEXT_LEN).collect();
    let mut contestants: Vec<Box<dyn Contestant>> = vec![
        Box::new(sealift::Sealift::new()?),
        Box::new(age::Age::new()),
        Box::new(esdk::Esdk::new()?),
    ];
    let mut sealing = vec![Vec::new(); contestants.len()];
    let mut opening = vec![Vec::new(); contestants.len()];
    for contestant in &mut contestants {
        contestant.seal(&plaintext)?;
        ensure!(
            contestant.open()? == plaintext,
            "{} opens something else",
            contestant.name()
        );
    }
    for _ in 0..rounds.parse::<usize>()? {
        for (contestant, sealing) in contestants.iter_mut().zip(&mut sealing) {
            sealing.push(rate(|| contestant.seal(black_box(&plaintext)))?);
        }
        for (contestant, opening) in contestants.iter_mut().zip(&mut opening) {
            opening.push(rate(|| {
                contestant.open().map(|opened| drop(black_box(opened)))
            })?);
        }
    }
    for (what, all) in [("sealing", &sealing), ("opening", &opening)] {
        for (contestant, rates) in contestants.iter().zip(all) {
            let rates: Vec<String> = rates.iter().map(|rate| format!("{rate:.2}")).collect();
            println!("{}\t{what}\t{}", contestant.name(), rates.join(" "));
        }
    }
    Ok(())
}

/// Returns the MB/s of a call that seals or opens [`PLAINTEXT_LEN`] bytes.
fn rate(mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    let mut megabytes = 0.0;
    loop {
        call()?;
        megabytes += PLAINTEXT_LEN as f64 / 1e6;
        let seconds = began.elapsed().as_secs_f64();
        if seconds >= LEAST_SECONDS {
            return Ok(megabytes / seconds);
        }
    }
}
