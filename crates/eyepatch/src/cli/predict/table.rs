//! What is written: the table of scores, and the embeddings.

use std::path::{Path, PathBuf};

use eyepatch_data::npy::encode_npy;
use eyepatch_report::escape::csv_cell;

use super::args::ScoreArg;
use crate::cli::error::CliError;
use crate::cli::files;

/// Results of images, in the order of their rows.
#[derive(Default)]
pub(super) struct Results {
    pub(super) samples: Vec<String>,
    /// `[samples, classes]`.
    pub(super) logits: Vec<f32>,
    /// `[samples, features]`; empty where nobody asked.
    pub(super) features: Vec<f32>,
}

/// What is written of them, and where.
pub(super) struct Sink<'a> {
    pub(super) classes: &'a [String],
    /// `None` for logits only.
    pub(super) score: Option<ScoreArg>,
    pub(super) out: &'a Path,
    pub(super) features: Option<&'a Path>,
}

impl Sink<'_> {
    /// Refuses files that are there already, and finds out now whether the folders can be written to.
    pub(super) fn check(&self, force: bool) -> Result<(), CliError> {
        if self.features == Some(self.out) {
            return Err(CliError::usage("--out and --features are the same file", "name two"));
        }
        for path in std::iter::once(self.out).chain(self.features) {
            files::free(path, force)?;
        }
        Ok(())
    }

    /// Writes both files under the names that were asked for.
    pub(super) fn whole(&self, results: &Results) -> Result<(), CliError> {
        self.write(results, self.out, self.features)
    }

    /// Writes what there is under other names, so that nobody takes it for the whole. Returns the table's.
    pub(super) fn partial(&self, results: &Results) -> Result<PathBuf, CliError> {
        let out = partial_name(self.out);
        self.write(results, &out, self.features.map(partial_name).as_deref())?;
        Ok(out)
    }

    fn write(&self, results: &Results, out: &Path, features: Option<&Path>) -> Result<(), CliError> {
        // The embeddings first: whoever sees the table finds them beside it.
        if let Some(features) = features {
            let n = results.samples.len();
            let width = results.features.len().checked_div(n).unwrap_or(0);
            files::write_bytes(features, &encode_npy(&[n, width], &results.features))?;
        }
        files::write_bytes(out, &self.csv(results).map_err(|e| CliError::file(out, e, ""))?)
    }

    fn csv(&self, results: &Results) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let columns = ["sample", "class", "logit", "score"];
        writer.write_record(&columns[..if self.score.is_some() { 4 } else { 3 }])?;
        let classes: Vec<String> = self.classes.iter().map(|c| csv_cell(c)).collect();
        for (sample, logits) in results.samples.iter().zip(results.logits.chunks_exact(classes.len().max(1)))
        {
            let sample = csv_cell(sample);
            let scores = self.score.map(|how| scores(logits, how));
            for (c, (class, logit)) in classes.iter().zip(logits).enumerate() {
                let mut row = vec![sample.clone(), class.clone(), logit.to_string()];
                row.extend(scores.as_ref().map(|s| s[c].to_string()));
                writer.write_record(&row)?;
            }
        }
        writer.into_inner().map_err(|e| e.into_error().into())
    }
}

/// `scores.csv` becomes `scores.partial.csv`.
fn partial_name(path: &Path) -> PathBuf {
    let extension = path.extension().map_or(String::new(), |e| format!(".{}", e.to_string_lossy()));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}.partial{extension}"))
}

/// Scores in double precision: in single precision all logits beyond 17 would become ties.
fn scores(logits: &[f32], how: ScoreArg) -> Vec<f64> {
    let logits = logits.iter().map(|&l| f64::from(l));
    match how {
        ScoreArg::Sigmoid => logits.map(|l| 1.0 / (1.0 + (-l).exp())).collect(),
        ScoreArg::Softmax => {
            let largest = logits.clone().fold(f64::NEG_INFINITY, f64::max);
            let powers: Vec<f64> = logits.map(|l| (l - largest).exp()).collect();
            let sum: f64 = powers.iter().sum();
            powers.into_iter().map(|p| p / sum).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_do_not_saturate_and_add_up() {
        let sigmoid = scores(&[0.0, 20.0, 21.0, -20.0], ScoreArg::Sigmoid);
        assert_eq!(sigmoid[0], 0.5);
        assert!(sigmoid[1] < sigmoid[2] && sigmoid[2] < 1.0);
        assert!((sigmoid[1] + sigmoid[3] - 1.0).abs() < 1e-12);
        let softmax = scores(&[1000.0, 1001.0, 999.0], ScoreArg::Softmax);
        assert!((softmax.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((softmax[1] / softmax[0] - std::f64::consts::E).abs() < 1e-9);
    }

    #[test]
    fn partial_files_lie_beside_the_whole() {
        assert_eq!(partial_name(Path::new("a/scores.csv")), Path::new("a/scores.partial.csv"));
        assert_eq!(partial_name(Path::new("scores")), Path::new("scores.partial"));
    }
}
