use eyepatch_core::{Batch, Ctx, Examples, Result, Seed, Trunk};

use super::donors::chosen;

/// The same images with the labels of others: nothing can be learnt from them but chance (Adebayo et al. 2018, section 3.2).
/// A patient's images exchange theirs with other images, so classes stay as frequent.
pub(in crate::sweep) struct Permuted<'a> {
    images: &'a dyn Examples,
    /// Whose labels each image has.
    labels: Vec<usize>,
}

impl<'a> Permuted<'a> {
    pub(in crate::sweep) fn new(images: &'a dyn Examples, seed: Seed) -> Self {
        let all: Vec<usize> = (0..images.len()).collect();
        Self { images, labels: chosen(&all, all.len(), seed) }
    }
}

impl Examples for Permuted<'_> {
    fn len(&self) -> usize {
        self.images.len()
    }

    fn classes(&self) -> &[String] {
        self.images.classes()
    }

    fn patient(&self, index: usize) -> Option<&str> {
        self.images.patient(index)
    }

    fn batch(&self, indices: &[usize]) -> Result<Batch> {
        self.images.batch(indices)
    }

    fn labels(&self, index: usize) -> &[Option<bool>] {
        self.images.labels(self.labels[index])
    }

    fn seed(&self, index: usize) -> Seed {
        self.images.seed(index)
    }

    fn features(&self, trunk: &dyn Trunk, indices: &[usize], view: usize, ctx: &Ctx) -> Result<Vec<f32>> {
        self.images.features(trunk, indices, view, ctx)
    }
}

#[cfg(test)]
mod tests {
    use eyepatch_core::InputSpec;
    use eyepatch_testkit::ToyExamples;

    use super::*;

    #[test]
    fn labels_change_hands_and_images_stay() {
        let images = ToyExamples::new(InputSpec { channels: 1, size: (4, 4) }, 2, 30, "permuted");
        let permuted = Permuted::new(&images, Seed::root(1));
        let labels = |of: &dyn Examples| (0..30).map(|i| of.labels(i).to_vec()).collect::<Vec<_>>();
        let (mut own, mut theirs) = (labels(&images), labels(&permuted));
        assert_ne!(own, theirs);
        own.sort();
        theirs.sort();
        assert_eq!(own, theirs, "the same labels");
        let pixels = |of: &dyn Examples| of.batch(&[3, 7]).unwrap().host_f32().unwrap().into_owned();
        assert_eq!(pixels(&images), pixels(&permuted));
        let again = Permuted::new(&images, Seed::root(1));
        assert_eq!(again.labels, permuted.labels);
    }
}
