/// What can go wrong in this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The budget does not allow for the image, the base and one patch.
    #[error(
        "a budget of {evaluations} evaluations is too small: occlusion needs at least 3 (the image, the base, one patch)"
    )]
    Budget {
        /// The budget's evaluations.
        evaluations: usize,
    },
}
