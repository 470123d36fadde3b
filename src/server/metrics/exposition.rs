//! The Prometheus text exposition format, version 0.0.4: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::{Display, Write as _};

use crate::session::counting::{BOUNDS, Histogram};

/// A text being written, family by family.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// A value that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: usize) {
        self.head(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// A value that only grows.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        self.sample(name, &[], value);
    }

    /// Values that only grow, one for each set of labels. Label values are our own: nothing in them needs escaping.
    pub fn counters<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = ([(&'static str, String); N], u64)>,
    ) {
        self.head(name, "counter", help);
        for (labels, value) in samples {
            self.sample(name, &labels, value);
        }
    }

    /// How long something took, in seconds.
    pub fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, "histogram", help);
        let bounds = BOUNDS.iter().map(|micros| seconds(*micros).to_string()).chain(["+Inf".into()]);
        let mut count = 0;
        for (bound, bucket) in bounds.zip(histogram.buckets()) {
            count += bucket;
            self.sample(&format!("{name}_bucket"), &[("le", bound)], count);
        }
        self.sample(&format!("{name}_sum"), &[], seconds(histogram.sum()));
        self.sample(&format!("{name}_count"), &[], count);
    }

    /// The text.
    pub fn finish(self) -> String {
        self.0
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string can't fail, here as below.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, String)], value: impl Display) {
        self.0.push_str(name);
        for (i, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"{text}\"", if i == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_read_as_the_format_has_them() {
        let mut text = Exposition::default();
        text.gauge("a", "What it is.", 3);
        text.counters("b_total", "Others.", [([("x", "1".into()), ("y", "z".into())], 7)]);
        assert_eq!(
            text.finish(),
            "# HELP a What it is.\n# TYPE a gauge\na 3\n\
             # HELP b_total Others.\n# TYPE b_total counter\nb_total{x=\"1\",y=\"z\"} 7\n"
        );
    }

    #[test]
    fn buckets_are_cumulative_and_in_seconds() {
        let histogram = Histogram::default();
        histogram.record(70);
        histogram.record(1_500_000);
        let mut text = Exposition::default();
        text.histogram("t_seconds", "Times.", &histogram);
        let text = text.finish();
        for line in [
            "t_seconds_bucket{le=\"0.00005\"} 0",
            "t_seconds_bucket{le=\"0.0001\"} 1",
            "t_seconds_bucket{le=\"1\"} 1",
            "t_seconds_bucket{le=\"2.5\"} 2",
            "t_seconds_bucket{le=\"+Inf\"} 2",
            "t_seconds_sum 1.50007",
            "t_seconds_count 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
