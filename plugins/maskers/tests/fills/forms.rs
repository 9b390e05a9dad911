//! Names, command line forms, JSON and ranges.

use eyepatch_core::{Masker, Registry};
use plugin_maskers::Fill;
use serde_json::json;

use crate::laws::fills;

/// Command line form, name, JSON.
fn table() -> Vec<(&'static str, &'static str, serde_json::Value)> {
    vec![
        ("black", "black", json!("black")),
        ("mean", "mean", json!("mean")),
        ("noise", "noise", json!("noise")),
        ("average", "average", json!("average")),
        ("donors:4", "donors(4)", json!({"donors": {"n": 4}})),
        ("local-mean:8", "local-mean(8)", json!({"local-mean": {"radius": 8}})),
        ("visible-mean", "visible-mean", json!("visible-mean")),
        ("inpaint", "inpaint", json!("inpaint")),
        ("blur:51,40", "blur(51,40)", json!({"blur": {"kx": 51, "ky": 40}})),
        ("gaussian:10", "gaussian(10)", json!({"gaussian": {"sigma": 10.0}})),
        ("gaussian:0.5", "gaussian(0.5)", json!({"gaussian": {"sigma": 0.5}})),
        ("own-noise", "own-noise", json!("own-noise")),
    ]
}

#[test]
fn forms_names_and_json_agree() {
    for (form, name, value) in table() {
        let fill: Fill = form.parse().unwrap();
        assert_eq!(fill.name(), name);
        assert_eq!(serde_json::to_value(fill).unwrap(), value);
        assert_eq!(serde_json::from_value::<Fill>(value).unwrap(), fill);
        // The command line's form passes through JSON.
        assert_eq!(serde_json::from_value::<Fill>(json!(form)).unwrap(), fill);
        assert_eq!(serde_json::from_str::<Fill>(&serde_json::to_string(&fill).unwrap()).unwrap(), fill);
        fill.check().unwrap();
        assert_eq!(fill.describe().contains("does not hide"), !fill.hides(), "{name}");
    }
    let kinds = |fills: Vec<Fill>| {
        fills.iter().map(std::mem::discriminant).collect::<std::collections::HashSet<_>>().len()
    };
    assert_eq!(kinds(fills()), 11);
    assert_eq!(kinds(table().iter().map(|(form, ..)| form.parse().unwrap()).collect()), 11);
}

#[test]
fn hiding_and_learning_are_declared() {
    let those = |does: fn(Fill) -> bool| -> Vec<&'static str> {
        let fills = table().into_iter().map(|(form, ..)| form);
        fills.filter(|form| does(form.parse().unwrap())).collect()
    };
    assert_eq!(those(Fill::learns), ["mean", "noise", "average", "donors:4"]);
    let hiding = ["black", "mean", "noise", "average", "donors:4", "local-mean:8", "visible-mean", "inpaint"];
    assert_eq!(those(Fill::hides), hiding);
}

#[test]
fn wrong_forms_are_told_what_there_is() {
    let said = |form: &str| form.parse::<Fill>().unwrap_err().to_string();
    for form in ["blurred", "", "blur", "blur:3", "black:1", "local-mean", "Mean", "donors"] {
        let said = said(form);
        assert!(
            said.starts_with(&format!("no fill `{form}`; there are: black, mean, local-mean:RADIUS")),
            "{said}"
        );
        assert!(said.contains("inpaint") && said.contains("blur:KX,KY") && said.contains("gaussian:SIGMA"));
    }
    assert!(said("blur:3,x").starts_with("fill `blur:3,x`: `x` is not a number that fits"));
    assert!(said("local-mean:-1").contains("`-1` is not a number"));
    for (form, problem) in [
        ("local-mean:0", "local-mean: radius = 0: 1 to 4096 pixels are allowed"),
        ("local-mean:4097", "local-mean: radius = 4097: 1 to 4096 pixels are allowed"),
        ("donors:0", "donors: n = 0: 1 to 32 are allowed"),
        ("donors:33", "donors: n = 33: 1 to 32 are allowed"),
        ("blur:0,3", "blur: kx = 0: 1 to 4096 pixels are allowed"),
        ("blur:3,9999", "blur: ky = 9999: 1 to 4096 pixels are allowed"),
        ("blur:1,1", "blur: kx = ky = 1 changes nothing; give a wider box"),
        ("gaussian:0", "gaussian: sigma = 0: 0.25 to 256 pixels are allowed"),
        ("gaussian:NaN", "gaussian: sigma = NaN: 0.25 to 256 pixels are allowed"),
        ("gaussian:inf", "gaussian: sigma = inf: 0.25 to 256 pixels are allowed"),
    ] {
        assert_eq!(said(form), problem);
    }
}

/// Unknown fields inside a fill are found by the registry, as everywhere.
#[test]
fn the_registry_takes_every_form() {
    let registry = Registry::collect().unwrap();
    let make =
        |fill| registry.make::<dyn Masker>("eyepatch/region", &json!({ "keep": "outside", "fill": fill }));
    for (form, name, value) in table() {
        for fill in [json!(form), value] {
            let card = make(fill).unwrap().card();
            assert_eq!((card.fill.as_str(), card.hides), (name, form.parse::<Fill>().unwrap().hides()));
        }
    }
    let refused = |fill| make(fill).map(|_| ()).unwrap_err().to_string();
    let said = refused(json!({"blur": {"kx": 3, "ky": 3, "kz": 3}}));
    assert!(said.contains("kz"), "{said}");
    let said = refused(json!({"smear": {"kx": 3}}));
    assert!(said.contains("smear") && said.contains("local-mean"), "{said}");
    let said = refused(json!("smear"));
    assert!(said.contains("no fill `smear`; there are: black"), "{said}");
    let said = refused(json!(3));
    assert!(said.contains("a fill: black, mean"), "{said}");
}
