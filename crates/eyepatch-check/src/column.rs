//! A column: one value a row, numbers or kinds.

use crate::families::Source;

/// One value a row of the table.
pub(crate) struct Column {
    /// In words, unique.
    pub(crate) name: String,
    /// Columns of one family are told in one finding; of a column of the table, its own name.
    pub(crate) family: String,
    pub(crate) source: Source,
    pub(crate) values: Values,
}

pub(crate) enum Values {
    /// `None` where there is none; with words for rows of a high and of a low value.
    Numbers { of: Vec<Option<f64>>, high: String, low: String },
    /// Places in `names`, of which there are three or more.
    Kinds { of: Vec<Option<usize>>, names: Vec<String> },
}

impl Column {
    /// Texts as a column: nothing for fewer than two different ones, yes or no for two, else kinds.
    pub(crate) fn of_texts(
        name: String,
        family: String,
        source: Source,
        texts: &[Option<&str>],
        told: impl Fn(&str) -> String,
    ) -> Option<Self> {
        let names: Vec<String> = {
            let all: std::collections::BTreeSet<&str> = texts.iter().flatten().copied().collect();
            all.into_iter().map(str::to_owned).collect()
        };
        let place = |text: &str| names.binary_search_by(|n| n.as_str().cmp(text)).ok();
        let values = match names.as_slice() {
            [] | [_] => return None,
            [low, high] => Values::Numbers {
                of: texts.iter().map(|t| t.map(|t| f64::from(u8::from(t == high)))).collect(),
                high: told(high),
                low: told(low),
            },
            _ => Values::Kinds { of: texts.iter().map(|t| t.and_then(place)).collect(), names },
        };
        Some(Self { name, family, source, values })
    }

    /// A text a row: of kinds their names, of numbers with few different values these.
    pub(crate) fn groups(&self, most: usize) -> Option<Vec<Option<String>>> {
        let texts: Vec<Option<String>> = match &self.values {
            Values::Kinds { of, names } => of.iter().map(|k| k.map(|k| names[k].clone())).collect(),
            Values::Numbers { of, high, low } if self.is_yes_no() => {
                of.iter().map(|v| v.map(|v| if v > 0.5 { high.clone() } else { low.clone() })).collect()
            }
            Values::Numbers { of, .. } => of.iter().map(|v| v.map(|v| v.to_string())).collect(),
        };
        let different: std::collections::BTreeSet<&String> = texts.iter().flatten().collect();
        let few = (2..=most).contains(&different.len());
        few.then_some(texts)
    }

    fn is_yes_no(&self) -> bool {
        matches!(&self.values, Values::Numbers { of, .. } if of.iter().flatten().all(|v| *v == 0.0 || *v == 1.0))
    }

    /// Rows with a value.
    pub(crate) fn present(&self) -> Vec<bool> {
        match &self.values {
            Values::Numbers { of, .. } => of.iter().map(Option::is_some).collect(),
            Values::Kinds { of, .. } => of.iter().map(Option::is_some).collect(),
        }
    }
}
