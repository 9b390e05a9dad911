use std::panic::catch_unwind;

use eyepatch_core::{
    Ctx, Donors, Error, Handle, Image, Keep, Mask, Masker, MaskingCard, Params, Pixels, Prepared, Result,
    Roi, Shape, TrainingPart, plugin,
};
use eyepatch_testkit::{MaskerLaws, region};
use serde::{Deserialize, Serialize};

use crate::{Fault, finds, unseeded};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Square {
    #[serde(default, skip_serializing_if = "Fault::is_forgotten")]
    fault: Fault,
    keep: Keep,
    dilate: i32,
}
impl Params for Square {}

/// Hides or shows the pixels of the ROI, with at most one fault.
#[plugin("test/square")]
impl Masker for Square {
    fn card(&self) -> MaskingCard {
        MaskingCard {
            name: if self.fault == Fault::Card { String::new() } else { format!("Square, {:?}", self.fault) },
            keep: self.keep,
            shape: Shape::Exact,
            dilate: self.dilate,
            fill: "black".into(),
            hides: true,
            description: "the ROI in black".into(),
            cover: true,
            cause: (self.fault == Fault::Cause).then(|| "border".into()),
            ..MaskingCard::default()
        }
    }

    fn prepare(&self, training: &dyn TrainingPart, _ctx: &Ctx) -> Result<Box<dyn Prepared>> {
        if self.fault == Fault::Learns {
            training.sample(0)?;
        }
        Ok(Box::new(self.clone()))
    }

    fn dilated(&self, by: i32) -> Option<Handle<dyn Masker>> {
        let by = if self.fault == Fault::Shrinks { -by } else { by };
        Some(Self { dilate: self.dilate + by, ..self.clone() }.into())
    }
}

impl Prepared for Square {
    fn visible(&self, roi: &Roi, _donors: &dyn Donors, _ctx: &Ctx) -> Result<Mask> {
        let union = roi.union(&[])?;
        if self.keep == Keep::Full {
            return Ok(Mask::filled(roi.width(), roi.height(), true));
        }
        if union.is_empty() {
            assert!(self.fault != Fault::Panics, "an empty ROI");
            return Err(Error::EmptyRegion { what: "the ROI".into() });
        }
        if self.fault == Fault::Idle {
            return Ok(Mask::filled(roi.width(), roi.height(), self.keep == Keep::Outside));
        }
        // "Dilation" to the right by `dilate` pixels in reading order is enough for the laws.
        let grow = self.dilate.unsigned_abs() as usize;
        let bits = union.bits();
        let grown = |i: usize| {
            let near = (i.saturating_sub(grow)..=i).any(|j| bits[j] != 0);
            let all = (i.saturating_sub(grow)..=i).all(|j| bits[j] != 0);
            if self.dilate < 0 { all } else { near }
        };
        let mut bits: Vec<u8> = (0..bits.len()).map(|i| u8::from(grown(i))).collect();
        if self.fault == Fault::Region {
            bits[0] ^= 1;
        }
        let region = Mask::new(roi.width(), roi.height(), bits)?;
        Ok(if self.keep == Keep::Outside { region.complement() } else { region })
    }

    fn apply(&self, image: &Image, roi: &Roi, donors: &dyn Donors, ctx: &Ctx) -> Result<Image> {
        if (image.width(), image.height()) != (roi.width(), roi.height()) && self.fault != Fault::Shape {
            return Err(Error::shape("ROI", "the image's size", "another"));
        }
        let visible = self.visible(roi, donors, ctx)?;
        let mut out = image.clone();
        let n = image.pixels().len().min(visible.bits().len() * image.channels());
        for i in (0..n).filter(|i| !visible.contains(i / image.channels())) {
            match self.fault {
                Fault::Leak => out.set(i, image.full_scale() - image.value(i)),
                Fault::Order => out.set(i, image.full_scale() * (unseeded() % 251) as f32 / 255.0),
                _ => out.set(i, 0.0),
            }
        }
        if matches!(self.fault, Fault::Visible | Fault::Identity) {
            (0..n).for_each(|i| out.set(i, image.full_scale() - image.value(i)));
        }
        if self.fault == Fault::Shape {
            return Image::new(1, 1, 1, Pixels::F32(vec![0.0]));
        }
        Ok(out)
    }
}

#[test]
fn masker_laws_find_faults() {
    let square = |fault, keep| Square { fault, keep, dilate: 0 };
    let of = |fault| MaskerLaws::new(square(fault, Keep::Outside));
    finds(|f| of(f).keeps_size_channels_and_depth(), &[Fault::Shape]);
    finds(|f| of(f).visible_pixels_are_untouched(), &[Fault::Visible, Fault::Shape]);
    finds(|f| of(f).hidden_pixels_do_not_leak(), &[Fault::Leak]);
    finds(|f| MaskerLaws::new(square(f, Keep::Full)).full_is_the_identity(), &[Fault::Identity]);
    for keep in [Keep::Outside, Keep::Inside] {
        finds(|f| MaskerLaws::new(square(f, keep)).the_region_holds_a_pixel(), &[Fault::Idle]);
    }
    finds(|f| of(f).the_region_lies_where_the_card_says(), &[Fault::Region, Fault::Cause]);
    finds(|f| of(f).depends_on_the_seed_alone(), &[Fault::Order]);
    finds(|f| of(f).dilation_grows_the_region(), &[Fault::Shrinks]);
    finds(|f| of(f).other_sizes_are_refused(), &[Fault::Shape]);
    finds(|f| of(f).empty_regions_do_not_panic(), &[Fault::Panics]);
    finds(|f| of(f).learns_only_where_it_says_so(), &[Fault::Learns]);
    finds(|f| of(f).card_is_complete(), &[Fault::Card]);
    finds(|f| of(f).parameters_survive_json(), &[Fault::Forgets]);
    of(Fault::None).unknown_parameters_are_refused();
}

#[test]
fn region_laws_find_faults() {
    let square = |fault, keep| Square { fault, keep, dilate: 0 };
    finds(
        |f| {
            region::inside_and_outside_part_the_image(
                square(f, Keep::Inside),
                square(Fault::None, Keep::Outside),
            )
        },
        &[Fault::Region],
    );
    finds(
        |f| region::fill_does_not_depend_on_the_region(square(f, Keep::Outside), square(f, Keep::Outside)),
        &[Fault::Order],
    );
    let box_law = || {
        region::box_is_the_tightest_rectangle(
            square(Fault::None, Keep::Inside),
            square(Fault::None, Keep::Inside),
        )
    };
    assert!(catch_unwind(box_law).is_err(), "an outline that is no box was not found");
    let ignores_names = || region::structures_unite(|_| square(Fault::None, Keep::Inside).into());
    assert!(catch_unwind(ignores_names).is_err(), "a masker that ignores structures was not found");
}
