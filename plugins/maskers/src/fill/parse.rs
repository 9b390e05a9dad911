//! A [`Fill`] from the command line and from JSON.

use std::fmt;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Fill;

/// The command line forms.
const FORMS: &str = "black, mean, local-mean:RADIUS, visible-mean, average, donors:N, noise, own-noise, inpaint, \
                     blur:KX,KY, gaussian:SIGMA";

/// Why a text names no fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillError(String);

impl fmt::Display for FillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FillError {}

/// `black`, `mean`, `local-mean:8`, `visible-mean`, `average`, `donors:4`, `noise`, `own-noise`, `inpaint`, `blur:51,51`,
/// `gaussian:10`.
impl FromStr for Fill {
    type Err = FillError;

    fn from_str(text: &str) -> Result<Self, FillError> {
        let unknown = || FillError(format!("no fill `{text}`; there are: {FORMS}"));
        let (name, values) = match text.split_once(':') {
            Some((name, values)) => (name, Some(values)),
            None => (text, None),
        };
        let fill = match (name, values) {
            ("black", None) => Self::Black,
            ("mean", None) => Self::Mean,
            ("noise", None) => Self::Noise,
            ("average", None) => Self::Average,
            ("own-noise", None) => Self::OwnNoise,
            ("visible-mean", None) => Self::VisibleMean,
            ("inpaint", None) => Self::Inpaint,
            ("donors", Some(n)) => Self::Donors { n: number(text, n)? },
            ("local-mean", Some(radius)) => Self::LocalMean { radius: number(text, radius)? },
            ("gaussian", Some(sigma)) => Self::Gaussian { sigma: number(text, sigma)? },
            ("blur", Some(sides)) => {
                let (kx, ky) = sides.split_once(',').ok_or_else(unknown)?;
                Self::Blur { kx: number(text, kx)?, ky: number(text, ky)? }
            }
            _ => return Err(unknown()),
        };
        fill.check().map_err(FillError)?;
        Ok(fill)
    }
}

fn number<T: FromStr>(text: &str, value: &str) -> Result<T, FillError> {
    value.trim().parse().map_err(|_| {
        FillError(format!("fill `{text}`: `{value}` is not a number that fits; the forms are: {FORMS}"))
    })
}

impl Serialize for Fill {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The derived function, not this one: `remote = "Self"` makes it inherent.
        Self::serialize(self, serializer)
    }
}

/// Both the derived form and the command line's, so that `--fill blur:51,51` may pass through JSON as it is.
impl<'de> Deserialize<'de> for Fill {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Fill;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a fill: {FORMS}, or an object such as {{\"blur\": {{\"kx\": 51, \"ky\": 51}}}}")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Fill, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fill, A::Error> {
                Fill::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
