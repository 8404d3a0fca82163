//! Uploads with the page in Chromium while everything fails. Some are cancelled or paused with their buttons; others
//! lose their page, and their files are chosen again in the next one.

use std::{
    fs,
    ops::Range,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use sealift_client::Client;
use sealift_tests::{Browser, Page, Row};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    course::{Action, Course},
    deployment::Deployment,
    figures::Tally,
    native::ask_until_answered,
    readings,
    terminal::say,
};

/// Files that are chosen together.
const BATCH: usize = 6;
/// The limit of a batch. A batch that takes longer has lost an upload.
const LONGEST_BATCH: Duration = Duration::from_secs(600);
/// The limit of a page load. A server that was just killed serves no page.
const LONGEST_LOAD: Duration = Duration::from_secs(15);
const MOST_LOADS: usize = 30;
/// How often a failed file is retried.
const MOST_RETRIES: u32 = 40;

/// Sends the uploads with these numbers.
pub(crate) async fn send_all(
    deployment: &Deployment,
    numbers: Range<u64>,
    seed: u64,
) -> Result<Tally> {
    let browser = Browser::start().await?;
    browser.wait_at_most(LONGEST_LOAD).await?;
    let client = deployment.client()?;
    let url = deployment.proxies.client_to_server.endpoint();
    let folder = deployment.folder().join("chosen");
    fs::create_dir_all(&folder)?;
    let mut tally = Tally::default();
    let courses = numbers.map(|number| Course::of(seed, number));
    let courses: Vec<Course> = courses.collect::<Result<_>>()?;
    for courses in courses.chunks(BATCH) {
        let mut chosen = Vec::new();
        for course in courses {
            let plaintext = course.plaintext(seed);
            let path = folder.join(course.name());
            fs::write(&path, &plaintext)?;
            chosen.push(Chosen::new(course.clone(), path, plaintext));
        }
        let batch = Batch {
            browser: &browser,
            client: &client,
            url: &url,
            chosen,
            began: Instant::now(),
            loses_its_page: false,
            tally: &mut tally,
        };
        batch.send().await?;
        let ended = tally.uploads;
        say(&format!("{ended} uploads have ended in the page"));
    }
    Ok(tally)
}

/// Files that one page sends.
struct Batch<'a> {
    browser: &'a Browser,
    client: &'a Client,
    url: &'a str,
    chosen: Vec<Chosen>,
    began: Instant,
    /// Whether some of its senders crash, and the page with them.
    loses_its_page: bool,
    tally: &'a mut Tally,
}

/// One file of a batch.
struct Chosen {
    course: Course,
    path: PathBuf,
    plaintext: Bytes,
    retries: u32,
    has_acted: bool,
    has_ended: bool,
}

impl Chosen {
    fn new(course: Course, path: PathBuf, plaintext: Bytes) -> Self {
        Self {
            course,
            path,
            plaintext,
            retries: 0,
            has_acted: false,
            has_ended: false,
        }
    }
}

impl Batch<'_> {
    async fn send(mut self) -> Result<()> {
        let mut page = self.open_and_choose().await?;
        self.began = Instant::now();
        let mut goes_after = self.page_goes_after();
        self.loses_its_page = goes_after.is_some();
        while self.chosen.iter().any(|chosen| !chosen.has_ended) {
            if self.began.elapsed() > LONGEST_BATCH {
                return self.give_up(&page).await;
            }
            if goes_after.is_some_and(|after| self.began.elapsed() > after) {
                goes_after = None;
                page = self.open_and_choose().await?;
            }
            for row in page.rows().await? {
                self.look_at(&page, &row).await?;
            }
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// Returns when the page is lost. Senders who crash do so together, because they share the page.
    fn page_goes_after(&mut self) -> Option<Duration> {
        let actions = self.chosen.iter().map(|chosen| chosen.course.action);
        let gone = actions.filter_map(|action| match action {
            Action::Crash(after) => Some(after),
            _ => None,
        });
        let gone: Vec<Duration> = gone.collect();
        self.tally.crashed += u64::try_from(gone.len()).unwrap_or(u64::MAX);
        gone.into_iter().max()
    }

    /// Opens a new page and chooses all files that have not ended.
    async fn open_and_choose(&self) -> Result<Page> {
        for _ in 0..MOST_LOADS {
            // The server may be down at this moment; then the page does not load, or only in part.
            let Ok(page) = self.browser.open_at(self.url).await else {
                sleep(Duration::from_millis(500)).await;
                continue;
            };
            let open = self.chosen.iter().filter(|chosen| !chosen.has_ended);
            let paths: Vec<_> = open.map(|chosen| chosen.path.as_path()).collect();
            page.choose(&paths).await?;
            return Ok(page);
        }
        bail!("the page did not load in {MOST_LOADS} attempts")
    }

    /// Reacts to this row as a person would.
    async fn look_at(&mut self, page: &Page, row: &Row) -> Result<()> {
        let Some(chosen) = self
            .chosen
            .iter_mut()
            .find(|chosen| chosen.course.name() == row.name && !chosen.has_ended)
        else {
            return Ok(());
        };
        let elapsed = self.began.elapsed();
        match row.state.as_str() {
            "done" => {
                chosen.has_ended = true;
                self.tally.uploads += 1;
                self.tally.complete += 1;
                let id = row.file_id.clone().context("a done row has an id")?;
                let client = self.client;
                let file = ask_until_answered(|| client.file(&id)).await?;
                readings::compare(client, &file, &chosen.plaintext, self.tally).await;
            }
            "cancelled" => {
                chosen.has_ended = true;
                self.tally.uploads += 1;
                self.tally.cancelled.insert(chosen.course.number);
            }
            "failed" if chosen.retries >= MOST_RETRIES => {
                chosen.has_ended = true;
                self.tally.uploads += 1;
                self.tally.lost.push(format!("{row:?}"));
            }
            "failed" => {
                chosen.retries += 1;
                match press(page, row, "retry").await? {
                    true => self.tally.resumed += 1,
                    false if press(page, row, "start-anew").await? => self.tally.begun_anew += 1,
                    false => {}
                }
            }
            "known" => {
                if press(page, row, "confirm-yes").await? {
                    self.tally.resumed += 1;
                }
            }
            "paused" => {
                let Action::Pause(after, for_so_long) = chosen.course.action else {
                    return Ok(());
                };
                if elapsed > after + for_so_long {
                    press(page, row, "continue").await?;
                }
            }
            // The upload continues, or it waits for a person.
            _ if chosen.has_acted => {}
            _ => match chosen.course.action {
                // If two pages sent the same file, a cancelled row says nothing about the other page's upload.
                Action::Cancel(after) if elapsed > after && !self.loses_its_page => {
                    chosen.has_acted = press(page, row, "cancel").await?;
                }
                Action::Pause(after, _) if elapsed > after => {
                    chosen.has_acted = press(page, row, "pause").await?;
                    self.tally.paused += u64::from(chosen.has_acted);
                }
                _ => {}
            },
        }
        Ok(())
    }

    async fn give_up(self, page: &Page) -> Result<()> {
        let rows = page.rows().await?;
        for chosen in self.chosen.iter().filter(|chosen| !chosen.has_ended) {
            let name = chosen.course.name();
            let row = rows.iter().find(|row| row.name == name);
            self.tally.uploads += 1;
            self.tally.lost.push(format!(
                "{name} has not ended after {} s: {row:?}",
                LONGEST_BATCH.as_secs()
            ));
        }
        Ok(())
    }
}

/// Clicks a button of that row if it is visible, and returns whether it was.
async fn press(page: &Page, row: &Row, button: &str) -> Result<bool> {
    let script = "const [name, state, part] = arguments;
        const row = [...document.querySelectorAll('li.file')].find((row) =>
            row.querySelector('.file-name')?.textContent === name && row.dataset.state === state);
        const button = row?.querySelector(`button.${part}`);
        if (!button?.checkVisibility()) return false;
        button.click();
        return true;";
    let arguments = vec![json!(row.name), json!(row.state), json!(button)];
    Ok(page.run(script, arguments).await? == json!(true))
}
