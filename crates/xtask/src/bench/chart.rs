//! Draws a row as a chart: a bar for every median, and a line from the least to the most.

use super::figures::{Figures, Spread};
use super::rows::Row;
use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
const LABELS: f64 = 250.0;
const NUMBERS: f64 = 90.0;
const STEP: f64 = 26.0;
const BAR: f64 = 14.0;

/// The styles. Sealift's own bars have another colour. The colours fit light and dark pages.
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#333}.title{font-weight:600}.ours{fill:#2563a8}\
    .peer{fill:#9aa4b0}.reach{stroke:#333;stroke-width:1.5}\
    @media(prefers-color-scheme:dark){text{fill:#ddd}.reach{stroke:#ddd}.ours{fill:#5b9be0}.peer{fill:#6b7480}}";

/// Returns the chart as SVG.
pub(super) fn of(row: &Row, figures: &Figures) -> String {
    let mut drawing = String::new();
    let mut y = STEP;
    for measure in row.measures.iter().take(row.charted) {
        let bars: Vec<Bar> = row
            .who
            .iter()
            .filter_map(|(who, label)| {
                Some(Bar {
                    label,
                    is_ours: !row.has_peers() || label.contains("Sealift"),
                    spread: figures.of(row.name, measure, who)?,
                })
            })
            .collect();
        let most = bars.iter().map(|bar| bar.spread.most).fold(0.0, f64::max);
        push(
            &mut drawing,
            format_args!("<text class=\"title\" x=\"0\" y=\"{y}\">{measure}</text>"),
        );
        for bar in &bars {
            y += STEP;
            bar.draw(y, (WIDTH - LABELS - NUMBERS) / most, &mut drawing);
        }
        y += 1.5 * STEP;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y}\" role=\"img\" aria-label=\"{}\">\n\
         <style>{STYLE}</style>\n{drawing}</svg>\n",
        row.title
    )
}

struct Bar<'a> {
    label: &'a str,
    is_ours: bool,
    spread: Spread,
}

impl Bar<'_> {
    fn draw(&self, y: f64, scale: f64, drawing: &mut String) {
        let Self {
            label,
            is_ours,
            spread,
        } = self;
        let class = if *is_ours { "ours" } else { "peer" };
        let top = y - BAR + 2.0;
        let middle = y - BAR / 2.0 + 2.0;
        let x = |value: f64| LABELS + value * scale;
        let digits = if spread.most < 10.0 { 1 } else { 0 };
        let (least, most, end) = (x(spread.least), x(spread.most), x(spread.most) + 8.0);
        push(
            drawing,
            format_args!("<text x=\"0\" y=\"{y}\">{label}</text>"),
        );
        push(
            drawing,
            format_args!(
                "<rect class=\"{class}\" x=\"{LABELS}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{BAR}\"/>",
                spread.median * scale
            ),
        );
        push(
            drawing,
            format_args!("<path class=\"reach\" d=\"M{least:.1} {middle:.1}H{most:.1}\"/>"),
        );
        push(
            drawing,
            format_args!(
                "<text x=\"{end:.1}\" y=\"{y}\">{:.digits$}</text>",
                spread.median
            ),
        );
    }
}

fn push(drawing: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _written = writeln!(drawing, "{line}");
}

#[cfg(test)]
mod tests {
    use super::super::figures::Figures;
    use super::super::rows::ROWS;
    use super::of;

    #[test]
    fn the_longest_reach_ends_before_the_numbers_and_bars_are_in_proportion() {
        let mut figures = Figures::default();
        figures
            .read("figure\tsealing\tMB/s\tsealift\t400\nfigure\tsealing\tMB/s\tbare\t800\n")
            .unwrap();
        let row = ROWS.iter().find(|row| row.name == "sealing").unwrap();
        let svg = of(row, &figures);
        assert!(
            svg.contains("class=\"ours\" x=\"250\" y=\"40.0\" width=\"210.0\""),
            "{svg}"
        );
        assert!(
            svg.contains("class=\"peer\" x=\"250\" y=\"66.0\" width=\"420.0\""),
            "{svg}"
        );
        assert!(!svg.contains("official client"), "{svg}");
    }
}
