//! Files that PyTorch wrote give what PyTorch reads from them.

use super::{corpus, file, here};
use candle_core::{Device, Tensor};
use eyepatch_nn::densenet::{self, Head, Input, Loading};
use eyepatch_nn::weights::{Element, Format, WeightFile};
use eyepatch_nn::{DenseNet, DenseNetConfig, NnError, Stem};
use std::collections::HashMap;

fn tiny() -> DenseNetConfig {
    DenseNetConfig {
        in_channels: 3,
        classes: 3,
        growth: 2,
        blocks: vec![1, 2],
        init_features: 4,
        bn_size: 2,
        stem: Stem::Large,
    }
}

fn expected() -> HashMap<String, Tensor> {
    candle_core::safetensors::load(here().join("expected.safetensors"), &Device::Cpu).unwrap()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn values_are_pytorchs_bit_for_bit() {
    let expected = expected();
    let files = corpus("good-");
    assert_eq!(files.len(), 12);
    for (name, bytes) in files {
        let parsed = WeightFile::parse(&bytes).unwrap();
        let table = densenet::table(&parsed, None).unwrap();
        // Files of half precision hold other values than the rest.
        let own = match name.as_str() {
            "good-f16.safetensors" | "good-f16.pt" => "good-f16.pt",
            "good-bf16.pt" => "good-bf16.pt",
            _ => "f32",
        };
        let keys = |k: &String| k.strip_prefix(&format!("{own}:")).map(str::to_owned);
        let mut names: Vec<String> = expected.keys().filter_map(keys).collect();
        names.sort();
        let mut ours: Vec<String> = table.iter().map(|t| t.name().to_owned()).collect();
        ours.sort();
        assert_eq!(ours, names, "{name}");
        for tensor in table.iter() {
            let theirs = &expected[&format!("{own}:{}", tensor.name())];
            assert_eq!(tensor.shape(), theirs.dims(), "{name}: {}", tensor.name());
            let theirs: Vec<f32> = theirs.flatten_all().unwrap().to_vec1().unwrap();
            assert_eq!(bits(&tensor.to_f32()), bits(&theirs), "{name}: {}", tensor.name());
            let slow: Vec<f32> = tensor.values().map(|v| v as f32).collect();
            assert_eq!(bits(&slow), bits(&theirs), "{name}: {}", tensor.name());
        }
        let counter = table.get("features.norm5.num_batches_tracked").unwrap();
        assert_eq!((counter.element(), counter.to_i64()), (Element::I64, Some(7)));
        assert_eq!(DenseNetConfig::infer(&table).unwrap(), tiny(), "{name}");
        tiny().fit(&table, Loading::default()).unwrap();
    }
}

#[test]
fn forms_are_named() {
    let about = |name: &str| {
        let bytes = file(name);
        let parsed = WeightFile::parse(&bytes).unwrap();
        let table = densenet::table(&parsed, None).unwrap();
        (parsed.format(), parsed.count(), table.path().to_owned(), table.renamed().clone())
    };
    let (format, count, path, renamed) = about("good-state.pt");
    assert_eq!((format, count, path.as_str(), renamed.prefix.as_str()), (Format::TorchZip, 1, "", ""));
    let (format, _, path, renamed) = about("good-checkpoint.pth.tar");
    assert_eq!((format, path.as_str()), (Format::TorchLegacy, "state_dict"));
    assert_eq!((renamed.prefix.as_str(), renamed.head.as_deref()), ("module.", Some("classifier.1")));
    assert_eq!(renamed.old_layers, 3 * 12);
    let (format, count, path, renamed) = about("good-lightning.ckpt");
    // The optimiser keeps a dictionary for each of the network's 28 parameters.
    assert_eq!((format, count, path.as_str()), (Format::TorchZip, 29, "state_dict"));
    assert_eq!(renamed.prefix, "model._orig_mod.");
    assert_eq!(about("good-plain.safetensors").0, Format::Safetensors);
    let bytes = file("good-lightning.ckpt");
    let parsed = WeightFile::parse(&bytes).unwrap();
    let one = parsed.at("optimizer_states.0.state.0").unwrap();
    assert_eq!(
        one.iter().map(|t| t.name().to_owned()).collect::<Vec<_>>(),
        ["step", "exp_avg", "exp_avg_sq"]
    );
    let missing = parsed.at("model").unwrap_err().to_string();
    assert!(missing.contains("`model`; there are: state_dict, optimizer_states.0.state.0"), "{missing}");
}

#[test]
fn networks_load_save_and_come_back() {
    let device = Device::Cpu;
    let reference = DenseNet::from_bytes(&file("good-state.pt"), &device).unwrap().to_bytes().unwrap();
    for name in
        ["good-legacy.pth", "good-views.pt", "good-f64.pt", "good-lightning.ckpt", "good-checkpoint.pth.tar"]
    {
        let net = DenseNet::from_bytes(&file(name), &device).unwrap();
        assert_eq!(net.to_bytes().unwrap(), reference, "{name}");
        assert_eq!(DenseNet::from_bytes(&reference, &device).unwrap().config(), &tiny());
    }
    let half = DenseNet::from_bytes(&file("good-f16.pt"), &device).unwrap();
    assert_ne!(half.to_bytes().unwrap(), reference);
    let again = DenseNet::from_bytes(&half.to_bytes_as(Element::F16).unwrap(), &device).unwrap();
    assert_eq!(again.to_bytes().unwrap(), half.to_bytes().unwrap());
    let whole = DenseNet::from_bytes(&reference, &device).unwrap();
    let brain = DenseNet::from_bytes(&whole.to_bytes_as(Element::Bf16).unwrap(), &device).unwrap();
    let theirs = DenseNet::from_bytes(&file("good-bf16.pt"), &device).unwrap();
    assert_eq!(brain.to_bytes().unwrap(), theirs.to_bytes().unwrap(), "rounding is PyTorch's");
    assert!(matches!(whole.to_bytes_as(Element::I64), Err(NnError::Config { name: "element", .. })));
}

#[test]
fn heads_and_grey_inputs_are_explicit_choices() {
    let bytes = file("good-state.pt");
    let parsed = WeightFile::parse(&bytes).unwrap();
    let table = densenet::table(&parsed, None).unwrap();
    let other = DenseNetConfig { in_channels: 1, classes: 5, ..tiny() };
    let mut net = DenseNet::new(other.clone(), 1, &Device::Cpu).unwrap();
    let before = net.to_bytes().unwrap();
    let Err(NnError::Misfit(misfit)) = net.load(&table, Loading::default()) else {
        panic!("it does not fit")
    };
    let misshaped: Vec<String> = misfit.misshaped.iter().map(ToString::to_string).collect();
    let expected = [
        "classifier.bias is [3], not [5]",
        "classifier.weight is [3, 7], not [5, 7]",
        "features.conv0.weight is [4, 3, 7, 7], not [4, 1, 7, 7]",
    ];
    assert_eq!(misshaped, expected);
    assert!(misfit.missing.is_empty() && misfit.surplus.is_empty());
    assert_eq!(net.to_bytes().unwrap(), before, "nothing was changed");

    let head = net.parameters().last().unwrap().1.to_vec1::<f32>().unwrap();
    net.load(&table, Loading { head: Head::Fresh, input: Input::Grey }).unwrap();
    assert_eq!(net.parameters().last().unwrap().1.to_vec1::<f32>().unwrap(), head, "its own head stays");
    // A grey image in all channels gives the same features.
    let mut whole = DenseNet::new(tiny(), 2, &Device::Cpu).unwrap();
    whole.load(&table, Loading::default()).unwrap();
    let grey: Vec<f32> = (0..2 * 33 * 33).map(|i| (i * 7919 % 1009) as f32 / 1009.0).collect();
    let grey = Tensor::from_vec(grey, (2, 1, 33, 33), &Device::Cpu).unwrap();
    let colour = Tensor::cat(&[&grey, &grey, &grey], 1).unwrap();
    let features = |net: &DenseNet, x: &Tensor| {
        net.features(x).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let (a, b) = (features(&net, &grey), features(&whole, &colour));
    let worst = a.iter().zip(&b).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f32::max);
    assert!(worst < 1e-5, "{worst}");
    // Grey is for networks of one channel; three stay three.
    whole.load(&table, Loading { head: Head::Keep, input: Input::Grey }).unwrap();
}

#[test]
fn all_that_does_not_fit_is_in_one_error() {
    let bytes = file("good-state.pt");
    let parsed = WeightFile::parse(&bytes).unwrap();
    let table = densenet::table(&parsed, None).unwrap();
    let other = DenseNetConfig { blocks: vec![2, 1], growth: 2, ..tiny() };
    let misfit = other.fit(&table, Loading::default()).unwrap_err();
    assert!(misfit.missing.iter().all(|name| name.contains("denseblock1.denselayer2")), "{misfit:?}");
    assert_eq!(misfit.missing.len(), 10);
    // Counters count as surplus where their normalisation is.
    assert!(misfit.surplus.iter().all(|name| name.contains("denseblock2.denselayer2")), "{misfit:?}");
    assert_eq!(misfit.surplus.len(), 12);
    assert_eq!(misfit.misshaped.len(), 15);
    let text = misfit.to_string();
    assert!(
        text.starts_with(
            "the weights do not fit the network\n10 missing: features.denseblock1.denselayer2.conv1.weight"
        ),
        "{text}"
    );
    assert!(
        text.contains(" and 2 more\n12 surplus: ")
            && text.contains("\n15 misshaped: classifier.weight is [3, 7], not [3, 6], "),
        "{text}"
    );
    assert!(!text.contains("not finite"));
}

#[test]
fn the_list_of_tensors_is_the_networks_own() {
    for config in [
        tiny(),
        DenseNetConfig::small(1, 4),
        DenseNetConfig { stem: Stem::Small, ..DenseNetConfig::small(2, 1) },
    ] {
        let net = DenseNet::new(config.clone(), 1, &Device::Cpu).unwrap();
        let bytes = net.to_bytes().unwrap();
        let parsed = WeightFile::parse(&bytes).unwrap();
        let table = parsed.at("").unwrap();
        let own: std::collections::BTreeMap<String, Vec<usize>> = table
            .iter()
            .filter(|t| !t.name().ends_with("tracked"))
            .map(|t| (t.name().to_owned(), t.shape().to_vec()))
            .collect();
        assert_eq!(config.tensors(), own);
        assert_eq!(DenseNetConfig::infer(&table).unwrap(), config);
    }
}

#[test]
fn values_that_are_not_finite_are_refused_by_name() {
    let mut bytes = DenseNet::from_bytes(&file("good-state.pt"), &Device::Cpu).unwrap().to_bytes().unwrap();
    let length = bytes.len();
    // The library puts the longest types first: counters, then parameters in order of names.
    bytes[length - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let Err(NnError::Misfit(misfit)) = DenseNet::from_bytes(&bytes, &Device::Cpu) else {
        panic!("NaN went in")
    };
    assert_eq!(misfit.not_finite, ["features.transition1.norm.weight"]);
    assert!(misfit.to_string().ends_with("1 not finite: features.transition1.norm.weight"));
}

#[test]
fn values_too_large_for_a_type_are_refused() {
    let mut net = DenseNet::new(tiny(), 1, &Device::Cpu).unwrap();
    let bias = Tensor::from_vec(vec![0.0f32, 70000.0, 1.0], 3, &Device::Cpu).unwrap();
    net.parameters().last().unwrap().1.set(&bias).unwrap();
    let refused = net.to_bytes_as(Element::F16).unwrap_err().to_string();
    assert!(refused.contains("classifier.bias holds 70000, too large for f16"), "{refused}");
    net.to_bytes_as(Element::Bf16).unwrap();
    net.load_bytes(&net.to_bytes().unwrap()).unwrap();
}
