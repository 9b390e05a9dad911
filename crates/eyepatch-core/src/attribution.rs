use serde::{Deserialize, Serialize};

use crate::{Error, OutputSpace, Result};

/// How much each part of an input contributed to one output. Its grid need not be the image's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attribution {
    /// Rows of the grid, which covers the image evenly.
    pub height: usize,
    /// Columns of the grid.
    pub width: usize,
    /// `height` x `width` values, rows first.
    pub values: Vec<f32>,
    /// Index of the class explained.
    pub class: usize,
    /// Scale of the output explained.
    pub space: OutputSpace,
    /// Output on the baseline.
    pub base_value: f64,
    /// Output on the input.
    pub output_value: f64,
    /// `output - base - sum of values`, for methods whose values should add up.
    pub additivity_error: Option<f64>,
    /// Model evaluations used.
    pub evaluations: usize,
}

impl Attribution {
    /// Checks that the values fill the grid, that all numbers are finite, and that the class exists.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn check(&self, classes: usize) -> Result<()> {
        let wrong = |expected: String, found: String| Err(Error::shape("attribution", expected, found));
        if self.height == 0 || self.width == 0 || self.values.len() != self.height * self.width {
            let found = format!("{} values for {}x{}", self.values.len(), self.height, self.width);
            return wrong("a value for each place of its grid".into(), found);
        }
        if self.class >= classes {
            return wrong(format!("a class below {classes}"), self.class.to_string());
        }
        let outputs = [self.base_value, self.output_value, self.additivity_error.unwrap_or(0.0)];
        if !self.values.iter().all(|v| v.is_finite()) || !outputs.iter().all(|v| v.is_finite()) {
            return wrong("finite numbers".into(), "one that is not".into());
        }
        Ok(())
    }
}

/// What was found of several outputs of a model on one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// One a class, in the order in which they were asked for.
    pub attributions: Vec<Attribution>,
    /// The same values before they were added up over channels, one entry a class, each channels x height x width; `None`
    /// where the method does not tell channels apart.
    pub channels: Option<Vec<Vec<f32>>>,
    /// How far maps of several baselines differ, one number a class, 0 (the same map) to 1 (nothing in common); `None`
    /// where there is one baseline.
    pub disagreement: Option<Vec<f64>>,
    /// Model evaluations in all. Where classes share them, each attribution states all of them.
    pub evaluations: usize,
}

impl Explained {
    /// Of attributions that share no evaluation and know of no channels.
    #[must_use]
    pub fn of(attributions: Vec<Attribution>) -> Self {
        let evaluations = attributions.iter().map(|a| a.evaluations).sum();
        Self { attributions, channels: None, disagreement: None, evaluations }
    }

    /// Checks that each of `classes` has its attribution, with [`Attribution::check`], and that what is said besides is
    /// said of each. `known` is the model's number of classes.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn check(&self, classes: &[usize], known: usize) -> Result<()> {
        let found: Vec<usize> = self.attributions.iter().map(|a| a.class).collect();
        if found != classes {
            return Err(Error::shape("explained classes", format!("{classes:?}"), format!("{found:?}")));
        }
        self.attributions.iter().try_for_each(|a| a.check(known))?;
        let apart = self.disagreement.iter().flatten();
        if self.disagreement.as_ref().is_some_and(|d| d.len() != classes.len())
            || apart.into_iter().any(|d| !(0.0..=1.0).contains(d))
        {
            return Err(Error::shape(
                "disagreement",
                "a number from 0 to 1 for each class",
                "something else",
            ));
        }
        let Some(channels) = &self.channels else { return Ok(()) };
        let fits = |(values, a): (&Vec<f32>, &Attribution)| {
            !values.is_empty() && values.len().is_multiple_of(a.height * a.width)
        };
        if channels.len() != classes.len() || !channels.iter().zip(&self.attributions).all(fits) {
            return Err(Error::shape("values by channel", "whole planes for each class", "something else"));
        }
        Ok(())
    }
}
