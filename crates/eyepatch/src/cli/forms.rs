//! Which options each form of `run` and `plan` uses. One that would change nothing is refused, so that nobody reads a
//! result as what it is not.

use std::fmt;

use super::args::SweepArgs;
use super::error::CliError;

/// What a command was asked to work on.
#[derive(Clone, Copy)]
pub(crate) enum Form<'a> {
    /// Audits that are declared in code, by filter.
    Declared(&'a str),
    /// A plan file.
    Plan,
    /// A table whose model is trained here.
    Table,
    /// A table whose model was scored elsewhere.
    Scores,
}

impl Form<'_> {
    fn uses(self, option: &str) -> bool {
        match self {
            Self::Declared(_) => ["--size", "--model-params", "--folds", "--seed"].contains(&option),
            Self::Plan => ["--plan", "--scores", "--manifest"].contains(&option),
            Self::Table => option != "--plan",
            Self::Scores => !["--plan", "--model", "--model-params"].contains(&option),
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Declared(_) => {
                "leave them out: of a declared audit --size, --model-params, --folds and --seed can be changed; a \
                 table of your own is audited by `eyepatch run sweep --table …`"
            }
            Self::Plan => {
                "leave them out: the plan says all that; `eyepatch plan … --out` writes another one"
            }
            Self::Table => "give --plan or --table, not both",
            Self::Scores => "leave them out: nothing is trained; --size says the size of the masked images",
        }
    }
}

impl fmt::Display for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declared(filter) => write!(f, "the audit `{filter}`"),
            Self::Plan => f.write_str("--plan"),
            Self::Table => f.write_str("--table"),
            Self::Scores => f.write_str("--scores"),
        }
    }
}

/// Refuses options that `form` does not use, by name.
pub(crate) fn check(args: &SweepArgs, form: Form<'_>) -> Result<(), CliError> {
    let unused: Vec<&str> = given(args).into_iter().filter(|o| !form.uses(o)).collect();
    let go = match unused.len() {
        0 => return Ok(()),
        1 => "does not go",
        _ => "do not go",
    };
    Err(CliError::usage(format!("{} {go} with {form}", unused.join(", ")), form.remedy()))
}

/// The options that were given, by name.
fn given(args: &SweepArgs) -> Vec<&'static str> {
    // Every field is named: one that is added must be thought of here.
    let SweepArgs {
        table,
        prepared,
        size,
        folds,
        splits,
        scheme,
        test_where,
        dilate,
        flag_above,
        seed,
        model,
        model_params,
        data_params,
        scores,
        manifest,
        plan,
    } = args;
    let all = [
        ("--prepared", prepared.is_some()),
        ("--size", size.is_some()),
        ("--folds", folds.is_some()),
        ("--splits", splits.is_some()),
        ("--scheme", scheme.is_some()),
        ("--test-where", test_where.is_some()),
        ("--dilate", !dilate.is_empty()),
        ("--flag-above", flag_above.is_some()),
        ("--seed", seed.is_some()),
        ("--model", model.is_some()),
        ("--model-params", model_params.is_some()),
        ("--data-params", data_params.is_some()),
        ("--scores", scores.is_some()),
        ("--manifest", manifest.is_some()),
        ("--plan", plan.is_some()),
    ];
    let own = all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name);
    table.given().into_iter().chain(own).collect()
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::args::{Args, Command};

    /// What `eyepatch run FILTER WORDS…` gives as options of a sweep.
    fn parsed(words: &[&str]) -> SweepArgs {
        let args = Args::try_parse_from(["eyepatch", "run", "x"].iter().chain(words)).unwrap();
        let Command::Run(run) = args.command else { panic!("`run` is what was asked for") };
        run.sweep
    }

    fn refusal(words: &[&str], form: Form<'_>) -> String {
        check(&parsed(words), form).unwrap_err().to_string()
    }

    /// A word that an option's parser takes.
    fn value(option: &str) -> &'static str {
        match option {
            "--size" => "96",
            "--folds" | "--dilate" | "--seed" => "5",
            "--flag-above" => "0.7",
            "--scheme" => "stratified-group-kfold",
            _ => "word",
        }
    }

    #[test]
    fn every_option_of_a_sweep_is_known_by_its_name() {
        let command = Args::command();
        let run = command.find_subcommand("run").unwrap();
        let heading = "For `sweep`: a table of your own";
        let names: Vec<String> = run
            .get_arguments()
            .filter(|a| a.get_help_heading() == Some(heading))
            .map(|a| format!("--{}", a.get_long().unwrap()))
            .collect();
        assert_eq!(names.len(), 25);
        for name in &names {
            let mut words = vec![name.as_str()];
            if name != "--one-image-per-patient" {
                words.push(value(name));
            }
            if name == "--manifest" {
                words.extend(["--scores", "word"]);
            }
            if name == "--test-where" {
                words.extend(["--scheme", value("--scheme")]);
            }
            assert!(given(&parsed(&words)).contains(&name.as_str()), "{name} goes unseen");
        }
    }

    #[test]
    fn what_a_form_does_not_use_is_named() {
        let words = ["--size", "96", "--folds", "5", "--where", "a>1", "--seed", "3"];
        assert_eq!(refusal(&words, Form::Declared("nih")), "--where does not go with the audit `nih`");
        let words = ["--plan", "p", "--folds", "5", "--where", "a>1", "--scores", "s"];
        assert_eq!(refusal(&words, Form::Plan), "--where, --folds do not go with --plan");
        let words = ["--table", "t", "--scores", "s", "--size", "96", "--model-params", "{}"];
        assert_eq!(refusal(&words, Form::Scores), "--model-params does not go with --scores");
        check(&parsed(&words[..6]), Form::Scores).unwrap();
        check(&parsed(&["--table", "t", "--dilate", "2,5", "--model", "m"]), Form::Table).unwrap();
        check(&parsed(&[]), Form::Declared("nih")).unwrap();
    }
}
