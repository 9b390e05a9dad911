//! AUCs of scores that are sorted once and weighted anew many times.

use std::collections::BTreeMap;

use crate::FoldScores;
use crate::auc::in_order;

/// Replicates that go through a cell side by side: what is read for one serves all, in vector registers.
pub(crate) const LANES: usize = 16;

/// How often each patient counts in each of [`LANES`] replicates.
pub(crate) struct Weights(Vec<[u16; LANES]>);

impl Weights {
    pub(crate) fn new(patients: usize) -> Self {
        Self(vec![[0; LANES]; patients])
    }

    pub(crate) fn clear(&mut self) {
        self.0.fill([0; LANES]);
    }

    /// Counts a patient once more. (A patient drawn 65,535 times would need as many patients that are never drawn.)
    pub(crate) fn add(&mut self, patient: usize, lane: usize) {
        let weight = &mut self.0[patient][lane];
        *weight = weight.saturating_add(1);
    }

    #[cfg(test)]
    pub(crate) fn lane(&self, lane: usize) -> Vec<u16> {
        self.0.iter().map(|w| w[lane]).collect()
    }
}

/// A cell: the images of each fold in order of score.
pub(crate) struct Presorted {
    folds: Vec<Vec<Image>>,
}

/// An image in order of score.
#[derive(Clone, Copy)]
struct Image {
    patient: u32,
    positive: bool,
    place: Place,
}

/// Whether other images have an image's score.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Alone,
    Tied,
    LastOfTie,
}

impl Presorted {
    pub(crate) fn new<P: Ord>(folds: &[FoldScores<'_, P>], index: &BTreeMap<&P, usize>) -> Self {
        let one = |fold: &FoldScores<'_, P>| -> Vec<Image> {
            let order = in_order(fold.scores);
            let mut images = Vec::with_capacity(order.len());
            for run in order.chunk_by(|a, b| a.0 == b.0) {
                for (at, &(_, i)) in run.iter().enumerate() {
                    let place = match (run.len(), at + 1 == run.len()) {
                        (1, _) => Place::Alone,
                        (_, true) => Place::LastOfTie,
                        _ => Place::Tied,
                    };
                    let patient = index[&fold.patients[i]] as u32;
                    images.push(Image { patient, positive: fold.labels[i], place });
                }
            }
            images
        };
        Self { folds: folds.iter().map(one).collect() }
    }

    /// The mean of the folds' AUCs under each lane's weights; NaN where a fold lacks a class.
    pub(crate) fn mean_aucs(&self, weights: &Weights) -> [f64; LANES] {
        let mut sum = [0.0; LANES];
        for fold in &self.folds {
            for (sum, auc) in sum.iter_mut().zip(aucs(fold, weights)) {
                *sum += auc;
            }
        }
        sum.map(|s| s / self.folds.len() as f64)
    }
}

/// One number a lane.
type Lanes = [u32; LANES];

/// What a pass has counted so far.
struct Counts {
    half_wins: [u64; LANES],
    /// Of images below the tie at hand.
    negatives: Lanes,
    positives: Lanes,
    /// Of images in it.
    tied_negatives: Lanes,
    tied_positives: Lanes,
}

impl Counts {
    fn add(&mut self, weight: &[u16; LANES], positive: bool) {
        let tied = if positive { &mut self.tied_positives } else { &mut self.tied_negatives };
        for (tied, weight) in tied.iter_mut().zip(weight) {
            *tied += u32::from(*weight);
        }
    }

    fn add_alone(&mut self, weight: &[u16; LANES], positive: bool) {
        if !positive {
            for (negatives, weight) in self.negatives.iter_mut().zip(weight) {
                *negatives += u32::from(*weight);
            }
            return;
        }
        for (lane, &weight) in weight.iter().enumerate() {
            let weight = u32::from(weight);
            self.positives[lane] += weight;
            self.half_wins[lane] += u64::from(weight) * u64::from(2 * self.negatives[lane]);
        }
    }

    fn end_tie(&mut self) {
        for lane in 0..LANES {
            let twice_beaten = 2 * self.negatives[lane] + self.tied_negatives[lane];
            self.half_wins[lane] += u64::from(self.tied_positives[lane]) * u64::from(twice_beaten);
            self.negatives[lane] += self.tied_negatives[lane];
            self.positives[lane] += self.tied_positives[lane];
        }
        (self.tied_negatives, self.tied_positives) = ([0; LANES], [0; LANES]);
    }

    /// Wins are counted in whole halves, so this is the rounded exact value.
    fn auc(&self, lane: usize) -> f64 {
        let pairs = u64::from(self.positives[lane]) * u64::from(self.negatives[lane]);
        if pairs == 0 { f64::NAN } else { self.half_wins[lane] as f64 / (2.0 * pairs as f64) }
    }
}

fn aucs(images: &[Image], weights: &Weights) -> [f64; LANES] {
    let none = [0; LANES];
    let mut counts = Counts {
        half_wins: [0; LANES],
        negatives: none,
        positives: none,
        tied_negatives: none,
        tied_positives: none,
    };
    for image in images {
        let weight = &weights.0[image.patient as usize];
        match image.place {
            // Most images: no tie to keep books for.
            Place::Alone => counts.add_alone(weight, image.positive),
            Place::Tied => counts.add(weight, image.positive),
            Place::LastOfTie => {
                counts.add(weight, image.positive);
                counts.end_tie();
            }
        }
    }
    std::array::from_fn(|lane| counts.auc(lane))
}
