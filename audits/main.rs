//! The `eyepatch` program: the plugins and audits that come with it, and the command line.

#[cfg(feature = "dicom")]
use plugin_dicom as _;

eyepatch::main!(
    plugin_attributes,
    plugin_auc,
    plugin_chest,
    plugin_densenet,
    plugin_embedding,
    plugin_folder,
    plugin_fundus,
    plugin_maskers,
    plugin_onnx,
    plugin_phantom,
    plugin_predictions,
    plugin_prepared,
    plugin_saliency,
    plugin_shap,
    plugin_tabular,
    audit_quickstart,
    audit_chest_xray,
    audit_fundus,
    audit_planted,
);
