/// What can go wrong in this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The budget does not allow for the least that the method needs.
    #[error("a budget of {evaluations} evaluations is too small: at least {least} are needed ({parts})")]
    Budget {
        /// The budget's evaluations.
        evaluations: usize,
        /// The least that it needs.
        least: usize,
        /// What for.
        parts: &'static str,
    },
    /// What should be a map has one place.
    #[error("the activations of layer `{layer}` have a single place, of which no map can be made; the model has: {}", known.join(", "))]
    NoMap {
        /// The layer.
        layer: String,
        /// The layers that the model has.
        known: Vec<String>,
    },
    /// The weights of Grad-CAM++ have a pole.
    #[error(
        "Grad-CAM++ is not defined for layer `{layer}`: where the gradient is {gradient:.3e}, its channel's activations add \
         up to {sum:.3e}, so that 2 + gradient x sum is not above 0; choose a layer behind a ReLU, or Grad-CAM"
    )]
    Pole {
        /// The layer.
        layer: String,
        /// The gradient at that place.
        gradient: f64,
        /// Sum of the channel's activations.
        sum: f64,
    },
}
