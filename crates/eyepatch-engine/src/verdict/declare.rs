use serde::{Deserialize, Serialize};

/// The rule of a verdict, declared before results are seen: see `VERDICTS.md`.
///
/// The default holds the AUC with the legitimate region hidden against 0.5, asks for a margin of 0.05 and names no attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VerdictRule {
    /// How much AUC counts, 0 to below 0.5.
    pub margin: f64,
    /// Familywise error over all primary contrasts of all classes, above 0 to 0.5.
    pub alpha: f64,
    /// Columns of the table whose association with the label is broken, each a primary contrast.
    pub attributes: Vec<String>,
    /// Hiding fills that must agree, 1 or more; below 3 a caveat says so.
    pub fills: usize,
    /// Patients that a class must have on either side, 2 or more.
    pub patients: usize,
}

impl Default for VerdictRule {
    fn default() -> Self {
        Self { margin: 0.05, alpha: 0.05, attributes: Vec::new(), fills: 3, patients: 20 }
    }
}

impl VerdictRule {
    /// With another margin of AUC.
    #[must_use]
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }

    /// With these columns of the table as named attributes.
    #[must_use]
    pub fn attributes<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.attributes = columns.into_iter().map(Into::into).collect();
        self
    }

    /// What is wrong with it, and what to do.
    pub(crate) fn check(&self) -> Result<(), (String, &'static str)> {
        if !(0.0..0.5).contains(&self.margin) {
            return Err((
                format!("a margin of {}", self.margin),
                "give a margin of AUC from 0 to below 0.5, for instance 0.05",
            ));
        }
        if !(self.alpha > 0.0 && self.alpha <= 0.5) {
            return Err((
                format!("an error rate of {}", self.alpha),
                "give one above 0 and at most 0.5, for instance 0.05",
            ));
        }
        if self.fills < 1 || self.patients < 2 {
            let problem = format!("{} fills and {} patients", self.fills, self.patients);
            return Err((problem, "ask for 1 fill and 2 patients or more; 3 and 20 are the defaults"));
        }
        match self.attributes.iter().enumerate().find(|(i, name)| self.attributes[..*i].contains(name)) {
            Some((_, name)) => Err((format!("attribute `{name}` named twice"), "name it once")),
            None => Ok(()),
        }
    }

    /// The rule in a sentence or three.
    pub(crate) fn sentence(&self) -> String {
        let attributes = match self.attributes.as_slice() {
            [] => String::new(),
            names => format!(
                ", and the AUC it loses when the association of {} with the label is broken",
                names.join(", ")
            ),
        };
        format!(
            "Primary contrasts: the full-image model's AUC with the class's legitimate region hidden, less 0.5{attributes}. A \
             shortcut is in evidence where one of them exceeds {:.2} (one-sided p, the largest over at least {} hiding fills, \
             Holm-adjusted over all of them, below {}); none is where the one-sided 95 % upper bound of each lies below {:.2} for \
             every fill; otherwise, or with fewer than {} patients on a side, it is inconclusive.",
            self.margin, self.fills, self.alpha, self.margin, self.patients
        )
    }
}
