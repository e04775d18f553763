//! A figure for each value of a label, in an array.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Index;

use prometheus_client::encoding::MetricEncoder;
use prometheus_client::metrics::MetricType;

use super::family::{Family, Labels};

/// A label with a fixed set of values.
pub trait Label: Copy + fmt::Debug + 'static {
    /// Its name.
    const NAME: &'static str;
    /// Its values, as they are written.
    const VALUES: &'static [&'static str];

    /// Which of [`VALUES`](Self::VALUES) this is.
    fn index(self) -> usize;
}

/// A figure for each value of a label: `by[value]` is it.
pub struct By<L, F> {
    /// As many as the label has values.
    children: Box<[F]>,
    label: PhantomData<L>,
}

impl<L: Label, F> Index<L> for By<L, F> {
    type Output = F;

    fn index(&self, value: L) -> &F {
        &self.children[value.index()]
    }
}

impl<L: Label, F: Default> Default for By<L, F> {
    fn default() -> Self {
        Self {
            children: L::VALUES.iter().map(|_| F::default()).collect(),
            label: PhantomData,
        }
    }
}

impl<L: Label, F: fmt::Debug> fmt::Debug for By<L, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(L::VALUES.iter().zip(&self.children))
            .finish()
    }
}

impl<L: Label, F: Family> Family for By<L, F> {
    fn kind(&self) -> MetricType {
        // A label has values.
        let first = self.children.first();
        first.map_or(MetricType::Unknown, Family::kind)
    }

    #[cfg(test)]
    fn label_names(&self, names: &mut Vec<&'static str>) {
        names.push(L::NAME);
        if let Some(first) = self.children.first() {
            first.label_names(names);
        }
    }

    fn encode(&self, labels: &mut Labels, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        for (value, child) in L::VALUES.iter().zip(&self.children) {
            labels.push((L::NAME, (*value).into()));
            child.encode(labels, encoder)?;
            labels.pop();
        }
        Ok(())
    }
}

/// Makes enumerations that are labels: each value with the text that it is written as.
macro_rules! labels {
    ($(
        $(#[$attribute:meta])+
        $Label:ident as $name:literal {
            $( $Value:ident = $text:literal, )+
        }
    )+) => {$(
        $(#[$attribute])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $Label {
            $( #[doc = concat!("`", $text, "`")] $Value, )+
        }

        impl $crate::metrics::Label for $Label {
            const NAME: &'static str = $name;
            const VALUES: &'static [&'static str] = &[$( $text, )+];

            fn index(self) -> usize {
                self as usize
            }
        }
    )+};
}

pub(super) use labels;
