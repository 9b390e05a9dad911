use eyepatch_core::Mask;
use eyepatch_kernels::coalition::Coalitions;

use crate::Error;

/// An image divided into numbered players; every pixel belongs to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segmentation {
    height: usize,
    width: usize,
    names: Vec<String>,
    sizes: Vec<usize>,
    /// Pixels of one player in a row of memory: the pixel after the last, and whose they are.
    runs: Vec<(usize, usize)>,
}

impl Segmentation {
    /// From each pixel's player (rows first) and the players' names. Players without a pixel are left out, and the
    /// others numbered anew in their order.
    ///
    /// # Errors
    /// [`Error::Length`] where there is not one number a pixel, [`Error::Players`] for a number without a name or an
    /// image without pixels.
    pub fn new(height: usize, width: usize, players: &[usize], names: Vec<String>) -> Result<Self, Error> {
        Error::length("the players' map", height * width, players.len())?;
        let mut sizes = vec![0; names.len()];
        for &player in players {
            let size = sizes.get_mut(player).ok_or(Error::Players {
                what: "a map of named players",
                found: player + 1,
                limit: names.len(),
            })?;
            *size += 1;
        }
        let mut next = 0;
        let number = |&n: &usize| {
            next += usize::from(n > 0);
            // Nobody asks for the number of a player without a pixel.
            next.saturating_sub(1)
        };
        let numbers: Vec<usize> = sizes.iter().map(number).collect();
        let mut end = 0;
        let runs = players.chunk_by(|a, b| a == b).map(|run| {
            end += run.len();
            (end, numbers[run[0]])
        });
        let runs: Vec<(usize, usize)> = runs.collect();
        let kept = names.into_iter().zip(sizes).filter(|(_, n)| *n > 0);
        let (names, sizes): (Vec<String>, Vec<usize>) = kept.unzip();
        if names.is_empty() {
            return Err(Error::Players { what: "an image", found: 0, limit: usize::MAX });
        }
        Ok(Self { height, width, names, sizes, runs })
    }

    /// From masks that may overlap: a pixel goes to the first that holds it, and what none holds to `rest`.
    pub(super) fn of_masks(
        masks: &[(String, Mask)],
        rest: &str,
        size: (usize, usize),
    ) -> Result<Self, Error> {
        let (height, width) = size;
        let owner =
            |pixel: usize| masks.iter().position(|(_, mask)| mask.contains(pixel)).unwrap_or(masks.len());
        for (_, mask) in masks {
            Error::length("a region", height * width, mask.bits().len())?;
        }
        let players: Vec<usize> = (0..height * width).map(owner).collect();
        let names = masks.iter().map(|(name, _)| name.clone()).chain([rest.to_owned()]).collect();
        Self::new(height, width, &players, names)
    }

    /// Height and width of the image.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.height, self.width)
    }

    /// Number of players.
    #[must_use]
    pub fn players(&self) -> usize {
        self.names.len()
    }

    /// Their names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Pixels of each.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The player of each pixel, rows first.
    #[must_use]
    pub fn map(&self) -> Vec<usize> {
        let mut map = Vec::with_capacity(self.height * self.width);
        for &(end, player) in &self.runs {
            map.resize(end, player);
        }
        map
    }

    /// Spreads a value a player evenly over its pixels: height x width, the same sum.
    pub(crate) fn spread(&self, values: &[f64]) -> Vec<f64> {
        let each: Vec<f64> = values.iter().zip(&self.sizes).map(|(v, &n)| v / n as f64).collect();
        let mut map = Vec::with_capacity(self.height * self.width);
        for &(end, player) in &self.runs {
            map.resize(end, each[player]);
        }
        map
    }

    /// Composes the coalition in `row`, of interleaved values: `image` where the pixel's player is shown, `background`
    /// elsewhere. For planes of floats there is [`eyepatch_kernels::coalition::composite`], which gives the same.
    ///
    /// # Errors
    /// [`Error::Length`] where a slice is no whole image.
    pub fn paint<T: Copy>(
        &self,
        image: &[T],
        background: &[T],
        (coalitions, row): (&Coalitions, usize),
        out: &mut [T],
    ) -> Result<(), Error> {
        let pixels = self.height * self.width;
        let channels = image.len() / pixels;
        Error::length("the image", pixels * channels, image.len())?;
        Error::length("the background", image.len(), background.len())?;
        Error::length("the composed image", image.len(), out.len())?;
        let mut start = 0;
        for &(end, player) in &self.runs {
            let source = if coalitions.shows(row, player) { image } else { background };
            let span = start * channels..end * channels;
            out[span.clone()].copy_from_slice(&source[span]);
            start = end;
        }
        Ok(())
    }
}
