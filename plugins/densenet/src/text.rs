//! A model in words.

use eyepatch_nn::densenet::{FrozenNorm, Scope};

use crate::params::{Arch, DenseNet, Optimiser, PosWeight, Progressing, Schedule, Shuffle, Warmup};

pub(crate) fn name(model: &DenseNet) -> String {
    match model.arch {
        Arch::Custom => format!("DenseNet {}, growth {}", list(&model.blocks), model.growth),
        named => format!("{named:?}").replace("DenseNet", "DenseNet-"),
    }
}

pub(crate) fn description(model: &DenseNet) -> String {
    let network = model.network(1);
    let (size, start) = (model.size, if model.weights.is_some() { "given" } else { "random" });
    format!(
        "DenseNet (Huang et al. 2017) with dense blocks of {} layers, growth {}, {} first features and torchvision's \
         stem, on {size} x {size} pixels with {} channel(s). Trained from {start} weights{}; {} by {}, step size {}{}, \
         weight decay {}, batches of {}{}, at most {} epochs, on binary cross-entropy over the known labels{}{}; the \
         epoch with the least validation loss is kept{}.",
        list(&network.blocks),
        network.growth,
        network.init_features,
        model.channels,
        if model.weights.is_some() { "" } else { " (He et al. 2015)" },
        learns(model),
        match model.optimizer {
            Optimiser::Adam => "Adam",
            Optimiser::AdamW => "AdamW",
        },
        model.learning_rate,
        rate(model),
        model.weight_decay,
        model.batch,
        match model.shuffle {
            Shuffle::Random => "",
            Shuffle::Mixed => " with patients spread over them",
            Shuffle::None => " in one order",
        },
        model.epochs,
        match &model.pos_weight {
            PosWeight::None => String::new(),
            PosWeight::Balanced => ", positive ones weighted to balance each class".into(),
            PosWeight::Given(weights) => format!(", positive ones weighted by {weights:?}"),
        },
        model.clip.map_or_else(String::new, |c| format!(", gradients no longer than {c}")),
        stopping(model),
    )
}

fn learns(model: &DenseNet) -> String {
    let what = match model.trainable {
        Scope::All => return "everything learns".into(),
        Scope::LastBlock => "the last dense block and the classifier learn",
        Scope::LastLayer => "the last dense layer and the classifier learn",
        Scope::Head => "the classifier learns",
    };
    let norm = match model.frozen_norm {
        FrozenNorm::Strict => "frozen normalisations stay as they are",
        FrozenNorm::Published => "frozen normalisations drift with each batch, as published",
    };
    format!("{what}, {norm}")
}

fn rate(model: &DenseNet) -> String {
    let schedule = match model.schedule {
        Schedule::Constant => "",
        Schedule::Cosine => ", down to zero along half a cosine",
    };
    let warmup = match model.warmup {
        Warmup::None => String::new(),
        Warmup::Epochs(n) => format!(" after {n} epochs of linear rise"),
        Warmup::Steps(n) => format!(" after {n} steps of linear rise"),
    };
    format!("{schedule}{warmup}")
}

fn stopping(model: &DenseNet) -> String {
    match (model.patience, model.stopping) {
        (0, _) => String::new(),
        (n, Progressing::Strict) => {
            format!(", stopped after {n} epochs without an improvement by {}", model.min_delta)
        }
        (n, Progressing::Published) => format!(", stopped after {n} epochs without a new least"),
    }
}

/// What happens to training images.
pub(crate) fn augment(model: &DenseNet) -> String {
    let (augment, mut parts) = (model.augment, Vec::new());
    if augment.rotation > 0.0 {
        parts.push(format!("turned by up to {} degrees", augment.rotation));
    }
    if augment.flip > 0.0 {
        parts.push(format!("mirrored left and right with probability {}", augment.flip));
    }
    if augment.shift > 0 {
        parts.push(format!("moved by up to {} pixels", augment.shift));
    }
    if augment.brightness != [1.0, 1.0] {
        let [low, high] = augment.brightness;
        parts.push(format!("multiplied by {low} to {high}"));
    }
    if model.views > 0 {
        parts.push(format!("in {} fixed views, the first unchanged", model.views));
    }
    parts.join(", ")
}

fn list(blocks: &[usize]) -> String {
    blocks.iter().map(usize::to_string).collect::<Vec<_>>().join("/")
}
