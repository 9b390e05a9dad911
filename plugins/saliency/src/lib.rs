//! Explainers: occlusion.
