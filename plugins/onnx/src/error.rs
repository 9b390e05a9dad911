use std::path::PathBuf;

use eyepatch_core::Error as CoreError;

/// The variable that names the library, as ort and others read it.
pub(crate) const VARIABLE: &str = "ORT_DYLIB_PATH";

/// What can go wrong beside what [`eyepatch_core::Error`] names.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The onnxruntime library cannot be used.
    #[error("the onnxruntime library {} cannot be used: {problem}", path.display())]
    Library {
        /// Where it was looked for.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A process loads one library, and it is another one.
    #[error("this process runs the onnxruntime library {}, not {}", loaded.display(), asked.display())]
    OtherLibrary {
        /// The one that is loaded.
        loaded: PathBuf,
        /// The one that was asked for.
        asked: PathBuf,
    },
    /// The file is no network that the library runs.
    #[error("{}: {problem}", path.display())]
    Network {
        /// The ONNX file.
        path: PathBuf,
        /// What the library said.
        problem: String,
    },
    /// The network has not the inputs or outputs that the parameters say.
    #[error("{}: {problem}", path.display())]
    Interface {
        /// The ONNX file.
        path: PathBuf,
        /// What differs.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// The network gives another number of scores than there are classes.
    #[error("{}: output `{output}` gives {found} score(s) an image, and there are {} classes: {}", path.display(), classes.len(), classes.join(", "))]
    Classes {
        /// The ONNX file.
        path: PathBuf,
        /// The output.
        output: String,
        /// Scores that it gives an image.
        found: usize,
        /// Names of the classes.
        classes: Vec<String>,
    },
    /// An output is not what it should be.
    #[error("{}: output `{output}` gives {value} for image {image} of the batch: {problem}", path.display())]
    Value {
        /// The ONNX file.
        path: PathBuf,
        /// The output.
        output: String,
        /// Index of the image within its batch.
        image: usize,
        /// The value.
        value: f32,
        /// What it should be.
        problem: &'static str,
    },
    /// The file is not the one that the audit began with.
    #[error("{} has changed since the audit began", path.display())]
    Changed {
        /// The ONNX file.
        path: PathBuf,
    },
    /// The folder holds no saved model of this plugin.
    #[error("{}: {problem}", path.display())]
    Saved {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

impl Error {
    fn remedy(&self) -> String {
        match self {
            Self::Library { .. } => format!(
                "install onnxruntime 1.{} or newer (`pip install onnxruntime`, or an archive of its releases) and set \
                 {VARIABLE}, or the parameter `library`, to its shared library (libonnxruntime.so*, libonnxruntime*.dylib, \
                 onnxruntime.dll)",
                ort::MINOR_VERSION
            ),
            Self::OtherLibrary { .. } => "give all models of an audit the same `library`".into(),
            Self::Network { .. } => {
                "check the file with `onnx.checker.check_model`; export it at a lower `opset_version` where the library is \
                 older than the file; keep weights inside the file: \
                 `onnx.save(onnx.load(\"model.onnx\"), \"whole.onnx\")`"
                    .into()
            }
            Self::Interface { remedy, .. } => remedy.clone(),
            Self::Classes { .. } => {
                "name all outputs of the network, in its order, in `classes`; those that the data lack are left out".into()
            }
            Self::Value { problem, .. } if *problem == NOT_FINITE => {
                "check `size`, `mean` and `std`; a network in half precision may overflow: export it as float32".into()
            }
            Self::Value { .. } => "set `output_space` to `logits` or `scores`".into(),
            Self::Changed { .. } => "run the same command again: models are evaluated from the new file".into(),
            Self::Saved { .. } => "delete the folder; it is then written again".into(),
        }
    }
}

/// What [`Error::Value`] says of values that are not finite.
pub(crate) const NOT_FINITE: &str = "not a finite number";

impl From<Error> for CoreError {
    fn from(error: Error) -> Self {
        let remedy = Some(error.remedy());
        Self::Plugin { plugin: "eyepatch/onnx".into(), source: Box::new(error), remedy }
    }
}
