//! From a record to pixels.

use rayon::prelude::*;

use crate::canvas::{Frame, Pose};
use crate::chest::{Change, Chest, Visit};
use crate::cohort::Record;
use crate::fundus::Fundus;
use crate::phantom::{Anatomy, Phantom, Sign};
use crate::scene::{Scene, Structure};
use crate::shortcuts::{Film, Plant};
use crate::stream::Stream;
use crate::{Error, disease};

/// A generated image with its true structures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width and height in pixels.
    pub size: usize,
    /// 1 (chest) or 3 (fundus: red, green, blue).
    pub channels: usize,
    /// Interleaved values, rows first.
    pub pixels: Vec<u8>,
    /// The structures, each a mask of `size` x `size`.
    pub structures: Vec<Structure>,
}

impl Phantom {
    /// All images, made in parallel on rayon's current pool; the bytes do not depend on its number of threads.
    ///
    /// # Errors
    /// As [`Phantom::image`].
    pub fn images(&self) -> Result<Vec<Picture>, Error> {
        self.records()?.par_iter().map(|record| self.picture(record)).collect()
    }
}

/// A planted shortcut that is present, with the stream it draws from.
struct Planted<'a> {
    plant: &'a dyn Plant,
    stream: String,
}

pub(crate) fn take(phantom: &Phantom, record: &Record) -> Result<Picture, Error> {
    let stream =
        |name: &str| Stream::new(phantom.seed, &format!("{name} {}", record.visit), record.patient as u64);
    let site = phantom.sites.get(record.site).ok_or_else(|| {
        Error::range("site", record.site, format!("0 to {}", phantom.sites.len().saturating_sub(1)))
    })?;
    let planted: Vec<Planted<'_>> = phantom
        .shortcuts
        .iter()
        .zip(&record.present)
        .filter(|(_, present)| **present)
        .map(|(s, _)| (s.what.plant(), s.what.column()))
        .map(|(plant, column)| Planted { plant, stream: format!("shortcut {column}") })
        .collect();

    let mut camera = site.camera.clone();
    let own = pose(phantom.anatomy, &mut stream("pose"));
    let mut pose = own;
    for p in &planted {
        p.plant.set_camera(&mut camera);
        p.plant.position(&mut pose, &mut stream(&format!("{} position", p.stream)));
    }
    let frame = Frame::new(pose, phantom.size);
    let aim = (pose != own).then(|| Frame::new(own, phantom.size));
    let (healthy, diseased) = scenes(phantom, record, frame, aim);

    // Two exposures where they differ: one of what lies outside the disease's region, one of what lies inside. So
    // disease leaks through no blur and no JPEG block, and neither does a shortcut that stays outside.
    let place = |scene: &mut Scene, inside: bool| {
        for p in planted.iter().filter(|p| !inside || p.plant.reaches_region()) {
            p.plant.place(scene, frame, &mut stream(&p.stream));
        }
    };
    let parted = |p: &Planted<'_>| p.plant.is_in_scene() && !p.plant.reaches_region();
    let same = diseased.is_none() && !planted.iter().any(parted);
    let mut outside = healthy;
    let mut inside = if same { None } else { Some(diseased.unwrap_or_else(|| outside.clone())) };
    place(&mut outside, false);
    if let Some(scene) = &mut inside {
        place(scene, true);
    }
    let scenes: Vec<&Scene> = std::iter::once(&outside).chain(&inside).collect();
    let channels = outside.planes.len();
    let mut exposed = camera.expose(&scenes, stream("grain"))?.into_iter();
    let mut pixels = exposed.next().unwrap_or_default();
    if let (Some(scene), Some(within)) = (&inside, exposed.next()) {
        let region = union(&scene.structures, phantom.region());
        let chunks = pixels.chunks_exact_mut(channels).zip(within.chunks_exact(channels));
        for ((to, from), within) in chunks.zip(region) {
            if within != 0 {
                to.copy_from_slice(from);
            }
        }
    }
    let Scene { mut structures, depth, .. } = inside.unwrap_or(outside);
    let kept = union(&structures, &[]);
    let film = &mut Film { size: phantom.size, channels, pixels: &mut pixels, kept: &kept };
    for p in &planted {
        p.plant.print(film, &mut stream(&format!("{} print", p.stream)));
    }
    for p in &planted {
        p.plant.outline(&mut structures, &depth, frame);
    }
    Ok(Picture { size: phantom.size, channels, pixels, structures })
}

/// 1 inside any of the structures that have one of these names, all of them where `names` is empty.
fn union(structures: &[Structure], names: &[&str]) -> Vec<u8> {
    let mut all = vec![0; structures.first().map_or(0, |s| s.bits.len())];
    for structure in structures.iter().filter(|s| names.is_empty() || names.contains(&s.name)) {
        all.iter_mut().zip(&structure.bits).for_each(|(k, b)| *k |= b);
    }
    all
}

/// Nobody stands twice in quite the same place.
fn pose(anatomy: Anatomy, s: &mut Stream) -> Pose {
    // A chest fills its film; its body units leave room for the arms.
    let (zoom, down) = if anatomy == Anatomy::Chest { (1.15, 0.06) } else { (1.0, 0.0) };
    Pose {
        shift: (s.around(0.0, 0.02), s.around(down, 0.02)),
        zoom: zoom * s.around(1.0, 0.02),
        turn: s.around(0.0, 0.018),
    }
}

/// Whether a record's fundus is a right eye.
pub(crate) fn is_right_eye(phantom: &Phantom, record: &Record) -> bool {
    Fundus::new(&mut Stream::new(phantom.seed, "anatomy", record.patient as u64)).is_right()
}

/// The scene without disease, and with it where there is any to be seen. `aim` is the frame on which places of
/// disease are drawn, where it is not the film's own.
fn scenes(phantom: &Phantom, record: &Record, frame: Frame, aim: Option<Frame>) -> (Scene, Option<Scene>) {
    let patient = &mut Stream::new(phantom.seed, "anatomy", record.patient as u64);
    let visit =
        |name: &str| Stream::new(phantom.seed, &format!("{name} {}", record.visit), record.patient as u64);
    let ill = record.label && phantom.strength > 0.0;
    if phantom.anatomy == Anatomy::Fundus {
        let eye = Fundus::new(patient);
        let cupping = ill.then(|| disease::cupping(phantom.strength, &mut visit("disease")));
        return (eye.scene(frame, None), cupping.map(|c| eye.scene(frame, Some(c))));
    }
    let breath_out = visit("breath").around(0.0, 0.018);
    let chest = Chest::new(patient, record.male, record.age);
    let well = Visit { supine: record.supine, breath_out, change: Change::default() };
    let healthy = chest.scene(frame, well);
    let diseased = ill.then(|| {
        let s = &mut visit("disease");
        let changed = |change| chest.scene(frame, Visit { change, ..well });
        match phantom.sign {
            Sign::Opacity | Sign::Calcification => {
                let elsewhere = aim.map(|f| (chest.depth(f, well), f));
                let aim = elsewhere.as_ref().map_or((&healthy.depth, frame), |(depth, f)| (depth, *f));
                let mut scene = healthy.clone();
                let draw =
                    if phantom.sign == Sign::Opacity { disease::consolidate } else { disease::calcify };
                draw(&mut scene, frame, aim, phantom.strength, s);
                scene
            }
            Sign::Emphysema => {
                let mut scene = changed(disease::emphysema(phantom.strength, s));
                keep_heart(&mut scene.structures, &healthy.structures);
                scene
            }
            Sign::LargeHeart => {
                let mut scene = changed(disease::large_heart(phantom.strength, s));
                fill_heart(&mut scene.structures, &healthy.structures);
                scene
            }
        }
    });
    (healthy, diseased)
}

const LUNGS: &[&str] = &["right_lung", "left_lung"];

/// Lungs that have grown leave of the heart what they do not cover; nothing else of it changes.
fn keep_heart(structures: &mut [Structure], healthy: &[Structure]) {
    let lungs = union(structures, LUNGS);
    let before = union(healthy, &["heart"]);
    for heart in structures.iter_mut().filter(|s| s.name == "heart") {
        heart.bits = before.iter().zip(&lungs).map(|(h, l)| h & (1 - l)).collect();
    }
}

/// A heart that has grown takes what the lungs gave up, so that no pixel that changes is without a structure.
fn fill_heart(structures: &mut [Structure], healthy: &[Structure]) {
    let lungs = union(structures, LUNGS);
    let before = union(healthy, &[]);
    for heart in structures.iter_mut().filter(|s| s.name == "heart") {
        for ((h, before), lung) in heart.bits.iter_mut().zip(&before).zip(&lungs) {
            *h |= before & (1 - lung);
        }
    }
}
