//! Which input takes images, and which outputs give scores and embeddings.

use ort::session::Session;
use ort::value::{Outlet, TensorElementType, ValueType};

use crate::error::Error;
use crate::params::Onnx;

/// Names of the input and outputs that are used.
pub(crate) struct Interface {
    pub(crate) images: String,
    pub(crate) scores: String,
    pub(crate) embedding: Option<String>,
}

impl Interface {
    /// Reads them off a session and holds them against the parameters.
    pub(crate) fn of(session: &Session, params: &Onnx) -> Result<Self, Error> {
        let refuse = |(problem, remedy): (String, String)| Error::Interface {
            path: params.path.clone(),
            problem,
            remedy,
        };
        let images = images(session.inputs(), params).map_err(refuse)?;
        let scores = scores(session.outputs(), params.output.as_deref()).map_err(refuse)?;
        let embedding = params.embedding.as_deref();
        let embedding =
            embedding.map(|name| named(session.outputs(), "output", name)).transpose().map_err(refuse)?;
        for output in [Some(scores), embedding].into_iter().flatten() {
            floats("output", output).map_err(refuse)?;
        }
        Ok(Self {
            images: images.name().into(),
            scores: scores.name().into(),
            embedding: embedding.map(|o| o.name().into()),
        })
    }
}

/// A problem and its remedy.
type Refusal = (String, String);

fn images<'a>(inputs: &'a [Outlet], params: &Onnx) -> Result<&'a Outlet, Refusal> {
    let input = match (&params.input, inputs) {
        (Some(name), _) => named(inputs, "input", name)?,
        (None, [only]) => only,
        (None, _) => {
            let problem = format!("it has {} inputs: {}", inputs.len(), names(inputs));
            return Err((problem, "name the one that takes images in `input`".into()));
        }
    };
    if inputs.len() > 1 {
        let problem = format!("it takes more than an image: {}", names(inputs));
        return Err((problem, "export the network with the other inputs built in as constants".into()));
    }
    fits(floats("input", input)?, params).map(|()| input)
}

/// Whether one image of the parameters' size fits an input of this shape; -1 is a free axis.
fn fits(shape: &[i64], params: &Onnx) -> Result<(), Refusal> {
    let (height, width) = params.size.pair();
    let fits = |axis: i64, wanted: usize| axis < 0 || usize::try_from(axis) == Ok(wanted);
    let told = || format!("its input is [{}]", shape.iter().map(|&a| axis(a)).collect::<Vec<_>>().join(", "));
    let &[batch, channels, rows, columns] = shape else {
        return Err((told(), "export it to take images as [batch, channels, height, width]".into()));
    };
    if !fits(batch, 1) {
        let problem = format!("{}: {batch} images at a time", told());
        return Err((
            problem,
            "export it with a free batch axis (`dynamic_axes`, `dynamic_shapes`), or for one image".into(),
        ));
    }
    let sizes = fits(rows, height) && fits(columns, width);
    if sizes && fits(channels, params.channels) {
        return Ok(());
    }
    let problem =
        format!("{}, and `channels` and `size` say [1, {}, {height}, {width}]", told(), params.channels);
    if matches!(columns, 1 | 3) && !matches!(channels, 1 | 3) {
        let remedy = "channels come last there: export with channels first (tf2onnx: `--inputs-as-nchw`)";
        return Err((problem, remedy.into()));
    }
    Err((problem, "set `channels` and `size` to the network's".into()))
}

fn axis(length: i64) -> String {
    if length < 0 { "free".into() } else { length.to_string() }
}

fn scores<'a>(outputs: &'a [Outlet], name: Option<&str>) -> Result<&'a Outlet, Refusal> {
    let table = |o: &&Outlet| matches!(o.dtype(), ValueType::Tensor { shape, .. } if shape.len() == 2);
    match (name, outputs) {
        (Some(name), _) => named(outputs, "output", name),
        (None, [only]) => Ok(only),
        (None, _) => outputs.iter().find(table).ok_or_else(|| {
            let problem = format!("none of its outputs is [batch, classes]: {}", names(outputs));
            (problem, "name the one that gives scores in `output`".into())
        }),
    }
}

fn named<'a>(all: &'a [Outlet], what: &str, name: &str) -> Result<&'a Outlet, Refusal> {
    all.iter().find(|o| o.name() == name).ok_or_else(|| {
        let problem = format!("it has no {what} `{name}`; it has: {}", names(all));
        (problem, "take one of these names, or leave the parameter out".into())
    })
}

/// The shape of an input or output, which must hold 32-bit floats.
fn floats<'a>(what: &str, outlet: &'a Outlet) -> Result<&'a [i64], Refusal> {
    match outlet.dtype() {
        ValueType::Tensor { ty: TensorElementType::Float32, shape, .. } => Ok(shape),
        other => {
            let problem = format!("{what} `{}` is {other}, not a tensor of 32-bit floats", outlet.name());
            Err((problem, "export the network in float32".into()))
        }
    }
}

fn names(all: &[Outlet]) -> String {
    all.iter().map(Outlet::name).collect::<Vec<_>>().join(", ")
}
