//! The data set that a command works on: a plugin's by id, a prepared set's, an audit's, or a table of one's own.

use std::path::{Path, PathBuf};

use eyepatch_core::{Dataset, Handle, Kind};
use eyepatch_engine::SweepSpec;
use serde_json::{Map, Value, json};

use super::Linked;
use super::change::object;
use super::error::CliError;
use super::plan::declared;

/// The data set plugin that reads tables of one's own.
pub(crate) const FOLDER: &str = "eyepatch/folder";
/// The data set plugin that reads prepared sets.
pub(crate) const PREPARED: &str = "eyepatch/prepared";
/// The file by which a prepared set is known.
const PREPARED_FILE: &str = "prepared.json";
/// The namespace that may be left out of an id.
const OURS: &str = "eyepatch/";

/// A table of one's own, as a data set.
#[derive(clap::Args, Clone, Default)]
pub(crate) struct TableArgs {
    /// The table (CSV with a header).
    #[arg(long)]
    pub(crate) table: Option<PathBuf>,
    /// Folder of the images; paths in the table stay under it.
    #[arg(long)]
    pub(crate) images: Option<PathBuf>,
    /// Folder of the ROI masks (any non-zero pixel is inside).
    #[arg(long)]
    pub(crate) rois: Option<PathBuf>,
    /// Column of the patient's id.
    #[arg(long)]
    pub(crate) patient: Option<String>,
    /// The table has no patient column and every image is of another patient. The report says so.
    #[arg(long, conflicts_with = "patient")]
    pub(crate) one_image_per_patient: bool,
    /// Column of a label (0/1); give it once a class.
    #[arg(long)]
    pub(crate) label: Vec<String>,
    /// Column of the sample's id [default: found].
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// Column of the image's path [default: found].
    #[arg(long)]
    pub(crate) image_column: Option<String>,
    /// Column of the ROI's path [default: found].
    #[arg(long)]
    pub(crate) roi_column: Option<String>,
    /// Keep only rows that fit, for instance `lung_pred_uncertainty<=0.12`; may be given more than once.
    #[arg(long = "where")]
    pub(crate) rows: Vec<String>,
}

/// Which data set a command works on. Flattened last: what follows in the help stands under its heading.
#[derive(clap::Args, Clone, Default)]
pub(crate) struct DatasetArgs {
    /// A data set plugin's id (`eyepatch/folder`, or short `folder`), a prepared set's folder, or the id of an audit
    /// whose data set it is. Left out with --table.
    #[arg(required_unless_present = "table")]
    pub(crate) dataset: Option<String>,
    /// The data set's parameters as JSON, for instance '{"table": "labels.csv", "images": "images", …}'.
    #[arg(long)]
    pub(crate) params: Option<String>,
    #[command(flatten, next_help_heading = "For a table of your own")]
    pub(crate) table: TableArgs,
}

impl TableArgs {
    /// The parameters of `eyepatch/folder`; `more` (what `option` holds) overrides those of the options.
    pub(crate) fn params(&self, more: Option<&str>, option: &str) -> Result<Value, CliError> {
        let mut params = Map::new();
        let mut put = |key: &str, value: Value| {
            if !matches!(&value, Value::Null) && value != json!([]) {
                params.insert(key.into(), value);
            }
        };
        put("table", json!(self.table));
        put("images", json!(self.images));
        put("rois", json!(self.rois));
        put("patient", json!(self.patient));
        put("labels", json!(self.label));
        put("id", json!(self.id));
        put("image", json!(self.image_column));
        put("roi", json!(self.roi_column));
        put("where", json!(self.rows));
        if self.one_image_per_patient {
            put("one_image_per_patient", json!(true));
        }
        params.extend(object(more, option)?);
        Ok(Value::Object(params))
    }

    /// The options that were given, by name.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        // Every field is named: one that is added must be thought of here.
        let Self {
            table,
            images,
            rois,
            patient,
            one_image_per_patient,
            label,
            id,
            image_column,
            roi_column,
            rows,
        } = self;
        let all = [
            ("--table", table.is_some()),
            ("--images", images.is_some()),
            ("--rois", rois.is_some()),
            ("--patient", patient.is_some()),
            ("--one-image-per-patient", *one_image_per_patient),
            ("--label", !label.is_empty()),
            ("--id", id.is_some()),
            ("--image-column", image_column.is_some()),
            ("--roi-column", roi_column.is_some()),
            ("--where", !rows.is_empty()),
        ];
        all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }
}

/// The data set that `args` name, its parameters checked.
pub(crate) fn dataset(args: &DatasetArgs, linked: &Linked) -> Result<Handle<dyn Dataset>, CliError> {
    let name = args.dataset.as_deref().unwrap_or(FOLDER);
    let id = plugin_id(name, linked);
    let of_table = args.table.given();
    if id.as_deref() == Some(FOLDER) {
        let params = args.table.params(args.params.as_deref(), "--params")?;
        return Ok(linked.registry.make(FOLDER, &params)?);
    }
    if !of_table.is_empty() {
        let problem = format!("{} would change nothing: `{name}` is no table", of_table.join(", "));
        return Err(CliError::usage(problem, "leave them out; --params changes a plugin's parameters"));
    }
    if let Some(id) = id {
        let params = Value::Object(object(args.params.as_deref(), "--params")?);
        return Ok(linked.registry.make(&id, &params)?);
    }
    if args.params.is_some() {
        let problem = format!("--params would change nothing: `{name}` is no data set plugin's id");
        return Err(CliError::usage(problem, known(linked)));
    }
    if Path::new(name).join(PREPARED_FILE).is_file() {
        return Ok(linked.registry.make(PREPARED, &json!({ "folder": name }))?);
    }
    of_audit(name, linked)
}

/// The id of the data set plugin of this name; `eyepatch/` may be left out.
fn plugin_id(name: &str, linked: &Linked) -> Option<String> {
    let is = |id: &str| id == name || id.strip_prefix(OURS) == Some(name);
    let mut sets = linked.registry.entries().filter(|e| e.kind == Kind::Dataset);
    sets.find(|e| is(e.id)).map(|e| e.id.to_owned())
}

/// The data set of the only audit that `name` fits.
fn of_audit(name: &str, linked: &Linked) -> Result<Handle<dyn Dataset>, CliError> {
    let Ok(chosen) = declared(name, linked) else {
        let problem = format!("`{name}` is no data set plugin, no prepared set and no audit");
        return Err(CliError::usage(problem, known(linked)));
    };
    let specs: Vec<(&str, Value)> =
        chosen.iter().map(|(info, audit)| (info.id.as_str(), audit.describe())).collect();
    let mut sets = Vec::new();
    for (id, described) in specs {
        let spec: SweepSpec = serde_json::from_value(described).map_err(|e| {
            CliError::usage(
                format!("the audit `{id}` has no data set that is known here: {e}"),
                known(linked),
            )
        })?;
        if !sets.contains(&spec.dataset) {
            sets.push(spec.dataset);
        }
    }
    match sets.as_slice() {
        [one] => Ok(linked.registry.make(&one.id, &one.params)?),
        several => {
            let ids: Vec<_> = chosen.iter().map(|(info, _)| info.id.as_str()).collect();
            let problem = format!(
                "`{name}` fits {} audits of {} data sets: {}",
                ids.len(),
                several.len(),
                ids.join(", ")
            );
            Err(CliError::usage(problem, "name one of them"))
        }
    }
}

fn known(linked: &Linked) -> String {
    let ids: Vec<&str> =
        linked.registry.entries().filter(|e| e.kind == Kind::Dataset).map(|e| e.id).collect();
    format!("the data set plugins are {}; `eyepatch list` shows the audits, too", ids.join(", "))
}
