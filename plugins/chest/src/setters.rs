//! Builder methods that the chest archives share.

/// Writes the methods for options that `ChestXray14` and `PadChest` both have, beside a private `with` of their own.
macro_rules! shared_setters {
    ($of:ty) => {
        /// Builder methods that chest archives share.
        impl $of {
            /// A changed data set has read nothing yet.
            fn with<T>(mut self, change: impl FnOnce(&mut Self) -> T) -> Self {
                let _ = change(&mut self);
                self.cache = crate::loaded::Cache::default();
                self
            }

            /// The label table.
            #[must_use]
            pub fn label_table(self, path: impl Into<std::path::PathBuf>) -> Self {
                self.with(|p| p.table = Some(path.into()))
            }

            /// The folder of images.
            #[must_use]
            pub fn images(self, folder: impl Into<std::path::PathBuf>) -> Self {
                self.with(|p| p.images = Some(folder.into()))
            }

            /// CheXmask's file for this archive.
            #[must_use]
            pub fn masks(self, path: impl Into<std::path::PathBuf>) -> Self {
                self.with(|p| p.masks = Some(path.into()))
            }

            /// The structures of the ROI.
            #[must_use]
            pub fn structures<S: Into<String>>(self, structures: impl IntoIterator<Item = S>) -> Self {
                self.with(|p| p.structures = structures.into_iter().map(Into::into).collect())
            }

            /// Masks with a mean Dice RCA above this are used.
            #[must_use]
            pub fn min_rca(self, min_rca: f64) -> Self {
                self.with(|p| p.min_rca = min_rca)
            }

            /// What is taken for the size of a mask whose row gives none.
            #[must_use]
            pub fn no_size(self, no_size: crate::chexmask::NoSize) -> Self {
                self.with(|p| p.no_size = no_size)
            }

            /// Bits a pixel of the image files; `None` for either.
            #[must_use]
            pub fn bits(self, bits: Option<u8>) -> Self {
                self.with(|p| p.bits = bits)
            }

            /// What becomes of a row whose image is not there.
            #[must_use]
            pub fn on_missing(self, on_missing: eyepatch_data::OnBad) -> Self {
                self.with(|p| p.on_missing = on_missing)
            }

            /// What becomes of a row whose labels, image or mask cannot be read.
            #[must_use]
            pub fn on_bad(self, on_bad: eyepatch_data::OnBad) -> Self {
                self.with(|p| p.on_bad = on_bad)
            }

            /// The largest number of pixels an image may have.
            #[must_use]
            pub fn max_pixels(self, max_pixels: u64) -> Self {
                self.with(|p| p.max_pixels = max_pixels)
            }

            /// Where a class's signs may legitimately lie, instead of the default.
            #[must_use]
            pub fn legitimate_region(
                self,
                class: impl Into<String>,
                region: eyepatch_core::LegitimateRegion,
            ) -> Self {
                self.with(|p| p.legitimate.insert(class.into(), region))
            }
        }
    };
}

pub(crate) use shared_setters;
