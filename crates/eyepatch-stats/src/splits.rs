//! Patient-grouped splits. A patient's rows always stay together.
//!
//! All splits are ours and stable: they depend on the patients' names, their rows' classes and the seed, never on the
//! order of the rows, on threads or on hash order.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Display;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use crate::StatsError;

/// A part carved out of some rows; both in the order in which the rows were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holdout {
    /// Rows that stay.
    pub train: Vec<usize>,
    /// Rows held out.
    pub held_out: Vec<usize>,
}

/// Deals rows into `folds` test folds by patient, and returns each row's fold (0 to `folds - 1`).
///
/// With `labels` (a class code a row) every fold gets near its share of every class, and at least one row of each;
/// without, near its share of the rows. Patients are dealt by size, largest first, each to the fold that it leaves most
/// balanced; equal patients come in seeded order. With one row a patient, folds differ by at most one row in each class.
///
/// # Errors
/// [`StatsError::OutOfRange`] for fewer than 2 folds, [`StatsError::NoRows`], [`StatsError::LabelCount`],
/// [`StatsError::TooFewPatients`] where patients (of a class) are fewer than folds, and [`StatsError::ClassMissing`]
/// in the rare case that patients holding several classes leave a fold without one.
pub fn group_kfold<G: Ord>(
    groups: &[G],
    labels: Option<&[usize]>,
    folds: usize,
    seed: u64,
) -> Result<Vec<usize>, StatsError> {
    if folds < 2 {
        return Err(StatsError::OutOfRange { name: "folds", range: "at least 2", found: folds as f64 });
    }
    let rows: Vec<usize> = (0..groups.len()).collect();
    let shares = vec![1.0 / folds as f64; folds];
    deal(groups, labels, &rows, (&shares, Order::LargestFirst), seed)
}

/// Carves about `fraction` of `rows` (say, the validation part out of a training part) by patient. `groups` and
/// `labels` cover the whole table. Patients are dealt in seeded order, so that both parts hold the same mixture of patients
/// with few and with many rows; every class is near its share, and each part has at least one row of each.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless 0 < `fraction` < 1, [`StatsError::RowOutOfRange`], [`StatsError::DuplicateRow`],
/// and as [`group_kfold`] with 2 folds.
pub fn group_holdout<G: Ord>(
    groups: &[G],
    labels: Option<&[usize]>,
    rows: &[usize],
    fraction: f64,
    seed: u64,
) -> Result<Holdout, StatsError> {
    if !(fraction > 0.0 && fraction < 1.0) {
        return Err(StatsError::OutOfRange { name: "fraction", range: "between 0 and 1", found: fraction });
    }
    let parts = deal(groups, labels, rows, (&[1.0 - fraction, fraction], Order::Seeded), seed)?;
    let of = |part| rows.iter().zip(&parts).filter(|(_, p)| **p == part).map(|(row, _)| *row).collect();
    Ok(Holdout { train: of(0), held_out: of(1) })
}

/// Refuses a split that tears a patient apart. `patients` and `parts` (`train`, `test`, ...) hold one entry a row.
///
/// # Errors
/// [`StatsError::PatientOverlap`] naming the first such patient in row order with both parts and rows,
/// [`StatsError::LabelCount`] where the lengths differ.
pub fn check_no_overlap<G: Ord + Display, P: PartialEq + Display>(
    patients: &[G],
    parts: &[P],
) -> Result<(), StatsError> {
    if patients.len() != parts.len() {
        return Err(StatsError::LabelCount { groups: patients.len(), labels: parts.len() });
    }
    let mut first_rows: BTreeMap<&G, usize> = BTreeMap::new();
    for (row, patient) in patients.iter().enumerate() {
        let first_row = *first_rows.entry(patient).or_insert(row);
        if parts[first_row] != parts[row] {
            return Err(StatsError::PatientOverlap {
                patient: patient.to_string(),
                first: parts[first_row].to_string(),
                first_row,
                second: parts[row].to_string(),
                second_row: row,
            });
        }
    }
    Ok(())
}

/// In which order patients are dealt.
#[derive(Clone, Copy)]
enum Order {
    /// Largest first, equals in seeded order: the most even parts.
    LargestFirst,
    /// Seeded: parts of unequal shares then hold the same mixture of small and large patients.
    Seeded,
}

/// The part of each entry of `rows`, with parts of the given shares (sum 1).
fn deal<G: Ord>(
    groups: &[G],
    labels: Option<&[usize]>,
    rows: &[usize],
    (shares, order): (&[f64], Order),
    seed: u64,
) -> Result<Vec<usize>, StatsError> {
    check_rows(groups.len(), labels, rows)?;
    // Class codes may be any numbers; from here on a class is its place in this list.
    let mut codes: Vec<usize> = labels.map_or_else(|| vec![0], |l| rows.iter().map(|&r| l[r]).collect());
    codes.sort_unstable();
    codes.dedup();
    let class_of = |row: usize| labels.and_then(|l| codes.binary_search(&l[row]).ok()).unwrap_or(0);
    let mut patients = collect(groups, rows, codes.len(), class_of, seed);
    match order {
        Order::LargestFirst => patients.sort_by_key(|p| (Reverse(p.positions.len()), p.key)),
        Order::Seeded => patients.sort_by_key(|p| p.key),
    }
    let mut parts = vec![0; rows.len()];
    let mut dealer = Dealer::new(&patients, shares);
    if patients.len() < shares.len() {
        return Err(StatsError::TooFewPatients {
            class: None,
            patients: patients.len(),
            parts: shares.len(),
        });
    }
    if let Some(class) = dealer.waiting.iter().position(|&n| n < shares.len()) {
        let patients = dealer.waiting[class];
        return Err(StatsError::TooFewPatients { class: Some(codes[class]), patients, parts: shares.len() });
    }
    for patient in &patients {
        let part = dealer.place(patient);
        patient.positions.iter().for_each(|&position| parts[position] = part);
    }
    match dealer.missing() {
        Some((part, class)) => Err(StatsError::ClassMissing { part, class: codes[class] }),
        None => Ok(parts),
    }
}

fn check_rows(table: usize, labels: Option<&[usize]>, rows: &[usize]) -> Result<(), StatsError> {
    if rows.is_empty() {
        return Err(StatsError::NoRows);
    }
    if let Some(labels) = labels
        && labels.len() != table
    {
        return Err(StatsError::LabelCount { groups: table, labels: labels.len() });
    }
    let mut seen = vec![false; table];
    for &row in rows {
        match seen.get_mut(row) {
            None => return Err(StatsError::RowOutOfRange { row, rows: table }),
            Some(true) => return Err(StatsError::DuplicateRow { row }),
            Some(new) => *new = true,
        }
    }
    Ok(())
}

/// A patient as the dealer sees one.
struct Patient {
    /// Positions in the list of rows.
    positions: Vec<usize>,
    /// Rows of each class.
    classes: Vec<usize>,
    /// Seeded place among equals.
    key: u64,
}

/// The patients by name, so that neither the order of rows nor that of names' first appearance matters.
fn collect<G: Ord>(
    groups: &[G],
    rows: &[usize],
    n_classes: usize,
    class_of: impl Fn(usize) -> usize,
    seed: u64,
) -> Vec<Patient> {
    let mut by_name: BTreeMap<&G, Vec<usize>> = BTreeMap::new();
    for (position, &row) in rows.iter().enumerate() {
        by_name.entry(&groups[row]).or_default().push(position);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let patient = |positions: Vec<usize>| {
        let mut classes = vec![0; n_classes];
        positions.iter().for_each(|&position| classes[class_of(rows[position])] += 1);
        Patient { positions, classes, key: rng.next_u64() }
    };
    by_name.into_values().map(patient).collect()
}

/// Deals patients one by one to the part that each leaves most balanced.
struct Dealer<'a> {
    shares: &'a [f64],
    /// Rows of each class in all.
    rows: Vec<usize>,
    /// Patients of each class that are still to be dealt.
    waiting: Vec<usize>,
    /// Rows of each class in each part.
    filled: Vec<Vec<usize>>,
}

impl<'a> Dealer<'a> {
    fn new(patients: &[Patient], shares: &'a [f64]) -> Self {
        let classes = patients.first().map_or(0, |p| p.classes.len());
        let rows = (0..classes).map(|c| patients.iter().map(|p| p.classes[c]).sum()).collect();
        let waiting = (0..classes).map(|c| patients.iter().filter(|p| p.classes[c] > 0).count()).collect();
        Self { shares, rows, waiting, filled: vec![vec![0; classes]; shares.len()] }
    }

    fn place(&mut self, patient: &Patient) -> usize {
        let allowed = self.allowed(patient);
        let cheapest = allowed.into_iter().min_by(|&a, &b| {
            let ((a1, a2), (b1, b2)) = (self.cost(patient, a), self.cost(patient, b));
            a1.total_cmp(&b1).then(a2.total_cmp(&b2))
        });
        let part = cheapest.unwrap_or(0);
        for (class, &n) in patient.classes.iter().enumerate().filter(|(_, n)| **n > 0) {
            self.filled[part][class] += n;
            self.waiting[class] -= 1;
        }
        part
    }

    /// All parts; but where a class has only as many patients left as there are parts without it, those parts.
    fn allowed(&self, patient: &Patient) -> Vec<usize> {
        let lacking = |class: usize| (0..self.shares.len()).filter(move |&p| self.filled[p][class] == 0);
        let urgent = |&class: &usize| {
            let parts = lacking(class).count();
            patient.classes[class] > 0 && parts > 0 && self.waiting[class] <= parts
        };
        match (0..self.rows.len()).find(urgent) {
            Some(class) => lacking(class).collect(),
            None => (0..self.shares.len()).collect(),
        }
    }

    /// What adding the patient does to the sum over parts and classes of share * (rows here / (share * rows in all))^2,
    /// which is least where all is in proportion; and, for equals, how full the part is.
    fn cost(&self, patient: &Patient, part: usize) -> (f64, f64) {
        let classes = self.filled[part].iter().zip(&patient.classes).zip(&self.rows);
        let imbalance: f64 = classes
            .filter(|((_, new), _)| **new > 0)
            .map(|((&here, &new), &all)| (new * (2 * here + new)) as f64 / (all as f64).powi(2))
            .sum();
        let rows: usize = self.filled[part].iter().sum();
        (imbalance / self.shares[part], rows as f64 / self.shares[part])
    }

    /// A part without a class, if there is one.
    fn missing(&self) -> Option<(usize, usize)> {
        let without = |part: &Vec<usize>| part.iter().position(|&n| n == 0);
        self.filled.iter().enumerate().find_map(|(i, part)| without(part).map(|class| (i, class)))
    }
}

#[cfg(test)]
#[path = "splits_tests.rs"]
mod tests;
