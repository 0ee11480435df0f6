//! The same figure of several things, told apart by a label.

use std::fmt;

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder},
    metrics::{MetricType, TypedMetric},
};

#[derive(Debug)]
pub struct Each<M> {
    label: &'static str,
    figures: Vec<(String, M)>,
}

impl<M> Each<M> {
    /// Of things with these names, or numbers.
    pub fn new<N: ToString>(
        label: &'static str,
        figures: impl IntoIterator<Item = (N, M)>,
    ) -> Self {
        let figures = figures.into_iter();
        Self {
            label,
            figures: figures.map(|(name, it)| (name.to_string(), it)).collect(),
        }
    }
}

impl<M: EncodeMetric + TypedMetric> EncodeMetric for Each<M> {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), fmt::Error> {
        for (name, figure) in &self.figures {
            let labels = [(self.label, name.as_str())];
            figure.encode(encoder.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        M::TYPE
    }

    fn is_empty(&self) -> bool {
        self.figures.is_empty()
    }
}
