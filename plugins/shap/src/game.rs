use eyepatch_kernels::coalition::Coalitions;

use crate::{Error, Shown};

/// What a model says of an input of which only some players are shown. `C` is how coalitions are written:
/// [`Coalitions`] for numbered players, [`Shown`] slices for the parts of an image.
pub trait Game<C: ?Sized> {
    /// What goes wrong when the model is asked.
    type Error: From<Error>;

    /// Number of outputs explained at once, at least 1.
    fn classes(&self) -> usize;

    /// Largest number of coalitions a call, which bounds memory; results do not depend on it.
    fn batch(&self) -> usize;

    /// Outputs of each coalition, `n` x classes, rows first.
    ///
    /// # Errors
    /// What the model says.
    fn outputs(&mut self, coalitions: &C) -> Result<Vec<f64>, Self::Error>;
}

/// Asks for all coalitions, batch by batch, and appends their outputs to `all`.
pub(crate) fn play_sets<G: Game<Coalitions>>(
    game: &mut G,
    coalitions: &Coalitions,
    all: &mut Vec<f64>,
) -> Result<(), G::Error> {
    let (step, classes) = (game.batch().max(1), game.classes());
    for start in (0..coalitions.rows()).step_by(step) {
        let part = coalitions.part(start..start + step);
        let outputs = game.outputs(&part)?;
        append(outputs, part.rows(), classes, all)?;
    }
    Ok(())
}

/// As [`play_sets`], for parts of an image.
pub(crate) fn play_shown<G: Game<[Shown]>>(
    game: &mut G,
    coalitions: &[Shown],
    all: &mut Vec<f64>,
) -> Result<(), G::Error> {
    let (step, classes) = (game.batch().max(1), game.classes());
    for part in coalitions.chunks(step) {
        let outputs = game.outputs(part)?;
        append(outputs, part.len(), classes, all)?;
    }
    Ok(())
}

fn append(outputs: Vec<f64>, rows: usize, classes: usize, all: &mut Vec<f64>) -> Result<(), Error> {
    Error::length("the model's outputs", rows * classes, outputs.len())?;
    if let Some(at) = outputs.iter().position(|v| !v.is_finite()) {
        return Err(Error::NotFinite {
            evaluation: (all.len() + at) / classes + 1,
            class: at % classes,
            value: outputs[at].to_string(),
        });
    }
    all.extend(outputs);
    Ok(())
}
