use rayon::prelude::*;

use super::Coalitions;
use crate::KernelError;

/// A player's marginal contribution in one setting: what the model says `with` it, less what it says `without`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The coalition that shows the player.
    pub with: u32,
    /// The same coalition without it.
    pub without: u32,
    /// Whose contribution it is: a row of `phi`. For partition SHAP it may be a node of the tree.
    pub player: u32,
    /// Its share of the sum: 1 / permutations for permutation sampling.
    pub weight: f64,
}

/// Checked pairs in the order in which they are added up: by player, then by coalitions and weight. A sum so
/// depends neither on the order in which the pairs were found nor on threads or device.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    coalitions: usize,
    pairs: Vec<Pair>,
    /// Where each player's pairs start, and at the end their number.
    starts: Vec<u32>,
}

impl Pairs {
    /// Checks and sorts pairs.
    ///
    /// # Errors
    /// [`KernelError::Index`] for a coalition or a player that is not there; [`KernelError::TooLarge`] for 2^32 pairs.
    pub fn new(mut pairs: Vec<Pair>, coalitions: usize, players: usize) -> Result<Self, KernelError> {
        if u32::try_from(pairs.len()).is_err() {
            let limit = u32::MAX as usize;
            return Err(KernelError::TooLarge { what: "a list of pairs", found: pairs.len(), limit });
        }
        let below = |what, index: u32, len: usize| {
            let index = index as usize;
            if index < len { Ok(()) } else { Err(KernelError::Index { what, index, len }) }
        };
        for pair in &pairs {
            below("coalition", pair.with.max(pair.without), coalitions)?;
            below("player", pair.player, players)?;
        }
        pairs.sort_unstable_by(|a, b| {
            let key = |p: &Pair| (p.player, p.with, p.without);
            key(a).cmp(&key(b)).then(a.weight.total_cmp(&b.weight))
        });
        let mut starts = vec![0; players + 1];
        for pair in &pairs {
            starts[pair.player as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        Ok(Self { coalitions, pairs, starts })
    }

    /// The pairs, sorted.
    #[must_use]
    pub fn as_slice(&self) -> &[Pair] {
        &self.pairs
    }

    /// Where each player's pairs start in [`Pairs::as_slice`], and at the end their number.
    #[must_use]
    pub fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// Number of players.
    #[must_use]
    pub fn players(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of coalitions that the pairs choose from.
    #[must_use]
    pub fn coalitions(&self) -> usize {
        self.coalitions
    }

    /// Adds every player's weighted contributions: `phi[player, class] += weight * (out[with] - out[without])`, in 64
    /// bits. `outputs` is `coalitions x classes`, `phi` is `players x classes`.
    ///
    /// With pairs along chains of growing coalitions, one a random order of the players, each of weight 1 / chains,
    /// this is permutation sampling of Shapley values (Strumbelj and Kononenko, "Explaining prediction models and
    /// individual predictions with feature contributions", Knowl. Inf. Syst. 41, 2014, algorithm 1; the values are
    /// SHAP's: Lundberg and Lee, "A unified approach to interpreting model predictions", NeurIPS 2017, eq. 4). Each
    /// chain's contributions add up to the output of the full coalition less that of the empty one.
    ///
    /// # Errors
    /// [`KernelError::Length`] where `outputs` or `phi` does not fit.
    pub fn add(&self, outputs: &[f32], classes: usize, phi: &mut [f64]) -> Result<(), KernelError> {
        KernelError::length("the outputs", self.coalitions.saturating_mul(classes), outputs.len())?;
        KernelError::length("phi", self.players().saturating_mul(classes), phi.len())?;
        if phi.is_empty() {
            return Ok(());
        }
        phi.par_chunks_exact_mut(classes).zip(self.starts.par_windows(2)).for_each(|(phi, ends)| {
            for pair in &self.pairs[ends[0] as usize..ends[1] as usize] {
                let row = |i: u32| &outputs[i as usize * classes..(i as usize + 1) * classes];
                for ((phi, &with), &without) in phi.iter_mut().zip(row(pair.with)).zip(row(pair.without)) {
                    *phi += pair.weight * (f64::from(with) - f64::from(without));
                }
            }
        });
        Ok(())
    }
}

/// Adds every coalition to every player, with one weight where it shows the player and another, subtracted, where
/// it does not: `phi[player, class] += shown[i] * out[i, class]`, or `-= hidden[i] * out[i, class]`, in the order of the
/// coalitions `i`, in 64 bits.
///
/// With `shown == hidden` this is `sum of w_i * sign * out_i`, the Banzhaf form. Over all `2^p` coalitions, with
/// `shown = (s - 1)! (p - s)! / p!` and `hidden = s! (p - s - 1)! / p!` for a coalition of `s` players (0 where undefined),
/// it is the exact Shapley value (Lundberg and Lee 2017, eq. 4).
///
/// # Errors
/// [`KernelError::Length`] where `shown`, `hidden`, `outputs` (`coalitions x classes`) or `phi` (`players x classes`)
/// does not fit.
pub fn add_signed(
    coalitions: &Coalitions,
    shown: &[f64],
    hidden: &[f64],
    outputs: &[f32],
    classes: usize,
    phi: &mut [f64],
) -> Result<(), KernelError> {
    let rows = coalitions.rows();
    KernelError::length("the weights of shown players", rows, shown.len())?;
    KernelError::length("the weights of hidden players", rows, hidden.len())?;
    KernelError::length("the outputs", rows.saturating_mul(classes), outputs.len())?;
    KernelError::length("phi", coalitions.players().saturating_mul(classes), phi.len())?;
    if phi.is_empty() {
        return Ok(());
    }
    phi.par_chunks_exact_mut(classes).enumerate().for_each(|(player, phi)| {
        for (row, outputs) in outputs.chunks_exact(classes).enumerate() {
            let weight = if coalitions.shows(row, player) { shown[row] } else { -hidden[row] };
            for (phi, &out) in phi.iter_mut().zip(outputs) {
                *phi += weight * f64::from(out);
            }
        }
    });
    Ok(())
}
