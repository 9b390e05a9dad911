use std::sync::atomic::{AtomicUsize, Ordering};

use eyepatch_core::{
    Ctx, Error, Handle, Image, Keep, Mask, Masker, Prepared, Result, Roi, Sample, Seed, TrainingPart,
};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestCaseResult};

use crate::law::{answered, must, parameter_laws, run};
use crate::{Memory, strategy};

/// The laws of a [`Masker`]. Each method panics where its law is broken.
pub struct MaskerLaws {
    masker: Handle<dyn Masker>,
    structures: Vec<String>,
}

/// One input of a law.
#[derive(Debug, Clone)]
pub struct MaskCase {
    /// The image to mask.
    pub image: Image,
    /// Another image of the same shape and depth.
    pub other: Image,
    /// The ROI, of the image's size.
    pub roi: Roi,
    /// Training part and donors: same size and channels, any depth.
    pub training: Memory,
    /// Root of the random streams.
    pub seed: u64,
}

impl MaskCase {
    /// Cases whose ROIs have these structures.
    pub fn any(structures: &[String]) -> BoxedStrategy<Self> {
        let structures = structures.to_vec();
        (strategy::size(), strategy::channels(), strategy::depth())
            .prop_flat_map(move |((w, h), channels, depth)| {
                let image = || strategy::image(w, h, channels, depth);
                let training = proptest::collection::vec(strategy::sample(w, h, channels, &structures), 1..4);
                (image(), image(), strategy::roi(w, h, &structures), training, any::<u64>())
            })
            .prop_map(|(image, other, roi, training, seed)| Self {
                image,
                other,
                roi,
                training: Memory(training),
                seed,
            })
            .boxed()
    }

    /// A masker prepared on the case's training part.
    pub(crate) fn prepare(&self, masker: &dyn Masker, ctx: &Ctx) -> Result<Box<dyn Prepared>> {
        masker.prepare(&self.training, &ctx.child("prepare").with_seed(Seed::root(self.seed)))
    }

    /// The pixels that stay visible.
    pub(crate) fn visible(&self, masker: &dyn Masker, ctx: &Ctx) -> Result<Mask> {
        self.prepare(masker, ctx)?.visible(&self.roi, &self.training, &self.sample_ctx(ctx))
    }

    /// `image` masked.
    pub(crate) fn masked(&self, masker: &dyn Masker, image: &Image, ctx: &Ctx) -> Result<Image> {
        self.prepare(masker, ctx)?.apply(image, &self.roi, &self.training, &self.sample_ctx(ctx))
    }

    fn sample_ctx(&self, ctx: &Ctx) -> Ctx {
        ctx.clone().with_seed(Seed::root(self.seed).child("sample"))
    }
}

impl MaskerLaws {
    /// The laws of this masker, on ROIs with the structures `left` and `right`.
    pub fn new(masker: impl Into<Handle<dyn Masker>>) -> Self {
        Self { masker: masker.into(), structures: vec!["left".into(), "right".into()] }
    }

    /// On ROIs with these structures instead, for a masker that asks for some by name.
    #[must_use]
    pub fn structures<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.structures = names.into_iter().map(Into::into).collect();
        self
    }

    fn check(&self, law: &str, test: impl Fn(&MaskCase, &Ctx) -> TestCaseResult) {
        let ctx = Ctx::for_tests(0);
        run(law, MaskCase::any(&self.structures), |case| test(&case, &ctx));
    }

    /// The masked image has the size, channels and depth of the image. It protects models from a silent change of scale.
    pub fn keeps_size_channels_and_depth(&self) {
        self.check("keeps size, channels and depth", |case, ctx| {
            let masked = answered(case.masked(&*self.masker, &case.image, ctx))?;
            prop_assert_eq!(shape(&masked), shape(&case.image));
            let visible = answered(case.visible(&*self.masker, ctx))?;
            prop_assert_eq!((visible.width(), visible.height()), (masked.width(), masked.height()));
            Ok(())
        });
    }

    /// Visible pixels keep their value to the bit, but for those that the card's `feather` allows to be mixed. It protects the claim that only hidden pixels changed.
    pub fn visible_pixels_are_untouched(&self) {
        self.check("visible pixels are untouched", |case, ctx| {
            let masked = answered(case.masked(&*self.masker, &case.image, ctx))?;
            let visible = answered(case.visible(&*self.masker, ctx))?;
            let channels = masked.channels();
            let kept = beyond(&visible, self.masker.card().feather as usize);
            for i in (0..masked.pixels().len()).filter(|i| kept[i / channels]) {
                prop_assert_eq!(masked.value(i).to_bits(), case.image.value(i).to_bits(), "value {}", i);
            }
            Ok(())
        });
    }

    /// Where the card says `hides`, no change of hidden pixels reaches the output. It protects verdicts: a fill that
    /// leaks (a blur, the image's own mean) may carry the very signal that was to be hidden.
    pub fn hidden_pixels_do_not_leak(&self) {
        if !self.masker.card().hides {
            return;
        }
        self.check("hidden pixels do not leak", |case, ctx| {
            let visible = answered(case.visible(&*self.masker, ctx))?;
            let mut changed = case.image.clone();
            let channels = changed.channels();
            for i in (0..changed.pixels().len()).filter(|i| !visible.contains(i / channels)) {
                changed.set(i, case.other.value(i));
            }
            let before = must(case.masked(&*self.masker, &case.image, ctx))?;
            let after = must(case.masked(&*self.masker, &changed, ctx))?;
            prop_assert_eq!(before.to_le_bytes(), after.to_le_bytes());
            Ok(())
        });
    }

    /// A masker that keeps everything changes nothing. It protects the full-image column that all others are held
    /// against.
    pub fn full_is_the_identity(&self) {
        if self.masker.card().keep != Keep::Full {
            return;
        }
        self.check("full is the identity", |case, ctx| {
            let masked = must(case.masked(&*self.masker, &case.image, ctx))?;
            prop_assert_eq!(masked.to_le_bytes(), case.image.to_le_bytes());
            prop_assert!(must(case.visible(&*self.masker, ctx))?.complement().is_empty());
            Ok(())
        });
    }

    /// A region that is not refused holds a pixel: `outside` hides at least one, `inside` shows at least one. A region
    /// may well be the whole image. It protects verdicts: a masking that hides nothing has the full image's AUC, which
    /// would then be told of the image without the region.
    pub fn the_region_holds_a_pixel(&self) {
        let keep = self.masker.card().keep;
        if keep == Keep::Full {
            return;
        }
        self.check("the region holds a pixel", |case, ctx| {
            let visible = answered(case.visible(&*self.masker, ctx))?;
            let region = if keep == Keep::Outside { visible.complement() } else { visible };
            prop_assert!(!region.is_empty(), "keep is {:?} and the region is empty, but not refused", keep);
            Ok(())
        });
    }

    /// A region that the card calls a cover holds all of the own ROI, and one with a cause holds none of it. It protects
    /// verdicts, which take the one for the ROI with its outline gone and the other for the ROI left as it is.
    pub fn the_region_lies_where_the_card_says(&self) {
        let card = self.masker.card();
        if card.keep == Keep::Full || !(card.cover || card.cause.is_some()) {
            return;
        }
        self.check("the region lies where the card says", |case, ctx| {
            let visible = answered(case.visible(&*self.masker, ctx))?;
            let region = if card.keep == Keep::Outside { visible.complement() } else { visible };
            if card.cover {
                let own = must(case.roi.union(&card.structures))?;
                prop_assert!(within(&own, &region), "the cover leaves out a pixel of the own ROI");
            }
            if let Some(cause) = &card.cause {
                let elsewhere = must(case.roi.union(&[]))?.complement();
                prop_assert!(within(&region, &elsewhere), "the {} holds a pixel of the own ROI", cause);
            }
            Ok(())
        });
    }

    /// One seed, one result: whatever was masked before, and however many threads there are. It protects
    /// reproducibility.
    pub fn depends_on_the_seed_alone(&self) {
        let three = Ctx::new(Seed::root(0), 3).expect("threads can be started");
        self.check("depends on the seed alone", |case, ctx| {
            let first = answered(case.masked(&*self.masker, &case.image, ctx))?;
            let prepared = must(case.prepare(&*self.masker, &three))?;
            let apply = |image: &Image| {
                must(prepared.apply(image, &case.roi, &case.training, &case.sample_ctx(&three)))
            };
            apply(&case.other)?;
            prop_assert_eq!(apply(&case.image)?.to_le_bytes(), first.to_le_bytes());
            Ok(())
        });
    }

    /// Dilating by more never shrinks the region, and dilations add up. It protects dilation curves.
    pub fn dilation_grows_the_region(&self) {
        let card = self.masker.card();
        let ctx = Ctx::for_tests(0);
        let inputs = (MaskCase::any(&self.structures), 0i32..12, 0i32..12);
        run("dilation grows the region", inputs, |(case, a, b)| {
            let dilated = |by| self.masker.dilated(by);
            let (Some(once), Some(both)) = (dilated(a), dilated(a + b)) else { return Ok(()) };
            let Some(twice) = once.dilated(b) else {
                return Err(TestCaseError::fail("a dilated masker cannot be dilated again"));
            };
            let region = |masker: &dyn Masker| {
                let visible = answered(case.visible(masker, &ctx))?;
                Ok::<_, TestCaseError>(if card.keep == Keep::Outside {
                    visible.complement()
                } else {
                    visible
                })
            };
            let (base, small, large) = (region(&*self.masker)?, region(&*once)?, region(&*both)?);
            prop_assert!(within(&base, &small) && within(&small, &large), "radius {} + {}", a, b);
            prop_assert_eq!(&region(&*twice)?, &large);
            if a == 0 {
                prop_assert_eq!(&base, &small);
            }
            Ok(())
        });
    }

    /// An image and a ROI of different sizes are an error, not a panic and not a guess.
    pub fn other_sizes_are_refused(&self) {
        self.check("other sizes are refused", |case, ctx| {
            let (w, h) = (case.roi.width() + 1, case.roi.height());
            let names = self.structures.iter().cloned();
            let roi = must(Roi::new(names.map(|name| (name, Mask::filled(w, h, true)))))?;
            let prepared = must(case.prepare(&*self.masker, ctx))?;
            let result = prepared.apply(&case.image, &roi, &case.training, &case.sample_ctx(ctx));
            prop_assert!(matches!(result, Err(Error::Shape { .. })), "got {:?}", result.map(|i| shape(&i)));
            Ok(())
        });
    }

    /// A ROI without a pixel is refused or masked, but never a panic; one without the structures asked for likewise.
    pub fn empty_regions_do_not_panic(&self) {
        self.check("empty regions do not panic", |case, ctx| {
            let (w, h) = (case.image.width(), case.image.height());
            let prepared = must(case.prepare(&*self.masker, ctx))?;
            let names = self.structures.iter().cloned();
            let empty = must(Roi::new(names.map(|name| (name, Mask::filled(w, h, false)))))?;
            let strange = must(Roi::new([("no such structure".to_owned(), Mask::filled(w, h, false))]))?;
            for roi in [empty, strange] {
                match prepared.apply(&case.image, &roi, &case.training, &case.sample_ctx(ctx)) {
                    Ok(masked) => prop_assert_eq!(shape(&masked), shape(&case.image)),
                    Err(
                        Error::EmptyRegion { .. } | Error::UnknownStructure { .. } | Error::Sample { .. },
                    ) => {}
                    Err(other) => prop_assert!(false, "not a refusal of the region: {}", other),
                }
            }
            Ok(())
        });
    }

    /// `learns` tells the truth: a masker that says it does not learn never reads the training part. It protects the
    /// engine, which then prepares once for all folds.
    pub fn learns_only_where_it_says_so(&self) {
        struct Counted<'a>(&'a Memory, AtomicUsize);
        impl TrainingPart for Counted<'_> {
            fn len(&self) -> usize {
                self.0.0.len()
            }
            fn sample(&self, index: usize) -> Result<Sample> {
                self.1.fetch_add(1, Ordering::Relaxed);
                self.0.sample(index)
            }
        }
        self.check("learns only where it says so", |case, ctx| {
            let counted = Counted(&case.training, AtomicUsize::new(0));
            must(self.masker.prepare(&counted, ctx).map(|_| ()))?;
            prop_assert!(self.masker.learns() || counted.1.load(Ordering::Relaxed) == 0);
            Ok(())
        });
    }

    /// The card names and describes the masking. It protects readers of the report.
    ///
    /// # Panics
    /// Where the law is broken.
    pub fn card_is_complete(&self) {
        let card = self.masker.card();
        assert!(!card.name.trim().is_empty() && !card.description.trim().is_empty() && !card.fill.is_empty());
        assert_eq!(card, self.masker.card(), "the card changes from call to call");
    }

    parameter_laws!(Masker, masker, |m: &dyn Masker| m.card());
}

/// Which visible pixels are further than `feather` (city-block) from every hidden one.
fn beyond(visible: &Mask, feather: usize) -> Vec<bool> {
    let width = visible.width();
    let all = || 0..width * visible.height();
    let hidden: Vec<usize> = all().filter(|&p| !visible.contains(p)).collect();
    let apart = |p: usize, q: usize| (p % width).abs_diff(q % width) + (p / width).abs_diff(q / width);
    all().map(|p| visible.contains(p) && !hidden.iter().any(|&q| apart(p, q) <= feather)).collect()
}

/// Whether every pixel of `inner` lies in `outer`.
pub(crate) fn within(inner: &Mask, outer: &Mask) -> bool {
    inner.bits().iter().zip(outer.bits()).all(|(i, o)| i <= o)
}

fn shape(image: &Image) -> (usize, usize, usize, u32) {
    (image.width(), image.height(), image.channels(), image.full_scale().to_bits())
}

/// Writes a test for every law of a masker: `masker_laws! { ring: Ring { width: 3 }; }`. A masker that asks for
/// structures by name lists them: `masker_laws! { heart: Heart::default() => ["heart"]; }`.
#[macro_export]
macro_rules! masker_laws {
    ($($name:ident: $masker:expr $(=> [$($structure:expr),+ $(,)?])?;)+) => {$(
        $crate::__laws! { $name, $crate::MaskerLaws::new($masker)$(.structures([$($structure),+]))?;
            keeps_size_channels_and_depth
            visible_pixels_are_untouched
            hidden_pixels_do_not_leak
            full_is_the_identity
            the_region_holds_a_pixel
            the_region_lies_where_the_card_says
            depends_on_the_seed_alone
            dilation_grows_the_region
            other_sizes_are_refused
            empty_regions_do_not_panic
            learns_only_where_it_says_so
            card_is_complete
            parameters_survive_json
            unknown_parameters_are_refused
        }
    )+};
}
