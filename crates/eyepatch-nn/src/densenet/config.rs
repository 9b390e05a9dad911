//! The shape of a DenseNet.

use crate::error::{NnError, Result};
use crate::ops::DenseBlockShape;
use serde::{Deserialize, Serialize};

/// How a DenseNet begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stem {
    /// 7 x 7 convolution with stride 2, then 3 x 3 maximum with stride 2, as for ImageNet: a quarter of each side.
    #[default]
    Large,
    /// 3 x 3 convolution with stride 1, for images of about 32 pixels: sides stay as they are.
    Small,
}

/// The shape of a DenseNet (Huang et al. 2017), with the parameter names of torchvision's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenseNetConfig {
    /// Channels of an input image.
    pub in_channels: usize,
    /// Logits that come out.
    pub classes: usize,
    /// Channels that each dense layer appends.
    pub growth: usize,
    /// Layers of each dense block.
    pub blocks: Vec<usize>,
    /// Channels after the first convolution.
    pub init_features: usize,
    /// A layer's bottleneck has `bn_size * growth` channels.
    pub bn_size: usize,
    /// How the network begins.
    #[serde(default)]
    pub stem: Stem,
}

impl DenseNetConfig {
    /// Growth 12, blocks of 4, 6 and 8 layers, 24 first features: 172,099 parameters for one channel and class.
    pub fn small(in_channels: usize, classes: usize) -> Self {
        let blocks = vec![4, 6, 8];
        Self { in_channels, classes, growth: 12, blocks, init_features: 24, bn_size: 4, stem: Stem::Large }
    }

    /// DenseNet-121: growth 32, blocks of 6, 12, 24 and 16 layers.
    pub fn densenet121(in_channels: usize, classes: usize) -> Self {
        let blocks = vec![6, 12, 24, 16];
        Self { in_channels, classes, growth: 32, blocks, init_features: 64, bn_size: 4, stem: Stem::Large }
    }

    /// DenseNet-161: growth 48, blocks of 6, 12, 36 and 24 layers, 96 first features.
    pub fn densenet161(in_channels: usize, classes: usize) -> Self {
        let blocks = vec![6, 12, 36, 24];
        Self { growth: 48, init_features: 96, blocks, ..Self::densenet121(in_channels, classes) }
    }

    /// DenseNet-169: growth 32, blocks of 6, 12, 32 and 32 layers.
    pub fn densenet169(in_channels: usize, classes: usize) -> Self {
        Self { blocks: vec![6, 12, 32, 32], ..Self::densenet121(in_channels, classes) }
    }

    /// DenseNet-201: growth 32, blocks of 6, 12, 48 and 32 layers.
    pub fn densenet201(in_channels: usize, classes: usize) -> Self {
        Self { blocks: vec![6, 12, 48, 32], ..Self::densenet121(in_channels, classes) }
    }

    /// The networks that [`DenseNetConfig::by_name`] knows.
    pub const NAMES: [&str; 5] =
        ["densenet121", "densenet161", "densenet169", "densenet201", "densenet-small"];

    /// The network of this name, one of [`DenseNetConfig::NAMES`]; all but the last are torchvision's.
    ///
    /// # Errors
    /// [`NnError::Config`] for another name.
    pub fn by_name(name: &str, in_channels: usize, classes: usize) -> Result<Self> {
        let make = match name {
            "densenet121" => Self::densenet121,
            "densenet161" => Self::densenet161,
            "densenet169" => Self::densenet169,
            "densenet201" => Self::densenet201,
            "densenet-small" => Self::small,
            _ => {
                let why = "must be densenet121, densenet161, densenet169, densenet201 or densenet-small";
                return Err(NnError::config("network", name, why));
            }
        };
        Ok(make(in_channels, classes))
    }

    /// The name of this network, if [`DenseNetConfig::by_name`] knows it for its channels and classes.
    pub fn name(&self) -> Option<&'static str> {
        let same =
            |name: &&str| Self::by_name(name, self.in_channels, self.classes).is_ok_and(|c| c == *self);
        Self::NAMES.into_iter().find(same)
    }

    /// Checks that every size is at least 1 and nothing overflows.
    ///
    /// # Errors
    /// [`NnError::Config`] naming the parameter.
    pub fn check(&self) -> Result<()> {
        let sizes = [
            ("in_channels", self.in_channels),
            ("classes", self.classes),
            ("growth", self.growth),
            ("init_features", self.init_features),
            ("bn_size", self.bn_size),
            ("blocks", self.blocks.len()),
        ];
        for (name, value) in sizes.into_iter().chain(self.blocks.iter().map(|&n| ("blocks", n))) {
            if value == 0 || value > 4096 {
                return Err(NnError::config(name, value, "must lie in 1 ..= 4096"));
            }
        }
        if self.blocks.len() > 16 || self.blocks.iter().sum::<usize>() > 4096 {
            return Err(NnError::config(
                "blocks",
                &self.blocks,
                "must be at most 16 with 4096 layers in all",
            ));
        }
        Ok(())
    }

    /// Rows or columns after the stem, each block and so on: the smallest image side that leaves one pixel at the end.
    pub fn min_side(&self) -> usize {
        // Each transition needs two pixels to make one; the large stem halves twice, rounding up.
        let before_blocks = 1usize << (self.blocks.len() - 1);
        match self.stem {
            Stem::Small => before_blocks,
            Stem::Large => (4 * (before_blocks - 1) + 1).max(1),
        }
    }

    /// Rows or columns after the stem of an image with `side` rows or columns.
    pub fn side_after_stem(&self, side: usize) -> usize {
        match self.stem {
            Stem::Small => side,
            Stem::Large => side.div_ceil(2).div_ceil(2),
        }
    }

    /// Shape of each dense block.
    pub fn block_shapes(&self) -> Vec<DenseBlockShape> {
        let mut input = self.init_features;
        let mut shapes = Vec::with_capacity(self.blocks.len());
        for &layers in &self.blocks {
            let shape = DenseBlockShape {
                input,
                growth: self.growth,
                layers,
                bottleneck: self.bn_size * self.growth,
            };
            input = shape.output() / 2;
            shapes.push(shape);
        }
        shapes
    }

    /// Length of an embedding: channels after the last block.
    pub fn features(&self) -> usize {
        self.block_shapes().last().map_or(self.init_features, DenseBlockShape::output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_torchvision() {
        let net = DenseNetConfig::densenet121(3, 1000);
        let inputs: Vec<usize> = net.block_shapes().iter().map(|b| b.input).collect();
        assert_eq!(inputs, [64, 128, 256, 512]);
        assert_eq!(net.features(), 1024);
        assert_eq!(DenseNetConfig::small(1, 1).features(), 54 + 8 * 12);
        assert_eq!(net.side_after_stem(224), 56);
        assert_eq!(net.min_side(), 29);
    }

    #[test]
    fn names_lead_to_networks_and_back() {
        for name in DenseNetConfig::NAMES {
            let net = DenseNetConfig::by_name(name, 2, 7).unwrap();
            assert_eq!((net.name(), net.in_channels, net.classes), (Some(name), 2, 7));
            net.check().unwrap();
        }
        let features = ["densenet121", "densenet161", "densenet169", "densenet201"]
            .map(|name| DenseNetConfig::by_name(name, 3, 1000).unwrap().features());
        assert_eq!(features, [1024, 2208, 1664, 1920]);
        assert_eq!(DenseNetConfig { growth: 13, ..DenseNetConfig::small(1, 1) }.name(), None);
        assert!(matches!(
            DenseNetConfig::by_name("resnet50", 3, 1),
            Err(NnError::Config { name: "network", .. })
        ));
    }

    #[test]
    fn bad_sizes_are_named() {
        let net = DenseNetConfig { growth: 0, ..DenseNetConfig::small(1, 1) };
        assert!(matches!(net.check(), Err(NnError::Config { name: "growth", .. })));
        let net = DenseNetConfig { blocks: vec![], ..DenseNetConfig::small(1, 1) };
        assert!(matches!(net.check(), Err(NnError::Config { name: "blocks", .. })));
        let net = DenseNetConfig { blocks: vec![1; 17], ..DenseNetConfig::small(1, 1) };
        assert!(matches!(net.check(), Err(NnError::Config { name: "blocks", .. })));
        let net = DenseNetConfig { blocks: vec![2, 0], ..DenseNetConfig::small(1, 1) };
        assert!(matches!(net.check(), Err(NnError::Config { name: "blocks", .. })));
    }
}
