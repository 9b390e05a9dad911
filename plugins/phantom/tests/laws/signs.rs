//! Signs of disease beside opacities.

use eyepatch_core::Dataset;
use plugin_phantom::{Phantom, Picture, Record, Sign, Tube, phantom_chest, phantom_fundus};

use crate::{ALWAYS, auc, changed, union};

const LUNGS: [&str; 2] = ["left_lung", "right_lung"];

fn pairs(phantom: &Phantom) -> Vec<(Picture, Picture)> {
    let take = |record: &Record, label| phantom.picture(&Record { label, ..record.clone() }).unwrap();
    phantom.records().unwrap().iter().map(|r| (take(r, true), take(r, false))).collect()
}

fn area(picture: &Picture, names: &[&str]) -> usize {
    union(picture, names).iter().filter(|b| **b == 1).count()
}

#[test]
fn a_sign_changes_pixels_of_its_region_only() {
    for sign in [Sign::Emphysema, Sign::LargeHeart, Sign::Calcification] {
        // Heavy blur and coarse JPEG would carry it out, if anything could.
        let mut sites = phantom_chest().sites().to_vec();
        sites.iter_mut().for_each(|s| (s.camera.blur, s.camera.jpeg) = (12.0, Some(30)));
        let phantom = phantom_chest().with_patients(15).with_sign(sign).with_strength(2.0).with_sites(sites);
        for (ill, well) in pairs(&phantom) {
            crate::check_structures(&ill);
            let region = union(&ill, phantom.region());
            let changed = changed(&ill, &well);
            assert!(changed.len() > 20 && changed.iter().all(|i| region[*i] == 1), "{sign:?}");
        }
        assert!(pairs(&phantom.with_strength(0.0)).iter().all(|(a, b)| a == b));
    }
}

#[test]
fn emphysema_grows_the_lungs_and_no_pixel_outside_tells() {
    let phantom = phantom_chest().with_patients(15).with_sign(Sign::Emphysema);
    for (ill, well) in pairs(&phantom) {
        let (a, b) = (union(&ill, &LUNGS), union(&well, &LUNGS));
        assert!(a.iter().zip(&b).all(|(a, b)| a >= b));
        assert!(area(&ill, &LUNGS) as f64 > 1.02 * area(&well, &LUNGS) as f64);
    }
    let phantom = phantom.with_patients(200).with_visits(1, 1);
    let records = phantom.records().unwrap();
    let pictures = phantom.images().unwrap();
    let sizes: Vec<_> =
        records.iter().zip(&pictures).map(|(r, p)| (r.label, area(p, &LUNGS) as f64)).collect();
    assert!(auc(&sizes) > 0.6, "{}", auc(&sizes));
}

/// The maximum of a film tells the label, and no pixel outside of the lungs does.
#[test]
fn a_calcification_is_the_brightest_place() {
    let phantom = phantom_chest().with_patients(200).with_visits(1, 1).with_sign(Sign::Calcification);
    let records = phantom.records().unwrap();
    let pictures = phantom.images().unwrap();
    let brightest = |within: &dyn Fn(&Picture, usize) -> bool| -> f64 {
        let most = |p: &Picture| (0..p.pixels.len()).filter(|&i| within(p, i)).map(|i| p.pixels[i]).max();
        let of = records.iter().zip(&pictures).map(|(r, p)| (r.label, f64::from(most(p).unwrap())));
        auc(&of.collect::<Vec<_>>())
    };
    let (whole, outside) = (brightest(&|_, _| true), brightest(&|p, i| union(p, &LUNGS)[i] == 0));
    assert!(whole > 0.9 && (outside - 0.5).abs() < 0.1, "{whole} {outside}");
}

#[test]
fn a_large_heart_is_legitimate_and_outside_the_lungs() {
    let phantom = phantom_chest().with_patients(15).with_sign(Sign::LargeHeart);
    for (ill, well) in pairs(&phantom) {
        assert!(area(&ill, &["heart"]) as f64 > 1.1 * area(&well, &["heart"]) as f64);
        let lungs = union(&ill, &LUNGS);
        let outside = changed(&ill, &well).iter().filter(|i| lungs[**i] == 0).count();
        assert!(outside > 20, "{outside}");
    }
    let legitimate = &phantom.legitimate()["cardiomegaly"];
    assert!(legitimate.structures.iter().any(|s| s == "heart") && legitimate.reason.contains("heart"));
}

#[test]
fn signs_that_do_not_fit_are_refused() {
    let refused = |phantom: Phantom, word: &str| {
        let text = phantom.image(0).unwrap_err().to_string();
        assert!(text.contains(word), "{text}");
    };
    refused(phantom_fundus().with_sign(Sign::Emphysema), "of the chest");
    refused(
        phantom_chest().with_sign(Sign::LargeHeart).with_shortcut(Tube::default(), ALWAYS),
        "large_heart",
    );
}
