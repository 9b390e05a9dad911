use eyepatch_report::html::render_shared;
use eyepatch_report::json::{read_result, read_timings};
use eyepatch_report::share::{SharedResult, share};

use super::args::ReportArgs;
use super::error::CliError;
use super::{Outcome, files};

pub(crate) fn report(args: &ReportArgs) -> Result<Outcome, CliError> {
    let result = read_result(&args.folder.join("result.json"))?;
    if args.share {
        return shared(args, &share(&result));
    }
    if args.json {
        return files::print_json(&result);
    }
    if args.markdown {
        return files::print(&eyepatch_report::markdown::summary(&result));
    }
    let timings = args.folder.join("timings.json");
    let timings = if timings.exists() { Some(read_timings(&timings)?) } else { None };
    eyepatch_engine::write_report(&args.folder, &result, timings.as_ref())?;
    files::print(&format!("report: {}\n", args.folder.join("report.html").display()))
}

fn shared(args: &ReportArgs, result: &SharedResult) -> Result<Outcome, CliError> {
    if args.json {
        return files::print_json(result);
    }
    if args.markdown {
        return files::print(&eyepatch_report::markdown::shared(result));
    }
    let path = args.out.clone().unwrap_or_else(|| args.folder.join("report-shared.html"));
    files::write_bytes(&path, render_shared(result)?.as_bytes())?;
    files::print(&format!("shared report: {}\n", path.display()))
}
