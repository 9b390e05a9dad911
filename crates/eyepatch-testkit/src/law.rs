use std::fmt::Debug;

use eyepatch_core::Error;
use eyepatch_core::Result as CoreResult;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestRunner};
use serde_json::Value;

/// Runs a law on random inputs.
pub(crate) fn run<S: Strategy>(law: &str, inputs: S, test: impl Fn(S::Value) -> TestCaseResult)
where
    S::Value: Debug,
{
    // Laws live in a library, where proptest finds no source file to keep failing inputs beside.
    let config = Config { failure_persistence: None, ..Config::default() };
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { config.cases } else { 48 };
    if let Err(problem) = TestRunner::new(Config { cases, ..config }).run(&inputs, test) {
        panic!("law `{law}` is broken: {problem}");
    }
}

/// A refusal of an empty region is an answer, and the case is drawn anew; any other error breaks the law. A plugin that
/// refuses nearly everything runs out of draws, which breaks the law too.
pub(crate) fn answered<T>(result: CoreResult<T>) -> Result<T, TestCaseError> {
    result.map_err(|e| match e {
        Error::EmptyRegion { .. } => TestCaseError::reject(e.to_string()),
        other => TestCaseError::fail(other.to_string()),
    })
}

/// Any error breaks the law.
pub(crate) fn must<T>(result: CoreResult<T>) -> Result<T, TestCaseError> {
    result.map_err(|e| TestCaseError::fail(e.to_string()))
}

/// Parameters with one more field that no plugin has.
pub(crate) fn with_unknown_field(params: &Value) -> Value {
    let mut params = params.clone();
    if let Value::Object(fields) = &mut params {
        fields.insert("no_such_parameter".into(), Value::from(1));
    }
    params
}

/// The two laws on parameters, the same for all five traits.
macro_rules! parameter_laws {
    ($Trait:ident, $field:ident, $card_of:expr) => {
        /// Parameters survive JSON: the registry makes the same plugin from the id and parameters that a report
        /// prints. It protects replay of an audit from its report.
        ///
        /// # Panics
        /// Where the law is broken.
        pub fn parameters_survive_json(&self) {
            let spec = self.$field.spec();
            let text = spec.params.to_string();
            let parsed: serde_json::Value =
                serde_json::from_str(&text).expect("its own JSON can be read back");
            let registry = eyepatch_core::Registry::collect().expect("no two plugins share an id");
            let again = registry
                .make::<dyn eyepatch_core::$Trait>(&spec.id, &parsed)
                .unwrap_or_else(|e| panic!("law `parameters survive JSON` is broken: {e}\n{text}"));
            let card_of = $card_of;
            assert_eq!(card_of(&*again), card_of(&*self.$field), "cards differ after {text}");
            assert_eq!((&again.spec().id, again.spec().revision), (&spec.id, spec.revision));
        }

        /// A misspelt parameter is refused, never ignored. It protects the user who believes it was set.
        ///
        /// # Panics
        /// Where the law is broken.
        pub fn unknown_parameters_are_refused(&self) {
            let spec = self.$field.spec();
            let params = crate::law::with_unknown_field(&spec.params);
            let registry = eyepatch_core::Registry::collect().expect("no two plugins share an id");
            match registry.make::<dyn eyepatch_core::$Trait>(&spec.id, &params) {
                Err(eyepatch_core::Error::Params { problem, .. }) => {
                    assert!(
                        problem.contains("no_such_parameter"),
                        "the refusal does not name the field: {problem}"
                    );
                }
                Err(other) => panic!("law `unknown parameters are refused` is broken: wrong error: {other}"),
                Ok(_) => panic!("law `unknown parameters are refused` is broken: {params} was accepted"),
            }
        }
    };
}
pub(crate) use parameter_laws;
