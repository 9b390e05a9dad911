//! What the phantom promises, as tests: see the README's list.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

mod broken;
mod names;
mod shortcuts;
mod signs;

use eyepatch_core::{Ctx, Dataset, Meta, Pixels};
use plugin_phantom::{
    Association, Border, Error, Phantom, Picture, Record, Tag, Tube, phantom_chest, phantom_fundus,
};

eyepatch_testkit::dataset_laws! {
    chest: phantom_chest().with_patients(9).with_shortcut(Tag::default(), Association::new(0.95, 0.05));
    fundus: phantom_fundus().with_patients(9).with_shortcut(Border::default(), Association::new(0.8, 0.3));
}

const ALWAYS: Association = Association::independent(1.0);

fn both() -> [Phantom; 2] {
    [phantom_chest().with_patients(12), phantom_fundus().with_patients(12)]
}

/// 1 inside the structures in which the disease lives.
fn region(phantom: &Phantom, picture: &Picture) -> Vec<u8> {
    union(picture, phantom.region())
}

fn union(picture: &Picture, names: &[&str]) -> Vec<u8> {
    let mut all = vec![0; picture.size * picture.size];
    for structure in picture.structures.iter().filter(|s| names.contains(&s.name)) {
        all.iter_mut().zip(&structure.bits).for_each(|(a, b)| *a |= b);
    }
    all
}

/// Indices of pixels in which two pictures differ.
fn changed(a: &Picture, b: &Picture) -> Vec<usize> {
    let pixel = |p: &Picture, i: usize| p.pixels[i * p.channels..(i + 1) * p.channels].to_vec();
    (0..a.size * a.size).filter(|i| pixel(a, *i) != pixel(b, *i)).collect()
}

fn toggled(record: &Record) -> Record {
    Record { label: !record.label, ..record.clone() }
}

fn auc(values: &[(bool, f64)]) -> f64 {
    let (mut wins, mut pairs) = (0.0, 0.0);
    for (_, p) in values.iter().filter(|v| v.0) {
        for (_, n) in values.iter().filter(|v| !v.0) {
            pairs += 1.0;
            wins += if p > n {
                1.0
            } else if p == n {
                0.5
            } else {
                0.0
            };
        }
    }
    wins / pairs
}

#[test]
fn same_bytes_at_any_thread_count_and_in_any_order() {
    for phantom in both() {
        let with_threads = |n: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            pool.install(|| phantom.clone().images().unwrap())
        };
        let one = with_threads(1);
        assert_eq!(one, with_threads(3));
        for i in (0..one.len()).rev() {
            assert_eq!(phantom.image(i).unwrap(), one[i], "image {i}");
        }
        let other = phantom.with_seed(1908).image(0).unwrap();
        assert_ne!(other.pixels, one[0].pixels);
    }
}

#[test]
fn more_patients_leave_the_first_as_they_are() {
    let few = phantom_chest().with_patients(25);
    let many = phantom_chest().with_patients(90);
    let (few_records, many_records) = (few.records().unwrap(), many.records().unwrap());
    assert_eq!(few_records[..], many_records[..few_records.len()]);
    let ctx = Ctx::for_tests(0);
    assert_eq!(few.content(7, &ctx).unwrap(), many.content(7, &ctx).unwrap());
    assert_eq!(few.image(7).unwrap(), many.image(7).unwrap());
}

#[test]
fn structures_are_whole_and_where_they_belong() {
    for (size, patients) in [(48, 20), (64, 20), (130, 6)] {
        for phantom in both() {
            let phantom = phantom
                .with_size(size)
                .with_patients(patients)
                .with_seed(size as u64)
                .with_supine(Association::independent(0.5));
            for picture in phantom.images().unwrap() {
                assert_eq!(picture.pixels.len(), size * size * picture.channels);
                check_structures(&picture);
            }
        }
    }
}

fn check_structures(picture: &Picture) {
    let n = picture.size;
    for s in &picture.structures {
        let area = s.bits.iter().map(|&b| usize::from(b)).sum::<usize>() as f64 / (n * n) as f64;
        let least = if s.name == "cup" {
            0.001
        } else if s.name == "disc" {
            0.01
        } else {
            0.03
        };
        assert!((least..0.30).contains(&area), "{} covers {area}", s.name);
        let rim = |i: usize| i < n || i >= n * (n - 1) || matches!(i % n, c if c == 0 || c == n - 1);
        assert!(s.bits.iter().enumerate().all(|(i, b)| *b == 0 || !rim(i)), "{} runs off the film", s.name);
    }
    let names: Vec<&str> = picture.structures.iter().map(|s| s.name).collect();
    if picture.channels == 1 {
        assert_eq!(names, ["right_lung", "left_lung", "heart"]);
        let sum = |i: usize| picture.structures.iter().map(|s| s.bits[i]).sum::<u8>();
        assert!((0..n * n).all(|i| sum(i) <= 1), "structures overlap");
        // The patient's right lung is on the viewer's left.
        let centre = |k: usize| {
            let at: Vec<usize> =
                (0..n * n).filter(|i| picture.structures[k].bits[*i] == 1).map(|i| i % n).collect();
            at.iter().sum::<usize>() / at.len()
        };
        assert!(centre(0) < n / 2 && n / 2 < centre(1));
    } else {
        assert_eq!(names, ["disc", "cup"]);
        let [disc, cup] = &picture.structures[..] else { panic!("two structures") };
        assert!(cup.bits.iter().zip(&disc.bits).all(|(c, d)| c <= d), "the cup leaves the disc");
    }
}

#[test]
fn without_strength_a_label_changes_nothing() {
    for phantom in both() {
        let phantom = phantom.with_strength(0.0);
        for record in phantom.records().unwrap().iter() {
            assert_eq!(phantom.picture(record).unwrap(), phantom.picture(&toggled(record)).unwrap());
        }
    }
}

#[test]
fn disease_changes_pixels_of_its_region_only() {
    for phantom in both() {
        // Heavy blur and coarse JPEG would carry it out, if anything could.
        let mut sites = phantom.sites().to_vec();
        sites.iter_mut().for_each(|s| (s.camera.blur, s.camera.jpeg) = (12.0, Some(30)));
        for phantom in [phantom.clone(), phantom.with_sites(sites)] {
            for record in phantom.records().unwrap().iter() {
                let (a, b) = (phantom.picture(record).unwrap(), phantom.picture(&toggled(record)).unwrap());
                let (changed, region) = (changed(&a, &b), region(&phantom, &a));
                assert!(!changed.is_empty(), "disease of patient {} cannot be seen", record.patient);
                assert!(changed.iter().all(|i| region[*i] == 1), "patient {}", record.patient);
            }
        }
    }
}

#[test]
fn disease_brightens_the_region_and_nothing_else_tells() {
    for (phantom, least) in [(phantom_chest(), 0.60), (phantom_fundus(), 0.70)] {
        let means = |phantom: &Phantom| -> (f64, f64) {
            let records = phantom.records().unwrap();
            let pictures = phantom.images().unwrap();
            let mean = |inside: u8| {
                let of = |p: &Picture| {
                    let at: Vec<u8> = region(phantom, p)
                        .iter()
                        .zip(p.pixels.chunks(p.channels))
                        .filter(|(r, _)| **r == inside)
                        .flat_map(|(_, v)| v.to_vec())
                        .collect();
                    at.iter().map(|v| f64::from(*v)).sum::<f64>() / at.len() as f64
                };
                let scored: Vec<_> = records.iter().zip(&pictures).map(|(r, p)| (r.label, of(p))).collect();
                auc(&scored)
            };
            (mean(1), mean(0))
        };
        let phantom = phantom.with_patients(200).with_visits(1, 1).with_size(48);
        let (inside, outside) = means(&phantom);
        assert!(inside > least, "{inside}");
        // Standard error with 100 a class is 0.041.
        assert!((outside - 0.5).abs() < 0.125, "{outside}");
        let (inside, _) = means(&phantom.with_strength(0.0));
        assert!((inside - 0.5).abs() < 0.125, "{inside}");
    }
}

#[test]
fn labels_and_associations_come_as_asked() {
    let phantom = phantom_chest()
        .with_patients(2000)
        .with_prevalence(0.3)
        .with_supine(Association::new(0.8, 0.2))
        .with_male(Association::new(0.7, 0.4))
        .with_age_gap(10.0)
        .with_shortcut(Tag::default(), Association::new(0.95, 0.05));
    let records = phantom.records().unwrap();
    let ill = (0..2000).filter(|p| records.iter().any(|r| r.patient == *p && r.label)).count();
    assert_eq!(ill, 600);
    for pair in records.windows(2).filter(|w| w[0].patient == w[1].patient) {
        assert_eq!((pair[0].label, pair[0].age, pair[0].site), (pair[1].label, pair[1].age, pair[1].site));
    }
    let share = |label: bool, of: &dyn Fn(&Record) -> bool| {
        let all: Vec<_> = records.iter().filter(|r| r.label == label).collect();
        all.iter().filter(|r| of(r)).count() as f64 / all.len() as f64
    };
    let near = |label, of: &dyn Fn(&Record) -> bool, wanted: f64| {
        let found = share(label, of);
        assert!((found - wanted).abs() < 0.06, "{found} instead of {wanted}");
    };
    near(true, &|r| r.supine, 0.8);
    near(false, &|r| r.supine, 0.2);
    near(true, &|r| r.male, 0.7);
    near(false, &|r| r.male, 0.4);
    near(true, &|r| r.present[0], 0.95);
    near(false, &|r| r.present[0], 0.05);
    let age = |label| {
        let ages: Vec<f32> = records.iter().filter(|r| r.label == label).map(|r| r.age).collect();
        ages.iter().sum::<f32>() / ages.len() as f32
    };
    assert!((age(true) - age(false) - 10.0).abs() < 2.0);

    let mixed = phantom.with_mixed_labels(1.0);
    let records = mixed.records().unwrap();
    assert!(records.windows(2).any(|w| w[0].patient == w[1].patient && w[0].label != w[1].label));
}

#[test]
fn cameras_leave_their_marks() {
    let plain = phantom_chest().with_patients(1).with_visits(1, 1);
    let taken = |change: fn(&mut plugin_phantom::Camera)| {
        let mut sites = plain.sites()[..1].to_vec();
        change(&mut sites[0].camera);
        plain.clone().with_sites(sites).image(0).unwrap().pixels
    };
    let mean = |p: &[u8]| p.iter().map(|v| f64::from(*v)).sum::<f64>() / p.len() as f64;
    // Neighbours differ less after a blur.
    let rough = |p: &[u8]| p.windows(2).map(|w| f64::from(w[0].abs_diff(w[1]))).sum::<f64>();
    let base = taken(|_| ());
    assert!(mean(&taken(|c| c.gain = 0.8)) < mean(&base) - 10.0);
    assert!(mean(&taken(|c| c.gamma = 1.3)) < mean(&base) - 5.0);
    assert!(rough(&taken(|c| c.blur = 20.0)) < 0.8 * rough(&base));
    assert!(rough(&taken(|c| c.noise = 15.0)) > 1.2 * rough(&base));
    assert_ne!(taken(|c| c.jpeg = Some(30)), taken(|c| c.jpeg = None));
}

#[test]
fn every_size_and_oversized_demands() {
    for size in [48, 63, 1024] {
        let picture = phantom_chest().with_patients(1).with_size(size).image(0).unwrap();
        assert_eq!(picture.pixels.len(), size * size);
    }
    let refused = |phantom: Phantom, word: &str| {
        let text = phantom.image(0).unwrap_err().to_string();
        assert!(text.contains(word), "{text}");
    };
    refused(phantom_chest().with_size(47), "size is 47, allowed is 48 to 1024");
    refused(phantom_chest().with_patients(0), "patients");
    refused(phantom_chest().with_visits(3, 2), "visits");
    refused(phantom_chest().with_strength(f32::NAN), "strength");
    refused(phantom_chest().with_prevalence(1.2), "prevalence");
    refused(phantom_chest().with_sites(Vec::new()), "sites");
    refused(phantom_chest().with_shortcut(Tag { text: "häh".into(), ..Tag::default() }, ALWAYS), "tag.text");
    refused(phantom_chest().with_shortcut(Tag::default(), Association::new(1.5, 0.0)), "tag.positive");
    refused(phantom_fundus().with_shortcut(Tube::default(), ALWAYS), "chest only");
    let twice = phantom_chest().with_shortcut(Tag::default(), ALWAYS).with_shortcut(Tag::marker('L'), ALWAYS);
    refused(twice, "plant each kind once");
    let rows = phantom_chest().with_patients(2).with_visits(1, 1);
    assert!(matches!(rows.image(2), Err(Error::Row { row: 2, rows: 2 })));
}

#[test]
fn parameters_survive_json_and_unknown_ones_are_refused() {
    let phantom =
        phantom_fundus().with_shortcut(Tag::marker('R'), Association::new(0.9, 0.1)).with_age_gap(3.5);
    let json = serde_json::to_string(&phantom).unwrap();
    assert_eq!(serde_json::from_str::<Phantom>(&json).unwrap(), phantom);
    assert_eq!(serde_json::from_str::<Phantom>("{}").unwrap(), phantom_chest());
    for wrong in [
        r#"{"strenght": 1}"#,
        r#"{"shortcuts": [{"what": {"tag": {"colour": 3}}, "when": {"positive": 1, "negative": 0}}]}"#,
        r#"{"shortcuts": [{"what": {"smell": {}}, "when": {"positive": 1, "negative": 0}}]}"#,
    ] {
        assert!(serde_json::from_str::<Phantom>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn as_a_data_set_it_tells_what_it_is() {
    let ctx = Ctx::for_tests(0);
    for phantom in both() {
        let planted = phantom.with_shortcut(Tag::default(), Association::new(0.95, 0.05));
        let card = planted.card();
        assert!(
            card.biases.iter().any(|b| b.contains("95 % of positives, 5 % of negatives")),
            "{:?}",
            card.biases
        );
        assert!(card.origin.contains("synthetic"));
        let table = planted.table(&ctx).unwrap();
        let legitimate = planted.legitimate();
        for (i, row) in table.rows.iter().enumerate() {
            let sample = planted.load(i, &ctx).unwrap();
            assert_eq!((&sample.id, &sample.patient, &sample.labels), (&row.id, &row.patient, &row.labels));
            let record = &planted.records().unwrap()[i];
            assert_eq!(row.meta["tag"], Meta::Text(if record.present[0] { "yes" } else { "no" }.into()));
            assert!(matches!(row.meta["age"], Meta::Number(a) if (18.0..=95.0).contains(&a)));
            let Pixels::U8(pixels) = sample.image.pixels() else { panic!("8 bit") };
            assert_eq!(*pixels, planted.image(i).unwrap().pixels);
            let region = sample.roi.union(&legitimate[&table.classes[0]].structures).unwrap();
            assert!(!region.is_empty());
        }
        let hash = |p: &Phantom, i| p.content(i, &ctx).unwrap();
        assert_ne!(hash(&planted, 0), hash(&planted, 1));
        assert_ne!(hash(&planted, 0), hash(&planted.clone().with_strength(0.5), 0));
        assert!(planted.load(10_000, &ctx).is_err());
    }
}
