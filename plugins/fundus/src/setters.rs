//! Builder methods that the fundus archives share.

/// Writes the methods for options that all of them have.
macro_rules! shared_setters {
    ($of:ty) => {
        /// Builder methods that fundus archives share.
        impl $of {
            /// A changed data set has read nothing yet.
            fn with<T>(mut self, change: impl FnOnce(&mut Self) -> T) -> Self {
                let _ = change(&mut self);
                self.cache = eyepatch_data::Cache::default();
                self
            }

            /// How far around the disc signs of glaucoma may legitimately lie, in widths of the image.
            #[must_use]
            pub fn margin(self, margin: f32) -> Self {
                self.with(|p| p.margin = margin)
            }

            /// What becomes of what cannot be used.
            #[must_use]
            pub fn on_bad(self, on_bad: crate::OnBad) -> Self {
                self.with(|p| p.on_bad = on_bad)
            }

            /// The largest number of pixels an image may have.
            #[must_use]
            pub fn max_pixels(self, max_pixels: u64) -> Self {
                self.with(|p| p.max_pixels = max_pixels)
            }
        }
    };
}

pub(crate) use shared_setters;
