//! Who is in the data set: patients, their visits, labels and metadata, before any pixel.

use crate::phantom::{Phantom, Site};
use crate::shortcuts::Association;
use crate::stream::Stream;

/// Patients are stratified in blocks of this many, so that small data sets have the prevalence asked for.
const BLOCK: usize = 20;

/// One image to be: all that decides its pixels beside the seed and the parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Index of the image in the data set.
    pub image: usize,
    /// Index of the patient.
    pub patient: usize,
    /// Which of the patient's images this is, from 0.
    pub visit: usize,
    /// Diseased?
    pub label: bool,
    /// Years.
    pub age: f32,
    /// Male?
    pub male: bool,
    /// Chest: anteroposterior, lying? (Posteroanterior, standing, otherwise.)
    pub supine: bool,
    /// Index into [`Phantom::sites`].
    pub site: usize,
    /// For each planted shortcut, whether it is present.
    pub present: Vec<bool>,
}

/// All records, patient after patient.
pub(crate) fn records(phantom: &Phantom) -> Vec<Record> {
    let mut all = Vec::new();
    for patient in 0..phantom.patients {
        let first = all.len();
        all.extend(of_patient(phantom, patient, first));
    }
    all
}

fn of_patient(phantom: &Phantom, patient: usize, first: usize) -> Vec<Record> {
    let ill = is_ill(phantom, patient);
    let mut s = Stream::new(phantom.seed, "patient", patient as u64);
    let [fewest, most] = phantom.visits;
    let visits = fewest + s.below(most - fewest + 1);
    // Every draw is made whatever the label, so that a toggled label moves nothing else.
    let age = s.around(55.0, 13.0) + if is_older(phantom, patient, ill) { phantom.older } else { 0.0 };
    let age = age.clamp(18.0, 95.0).round();
    let male = s.chance(phantom.drawn(patient, phantom.male).given(ill));
    let site = site(phantom, (patient, ill), &mut s);
    (0..visits)
        .map(|visit| {
            let image = first + visit;
            // The stream of an image is named by patient and visit: more visits elsewhere do not move it.
            let mut s = Stream::new(phantom.seed, &format!("visit {visit}"), patient as u64);
            let redrawn = s.chance(phantom.mixed);
            let anew = s.chance(phantom.prevalence);
            let label = if redrawn { anew } else { ill };
            let supine = s.chance(phantom.drawn(patient, phantom.supine).given(label));
            let present = phantom
                .shortcuts
                .iter()
                .map(|p| s.chance(phantom.drawn(patient, p.when).given(label)))
                .collect();
            Record { image, patient, visit, label, age, male, supine, site, present }
        })
        .collect()
}

/// Whether a patient is ill: in each block of patients as many as the prevalence says, at random places.
fn is_ill(phantom: &Phantom, patient: usize) -> bool {
    let block = patient / BLOCK;
    let upto = |b: usize| (phantom.prevalence * (b * BLOCK) as f64).round() as usize;
    let ill = upto(block + 1) - upto(block);
    let mut s = Stream::new(phantom.seed, "block", block as u64);
    // A partial Fisher-Yates shuffle: the first `ill` places are the ill ones.
    let mut places: [usize; BLOCK] = std::array::from_fn(|i| i);
    for i in 0..ill {
        places.swap(i, i + s.below(BLOCK - i));
    }
    places[..ill].contains(&(patient % BLOCK))
}

/// Whether a patient has the years by which the ill are older: the ill have, or where associations are broken as many
/// patients whatever their label.
fn is_older(phantom: &Phantom, patient: usize, ill: bool) -> bool {
    if !phantom.is_broken(patient) {
        return ill;
    }
    Stream::new(phantom.seed, "older", patient as u64).chance(phantom.prevalence)
}

fn site(phantom: &Phantom, (patient, ill): (usize, bool), s: &mut Stream) -> usize {
    let total = |label| phantom.sites.iter().map(|site| site.share.given(label)).sum::<f64>();
    let share = |site: &Site| {
        if !phantom.is_broken(patient) {
            return site.share.given(ill);
        }
        let of = |label| site.share.given(label) / total(label);
        phantom.drawn(patient, Association::new(of(true), of(false))).given(ill)
    };
    let shares = phantom.sites.iter().map(share);
    let mut left = f64::from(s.unit()) * shares.clone().sum::<f64>();
    for (i, share) in shares.enumerate() {
        left -= share;
        if left < 0.0 {
            return i;
        }
    }
    phantom.sites.len() - 1
}
