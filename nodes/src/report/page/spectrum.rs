//! A spectrum as a picture, with its limit, and the defect orders with their harmonics.

use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::*;

use super::super::record::{DefectOrder, Quantity, Unit};
use super::super::text;
use super::PageError;

/// Most lines of a spectrum.
pub const SPECTRUM_LINES_MAX: usize = 1 << 20;
/// Most frequencies that are marked: the shaft's and those of the four defect orders.
pub const MARKS_MAX: usize = 5;
/// Multiples of each that are marked.
pub const HARMONICS_MAX: u8 = 5;

/// Width and height in pixels.
const SIZE: (u32, u32) = (720, 340);
/// Points of the line: more cannot be told apart.
const POINTS_MAX: usize = 600;
/// Height of the picture over the highest line, where the labels of marks stand.
const HEADROOM: f64 = 1.4;
/// Height of a row of labels, as a share of the picture.
const ROW_SHARE: f64 = 0.055;
/// Colour of axes and letters, named in `style.css`.
const INK: RGBColor = RGBColor(0x1c, 0x1f, 0x23);
/// Colour of the grid, named in `style.css`.
const GRID: RGBColor = RGBColor(0xd9, 0xdd, 0xe2);
/// Colour of the spectrum, named in `style.css`.
const LINE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
/// Colour of the limit and of the marks, named in `style.css`.
const MARK: RGBColor = RGBColor(0xb8, 0x5c, 0x00);

/// A spectrum of amplitudes.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// Hertz from line to line, above 0. The first line is at 0 Hz.
    pub step_hz: f64,
    /// Amplitudes, 0 or more; 2 to [`SPECTRUM_LINES_MAX`].
    pub amplitudes: Vec<f64>,
    /// How many channels they are of, 1 or more: of several, the highest at each line.
    pub channels: u32,
    /// Their unit.
    pub unit: Unit,
    /// The limit of amplitudes, above 0.
    pub limit: Option<f64>,
    /// Where the shaft and defects would show, at most [`MARKS_MAX`].
    pub marks: Vec<Mark>,
}

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The speed of the shaft.
    Shaft,
    /// A defect order of its bearing.
    Defect(DefectOrder),
}

/// A frequency at the speed of the measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Of what.
    pub source: Source,
    /// Its frequency in hertz, above 0.
    pub frequency_hz: f64,
}

/// Why a spectrum is refused.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpectrumError {
    /// Too few or too many lines.
    #[error("a spectrum has 2 to {SPECTRUM_LINES_MAX} lines, found {0}")]
    Lines(usize),
    /// Too many marks.
    #[error("a spectrum has at most {MARKS_MAX} marks, found {0}")]
    Marks(usize),
    /// A number that is not finite or out of its range.
    #[error("`{place}` is out of its range: {value}")]
    Number {
        /// Which number.
        place: &'static str,
        /// Its value.
        value: f64,
    },
}

impl Spectrum {
    /// Returns the picture as SVG.
    pub(super) fn svg(&self) -> Result<String, PageError> {
        self.check()?;
        let mut svg = String::new();
        self.paint(&mut svg)?;
        Ok(svg.replacen("<svg ", "<svg role=\"img\" aria-label=\"Spectrum\" ", 1))
    }

    /// Returns a sentence on how to read the picture.
    pub(super) fn caption(&self) -> String {
        let marks: Vec<String> = self
            .marks
            .iter()
            .map(|mark| format!("{} {:.1} Hz", letters(mark.source), mark.frequency_hz))
            .collect();
        let limit = self.limit.map(|limit| {
            let limit = text::value_with_unit(limit, self.unit, &Quantity::Rms);
            format!(" Dashed across: the limit of {limit}.")
        });
        let marked = match marks.is_empty() {
            true => String::new(),
            false => format!(" Dashed upright: {} and multiples.", marks.join(", ")),
        };
        let channels = match self.channels {
            0 | 1 => String::new(),
            count => format!(" Of {count} channels, the highest at each line."),
        };
        format!(
            "Amplitude over frequency.{channels}{}{marked}",
            limit.unwrap_or_default()
        )
    }

    fn check(&self) -> Result<(), SpectrumError> {
        if !(2..=SPECTRUM_LINES_MAX).contains(&self.amplitudes.len()) {
            return Err(SpectrumError::Lines(self.amplitudes.len()));
        }
        if self.marks.len() > MARKS_MAX {
            return Err(SpectrumError::Marks(self.marks.len()));
        }
        let positive = |value: f64| value > 0.0 && value <= 1e15;
        let marks = self.marks.iter().map(|mark| ("marks", mark.frequency_hz));
        let mut all = marks
            .chain([("step_hz", self.step_hz)])
            .chain(self.limit.map(|limit| ("limit", limit)));
        if let Some((place, value)) = all.find(|(_, value)| !positive(*value)) {
            return Err(SpectrumError::Number { place, value });
        }
        let bad = self
            .amplitudes
            .iter()
            .find(|value| !(0.0..=1e15).contains(*value));
        match bad {
            Some(value) => Err(SpectrumError::Number {
                place: "amplitudes",
                value: *value,
            }),
            None => Ok(()),
        }
    }

    /// The lines as points; where there are too many, the highest of each few, so that no peak is lost.
    fn points(&self) -> Vec<(f64, f64)> {
        let few = self.amplitudes.len().div_ceil(POINTS_MAX);
        let mut points = Vec::with_capacity(POINTS_MAX);
        let mut frequency_hz = 0.0;
        for lines in self.amplitudes.chunks(few) {
            let (mut at, mut highest) = (frequency_hz, 0.0);
            for amplitude in lines {
                if *amplitude > highest {
                    (at, highest) = (frequency_hz, *amplitude);
                }
                frequency_hz += self.step_hz;
            }
            points.push((at, highest));
        }
        points
    }

    fn paint(&self, svg: &mut String) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
        let points = self.points();
        let last_hz = points.last().map_or(1.0, |point| point.0).max(self.step_hz);
        let peak = points
            .iter()
            .map(|point| point.1)
            .fold(self.limit.unwrap_or(0.0), f64::max);
        let top = if peak > 0.0 { HEADROOM * peak } else { 1.0 };
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        let mut on = ChartBuilder::on(&root)
            .margin(10)
            .margin_right(28)
            .x_label_area_size(46)
            .y_label_area_size(72)
            .build_cartesian_2d(0.0..last_hz, 0.0..top)?;
        let font = |size: u32| ("sans-serif", size).into_font().color(&INK);
        let short = |value: &f64| text::value_with_unit(*value, Unit::One, &Quantity::Rms);
        let amplitude = match text::value_with_unit(0.0, self.unit, &Quantity::Rms).split_once(' ') {
            Some((_, unit)) => format!("Amplitude in {unit}"),
            None => "Amplitude".to_owned(),
        };
        on.configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(INK)
            .label_style(font(14))
            .axis_desc_style(font(15))
            .x_labels(8)
            .y_labels(6)
            .x_label_formatter(&|value| format!("{}", (value * 10.0).round() / 10.0))
            .y_label_formatter(&short)
            .x_desc("Frequency in Hz")
            .y_desc(amplitude)
            .draw()?;
        on.draw_series(LineSeries::new(points, LINE.stroke_width(1)))?;
        if let Some(limit) = self.limit {
            on.draw_series(DashedLineSeries::new(
                [(0.0, limit), (last_hz, limit)],
                8,
                4,
                MARK.stroke_width(2),
            ))?;
        }
        for (frequency_hz, label, row) in self.marked(last_hz) {
            let height = top * (1.0 - ROW_SHARE * row);
            let upright = [(frequency_hz, 0.0), (frequency_hz, height - ROW_SHARE * top)];
            on.draw_series(DashedLineSeries::new(upright, 3, 4, MARK.into()))?;
            let style = ("sans-serif", 12).into_font().color(&MARK);
            on.draw_series([Text::new(label, (frequency_hz, height), style)])?;
        }
        root.present()
    }

    /// The frequencies that are marked, up to the end of the spectrum, with their labels, and a row for each so
    /// that labels do not cover each other.
    fn marked(&self, last_hz: f64) -> Vec<(f64, String, f64)> {
        let mut marked = Vec::new();
        let rows = [0.0, 1.0, 2.0, 3.0, 4.0];
        for (mark, row) in self.marks.iter().zip(rows) {
            for harmonic in 1..=HARMONICS_MAX {
                let frequency_hz = mark.frequency_hz * f64::from(harmonic);
                let name = letters(mark.source);
                let label = if harmonic == 1 {
                    name.to_owned()
                } else {
                    format!("{harmonic}×{name}")
                };
                marked.push((frequency_hz, label, row));
            }
        }
        marked.retain(|(frequency_hz, ..)| *frequency_hz <= last_hz);
        marked
    }
}

fn letters(source: Source) -> &'static str {
    match source {
        Source::Shaft => "shaft",
        Source::Defect(DefectOrder::OuterRace) => "BPFO",
        Source::Defect(DefectOrder::InnerRace) => "BPFI",
        Source::Defect(DefectOrder::RollingElement) => "BSF",
        Source::Defect(DefectOrder::Cage) => "FTF",
    }
}
