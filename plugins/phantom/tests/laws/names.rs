//! Which columns of the table name a shortcut.

use eyepatch_core::{Ctx, Dataset, Meta};
use plugin_phantom::{
    Association, Background, Blur, Border, CameraGain, Jpeg, MetadataOnly, Phantom, Positioning, Tag, Tube,
    What, WideRoi, phantom_chest,
};

use crate::ALWAYS;

const HALF: Association = Association::independent(0.5);

fn all() -> [(What, Option<&'static str>); 10] {
    [
        (Tag::default().into(), None),
        (Tube::default().into(), None),
        (Border::default().into(), None),
        (CameraGain::default().into(), Some("camera")),
        (Jpeg::default().into(), Some("camera")),
        (Blur::default().into(), Some("camera")),
        (Background::default().into(), Some("site")),
        (Positioning::default().into(), Some("site")),
        (MetadataOnly::default().into(), Some("ward")),
        (WideRoi::default().into(), None),
    ]
}

#[test]
fn presence_can_be_read_from_the_column_that_a_hospital_would_have() {
    for (what, column) in all() {
        assert_eq!(what.recorded_in(), column);
        let planted = phantom_chest().with_patients(40).with_shortcut(what.clone(), HALF);
        let records = planted.records().unwrap();
        for shown in [true, false] {
            let table = planted.clone().with_truth_columns(shown).table(&Ctx::for_tests(0)).unwrap();
            let told = table.rows[0].meta.contains_key(what.column());
            assert_eq!(told, shown || column == Some(what.column()), "{what:?}");
            let Some(column) = column else { continue };
            let of = |present: bool| {
                let rows = records.iter().zip(&table.rows).filter(|(r, _)| r.present[0] == present);
                rows.map(|(_, row)| row.meta[column].clone()).collect::<Vec<Meta>>()
            };
            let (with, without) = (of(true), of(false));
            assert!(with.iter().all(|w| *w == with[0]), "{what:?}");
            assert!(!without.is_empty() && !without.contains(&with[0]), "{what:?}");
        }
    }
}

#[test]
fn two_of_a_kind_share_the_column_and_names_stay_apart() {
    let both = phantom_chest().with_shortcut(Jpeg::default(), ALWAYS).with_shortcut(Blur::default(), ALWAYS);
    let table = both.table(&Ctx::for_tests(0)).unwrap();
    assert_eq!(table.rows[0].meta["camera"], Meta::Text("E+F".into()));
    let refused = |phantom: Phantom, word: &str| {
        let text = phantom.image(0).unwrap_err().to_string();
        assert!(text.contains(word), "{text}");
    };
    let named = |camera: &str| Jpeg { camera: camera.into(), ..Jpeg::default() };
    refused(phantom_chest().with_shortcut(named("B"), HALF), "camera `B`");
    refused(
        both.clone().with_shortcut(CameraGain { camera: "E".into(), ..CameraGain::default() }, HALF),
        "`E`",
    );
    let north = Positioning { site: "north".into(), ..Positioning::default() };
    refused(phantom_chest().with_shortcut(north, HALF), "site `north`");
    refused(
        phantom_chest().with_shortcut(Blur { sigma: 3.0, ..Blur::default() }, HALF),
        "3.9 to 40 at 64 px",
    );
    refused(phantom_chest().with_shortcut(Jpeg { quality: 0, ..Jpeg::default() }, HALF), "jpeg.quality");
    refused(phantom_chest().with_shortcut(WideRoi { by: 0.2 }, HALF), "wide_roi.by");
    let weave = Background { amplitude: 0.1, ..Background::default() };
    refused(phantom_chest().with_shortcut(weave, HALF), "background.amplitude");
    let nothing = Positioning { tilt: 0.0, zoom: 1.0, ..Positioning::default() };
    refused(phantom_chest().with_shortcut(nothing, HALF), "change nothing");
}
