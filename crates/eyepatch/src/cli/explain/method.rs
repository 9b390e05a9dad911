//! From the command line's words to an explainer, by id: any linked plugin of that id serves.

use eyepatch_core::{Budget, Explainer, Handle};
use serde_json::{Map, Value};

use super::args::{ExplainArgs, MethodArg};
use super::fill::Fill;
use crate::cli::Linked;
use crate::cli::error::CliError;

/// Evaluations of a method that takes as many as it is given.
const EVALUATIONS: usize = 1000;
/// More than any method takes of itself.
const ENOUGH: usize = 1_000_000;
/// The most gradients that a method takes.
const GRADIENTS: usize = 10_000;
/// Images beside those at which gradients are taken: the image and what it is compared with.
const OTHERS: usize = 2;

impl MethodArg {
    fn id(self) -> &'static str {
        match self {
            Self::Partition => "eyepatch/shap-partition",
            Self::Permutation => "eyepatch/shap-permutation",
            Self::Kernel => "eyepatch/shap-kernel",
            Self::Occlusion => "eyepatch/occlusion",
            Self::Ig => "eyepatch/integrated-gradients",
            Self::Gradcam => "eyepatch/grad-cam",
            Self::GradcamPlusPlus => "eyepatch/grad-cam-plus-plus",
            Self::Smoothgrad => "eyepatch/smoothgrad",
            Self::InputXGradient => "eyepatch/input-x-gradient",
        }
    }

    pub(super) fn name(self) -> String {
        use clap::ValueEnum;
        self.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default()
    }

    fn is_shap(self) -> bool {
        matches!(self, Self::Partition | Self::Permutation | Self::Kernel)
    }

    fn hides(self) -> bool {
        self.is_shap() || matches!(self, Self::Occlusion | Self::Ig)
    }

    /// The parameter that says how many gradients are taken.
    fn passes(self) -> Option<&'static str> {
        match self {
            Self::Ig => Some("steps"),
            Self::Smoothgrad => Some("samples"),
            _ => None,
        }
    }

    /// The fills as parameters.
    fn fills(self, fills: &[Fill], side: usize) -> Result<Map<String, Value>, CliError> {
        let unfit = |fill: &Fill, others: &str| {
            let problem = format!("--fill {fill} does not go with --method {}", self.name());
            CliError::usage(problem, format!("it takes: {others}"))
        };
        if self.is_shap() {
            let others = "black, mean, noise, inpaint, blur:KX,KY, once or several times";
            let baseline = |fill: &Fill| fill.baseline().ok_or_else(|| unfit(fill, others));
            let baselines = fills.iter().map(baseline).collect::<Result<Vec<Value>, _>>()?;
            return Ok(Map::from_iter([("baselines".into(), baselines.into())]));
        }
        let name = match self {
            Self::Occlusion => "cover",
            Self::Ig => "baseline",
            _ => {
                let problem =
                    format!("--method {} hides nothing, so --fill does not go with it", self.name());
                return Err(CliError::usage(problem, "leave --fill out"));
            }
        };
        let [fill] = fills else {
            let problem = format!("--method {} takes one --fill", self.name());
            return Err(CliError::usage(problem, "give one, or explain with each of them by itself"));
        };
        let cover = fill.cover(side).ok_or_else(|| unfit(fill, "black, mean, gaussian:SIGMA"))?;
        Ok(Map::from_iter([(name.into(), cover)]))
    }
}

/// What is hidden becomes this: black where nothing is said, and nothing where the method hides nothing or its further
/// parameters say.
pub(super) fn fills(args: &ExplainArgs) -> Vec<Fill> {
    let silent = args.fill.is_empty() && args.params.is_none() && args.method.hides();
    if silent { vec![Fill::Black] } else { args.fill.clone() }
}

/// The explainer that was asked for.
pub(super) fn explainer(args: &ExplainArgs, linked: &Linked) -> Result<Handle<dyn Explainer>, CliError> {
    if args.channels && args.method != MethodArg::Partition {
        let problem = format!("--method {} does not tell the image's channels apart", args.method.name());
        return Err(CliError::usage(problem, "leave --channels out, or choose partition"));
    }
    let fills = fills(args);
    let mut params = match fills.is_empty() {
        true => Map::new(),
        false => args.method.fills(&fills, args.network.size.into())?,
    };
    if let (Some(name), Some(evals)) = (args.method.passes(), args.evals) {
        let passes = (evals as usize).saturating_sub(OTHERS).clamp(1, GRADIENTS);
        params.insert(name.into(), passes.into());
    }
    for (name, value) in further(args)? {
        let clash = match name.as_str() {
            "baselines" | "baseline" | "cover" if !args.fill.is_empty() => Some("--fill"),
            _ if args.evals.is_some() && args.method.passes() == Some(&name) => Some("--evals"),
            _ => None,
        };
        if let Some(option) = clash {
            let problem = format!("--params and {option} both say `{name}`");
            return Err(CliError::usage(problem, format!("leave it to {option}, or leave {option} out")));
        }
        params.insert(name, value);
    }
    let players = params.get("players").and_then(Value::as_str).map(str::to_owned);
    let made = linked.registry.make::<dyn Explainer>(args.method.id(), &params.into())?;
    match players.as_deref() {
        Some(players @ ("regions" | "parts")) if args.roi.is_none() => Err(CliError::usage(
            format!("the players `{players}` are made from a ROI"),
            "give one with --roi, or choose other players",
        )),
        _ => Ok(made),
    }
}

fn further(args: &ExplainArgs) -> Result<Map<String, Value>, CliError> {
    let Some(text) = &args.params else { return Ok(Map::new()) };
    let bad = |problem: String| CliError::usage(problem, "give an object, such as '{\"expand\": 10}'");
    match serde_json::from_str(text) {
        Ok(Value::Object(params)) => Ok(params),
        Ok(_) => Err(bad("--params: it is no JSON object".into())),
        Err(e) => Err(bad(format!("--params: {e}"))),
    }
}

/// What an explanation may cost.
pub(super) fn budget(args: &ExplainArgs) -> Budget {
    let usual = if args.method.is_shap() { EVALUATIONS } else { ENOUGH };
    let evaluations = args.evals.map_or(usual, |evals| evals as usize);
    Budget { evaluations, batch: args.network.batch.into() }
}
