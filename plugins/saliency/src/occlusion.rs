use eyepatch_core::{
    Attribution, Budget, Ctx, Explainer, ExplainerCard, Fitted, Image, Params, Registered, Result, Subject,
    plugin,
};
use serde::{Deserialize, Serialize};

use crate::asked::Asked;
use crate::{Cover, Grid};

/// Occlusion sensitivity. Its fields are the plugin's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Occlusion {
    /// Side of a patch in fractions of the image's height and width; above 0, at most 1.
    pub patch: f64,
    /// Distance between patches in the same fractions; above 0, at most `patch`, so that no pixel is left out.
    pub stride: f64,
    /// What a patch is covered with.
    pub cover: Cover,
}

impl Default for Occlusion {
    fn default() -> Self {
        Self { patch: 0.15, stride: 0.075, cover: Cover::Mean }
    }
}

impl Params for Occlusion {
    fn check(&self) -> Result<(), String> {
        if !(self.patch > 0.0 && self.patch <= 1.0) {
            return Err(format!("`patch` is {}: it must be above 0 and at most 1", self.patch));
        }
        if !(self.stride > 0.0 && self.stride <= self.patch) {
            return Err(format!(
                "`stride` is {}: it must be above 0 and at most `patch`, {}",
                self.stride, self.patch
            ));
        }
        self.cover.check("cover")
    }
}

/// How much an output falls where a patch of the image is covered (Zeiler & Fergus 2014).
#[plugin("eyepatch/occlusion")]
impl Explainer for Occlusion {
    fn card(&self) -> ExplainerCard {
        ExplainerCard {
            name: "Occlusion".into(),
            description: format!(
                "Mean drop of the output over all patches ({} % of each side, every {} %) that hide a pixel, each \
                 covered with {} (Zeiler & Fergus 2014, section 4.2). The base is the output on the image wholly \
                 covered so. Where the budget is short, patches stand wider apart. Values do not add up to the output.",
                100.0 * self.patch,
                100.0 * self.stride,
                self.cover.words()
            ),
            additive: false,
        }
    }

    fn explain(
        &self,
        fitted: &dyn Fitted,
        subject: Subject<'_>,
        budget: Budget,
        ctx: &Ctx,
    ) -> Result<Attribution> {
        let mut asked = Asked::new(fitted, subject, budget, ctx, <Self as Registered>::ID)?;
        let image = &subject.sample.image;
        let (height, width) = (image.height(), image.width());
        let grid = Grid::within(self, height, width, budget.evaluations).map_err(|e| asked.own(e))?;
        if grid.coarsened {
            tracing::warn!(
                evaluations = budget.evaluations,
                patches = grid.len(),
                stride_rows = grid.stride.0,
                stride_columns = grid.stride.1,
                "occlusion: the budget is too small for the stride asked for; patches stand wider apart"
            );
        }
        let covered = self.cover.of(image);
        let variant = |index: usize| match index {
            0 => image.clone(),
            1 => covered.clone(),
            patch => patched(image, &covered, &grid, patch - 2),
        };
        let outputs = asked.outputs(2 + grid.len(), variant)?;
        let (output, base) = (outputs[0], outputs[1]);
        let drops: Vec<f64> = outputs[2..].iter().map(|o| output - o).collect();
        Ok(asked.attribution([height, width], grid.mean(&drops, height, width), (output, base)))
    }
}

/// The image with one patch taken from its covered twin.
fn patched(image: &Image, covered: &Image, grid: &Grid, patch: usize) -> Image {
    let (mut out, channels) = (image.clone(), image.channels());
    let (rows, columns) = grid.patch(patch);
    for y in rows {
        for x in columns.clone() {
            for c in 0..channels {
                let index = (y * image.width() + x) * channels + c;
                out.set(index, covered.value(index));
            }
        }
    }
    out
}
