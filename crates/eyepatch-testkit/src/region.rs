//! Laws between maskers that show or hide regions. Each panics where its law is broken.

use eyepatch_core::{Ctx, Handle, Keep, Mask, Masker, Roi};
use proptest::prelude::*;

use crate::MaskCase;
use crate::law::{answered, must, run};
use crate::masker::within;

fn names() -> Vec<String> {
    vec!["left".into(), "right".into()]
}

/// What one masker keeps the other hides: every pixel is visible to exactly one. It protects the comparison of "without
/// the ROI" with "only the ROI".
pub fn inside_and_outside_part_the_image(
    inside: impl Into<Handle<dyn Masker>>,
    outside: impl Into<Handle<dyn Masker>>,
) {
    let (inside, outside, ctx) = (inside.into(), outside.into(), Ctx::for_tests(0));
    run("inside and outside part the image", MaskCase::any(&names()), |case| {
        let kept = answered(case.visible(&*inside, &ctx))?;
        prop_assert_eq!(kept.complement(), answered(case.visible(&*outside, &ctx))?);
        Ok(())
    });
}

/// The region of several structures is the union of their regions and of nothing else, and no structure named is all of
/// them. It protects legitimate regions, which are unions. `of` makes a masker of given structures that keeps the inside, not as a box.
pub fn structures_unite(of: impl Fn(Vec<String>) -> Handle<dyn Masker>) {
    let ctx = Ctx::for_tests(0);
    let [left, right, both, all] = [&names()[..1], &names()[1..], &names()[..], &[]].map(|n| of(n.to_vec()));
    run("structures unite", MaskCase::any(&names()), |case| {
        let visible = |masker: &Handle<dyn Masker>| answered(case.visible(&**masker, &ctx));
        let union = must(visible(&left)?.union(&visible(&right)?))?;
        prop_assert_eq!(&union, &visible(&both)?);
        prop_assert_eq!(&union, &visible(&all)?);
        // Nor does a structure that is not asked for matter.
        let alone = case.roi.structures().iter().filter(|(name, _)| *name == "left");
        let roi = must(Roi::new(alone.map(|(name, mask)| (name.clone(), mask.clone()))))?;
        let alone = MaskCase { roi, ..case.clone() };
        prop_assert_eq!(answered(alone.visible(&*left, &ctx))?, visible(&left)?);
        Ok(())
    });
}

/// The box of a region holds the region, is a filled rectangle and is the tightest. Both maskers keep the inside. It
/// protects against the off-by-one box of the published code.
pub fn box_is_the_tightest_rectangle(
    exact: impl Into<Handle<dyn Masker>>,
    boxed: impl Into<Handle<dyn Masker>>,
) {
    let (exact, boxed, ctx) = (exact.into(), boxed.into(), Ctx::for_tests(0));
    assert_eq!(
        (exact.card().keep, boxed.card().keep),
        (Keep::Inside, Keep::Inside),
        "both must keep the inside"
    );
    run("the box is the tightest rectangle", MaskCase::any(&names()), |case| {
        let region = answered(case.visible(&*exact, &ctx))?;
        let found = answered(case.visible(&*boxed, &ctx))?;
        prop_assert!(within(&region, &found));
        let (xs, ys) = (columns(&region), rows(&region));
        let inside = |i: usize| {
            let (x, y) = (i % region.width(), i / region.width());
            xs.iter().any(|&c| c <= x)
                && xs.iter().any(|&c| c >= x)
                && ys.iter().any(|&r| r <= y)
                && ys.iter().any(|&r| r >= y)
        };
        for i in 0..found.bits().len() {
            prop_assert_eq!(found.contains(i), inside(i), "pixel {}", i);
        }
        Ok(())
    });
}

/// A fill's noise or level at a hidden pixel does not change with the region: two maskers of one fill agree wherever
/// both hide. It protects dilation curves from a fill that changes under them.
pub fn fill_does_not_depend_on_the_region(
    one: impl Into<Handle<dyn Masker>>,
    other: impl Into<Handle<dyn Masker>>,
) {
    let (one, other, ctx) = (one.into(), other.into(), Ctx::for_tests(0));
    run("the fill does not depend on the region", MaskCase::any(&names()), |case| {
        let (a, b) = (
            answered(case.masked(&*one, &case.image, &ctx))?,
            answered(case.masked(&*other, &case.image, &ctx))?,
        );
        let (seen_a, seen_b) = (answered(case.visible(&*one, &ctx))?, answered(case.visible(&*other, &ctx))?);
        for i in 0..a.pixels().len() {
            let pixel = i / a.channels();
            if !seen_a.contains(pixel) && !seen_b.contains(pixel) {
                prop_assert_eq!(a.value(i).to_bits(), b.value(i).to_bits(), "value {}", i);
            }
        }
        Ok(())
    });
}

fn columns(mask: &Mask) -> Vec<usize> {
    (0..mask.bits().len()).filter(|&i| mask.contains(i)).map(|i| i % mask.width()).collect()
}

fn rows(mask: &Mask) -> Vec<usize> {
    (0..mask.bits().len()).filter(|&i| mask.contains(i)).map(|i| i / mask.width()).collect()
}
