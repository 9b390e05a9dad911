use super::*;

fn result() -> RunResult {
    RunResult { schema: SCHEMA.into(), generator: "0.1.0".into(), ..RunResult::default() }
}

#[test]
fn files_round_trip_and_the_same_result_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.json");
    write_result(&path, &result()).unwrap();
    assert_eq!(read_result(&path).unwrap(), result());
    let first = std::fs::read(&path).unwrap();
    write_result(&path, &result()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
    assert!(first.ends_with(b"}\n"));
    let timings = Timings { total_seconds: 0.1 + 0.2, threads: 2, ..Timings::default() };
    let path = folder.path().join("timings.json");
    write_timings(&path, &timings).unwrap();
    assert_eq!(read_timings(&path).unwrap(), timings);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn another_version_is_named_together_with_ours() {
    // A later version may lack every field that this one needs: the version must be said all the same.
    let error = result_from_slice(Path::new("r.json"), br#"{"schema":"eyepatch-result/9"}"#).unwrap_err();
    let Error::Schema { found, expected, .. } = &error else { panic!("{error}") };
    assert_eq!((found.as_str(), *expected), ("eyepatch-result/9", SCHEMA));
    assert!(error.to_string().contains("r.json") && error.to_string().contains(SCHEMA), "{error}");
    assert!(error.remedy().is_some_and(|r| r.contains("eyepatch-result/9")));
}

#[test]
fn broken_files_say_where() {
    let error = result_from_slice(Path::new("r.json"), b"{\"schema\":\n  \"eyepatch").unwrap_err();
    assert!(matches!(error, Error::Json { .. }) && error.to_string().contains("line 2"), "{error}");
    let text = format!(r#"{{"schema":"{SCHEMA}","generator":"0"}}"#);
    let error = result_from_slice(Path::new("r.json"), text.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("audits"), "{error}");
    assert!(matches!(read_result(Path::new("/nonexistent/r.json")), Err(Error::Io { .. })));
}

#[test]
fn fields_of_a_later_writer_are_ignored_within_a_version() {
    let text = format!(r#"{{"schema":"{SCHEMA}","generator":"0","audits":[],"new":1}}"#);
    assert!(result_from_slice(Path::new("r.json"), text.as_bytes()).is_ok());
}

#[test]
fn too_large_a_file_is_refused_before_it_is_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(11).unwrap();
    let error = read(file.path(), 10).unwrap_err();
    assert!(matches!(error, Error::TooLarge { size: 11, limit: 10, .. }), "{error}");
    assert_eq!(read(file.path(), 11).unwrap().len(), 11);
}

#[test]
fn numbers_that_json_would_lose_are_refused() {
    for seconds in [f64::NAN, f64::INFINITY] {
        let timings = Timings { total_seconds: seconds, threads: 1, ..Timings::default() };
        assert!(matches!(timings_to_string(&timings), Err(Error::NotFinite { .. })));
    }
}

/// The published schema is what the types say. `EYEPATCH_BLESS=1` writes it anew.
#[test]
fn the_published_schema_is_true() {
    let schema = schemars::generate::SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<RunResult>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap();
    text.push('\n');
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/eyepatch-result-1.schema.json");
    if std::env::var_os("EYEPATCH_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap();
    assert!(
        published == text,
        "the types changed: run the tests once with EYEPATCH_BLESS=1 and look at the difference"
    );
    assert!(text.contains(SCHEMA));
}
