//! Everything that is derived from the list of endpoints: made here, committed, and compared by a test.

use std::{collections::BTreeMap, fs, path::PathBuf};

use shared::{Entry, Storage, openapi};

/// How to mend a stale projection.
pub const MEND: &str = "cargo xtask generate";

const TEMPLATE_BEGIN: &str =
    "  # generated: functions and routes, from functions/src/lib.rs by `cargo xtask generate`\n";
const TEMPLATE_END: &str = "  # end of the generated part\n";

/// A generated file.
pub struct Projection {
    /// From the project's root.
    pub path: String,
    /// All of it.
    pub content: String,
}

/// The project's root.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the project").to_owned()
}

/// Every generated file as it should be.
///
/// # Panics
/// Where template.yaml has lost its marks.
#[must_use]
pub fn projections() -> Vec<Projection> {
    let entries = functions::endpoints();
    let mut projections: Vec<Projection> = entries.iter().map(binary).collect();
    projections.push(Projection { path: "CargoLambda.toml".to_owned(), content: router(&entries) });
    projections.push(Projection { path: "template.yaml".to_owned(), content: template(&entries) });
    projections.push(Projection { path: "functions/openapi.json".to_owned(), content: document(&entries) });
    projections.push(Projection { path: "tests/api/main.rs".to_owned(), content: test_modules(&entries) });
    projections.push(Projection { path: "docs/endpoints.md".to_owned(), content: table(&entries) });
    projections
}

/// Generated binaries whose endpoint is no longer in the list.
///
/// # Panics
/// Where the folder cannot be read.
#[must_use]
pub fn leftovers() -> Vec<PathBuf> {
    let entries = functions::endpoints();
    let binaries = fs::read_dir(root().join("functions/src/bin")).expect("the binaries' folder");
    binaries
        .map(|file| file.expect("a file").path())
        .filter(|path| {
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            !["jobs", "migrate", "sweep"].contains(&name) && !entries.iter().any(|entry| entry.name == name)
        })
        .collect()
}

fn binary(entry: &Entry) -> Projection {
    let route = entry.route;
    Projection {
        path: format!("functions/src/bin/{}.rs", entry.name),
        content: format!(
            "//! {} {}. Generated from functions/src/lib.rs by `{MEND}`.\n\nfn main() {{\n    shared::lambda::main::<{}>();\n}}\n",
            route.method, route.path, entry.type_name
        ),
    }
}

/// The modules of the API's tests, which mirror the endpoints' files.
fn test_modules(entries: &[Entry]) -> String {
    let mut resources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in entries {
        let [resource, verb] = file(entry);
        resources.entry(resource).or_default().push(verb);
    }
    let modules: String = resources
        .iter_mut()
        .map(|(resource, verbs)| {
            verbs.sort_unstable();
            let verbs: String = verbs.iter().map(|verb| format!("    mod {verb};\n")).collect();
            format!("\nmod {resource} {{\n{verbs}}}\n")
        })
        .collect();
    format!(
        "//! Each endpoint, from outside: `resource/verb.rs` tests `functions/src/resource/verb.rs`.\n\
         //! Generated from functions/src/lib.rs by `{MEND}`.\n\nmod idempotency;\n{modules}"
    )
}

/// Resource and verb: the folder and the name of an endpoint's file.
fn file(entry: &Entry) -> [&'static str; 2] {
    let mut parts = entry.type_name.split("::").skip(1);
    [parts.next().expect("a resource"), parts.next().expect("a verb")]
}

/// The routes of `cargo lambda watch`, which writes a path's rest as `{*path}`.
fn router(entries: &[Entry]) -> String {
    let mut paths: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in entries {
        let path = entry.route.path.replace("{path+}", "{*path}");
        let route = format!("{{ method = \"{}\", function = \"{}\" }}", entry.route.method, entry.name);
        paths.entry(path).or_default().push(route);
    }
    let routes: String = paths.iter().map(|(path, routes)| format!("{path:?} = [{}]\n", routes.join(", "))).collect();
    format!("# Generated from functions/src/lib.rs by `{MEND}`.\n\n[watch.router]\n{routes}")
}

fn template(entries: &[Entry]) -> String {
    let template = fs::read_to_string(root().join("template.yaml")).expect("template.yaml");
    let (before, rest) = template.split_once(TEMPLATE_BEGIN).expect("the mark where the generated part begins");
    let (_, after) = rest.split_once(TEMPLATE_END).expect("the mark where the generated part ends");
    let functions: String = entries.iter().map(function).collect();
    format!("{before}{TEMPLATE_BEGIN}\n{functions}{TEMPLATE_END}{after}")
}

fn function(entry: &Entry) -> String {
    let route = entry.route;
    let logical_id: String = entry
        .name
        .split('-')
        .map(|word| {
            word.chars().next().into_iter().flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>()
        })
        .collect();
    let role = match route.storage {
        Storage::None => "DatabaseRole",
        Storage::Read => "BucketReadRole",
        Storage::Write => "BucketWriteRole",
    };
    let mut lines = vec![
        format!("  {logical_id}Function:"),
        "    Type: AWS::Serverless::Function".to_owned(),
        "    DependsOn: Migration".to_owned(),
        "    Properties:".to_owned(),
        format!("      Description: {:?}", route.summary),
        format!("      CodeUri: target/lambda/{}/", entry.name),
        format!("      Role: !GetAtt {role}.Arn"),
    ];
    if route.memory != 128 {
        lines.push(format!("      MemorySize: {}", route.memory));
    }
    if route.timeout != 10 {
        lines.push(format!("      Timeout: {}", route.timeout));
    }
    if route.drive {
        let variables =
            "GOOGLE_CLIENT_ID: *driveClient, GOOGLE_CLIENT_SECRET: *driveSecret, DRIVE_TOKEN_KEYS: *driveKeys";
        lines.push(format!("      Environment: {{Variables: {{{variables}}}}}"));
    }
    if route.storage != Storage::None {
        let variables = "STORAGE_MODE: s3, S3_BUCKET: !Ref Bucket, S3_REGION: !Ref AWS::Region";
        lines.push(format!("      Environment: {{Variables: {{{variables}}}}}"));
    }
    lines.push("      Events:".to_owned());
    lines.push(format!(
        "        Route: {{Type: HttpApi, Properties: {{ApiId: !Ref Api, Method: {}, Path: '{}'}}}}",
        route.method, route.path
    ));
    format!("{}\n\n", lines.join("\n"))
}

fn document(entries: &[Entry]) -> String {
    let document = openapi::document(entries, env!("CARGO_PKG_VERSION"));
    format!("{}\n", serde_json::to_string_pretty(&document).expect("plain data"))
}

fn table(entries: &[Entry]) -> String {
    let rows: String = entries
        .iter()
        .map(|entry| {
            let route = entry.route;
            let file = file(entry).join("/");
            format!(
                "| {} | `{}` | {} | [{file}.rs](../functions/src/{file}.rs) | `{}` |\n",
                route.method, route.path, route.summary, entry.name
            )
        })
        .collect();
    format!(
        "# Endpoints\n\nGenerated from [functions/src/lib.rs](../functions/src/lib.rs) by `{MEND}`.\n\n\
         | method | path | what | file | binary |\n| --- | --- | --- | --- | --- |\n{rows}"
    )
}
