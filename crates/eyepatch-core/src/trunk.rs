use crate::{Batch, ContentHash, Ctx, Examples, Result, Scores, Seed};

/// In which form a trunk is shown its images.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// As they are: view 0. Predictions and validation use no other.
    Plain,
    /// Augmented: one seed an image of the batch, another one for each view. All randomness comes from it.
    Augmented(&'a [Seed]),
}

/// The frozen part of a network. It is there before anything is fitted, and all models whose trunk has one key share what
/// it gives: each image goes through it once.
///
/// An image's features depend on nothing but the image and its view. They are the same bits in whatever batch the image
/// comes and at any number of threads; a trunk that cannot keep this must not be shared ([`Sharing::Refused`]).
pub trait Trunk: Send + Sync {
    /// Hash over all that features depend on but the images: architecture, frozen weights, how they are normalised, and
    /// the augmentation where there is more than one view. Equal keys give equal features.
    fn key(&self) -> ContentHash;

    /// Shape of one image's features; they are kept in row-major order.
    fn shape(&self) -> Vec<usize>;

    /// Number of views of each training image, 1 or more: view 0 is the image as it is, further ones are augmented. Epoch
    /// `e` (0-based) trains on view `e` modulo this number.
    fn views(&self) -> usize {
        1
    }

    /// Features of a batch, `n` x product of the shape, finite.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] where the batch does not fit the input.
    fn features(&self, batch: &Batch, view: View<'_>, ctx: &Ctx) -> Result<Vec<f32>>;

    /// CPU seconds that so many images take on this machine; `None` where the trunk cannot tell.
    fn seconds(&self, images: usize) -> Option<f64> {
        let _ = images;
        None
    }
}

/// What a model says about sharing a trunk.
pub enum Sharing {
    /// Nothing is frozen, so there is nothing to share.
    Nothing,
    /// A part is frozen, but its output depends on more than the image: why, as a sentence that users read.
    Refused(String),
    /// The frozen part.
    Trunk(Box<dyn Trunk>),
}

/// The trained rest of a network.
pub trait Head {
    /// Key of the trunk whose features it takes.
    fn trunk(&self) -> ContentHash;

    /// Scores of images from their features in [`View::Plain`], `n` x product of the trunk's shape: the same bits as
    /// [`crate::Fitted::predict`] gives from the images.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] where the features are not of the trunk's shape.
    fn scores(&self, features: &[f32], ctx: &Ctx) -> Result<Scores>;
}

/// Runs the trunk on examples in one of its views: what [`Examples::features`] must give, whoever keeps it.
///
/// # Errors
/// What [`Examples::batch`] and [`Trunk::features`] say.
pub fn run_trunk<E: Examples + ?Sized>(
    examples: &E,
    trunk: &dyn Trunk,
    indices: &[usize],
    view: usize,
    ctx: &Ctx,
) -> Result<Vec<f32>> {
    let batch = examples.batch(indices)?;
    if view == 0 {
        return trunk.features(&batch, View::Plain, ctx);
    }
    let name = format!("view {view}");
    let seeds: Vec<Seed> = indices.iter().map(|&i| examples.seed(i).child(&name)).collect();
    trunk.features(&batch, View::Augmented(&seeds), ctx)
}
