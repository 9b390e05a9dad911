//! Weight files: what is in them, and as safetensors under torchvision's names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use eyepatch_nn::densenet::{self, Head, Input, Loading};
use eyepatch_nn::weights::{self, Element, Table, Tensor, WeightFile};
use eyepatch_nn::{DenseNet, DenseNetConfig, Device, NnError};
use serde_json::json;

use super::error::CliError;
use super::{Outcome, files};

#[derive(Subcommand)]
pub(crate) enum WeightsCommand {
    /// Say what a weight file holds: its format, tensors, network and classes. Nothing in it is run.
    Inspect(InspectArgs),
    /// Write a DenseNet's weights as safetensors, with torchvision's names.
    Convert(ConvertArgs),
}

#[derive(clap::Args)]
pub(crate) struct InspectArgs {
    /// The weight file: safetensors, or what `torch.save` wrote.
    file: PathBuf,
    /// The dictionary in a checkpoint, for instance state_dict [default: the one that holds the network].
    #[arg(long)]
    from: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub(crate) struct ConvertArgs {
    /// The weight file: safetensors, or what `torch.save` wrote.
    file: PathBuf,
    /// Where to write (.safetensors).
    out: PathBuf,
    /// The network that it must be [default: the one that its tensors' shapes tell].
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(DenseNetConfig::NAMES))]
    arch: Option<String>,
    /// Type of the numbers.
    #[arg(long, value_enum, default_value = "f32")]
    dtype: TypeArg,
    /// Leave the file's classifier and begin one of N classes with random weights.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    fresh_head: Option<u16>,
    /// Seed of the fresh classifier [default: 1907].
    #[arg(long, requires = "fresh_head")]
    seed: Option<u64>,
    /// For images of one channel: sum the first convolution over its input channels.
    #[arg(long)]
    grey: bool,
    /// The dictionary in a checkpoint, for instance state_dict [default: the one that holds the network].
    #[arg(long)]
    from: Option<String>,
    /// Print JSON: what was written.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum TypeArg {
    F32,
    F16,
    Bf16,
}

impl From<TypeArg> for Element {
    fn from(kind: TypeArg) -> Self {
        match kind {
            TypeArg::F32 => Self::F32,
            TypeArg::F16 => Self::F16,
            TypeArg::Bf16 => Self::Bf16,
        }
    }
}

pub(crate) fn weights(command: &WeightsCommand) -> Result<Outcome, CliError> {
    match command {
        WeightsCommand::Inspect(args) => inspect(args),
        WeightsCommand::Convert(args) => convert(args),
    }
}

/// What is wrong with a weight file, and what to do about it.
fn wrong(path: &Path, error: &NnError) -> CliError {
    let remedy = match error {
        NnError::Io { source, .. } => {
            return CliError::file(path, source, "check that the file exists and can be read");
        }
        NnError::Refused(weights::Refused::Ambiguous(_)) => "choose the dictionary with --from",
        NnError::Refused(weights::Refused::Global { .. }) => {
            "in Python, save the network's state_dict alone: torch.save(model.state_dict(), …)"
        }
        NnError::Refused(_) => "give a safetensors file, or what torch.save wrote of a state_dict",
        NnError::Misfit(_) | NnError::Weights(_) => "`eyepatch weights inspect` says what the file holds",
        _ => "",
    };
    CliError::file(path, error, remedy)
}

fn inspect(args: &InspectArgs) -> Result<Outcome, CliError> {
    let wrong = |e: NnError| wrong(&args.file, &e);
    let bytes = weights::read(&args.file).map_err(wrong)?;
    let file = WeightFile::parse(&bytes).map_err(wrong)?;
    let table = densenet::table(&file, args.from.as_deref()).map_err(wrong)?;
    let about = About::of(&table);
    if args.json {
        return files::print_json(&about.json(args, &bytes, &file, &table));
    }
    files::print(&about.text(&bytes, &file, &table))
}

/// What inspection finds out.
struct About {
    parameters: usize,
    types: BTreeMap<String, usize>,
    /// Tensors with values that are NaN or infinite, and how many of them.
    not_finite: Vec<(String, usize)>,
    network: eyepatch_nn::Result<DenseNetConfig>,
    misfit: Option<Box<densenet::Misfit>>,
}

impl About {
    fn of(table: &Table<'_>) -> Self {
        let mut types = BTreeMap::new();
        let mut not_finite = vec![];
        for tensor in table.iter() {
            *types.entry(tensor.element().to_string()).or_default() += 1;
            let bad = match tensor.element().is_float() {
                true => tensor.values().filter(|v| !v.is_finite()).count(),
                false => 0,
            };
            if bad > 0 {
                not_finite.push((tensor.name().to_owned(), bad));
            }
        }
        let statistic = |name: &str| {
            ["running_mean", "running_var", "num_batches_tracked"].iter().any(|s| name.ends_with(s))
        };
        let parameters = table.iter().filter(|t| !statistic(t.name())).map(|t| t.count()).sum();
        let network = DenseNetConfig::infer(table);
        let misfit = network.as_ref().ok().and_then(|config| config.fit(table, Loading::default()).err());
        Self { parameters, types, not_finite, network, misfit }
    }

    /// The network, where every tensor is as it needs it.
    fn fitting(&self) -> Option<&DenseNetConfig> {
        self.network.as_ref().ok().filter(|_| self.misfit.is_none())
    }

    fn text(&self, bytes: &[u8], file: &WeightFile<'_>, table: &Table<'_>) -> String {
        let types: Vec<String> = self.types.iter().map(|(name, n)| format!("{n} {name}")).collect();
        let mut lines = vec![format!("format: {}, {} bytes", file.format(), bytes.len())];
        if !table.path().is_empty() || file.count() > 1 {
            let place = if table.path().is_empty() { "the outermost one" } else { table.path() };
            lines.push(format!("dictionary: {place}, of {}", file.count()));
        }
        let renamed = table.renamed();
        if !renamed.prefix.is_empty() {
            lines.push(format!("prefix: {}", renamed.prefix));
        }
        if let Some(head) = &renamed.head {
            lines.push(format!("classifier: {head}"));
        }
        if renamed.old_layers > 0 {
            lines.push(format!("old names: {}", renamed.old_layers));
        }
        lines.push(format!(
            "tensors: {} ({}), {} parameters",
            table.len(),
            types.join(", "),
            self.parameters
        ));
        let end = |what: &str, t: Tensor<'_>| format!("{what}: {} {:?} {}", t.name(), t.shape(), t.element());
        lines.extend(table.iter().next().map(|t| end("first", t)));
        lines.extend(table.iter().last().map(|t| end("last", t)));
        lines.extend(
            self.not_finite.iter().take(8).map(|(name, n)| format!("not finite: {n} values of {name}")),
        );
        match &self.network {
            Ok(config) => lines.push(format!("network: {}", described(config))),
            Err(e) => lines.push(format!("network: unknown: {e}")),
        }
        let fits = self.fitting().map(|config| config.name().unwrap_or("none of the published ones"));
        lines.extend(fits.map(|name| format!("fits: {name}")));
        lines.extend(self.misfit.as_ref().map(|misfit| misfit.to_string()));
        lines.join("\n") + "\n"
    }

    fn json(
        &self,
        args: &InspectArgs,
        bytes: &[u8],
        file: &WeightFile<'_>,
        table: &Table<'_>,
    ) -> serde_json::Value {
        let end = |t: Option<Tensor<'_>>| {
            t.map(|t| json!({ "name": t.name(), "shape": t.shape(), "type": t.element().to_string() }))
        };
        let renamed = table.renamed();
        let misfit = self.misfit.as_ref().map(|m| {
            let misshaped: Vec<String> = m.misshaped.iter().map(ToString::to_string).collect();
            json!({ "missing": m.missing, "surplus": m.surplus, "misshaped": misshaped })
        });
        let bad: BTreeMap<&str, usize> =
            self.not_finite.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        json!({
            "file": args.file, "format": file.format().to_string(), "bytes": bytes.len(),
            "dictionary": table.path(), "dictionaries": file.count(), "others": table.others(),
            "prefix": renamed.prefix, "old_names": renamed.old_layers, "head": renamed.head,
            "tensors": table.len(), "parameters": self.parameters, "types": self.types,
            "first": end(table.iter().next()), "last": end(table.iter().last()), "not_finite": bad,
            "network": self.network.as_ref().ok(), "why_no_network": self.network.as_ref().err().map(ToString::to_string),
            "fits": self.fitting().and_then(DenseNetConfig::name), "misfit": misfit,
        })
    }
}

/// A network in a few words.
fn described(config: &DenseNetConfig) -> String {
    let blocks: Vec<String> = config.blocks.iter().map(ToString::to_string).collect();
    format!(
        "{}, {} input channels, {} classes (growth {}, blocks {}, {} first features)",
        config.name().unwrap_or("a DenseNet"),
        config.in_channels,
        config.classes,
        config.growth,
        blocks.join("-"),
        config.init_features
    )
}

fn convert(args: &ConvertArgs) -> Result<Outcome, CliError> {
    check_out(args)?;
    let wrong = |e: NnError| wrong(&args.file, &e);
    let bytes = weights::read(&args.file).map_err(wrong)?;
    let file = WeightFile::parse(&bytes).map_err(wrong)?;
    let table = densenet::table(&file, args.from.as_deref()).map_err(wrong)?;
    let (config, how) = planned(args, &table)?;
    // Before anything is allocated for a network of the size that the file claims.
    config.fit(&table, how).map_err(|misfit| wrong(misfit.into()))?;
    let mut net = DenseNet::new(config, args.seed.unwrap_or(1907), &Device::Cpu).map_err(wrong)?;
    net.load(&table, how).map_err(wrong)?;
    let element = Element::from(args.dtype);
    let remedy = "write --dtype bf16 or f32, which hold larger numbers";
    let written = net.to_bytes_as(element).map_err(|e| CliError::file(&args.file, e, remedy))?;
    files::write_bytes(&args.out, &written)?;
    let (config, parameters) = (net.config(), net.parameter_count());
    if args.json {
        return files::print_json(&json!({
            "out": args.out, "bytes": written.len(), "type": element.to_string(), "network": config,
            "name": config.name(), "parameters": parameters, "dictionary": table.path(), "fresh_head": args.fresh_head,
            "grey": args.grey,
        }));
    }
    files::print(&format!(
        "{}: {}, {parameters} parameters as {element}\n",
        args.out.display(),
        described(config)
    ))
}

/// The network that is asked for, and how the file's weights go into it.
fn planned(args: &ConvertArgs, table: &Table<'_>) -> Result<(DenseNetConfig, Loading), CliError> {
    let config = match args.fresh_head {
        Some(classes) => DenseNetConfig::infer_trunk(table, usize::from(classes)),
        None => DenseNetConfig::infer(table),
    };
    let found = config.map_err(|e| wrong(&args.file, &e))?;
    if args.grey && found.in_channels == 1 {
        let problem = "--grey does not go with a network of one input channel";
        return Err(CliError::file(&args.file, problem, "leave it out"));
    }
    let channels = if args.grey { 1 } else { found.in_channels };
    let config = match &args.arch {
        Some(name) => {
            DenseNetConfig::by_name(name, channels, found.classes).map_err(|e| wrong(&args.file, &e))?
        }
        None => DenseNetConfig { in_channels: channels, ..found },
    };
    let head = if args.fresh_head.is_some() { Head::Fresh } else { Head::Keep };
    let input = if args.grey { Input::Grey } else { Input::Keep };
    Ok((config, Loading { head, input }))
}

fn check_out(args: &ConvertArgs) -> Result<(), CliError> {
    if args.out.extension().is_none_or(|e| e != "safetensors") {
        let remedy = "give it a name that ends in .safetensors";
        return Err(CliError::file(&args.out, "what is written is a safetensors file", remedy));
    }
    let place = |path: &Path| std::fs::canonicalize(path).ok();
    if place(&args.out).is_some_and(|out| Some(out) == place(&args.file)) {
        return Err(CliError::file(
            &args.out,
            "this is the file that is read",
            "choose another file to write",
        ));
    }
    Ok(())
}
