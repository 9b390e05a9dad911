//! What hidden parts become, as text and as plugins' parameters.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

/// A fill as it is given on the command line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fill {
    Black,
    Mean,
    Noise,
    /// What is shown, continued.
    Inpaint,
    /// Width and height of the box in pixels.
    Blur(u32, u32),
    /// Standard deviation in pixels.
    Gaussian(f64),
}

impl FromStr for Fill {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || "there are: black, mean, noise, inpaint, blur:KX,KY, gaussian:SIGMA".to_owned();
        let (name, sizes) = text.split_once(':').map_or((text, None), |(name, sizes)| (name, Some(sizes)));
        match (name, sizes) {
            ("black", None) => Ok(Self::Black),
            ("mean", None) => Ok(Self::Mean),
            ("noise", None) => Ok(Self::Noise),
            ("inpaint", None) => Ok(Self::Inpaint),
            ("blur", Some(sizes)) => {
                let (kx, ky) = sizes.split_once(',').ok_or_else(unknown)?;
                let side = |text: &str| text.trim().parse().map_err(|_| unknown());
                Ok(Self::Blur(side(kx)?, side(ky)?))
            }
            ("gaussian", Some(sigma)) => Ok(Self::Gaussian(sigma.parse().map_err(|_| unknown())?)),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Black => f.write_str("black"),
            Self::Mean => f.write_str("mean"),
            Self::Noise => f.write_str("noise"),
            Self::Inpaint => f.write_str("inpaint"),
            Self::Blur(kx, ky) => write!(f, "blur:{kx},{ky}"),
            Self::Gaussian(sigma) => write!(f, "gaussian:{sigma}"),
        }
    }
}

impl Fill {
    /// As a baseline of SHAP; `None` where there is none such.
    pub(super) fn baseline(self) -> Option<Value> {
        match self {
            Self::Black | Self::Mean | Self::Noise | Self::Inpaint => Some(json!(self.to_string())),
            Self::Blur(kx, ky) => Some(json!({ "blur": { "kx": kx, "ky": ky } })),
            Self::Gaussian(_) => None,
        }
    }

    /// As what an image of this side is covered with by occlusion and integrated gradients; `None` where there is none such.
    pub(super) fn cover(self, side: usize) -> Option<Value> {
        match self {
            Self::Black | Self::Mean => Some(json!(self.to_string())),
            Self::Gaussian(sigma) => Some(json!({ "blur": { "sigma": sigma / side as f64 } })),
            Self::Noise | Self::Inpaint | Self::Blur(..) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_are_read_as_they_are_written() {
        for text in ["black", "mean", "noise", "inpaint", "blur:51,31", "gaussian:2.5"] {
            assert_eq!(text.parse::<Fill>().unwrap().to_string(), text);
        }
        for text in
            ["grey", "blur", "blur:3", "blur:a,3", "blur:-1,3", "gaussian", "gaussian:x", "black:1", ""]
        {
            assert!(text.parse::<Fill>().unwrap_err().contains("blur:KX,KY"), "{text}");
        }
    }

    #[test]
    fn parameters_are_those_of_the_plugins() {
        assert_eq!(Fill::Blur(5, 3).baseline(), Some(json!({ "blur": { "kx": 5, "ky": 3 } })));
        assert_eq!(Fill::Gaussian(4.0).cover(200), Some(json!({ "blur": { "sigma": 0.02 } })));
        assert_eq!((Fill::Gaussian(4.0).baseline(), Fill::Noise.cover(9)), (None, None));
    }
}
