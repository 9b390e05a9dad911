//! Labels permuted between patients.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use crate::bootstrap::below;
use crate::{NotEstimable, StatsError};

/// Permutations of labels whose units are patients, for any statistic.
///
/// Where every patient has one label, labels change hands between patients, who keep their images. Otherwise the patients with
/// the same number of images exchange the labels of their images, which are shuffled within each patient, too: so images of one
/// patient may depend on each other in any way that is the same for all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelDraws {
    labels: Vec<bool>,
    /// The images of each patient.
    images: Vec<Vec<usize>>,
    /// Patients who exchange labels with each other.
    exchange: Vec<Vec<usize>>,
}

impl LabelDraws {
    /// For images with these labels and patients.
    ///
    /// # Errors
    /// [`NotEstimable::LengthMismatch`].
    pub fn new<P: Ord>(labels: &[bool], patients: &[P]) -> Result<Self, StatsError> {
        let images = images_by_patient(labels, patients)?;
        let constant = images.iter().all(|own| own.iter().all(|&i| labels[i] == labels[own[0]]));
        let mut sizes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (patient, own) in images.iter().enumerate() {
            sizes.entry(if constant { 0 } else { own.len() }).or_default().push(patient);
        }
        Ok(Self { labels: labels.to_vec(), images, exchange: sizes.into_values().collect() })
    }

    /// Permutation `number` of those that follow from `seed`; each has a random stream of its own.
    #[must_use]
    pub fn draw(&self, seed: u64, number: u64) -> Vec<bool> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(number);
        self.next(&mut rng)
    }

    pub(crate) fn next(&self, rng: &mut ChaCha8Rng) -> Vec<bool> {
        let mut drawn = vec![false; self.labels.len()];
        for patients in &self.exchange {
            let mut from = patients.clone();
            shuffle(&mut from, rng);
            for (&to, &from) in patients.iter().zip(&from) {
                hand_over(&self.images[to], &self.images[from], &self.labels, &mut drawn, rng);
            }
        }
        drawn
    }
}

/// The images of each patient, in order of patient.
pub(crate) fn images_by_patient<P: Ord>(
    labels: &[bool],
    patients: &[P],
) -> Result<Vec<Vec<usize>>, StatsError> {
    if patients.len() != labels.len() {
        let what = "patients".into();
        return Err(NotEstimable::LengthMismatch { what, labels: labels.len(), found: patients.len() }.into());
    }
    let mut images: BTreeMap<&P, Vec<usize>> = BTreeMap::new();
    for (image, patient) in patients.iter().enumerate() {
        images.entry(patient).or_default().push(image);
    }
    Ok(images.into_values().collect())
}

/// Gives the labels of the images `from` to the images `to`: their one label, or as many in shuffled order.
fn hand_over(to: &[usize], from: &[usize], labels: &[bool], drawn: &mut [bool], rng: &mut ChaCha8Rng) {
    let mut given: Vec<bool> = from.iter().map(|&i| labels[i]).collect();
    if given.windows(2).any(|pair| pair[0] != pair[1]) {
        shuffle(&mut given, rng);
    }
    for (image, label) in to.iter().zip(given.iter().cycle()) {
        drawn[*image] = *label;
    }
}

/// Fisher and Yates' shuffle.
fn shuffle<T>(items: &mut [T], rng: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last + 1));
    }
}
