//! What is told of an explanation: in lines on standard error, and as JSON.

use eyepatch_core::{Attribution, Explained, Explainer, Fitted, Handle, Mask};
use eyepatch_maps::places::PlaceShares;
use eyepatch_nn::Precision;
use eyepatch_nn::device::Chosen;
use serde_json::{Value, json};

use super::args::ExplainArgs;
use super::asked::Asked;
use super::method;
use crate::cli::error::CliError;
use crate::cli::{Outcome, files};

pub(super) struct Told<'a> {
    pub(super) args: &'a ExplainArgs,
    pub(super) explainer: &'a Handle<dyn Explainer>,
    pub(super) asked: &'a Asked,
    pub(super) found: &'a Explained,
    /// The ROI at the image's size, where one was given.
    pub(super) roi: Option<Mask>,
    /// Where attributions lie by it.
    pub(super) shares: Option<Vec<PlaceShares>>,
    pub(super) device: &'a Chosen,
    /// What does the counting.
    pub(super) path: String,
    pub(super) threads: usize,
    pub(super) preprocessing: String,
    pub(super) seconds: f64,
}

impl Told<'_> {
    /// The class's name.
    pub(super) fn name(&self, attribution: &Attribution) -> &str {
        self.asked.classes().get(attribution.class).map_or("", String::as_str)
    }

    /// Method, fills and evaluations in a line.
    pub(super) fn caption(&self) -> String {
        let mut parts = vec![self.explainer.card().name];
        parts.extend(method::fills(self.args).iter().map(|fill| format!("fill {fill}")));
        parts.push(format!("{} evaluations", self.found.evaluations));
        parts.join(", ")
    }

    /// The same with the unit of the picture's scale, where values have the output's.
    pub(super) fn below_picture(&self) -> String {
        let unit = if self.explainer.card().additive {
            format!("; {} a pixel", self.space())
        } else {
            String::new()
        };
        self.caption() + &unit
    }

    /// Lines for whoever watches, and the result on standard output.
    pub(super) fn tell(&self, shape: &[usize]) -> Result<Outcome, CliError> {
        let precision = Precision::from(self.args.network.precision);
        files::complain(&format!(
            "{} in batches of {} on {} ({}, {precision}), {:.1} s, of which {:.1} s in the network; outputs are {}",
            self.caption(),
            method::budget(self.args).batch,
            self.device,
            self.path,
            self.seconds,
            self.asked.seconds(),
            self.space(),
        ));
        self.found.attributions.iter().enumerate().for_each(|(k, a)| files::complain(&self.line(k, a)));
        if self.args.json {
            return files::print_json(&self.json(shape, precision));
        }
        let plot = self.args.plot.as_ref().map_or(String::new(), |p| format!(", {}", p.display()));
        files::print(&format!("{shape:?} values: {}{plot}\n", self.args.out.display()))
    }

    fn space(&self) -> String {
        let space = self.found.attributions.first().map(|a| json!(a.space));
        space.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn line(&self, k: usize, a: &Attribution) -> String {
        let error = a.additivity_error.map_or_else(
            || "values do not add up to their difference".to_owned(),
            |error| format!("additivity error {error:.1e}"),
        );
        let mut line = format!(
            "  {}: output {:.6}, base value {:.6}, {error}",
            self.name(a),
            a.output_value,
            a.base_value
        );
        if let Some(apart) = &self.found.disagreement {
            line += &format!(", fills disagree by {:.2}", apart[k]);
        }
        if let Some(inside) = self.shares(k).map(|shares| shares.inside)
            && let Some(absolute) = inside.absolute
        {
            line += &format!(
                ", {:.1} % of it inside the ROI ({:.1} % of the image)",
                100.0 * absolute,
                100.0 * inside.area
            );
        }
        line
    }

    fn shares(&self, k: usize) -> Option<&PlaceShares> {
        self.shares.as_ref().and_then(|shares| shares.get(k))
    }

    fn json(&self, shape: &[usize], precision: Precision) -> Value {
        let Self { args, explainer, found, .. } = self;
        let class = |(k, a): (usize, &Attribution)| {
            json!({
                "class": self.name(a), "index": a.class, "output": a.output_value, "base_value": a.base_value,
                "additivity_error": a.additivity_error, "evaluations": a.evaluations,
                "disagreement": found.disagreement.as_ref().map(|apart| apart[k]), "roi": self.shares(k),
            })
        };
        let classes: Vec<Value> = found.attributions.iter().enumerate().map(class).collect();
        let fills: Vec<String> = method::fills(args).iter().map(ToString::to_string).collect();
        json!({
            "image": args.image, "roi": args.roi, "out": args.out, "plot": args.plot, "shape": shape, "dtype": "f32",
            "method": args.method.name(), "fill": fills, "explainer": explainer.spec(), "card": explainer.card(),
            "classes": classes, "output_space": self.space(), "evaluations": found.evaluations,
            "batch": method::budget(args).batch, "seed": args.seed, "device": self.device.to_string(),
            "device_note": self.device.note, "path": self.path, "precision": precision, "threads": self.threads,
            "preprocessing": self.preprocessing, "seconds": self.seconds, "network_seconds": self.asked.seconds(),
        })
    }
}
