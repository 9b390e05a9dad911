//! Figures as data: a probe says what is to be seen, the report draws it.

use serde::{Deserialize, Serialize};

use crate::{Error, Interval, Result};

/// A figure of a probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "chart", rename_all = "lowercase")]
pub enum Figure {
    /// Images as points.
    Scatter(Scatter),
    /// Estimates along steps.
    Profile(DepthProfile),
}

/// Images as points of a plane, coloured in one way or several; an image may be there under several maskings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Scatter {
    /// What it shows.
    pub title: String,
    /// How it was made and how to read it.
    pub caption: String,
    /// What the axes are; empty where they have no meaning of their own.
    pub axes: [String; 2],
    /// Row of the table of each point.
    pub rows: Vec<usize>,
    /// Their places.
    pub places: Vec<[f32; 2]>,
    /// Ways to colour them.
    pub colourings: Vec<Colouring>,
}

/// Groups of points, in colours.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Colouring {
    /// By what: `masking`, a class, a column.
    pub by: String,
    /// Names of the groups.
    pub groups: Vec<String>,
    /// The group of each point; `None` where it is in none.
    pub of: Vec<Option<usize>>,
}

/// Estimates along steps that have an order, such as the layers of a network, one line a series.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DepthProfile {
    /// What it shows.
    pub title: String,
    /// How it was made and how to read it.
    pub caption: String,
    /// Names of the steps.
    pub steps: Vec<String>,
    /// What is estimated.
    pub axis: String,
    /// The value that says nothing: 0.5 for an AUC.
    pub reference: f64,
    /// The lines.
    pub series: Vec<Series>,
}

/// One line of a profile.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Series {
    /// Its name.
    pub name: String,
    /// An estimate a step; `None` where there is none.
    pub estimates: Vec<Option<f64>>,
    /// Their intervals.
    pub intervals: Vec<Option<Interval>>,
}

impl Figure {
    /// Checks that a figure fits itself and a table of `rows` rows, and that its numbers are finite.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn check(&self, rows: usize) -> Result<()> {
        match self {
            Self::Scatter(s) => s.check(rows),
            Self::Profile(p) => p.check(),
        }
    }
}

impl Scatter {
    fn check(&self, rows: usize) -> Result<()> {
        let what = || format!("figure `{}`", self.title);
        let n = self.rows.len();
        let wrong = |expected: String, found: String| Err(Error::shape(what(), expected, found));
        if self.places.len() != n {
            return wrong(format!("{n} places"), self.places.len().to_string());
        }
        if let Some(row) = self.rows.iter().find(|r| **r >= rows) {
            return wrong(format!("rows below {rows}"), format!("row {row}"));
        }
        if let Some(place) = self.places.iter().find(|p| p.iter().any(|v| !v.is_finite())) {
            return wrong("finite places".into(), format!("{place:?}"));
        }
        for c in &self.colourings {
            if c.of.len() != n {
                return wrong(format!("{n} points coloured by `{}`", c.by), c.of.len().to_string());
            }
            if let Some(group) = c.of.iter().flatten().find(|g| **g >= c.groups.len()) {
                return wrong(format!("groups below {} of `{}`", c.groups.len(), c.by), group.to_string());
            }
        }
        Ok(())
    }
}

impl DepthProfile {
    fn check(&self) -> Result<()> {
        let what = || format!("figure `{}`", self.title);
        for s in &self.series {
            if s.estimates.len() != self.steps.len() || s.intervals.len() != self.steps.len() {
                let found = format!("{} and {}", s.estimates.len(), s.intervals.len());
                let expected = format!("{} estimates and intervals of `{}`", self.steps.len(), s.name);
                return Err(Error::shape(what(), expected, found));
            }
            let bounds = s.intervals.iter().flatten().flat_map(|i| [i.lower, i.upper]);
            let mut numbers = s.estimates.iter().flatten().copied().chain(bounds).chain([self.reference]);
            if let Some(bad) = numbers.find(|v| !v.is_finite()) {
                return Err(Error::shape(what(), "finite numbers", bad.to_string()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_does_not_fit_itself_is_refused() {
        let whole = Scatter {
            rows: vec![0, 1],
            places: vec![[0.0, 1.0], [2.0, 3.0]],
            colourings: vec![Colouring { by: "x".into(), groups: vec!["a".into()], of: vec![Some(0), None] }],
            ..Scatter::default()
        };
        let check = |s: &Scatter| Figure::Scatter(s.clone()).check(2);
        check(&whole).unwrap();
        assert!(check(&Scatter { rows: vec![0, 2], ..whole.clone() }).is_err());
        assert!(check(&Scatter { rows: vec![0], ..whole.clone() }).is_err());
        assert!(check(&Scatter { places: vec![[0.0, f32::NAN]; 2], ..whole.clone() }).is_err());
        for of in [vec![None], vec![Some(1), None]] {
            let colourings = vec![Colouring { of, ..whole.colourings[0].clone() }];
            assert!(check(&Scatter { colourings, ..whole.clone() }).is_err());
        }
        let series = |e: Vec<Option<f64>>| {
            let intervals = vec![None; e.len()];
            DepthProfile {
                steps: vec!["a".into()],
                series: vec![Series { name: "s".into(), estimates: e, intervals }],
                ..DepthProfile::default()
            }
        };
        let check = |p: DepthProfile| Figure::Profile(p).check(0);
        check(series(vec![Some(1.0)])).unwrap();
        check(series(vec![None])).unwrap();
        assert!(check(series(vec![])).is_err());
        assert!(check(series(vec![Some(f64::NAN)])).is_err());
    }
}
