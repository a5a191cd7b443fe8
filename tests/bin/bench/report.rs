//! Numbers, and the table of them.

use std::{fmt, time::Duration};

use harness::{Value, json};

/// The machine, in a line.
pub(crate) fn machine() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!("{cores} cores of {}, load {load} at the start", model.map_or("an unknown CPU", |(_, model)| model))
}

/// The middle one.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    quantile(&mut numbers, 0.5)
}

/// The number below which this part of them lies.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]
pub(crate) fn quantile(numbers: &mut [f64], part: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let last = numbers.len().saturating_sub(1) as f64;
    numbers.get((last * part).round() as usize).copied().unwrap_or(f64::NAN)
}

/// In microseconds.
pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// In milliseconds.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// What something must not exceed.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    /// Times what it is measured beside.
    Ratio(f64),
    /// In its own unit.
    Most(f64),
    /// None.
    None,
}

struct Row {
    what: String,
    unit: &'static str,
    measured: f64,
    beside: Option<(String, f64)>,
    aim: Aim,
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.beside.as_ref().map(|(_, beside)| self.measured / beside)
    }

    fn is_missed(&self) -> bool {
        match self.aim {
            Aim::Ratio(most) => self.ratio().is_some_and(|ratio| ratio > most),
            Aim::Most(most) => self.measured > most,
            Aim::None => false,
        }
    }
}

/// All rows of the table.
#[derive(Default)]
pub(crate) struct Report(Vec<Row>);

impl Report {
    /// Adds a number.
    pub(crate) fn add(&mut self, what: impl Into<String>, measured: f64, unit: &'static str, aim: Aim) {
        self.push(Row { what: what.into(), unit, measured, beside: None, aim });
    }

    /// Adds a number, and the one to compare it with.
    pub(crate) fn compare(
        &mut self,
        what: impl Into<String>,
        measured: f64,
        unit: &'static str,
        (name, beside): (impl Into<String>, f64),
        aim: Aim,
    ) {
        self.push(Row { what: what.into(), unit, measured, beside: Some((name.into(), beside)), aim });
    }

    fn push(&mut self, row: Row) {
        println!("  {}: {} {}", row.what, number(row.measured), row.unit);
        self.0.push(row);
    }

    /// For programs.
    pub(crate) fn json(&self, machine: &str) -> Value {
        let rows = self.0.iter().map(|row| {
            json!({
                "what": row.what, "measured": row.measured, "unit": row.unit, "ratio": row.ratio(),
                "beside": row.beside.as_ref().map(|(name, beside)| json!({"what": name, "measured": beside})),
                "missed": row.is_missed()
            })
        });
        json!({"machine": machine, "rows": rows.collect::<Vec<_>>()})
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "| what | measured | beside | ratio | aim | |")?;
        writeln!(formatter, "| --- | --: | --- | --: | --: | --- |")?;
        for row in &self.0 {
            let beside = row
                .beside
                .as_ref()
                .map_or_else(String::new, |(name, beside)| format!("{name}: {} {}", number(*beside), row.unit));
            let ratio = row.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            let aim = match row.aim {
                Aim::Ratio(most) => format!("{most:.1} ×"),
                Aim::Most(most) => format!("{} {}", number(most), row.unit),
                Aim::None => String::new(),
            };
            let verdict = match row.aim {
                Aim::None => "",
                _ if row.is_missed() => "MISSED",
                _ => "met",
            };
            let measured = format!("{} {}", number(row.measured), row.unit);
            writeln!(formatter, "| {} | {measured} | {beside} | {ratio} | {aim} | {verdict} |", row.what)?;
        }
        Ok(())
    }
}

/// Three digits or more.
pub(crate) fn number(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        ..10.0 if number.fract() != 0.0 => format!("{number:.2}"),
        ..100.0 if number.fract() != 0.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}
