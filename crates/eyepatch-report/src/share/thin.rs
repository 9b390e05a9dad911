//! Where counts are so small that they, or what they could be computed from, are held back.

use std::collections::BTreeSet;

use eyepatch_core::Finding;

use super::count::{Count, small};
use crate::schema::{AuditResult, ClassCount, Matrix, PartCount};

/// Classes of an audit about which less is said.
pub(super) struct Thin {
    images: usize,
    patients: usize,
    /// Classes whose counts are held back.
    counts: BTreeSet<String>,
    /// Classes whose estimates rest on so few that they would tell the count.
    estimates: BTreeSet<String>,
    /// Contrasts and classes of whose findings one has a small count.
    contrasts: BTreeSet<(String, Option<String>)>,
}

/// Whether `n` of `total` leaves a small rest.
fn leaves_few(total: usize, n: usize) -> bool {
    small(n) || small(total.saturating_sub(n))
}

impl Thin {
    pub(super) fn of(audit: &AuditResult) -> Self {
        let data = &audit.data;
        let mut thin = Self {
            images: data.n_images,
            patients: data.n_patients,
            counts: BTreeSet::new(),
            estimates: BTreeSet::new(),
            contrasts: BTreeSet::new(),
        };
        let everything = small(data.n_images) || small(data.n_patients);
        for c in &data.classes {
            let few = everything || [c.positive, c.negative, c.patients_positive].into_iter().any(small);
            if few {
                thin.estimates.insert(c.class.clone());
            }
            if few || small(c.missing) || leaves_few(data.n_patients, c.patients_positive) {
                thin.counts.insert(c.class.clone());
            }
        }
        // What probes say in sections of their own is not shared, so that nothing of theirs can be computed.
        let findings = audit.findings.iter().enumerate();
        for (_, f) in findings.filter(|(i, _)| !super::of_a_section(&audit.sections, *i)) {
            if everything || thin.rests_on_few(f) {
                thin.contrasts.insert(key(f));
            }
            if everything || own(f).into_iter().any(small) {
                thin.estimates.extend(f.at.get("class").cloned());
            }
        }
        for m in &audit.matrices {
            if everything
                || leaves_few(data.n_images, m.n_images)
                || leaves_few(data.n_patients, m.n_patients)
            {
                thin.counts.insert(m.class.clone());
            }
            if everything || small(m.n_images) || small(m.n_patients) {
                thin.estimates.insert(m.class.clone());
            }
        }
        thin
    }

    /// Whether a finding's count is small, or leaves few of all images or patients.
    fn rests_on_few(&self, f: &Finding) -> bool {
        let rest = leaves_few(self.images, f.n_images)
            || [f.n_patients, f.n_patients_positive, f.n_patients_negative]
                .into_iter()
                .any(|n| leaves_few(self.patients, n));
        rest || own(f).into_iter().any(small)
    }

    pub(super) fn counts(&self, class: &str) -> bool {
        self.counts.contains(class)
    }

    pub(super) fn estimates(&self, class: &str) -> bool {
        self.estimates.contains(class)
    }

    /// Whether a finding's counts are held back: a small one is among those of its contrast and class.
    pub(super) fn finding(&self, f: &Finding) -> bool {
        self.contrasts.contains(&key(f)) || f.at.get("class").is_some_and(|c| self.counts(c))
    }

    /// Whether a finding's estimate is: its own counts are small, or its class's estimates are held back.
    pub(super) fn finding_estimate(&self, f: &Finding) -> bool {
        small(self.images)
            || small(self.patients)
            || own(f).into_iter().any(small)
            || f.at.get("class").is_some_and(|c| self.estimates(c))
    }

    /// A class's counts: all of one that has a small one, because they add up to the number of images.
    pub(super) fn class(&self, c: &ClassCount) -> [Count; 4] {
        let hide = self.counts(&c.class);
        [c.positive, c.negative, c.missing, c.patients_positive].map(|n| Count::hidden_if(hide, n))
    }

    /// Images and patients of a matrix.
    pub(super) fn matrix(&self, m: &Matrix) -> [Count; 2] {
        [m.n_images, m.n_patients].map(|n| Count::hidden_if(self.counts(&m.class), n))
    }

    /// Rows without a value.
    pub(super) fn missing(&self, n: usize) -> Count {
        Count::hidden_if(leaves_few(self.images, n), n)
    }
}

fn own(f: &Finding) -> [usize; 4] {
    [f.n_images, f.n_patients, f.n_patients_positive, f.n_patients_negative]
}

fn key(f: &Finding) -> (String, Option<String>) {
    (f.contrast.clone(), f.at.get("class").cloned())
}

/// The table of splits. Its columns add up to known totals, within a fold and over folds; so a column with a small
/// count, or with a small rest of negative images, is held back as a whole.
pub(super) fn parts(all: &[PartCount]) -> Vec<PartCount<Count>> {
    let hide = |column: &dyn Fn(&PartCount) -> Option<usize>| all.iter().filter_map(column).any(small);
    let images = hide(&|p| Some(p.images));
    let patients = hide(&|p| Some(p.patients));
    let classes = all.iter().map(|p| p.positives.len()).max().unwrap_or(0);
    let positives: Vec<bool> = (0..classes)
        .map(|c| {
            hide(&|p| p.positives.get(c).copied())
                || hide(&|p| p.positives.get(c).map(|n| p.images.saturating_sub(*n)))
        })
        .collect();
    all.iter()
        .map(|PartCount { fold, part, images: i, patients: p, positives: n }| PartCount {
            fold: *fold,
            part: part.clone(),
            images: Count::hidden_if(images, *i),
            patients: Count::hidden_if(patients, *p),
            positives: n.iter().zip(&positives).map(|(n, hide)| Count::hidden_if(*hide, *n)).collect(),
        })
        .collect()
}
