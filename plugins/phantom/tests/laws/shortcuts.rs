//! Each shortcut changes what it declares, can be read off the pixels, and leaves no disease outside.

use std::sync::OnceLock;

use plugin_phantom::{
    Association, Background, Blur, Border, CameraGain, Jpeg, MetadataOnly, Phantom, Picture, Positioning,
    Record, Route, Tag, Tube, What, WideRoi, phantom_chest, phantom_fundus,
};

use crate::{ALWAYS, auc, changed, union};

#[test]
fn a_shortcut_changes_what_it_declares() {
    let chest: [What; 9] = [
        Tag::default().into(),
        Tag::marker('L').into(),
        Border { width: 0.15, level: 255 }.into(),
        Tube::default().into(),
        Tube { route: Route::Drain, ..Tube::default() }.into(),
        CameraGain::default().into(),
        Jpeg::default().into(),
        Blur::default().into(),
        Background::default().into(),
    ];
    for what in chest {
        check_shortcut(&phantom_chest(), &what);
    }
    let fundus: [What; 6] = [
        Tag::default().into(),
        Border::default().into(),
        CameraGain::default().into(),
        Jpeg::default().into(),
        Blur::default().into(),
        Background::default().into(),
    ];
    for what in fundus {
        check_shortcut(&phantom_fundus(), &what);
    }
    let phantom = phantom_chest().with_shortcut(MetadataOnly::default(), ALWAYS);
    let record = &phantom.records().unwrap()[0];
    let without = Record { present: vec![false], ..record.clone() };
    assert_eq!(phantom.picture(record).unwrap(), phantom.picture(&without).unwrap());
}

fn check_shortcut(phantom: &Phantom, what: &What) {
    let phantom = phantom.clone().with_patients(10).with_shortcut(what.clone(), ALWAYS);
    let take = |record: &Record| phantom.picture(record).expect("a record of its own");
    for record in phantom.records().expect("valid parameters").iter() {
        let with = take(record);
        let without = take(&Record { present: vec![false], ..record.clone() });
        let changed = changed(&with, &without);
        assert!(changed.len() >= 20, "{what:?} changes {} pixels only", changed.len());
        let names: &[&str] = match what {
            What::Tag(_) | What::Border(_) | What::Background(_) => {
                &["left_lung", "right_lung", "heart", "disc", "cup"]
            }
            _ => phantom.region(),
        };
        let inside = union(&with, names);
        let reached = changed.iter().any(|i| inside[*i] == 1);
        assert_eq!(reached, what.reaches_region(), "{what:?} in patient {}", record.patient);
        assert_eq!(with.structures, without.structures);
    }
}

#[test]
fn a_turned_patient_takes_structures_and_disease_along() {
    let place = Positioning { tilt: 8.0, zoom: 0.9, ..Positioning::default() };
    let phantom = phantom_chest().with_patients(8).with_size(128).with_shortcut(place, ALWAYS);
    for record in phantom.records().unwrap().iter().filter(|r| r.label) {
        let at = |record: &Record| {
            let ill = phantom.picture(record).unwrap();
            let well = phantom.picture(&Record { label: false, ..record.clone() }).unwrap();
            let disease = changed(&ill, &well);
            let lungs = union(&ill, phantom.region());
            assert!(disease.iter().all(|i| lungs[*i] == 1));
            let weight = |i: &usize| f64::from(ill.pixels[*i].abs_diff(well.pixels[*i]));
            let outline: Vec<usize> = (0..lungs.len()).filter(|i| lungs[*i] == 1).collect();
            (centre(&disease, 128, weight), centre(&outline, 128, |_| 1.0), outline.len())
        };
        let (disease, lungs, area) = at(record);
        let (disease_before, lungs_before, area_before) =
            at(&Record { present: vec![false], ..record.clone() });
        let ratio = area as f64 / area_before as f64;
        assert!((ratio / 0.81 - 1.0).abs() < 0.03, "{ratio}");
        // The way from the middle of the lungs to that of the disease turns and shrinks with the patient.
        let (sin, cos) = 8.0f64.to_radians().sin_cos();
        let (x, y) = (disease_before.0 - lungs_before.0, disease_before.1 - lungs_before.1);
        let wanted = (0.9 * (cos * x - sin * y), 0.9 * (cos * y + sin * x));
        let found = (disease.0 - lungs.0, disease.1 - lungs.1);
        assert!((found.0 - wanted.0).hypot(found.1 - wanted.1) < 2.5, "{found:?} instead of {wanted:?}");
    }
}

fn centre(pixels: &[usize], n: usize, weight: impl Fn(&usize) -> f64) -> (f64, f64) {
    let total: f64 = pixels.iter().map(&weight).sum();
    let mean = |of: fn(usize, usize) -> usize| {
        pixels.iter().map(|i| weight(i) * of(*i, n) as f64).sum::<f64>() / total
    };
    (mean(|i, n| i % n), mean(|i, n| i / n))
}

#[test]
fn positions_stay_on_the_film() {
    for (tilt, zoom) in [(-8.0, 1.0), (8.0, 1.0), (8.0, 0.8), (-8.0, 0.8)] {
        let place = Positioning { tilt, zoom, ..Positioning::default() };
        for picture in phantom_chest().with_patients(60).with_shortcut(place, ALWAYS).images().unwrap() {
            crate::check_structures(&picture);
        }
    }
}

#[test]
fn a_wide_roi_widens_the_lungs_and_changes_no_pixel() {
    let phantom = phantom_chest().with_patients(20).with_shortcut(WideRoi::default(), ALWAYS);
    for record in phantom.records().unwrap().iter() {
        let wide = phantom.picture(record).unwrap();
        let tight = phantom.picture(&Record { present: vec![false], ..record.clone() }).unwrap();
        assert_eq!(wide.pixels, tight.pixels);
        let area = |p: &Picture| union(p, phantom.region()).iter().filter(|b| **b == 1).count() as f64;
        assert!(area(&wide) > 1.08 * area(&tight), "{} {}", area(&wide), area(&tight));
        for (w, t) in wide.structures.iter().zip(&tight.structures) {
            assert!(w.bits.iter().zip(&t.bits).all(|(w, t)| w >= t), "{} lost a pixel", w.name);
        }
        let total = |i: usize| wide.structures.iter().map(|s| s.bits[i]).sum::<u8>();
        assert!((0..wide.pixels.len()).all(|i| total(i) <= 1), "structures overlap");
    }
}

/// A number that a ruler would give for a shortcut.
type Readout = fn(&Picture) -> f64;

/// The weakest and the strongest of the README's table, with a number that a ruler would give for it.
pub(crate) fn readouts() -> [(What, What, Readout); 8] {
    let tag = |height, level| What::from(Tag { height, level, ..Tag::marker('L') });
    let tube = |density| What::from(Tube { density, ..Tube::default() });
    let border = |width| What::from(Border { width, level: 0 });
    let gain = |factor| What::from(CameraGain { factor, ..CameraGain::default() });
    let jpeg = |quality| What::from(Jpeg { quality, ..Jpeg::default() });
    let blur = |sigma| What::from(Blur { sigma, ..Blur::default() });
    let weave = |amplitude| What::from(Background { amplitude, ..Background::default() });
    let place = |tilt, zoom| What::from(Positioning { tilt, zoom, ..Positioning::default() });
    [
        (tag(0.06, 110), tag(0.11, 245), corner),
        (tube(0.8), tube(4.0), tubeness),
        (border(0.012), border(0.05), bottom),
        (gain(0.95), gain(0.72), darkness),
        (jpeg(70), jpeg(15), blockiness),
        (blur(6.0), blur(16.0), softness),
        (weave(1.5), weave(9.0), weaving),
        (place(2.0, 0.98), place(8.0, 0.88), tilt),
    ]
}

fn at(p: &Picture, x: usize, y: usize) -> f64 {
    f64::from(p.pixels[y * p.size + x])
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (n, sum) = values.fold((0.0, 0.0), |(n, sum), v| (n + 1.0, sum + v));
    sum / n
}

/// Pixels of columns and rows given in 64ths.
fn within(p: &Picture, x: [usize; 2], y: [usize; 2]) -> impl Iterator<Item = (usize, usize)> {
    let of = |k: usize| k * p.size / 64;
    let (columns, rows) = (of(x[0])..of(x[1]), of(y[0])..of(y[1]));
    rows.flat_map(move |y| columns.clone().map(move |x| (x, y)))
}

/// The brightest pixel of the upper right corner.
fn corner(p: &Picture) -> f64 {
    within(p, [54, 63], [1, 10]).map(|(x, y)| at(p, x, y)).fold(0.0, f64::max)
}

/// How much the film resembles a gastric tube: the mean of what one changes in forty other films, fine structure only.
fn tubeness(p: &Picture) -> f64 {
    static TUBE: OnceLock<Vec<f64>> = OnceLock::new();
    let ridges = |p: &Picture| {
        let ridge = |(x, y): (usize, usize)| at(p, x, y) - 0.5 * (at(p, x - 3, y) + at(p, x + 3, y));
        within(p, [3, 61], [0, 64]).map(ridge).collect::<Vec<f64>>()
    };
    let tube = TUBE.get_or_init(|| {
        let tube = Tube { density: 4.0, ..Tube::default() };
        let phantom =
            phantom_chest().with_seed(3).with_visits(1, 1).with_patients(40).with_shortcut(tube, ALWAYS);
        let mut sum = vec![0.0; 58 * 64];
        for record in phantom.records().unwrap().iter() {
            let with = ridges(&phantom.picture(record).unwrap());
            let without =
                ridges(&phantom.picture(&Record { present: vec![false], ..record.clone() }).unwrap());
            sum.iter_mut().zip(with.iter().zip(&without)).for_each(|(s, (a, b))| *s += a - b);
        }
        sum
    });
    mean(ridges(p).iter().zip(tube).map(|(a, b)| a * b))
}

/// Darkness of the lower edge, where the abdomen is bright.
fn bottom(p: &Picture) -> f64 {
    -mean(within(p, [24, 40], [63, 64]).map(|(x, y)| at(p, x, y)))
}

/// Darkness of the abdomen.
fn darkness(p: &Picture) -> f64 {
    -mean(within(p, [20, 44], [54, 62]).map(|(x, y)| at(p, x, y)))
}

/// Steps between JPEG's blocks of eight pixels beside steps within.
fn blockiness(p: &Picture) -> f64 {
    let step = |edge: bool| {
        let across = |(x, y): &(usize, usize)| (at(p, x + 1, *y) - at(p, *x, *y)).abs();
        mean(within(p, [0, 63], [0, 64]).filter(|(x, _)| (x % 8 == 7) == edge).map(|c| across(&c)))
    };
    step(true) / step(false)
}

/// Minus the energy of the Laplacian.
fn softness(p: &Picture) -> f64 {
    let laplace = |(x, y): (usize, usize)| {
        4.0 * at(p, x, y) - at(p, x - 1, y) - at(p, x + 1, y) - at(p, x, y - 1) - at(p, x, y + 1)
    };
    -mean(within(p, [1, 63], [1, 63]).map(|c| laplace(c).powi(2)))
}

/// Unevenness of the abdomen from column to column.
fn weaving(p: &Picture) -> f64 {
    let bend = |(x, y): (usize, usize)| at(p, x, y) - 0.5 * (at(p, x - 1, y) + at(p, x + 1, y));
    mean(within(p, [20, 44], [57, 63]).map(|c| bend(c).powi(2)))
}

/// How far the body leans to the right.
fn tilt(p: &Picture) -> f64 {
    let half = p.size as f64 / 2.0;
    -mean(within(p, [0, 64], [0, 64]).map(|(x, y)| (x as f64 - half) * (y as f64 - half) * at(p, x, y)))
}

#[test]
fn each_shortcut_can_be_read_off_the_pixels() {
    for (weak, strong, read) in readouts() {
        let of = |what: &What| {
            let phantom = phantom_chest().with_patients(160).with_visits(1, 1);
            let phantom = phantom.with_shortcut(what.clone(), Association::independent(0.5));
            let records = phantom.records().unwrap();
            let pictures = phantom.images().unwrap();
            let read: Vec<_> = records.iter().zip(&pictures).map(|(r, p)| (r.present[0], read(p))).collect();
            auc(&read)
        };
        let (weak_auc, strong_auc) = (of(&weak), of(&strong));
        assert!(strong_auc > 0.95, "{strong:?}: {strong_auc}");
        // Three standard errors with 80 images a side.
        assert!(weak_auc > 0.637, "{weak:?}: {weak_auc}");
    }
}
