//! What every kind of figure can do: say what it is, and be written.

use std::borrow::Cow;
use std::fmt;

use prometheus_client::encoding::MetricEncoder;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;

/// The labels of the figure that is being written, and their values.
pub(super) type Labels = Vec<(&'static str, Cow<'static, str>)>;

/// No label of an example.
pub(super) type NoLabels = [(&'static str, &'static str); 0];

/// We give no examples of what was counted.
pub(super) const NO_EXEMPLAR: Option<&Exemplar<NoLabels, f64>> = None;

/// One figure, or one for each value of its labels.
pub(super) trait Family {
    /// What it is to whoever collects it.
    fn kind(&self) -> MetricType;

    /// Adds the names of its labels: the reference has them.
    #[cfg(test)]
    fn label_names(&self, names: &mut Vec<&'static str>) {
        let _ = names;
    }

    /// Writes it, with these labels and its own.
    fn encode(&self, labels: &mut Labels, encoder: &mut MetricEncoder<'_>) -> fmt::Result;
}
