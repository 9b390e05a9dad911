//! Phantoms of the fundus with three cameras.

use eyepatch::prelude::*;
use plugin_densenet::{DenseNet, densenet_tiny};
use plugin_maskers::{published, verdict_maskings};
use plugin_phantom::{Association, Camera, Phantom, Site, phantom_fundus};
use plugin_shap::{Baseline, ShapPartition};

use crate::measured;

/// Chákṣu's numbers of photographs by camera: with glaucoma suspected, and without.
const BOSCH: Association = Association::new(19.0 / 137.0, 84.0 / 871.0);
const FORUS: Association = Association::new(16.0 / 137.0, 79.0 / 871.0);
const REMIDIO: Association = Association::new(102.0 / 137.0, 708.0 / 871.0);

/// One site a camera; the cameras look different.
fn cameras() -> Vec<Site> {
    let site = |share, camera: Camera| Site { name: format!("with {}", camera.name), share, camera };
    vec![
        site(BOSCH, Camera { gain: 1.08, noise: 1.5, jpeg: Some(90), ..Camera::named("Bosch") }),
        site(FORUS, Camera { gain: 0.92, gamma: 1.15, blur: 1.5, noise: 3.0, ..Camera::named("Forus") }),
        site(
            REMIDIO,
            Camera { gain: 1.0, gamma: 0.95, blur: 2.5, jpeg: Some(75), ..Camera::named("Remidio") },
        ),
    ]
}

/// Photographs of 64 px, a third of them with glaucoma.
fn photographs() -> Phantom {
    phantom_fundus().with_patients(600).with_visits(1, 2).with_prevalence(0.35).with_sites(cameras())
}

fn network() -> DenseNet {
    DenseNet { channels: 3, epochs: 16, patience: 6, ..densenet_tiny() }
}

fn sweep(photographs: Phantom) -> MaskingSweep {
    MaskingSweep::new(network(), photographs)
        .maskers(published())
        .also(verdict_maskings(&["disc"]))
        .verdict(VerdictRule::default().margin(0.10).attributes(["camera", "sex", "age"]))
        .quick_images(200)
}

/// Does a model still answer when the optic disc is hidden, and does it owe anything to the camera?
///
/// Three cameras that look different, in the shares of Chákṣu: they hardly go with the label.
#[audit(seed = 1907, tags = ["masking", "fundus", "cameras", "synthetic"])]
fn three_cameras() -> MaskingSweep {
    measured(sweep(photographs()).dilate([-2, 2, 5, 10, 20]).folds(3)).explain(ShapPartition {
        baselines: vec![Baseline::Blur { kx: 31, ky: 31 }],
        ..ShapPartition::default()
    })
}

/// Does a model that has not seen a camera still answer on its photographs?
///
/// Each camera is tested by a model that learnt on the two others. What it loses against `fundus/three_cameras` it owed to the
/// camera's own look.
#[audit(seed = 1907, tags = ["fundus", "cameras", "leave-one-out", "synthetic"])]
fn leave_one_camera_out() -> MaskingSweep {
    measured(sweep(photographs()).split(SplitScheme::leave_one_out("camera")).folds(3))
}

/// Does the verdict name the camera where it is planted as a shortcut?
///
/// Nine in ten of the ill, and one in ten of the healthy, were photographed with a dark camera.
#[audit(seed = 1907, tags = ["fundus", "cameras", "shortcut", "synthetic"])]
fn planted_camera() -> MaskingSweep {
    let shares =
        [(0.05, 0.45), (0.90, 0.10), (0.05, 0.45)].map(|(ill, healthy)| Association::new(ill, healthy));
    let mut sites = cameras();
    sites.iter_mut().zip(shares).for_each(|(site, share)| site.share = share);
    measured(sweep(photographs().with_strength(0.4).with_sites(sites)).folds(2))
}
