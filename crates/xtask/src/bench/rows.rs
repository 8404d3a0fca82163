//! The rows of the benchmark: what is measured, against which peers, and with which goals. The names are those of
//! tests/bench.

mod client;
mod firefox;
mod link;
mod many;
mod memory;
mod native;
mod opening;
mod ranges;
mod reading;
mod resume;
mod sealing;
mod sink;
mod upload;

/// All rows, in the order in which they are measured and written.
pub(super) const ROWS: &[Row] = &[
    upload::ROW,
    sink::ROW,
    firefox::ROW,
    link::ROW,
    resume::ROW,
    sealing::ROW,
    native::ROW,
    client::ROW,
    reading::ROW,
    ranges::ROW,
    opening::ROW,
    many::ROW,
    memory::ROW,
];

const RATE: &str = "MB/s";
/// The rate without the time that the store needs to join the parts.
const SENT: &str = "MB/s until the last part is stored";
const CPU: &str = "CPU seconds per GiB";
const OVER_IDLE: &str = "MiB over idle";

/// One measurement with its contests.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// Says how the row is measured, for the reader of the table.
    pub(super) about: &'static str,
    /// The contestants in the order of the table and the chart: the name, and the label for the reader.
    pub(super) who: &'static [(&'static str, &'static str)],
    /// The measures that the table shows.
    pub(super) measures: &'static [&'static str],
    /// The number of measures that the chart shows, from the first one on.
    pub(super) charted: usize,
    pub(super) contests: &'static [Contest],
}

/// A goal, and the contestant that has to reach it.
pub(super) struct Contest {
    pub(super) what: &'static str,
    pub(super) measure: &'static str,
    pub(super) ours: &'static str,
    pub(super) against: Against,
}

/// The limit of a goal.
pub(super) enum Against {
    /// The median is at least this factor times the peer's.
    AtLeast(f64, &'static str),
    /// The median is at most this factor times the other's.
    AtMost(f64, &'static str),
    /// The median is at least this much.
    Least(f64),
    /// The median is at most this much.
    Bound(f64),
    /// The value is at most this much in every round.
    Always(f64),
}

impl Row {
    /// Returns whether the row compares Sealift with peers.
    pub(super) fn has_peers(&self) -> bool {
        let mut contests = self.contests.iter();
        contests.any(|contest| matches!(contest.against, Against::AtLeast(..)))
    }

    /// Returns the label of a contestant for the reader.
    pub(super) fn label<'a>(&self, who: &'a str) -> &'a str {
        let known = self.who.iter().find(|(name, _)| *name == who);
        known.map_or(who, |(_, label)| label)
    }
}
