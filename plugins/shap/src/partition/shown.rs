use super::Block;

/// A coalition of partition SHAP: which parts of an image are shown. On the way from the whole image down to one block,
/// each division leaves a sibling behind; one bit says whether it is shown, and one whether the block itself is. So a
/// coalition takes 64 bytes, whatever the image's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    whole: Block,
    block: Block,
    /// Bit `k`: whether the sibling left behind by division `k` (0 divides the image) is shown.
    siblings: u64,
    inside: bool,
}

impl Shown {
    pub(crate) fn new(whole: Block, block: Block, siblings: u64, inside: bool) -> Self {
        Self { whole, block, siblings, inside }
    }

    /// Nothing of the image.
    #[must_use]
    pub fn nothing(whole: Block) -> Self {
        Self::new(whole, whole, 0, false)
    }

    /// All of the image.
    #[must_use]
    pub fn everything(whole: Block) -> Self {
        Self::new(whole, whole, 0, true)
    }

    /// The image that it is a part of.
    #[must_use]
    pub fn whole(&self) -> Block {
        self.whole
    }

    /// The image as boxes that do not overlap, largest first, each with whether it is shown.
    pub fn pieces(&self) -> impl Iterator<Item = (Block, bool)> + '_ {
        let mut left = Some((self.whole, self.siblings));
        std::iter::from_fn(move || {
            let (node, siblings) = left.take()?;
            if node == self.block {
                return Some((node, self.inside));
            }
            // The block was reached by these divisions, so there is one as long as it is not reached.
            let (first, second) = node.halves()?;
            let (next, other) = if first.holds(&self.block) { (first, second) } else { (second, first) };
            left = Some((next, siblings >> 1));
            Some((other, siblings & 1 == 1))
        })
    }
}
