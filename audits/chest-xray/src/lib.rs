//! Audits of chest X-ray classifiers on real films, which are found through the environment variable `EYEPATCH_DATA`.

mod nih_pneumonia;
