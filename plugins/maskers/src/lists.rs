//! Maskings that go together.

use eyepatch_core::{Handle, Keep, Masker, Profile, Shape};

use crate::{Fill, Of, Region};

/// The five published strategies with a black fill: Full, NoROI, NoROI-BB, OnlyROI, OnlyROI-BB. The box is the exact
/// one; the published code's box lacks its last row and column.
#[must_use]
pub fn published() -> Vec<Handle<dyn Masker>> {
    study(Profile::Strict)
}

/// The five strategies of [`published`]; with [`Profile::Published`], the box is the one that the published code really took.
#[must_use]
pub fn study(profile: Profile) -> Vec<Handle<dyn Masker>> {
    let the_box = match profile {
        Profile::Published => Shape::BoxPublished,
        Profile::Strict => Shape::Box,
    };
    let region = |keep, shape| Region { keep, shape, ..Region::default() }.into();
    vec![
        region(Keep::Full, Shape::Exact),
        region(Keep::Outside, Shape::Exact),
        region(Keep::Outside, the_box),
        region(Keep::Inside, Shape::Exact),
        region(Keep::Inside, the_box),
    ]
}

/// Maskings that tell what a fall of the AUC is due to: the ROI hidden by another patient's outline, by the mean one, by one
/// moved off it, by blobs, and by the true one with a wrong outline (Dice 0.9). All are filled as given.
#[must_use]
pub fn controls(fill: Fill) -> Vec<Handle<dyn Masker>> {
    [Of::SwapSame, Of::SwapOpposite, Of::MeanRoi, Of::Moved, Of::Blob, Of::Perturbed(0.9)]
        .map(|of| Region { of, fill, ..Region::default() }.into())
        .into()
}

/// The ROI hidden by each of these fills. Only those that hide count in an answer.
#[must_use]
pub fn fills(fills: impl IntoIterator<Item = Fill>) -> Vec<Handle<dyn Masker>> {
    fills.into_iter().map(|fill| Region { fill, ..Region::default() }.into()).collect()
}

/// Fills that hide and look like what the model was trained on. A model that is shown a black, grey or noisy block is far from all it
/// has seen: its answer may be stuck whatever stands beside the block, and a shortcut there is missed.
const NATURAL: [Fill; 3] = [Fill::Average, Fill::Donors { n: 1 }, Fill::Donors { n: 4 }];

/// What a verdict looks at, for `MaskingSweep::also`: thirteen maskings that the full-image model is asked about.
///
/// - The **cover** of these structures (none named: of the whole ROI) hidden by three fills made of training images:
///   does the model still answer where neither ROI nor outline is left?
/// - The **exact** region under the first of these fills: what the outline adds to that.
/// - The **border** between the corners, the **corners** and the **background**, each shown alone with the same fills for the
///   rest: which of them suffices for the answer.
///
/// `structures` are those of the legitimate region. A dilation by its margin is for [`Masker::dilated`].
#[must_use]
pub fn verdict_maskings(structures: &[&str]) -> Vec<Handle<dyn Masker>> {
    let structures: Vec<String> = structures.iter().map(|&name| name.to_owned()).collect();
    let own = |of, fill| Region { of, fill, structures: structures.clone(), ..Region::default() };
    let covers = NATURAL.map(|fill| own(Of::Cover, fill));
    let exact = own(Of::Own, NATURAL[0]);
    let parts = [Of::Rim(Of::RIM), Of::Corners(Of::CORNERS), Of::Background(Of::RIM)];
    let parts = parts
        .into_iter()
        .flat_map(|of| NATURAL.map(|fill| Region { of, fill, keep: Keep::Inside, ..Region::default() }));
    covers.into_iter().chain([exact]).chain(parts).map(Into::into).collect()
}
