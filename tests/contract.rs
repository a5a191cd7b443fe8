//! What holds for every endpoint of the list, present and future: nobody has to remember it.

use std::collections::BTreeSet;

use harness::{
    Person, Reply,
    drive::fake,
    json,
    walk::{body_schema, document, example, nowhere, path_with, send, send_if_match},
};
use shared::{Access, Entry, problem::PROBLEMS};

#[tokio::test]
async fn without_a_valid_token_the_answer_is_401() {
    let nobody = Person::anonymous();
    let mut impostor = Person::anonymous();
    impostor.token = Some("atelier_not-a-token".to_owned());
    let document = document();
    for entry in functions::endpoints() {
        let path = path_with(&entry, &nowhere());
        let body = entry.route.takes_body().then(|| example(&document, &entry).to_string());
        if entry.route.access == Access::SignedIn {
            let reply = send(&nobody, &entry, &path, body.as_deref()).await.expect_problem(401, "unauthenticated");
            assert_eq!(reply.header("www-authenticate"), "Bearer", "{}", entry.name);
        }
        if entry.route.access != Access::Anyone {
            let _ = send(&impostor, &entry, &path, body.as_deref()).await.expect_problem(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn what_does_not_exist_is_404() {
    let person = Person::register().await;
    let document = document();
    for entry in functions::endpoints().iter().filter(|entry| entry.route.path.contains('{')) {
        let path = path_with(entry, &nowhere());
        let body = entry.route.takes_body().then(|| example(&document, entry).to_string());
        let _ = send(&person, entry, &path, body.as_deref()).await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn what_is_someone_elses_is_404() {
    let (owner, stranger, nobody) = (Person::register().await, Person::register().await, Person::anonymous());
    let artifact = owner.create_artifact("private", "draw();\n").await.id();
    let chat = owner.post("/v1/chats", json!({})).await.expect(201).id();
    let upload = owner.declare("attachment", "text/plain", uuid::Uuid::new_v4().as_bytes()).await.expect(201).id();
    let session =
        owner.get("/v1/sessions").await.expect(200).json["items"][0]["id"].as_str().expect("an id").to_owned();
    let run = owner.create_run().await;
    let project = run.json["project_id"].as_str().expect("an id").to_owned();
    let record = json!({"stage": "requirements"});
    let record = owner.post(&format!("/v1/runs/{}/records", run.id()), record).await.expect(201).id();
    let bytes = owner.upload("document", "text/plain", uuid::Uuid::new_v4().as_bytes()).await.id();
    let text =
        owner.post(&format!("/v1/projects/{project}/documents"), json!({"upload": bytes})).await.expect(201).id();
    let item = owner.post("/v1/items", json!({"title": "Ideas"})).await.expect(201).id();
    let comment =
        owner.post(&format!("/v1/artifacts/{artifact}/comments"), json!({"body": "Mine"})).await.expect(201).id();
    let share = owner.post("/v1/shares", json!({"chat_id": chat})).await.expect(201).id();
    let container = owner.create_container().await.id();
    let file = owner.put_file(&container, "clock.js", "draw();\n").await.id();
    let said = json!({"role": "user", "content": "Draw a clock."});
    let message = owner.post(&format!("/v1/chats/{chat}/messages"), said).await.expect(201).id();
    let artifact_of = format!("/v1/messages/{message}/artifact");
    let _ = owner.send_with("PUT", &artifact_of, &[("if-match", "*")], json!({"payload": {}})).await.expect(200);
    let _ = owner.connect_drive(&fake().account()).await;
    let export = owner.export_artifact(&artifact).await.id();
    let document = document();
    for entry in functions::endpoints().iter().filter(|entry| entry.route.path.contains("{id}")) {
        let id = match entry.route.path.split('/').nth(2) {
            Some("artifacts") => &artifact,
            Some("comments") => &comment,
            Some("shares") => &share,
            Some("chats") => &chat,
            Some("messages") => &message,
            Some("uploads") => &upload,
            Some("sessions") => &session,
            Some("projects") => &project,
            Some("runs") => &run.id(),
            Some("records") => &record,
            Some("documents") => &text,
            Some("items") => &item,
            Some("containers") => &container,
            Some("files") => &file,
            Some("drive") => &export,
            Some("users") => owner.id(),
            other => panic!("{other:?} has ids, but this test makes none: make one in it"),
        };
        let path = path_with(entry, id);
        let body = entry.route.takes_body().then(|| example(&document, entry).to_string());
        let _ = send(&stranger, entry, &path, body.as_deref()).await.expect_problem(404, "not_found");
        // Not even that it has changed.
        let reply = send_if_match(&stranger, entry, &path, "\"999-0\"", body.as_deref()).await;
        let _ = reply.expect_problem(404, "not_found");
        if entry.route.access == Access::Optional {
            let _ = send(&nobody, entry, &path, body.as_deref()).await.expect_problem(404, "not_found");
        }
    }
    assert_eq!(owner.get(&format!("/v1/artifacts/{artifact}")).await.expect(200).json["title"], "A clock");
}

#[tokio::test]
async fn malformed_requests_are_400() {
    let person = Person::register().await;
    for entry in functions::endpoints() {
        let path = path_with(&entry, &nowhere());
        if entry.route.takes_body() {
            for malformed in ["{", "[1,", "nonsense", "{} {}", "\u{1}"] {
                let _ = send(&person, &entry, &path, Some(malformed)).await.expect_problem(400, "malformed");
            }
        }
        if entry.route.path.contains("{id}") {
            let reply = send(&person, &entry, &path_with(&entry, "not-an-id"), Some("{}"))
                .await
                .expect_problem(400, "malformed");
            assert_eq!(reply.pointers(), ["/path/id"], "{}", entry.name);
        }
    }
}

#[tokio::test]
async fn unknown_fields_are_422() {
    let person = Person::register().await;
    let document = document();
    for entry in functions::endpoints() {
        let path = path_with(&entry, &nowhere());
        if entry.route.takes_body() {
            let mut body = example(&document, &entry);
            body["no_such_field"] = json!(1);
            let reply = send(&person, &entry, &path, Some(&body.to_string())).await.expect_problem(422, "invalid");
            assert_eq!(reply.pointers(), ["/no_such_field"], "{}", entry.name);
        }
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}no_such_parameter=1");
        let reply = send(&person, &entry, &path, None).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), ["/query/no_such_parameter"], "{}", entry.name);
    }
}

#[tokio::test]
async fn bodies_of_another_type_are_415_and_huge_ones_413() {
    let person = Person::register().await;
    for entry in functions::endpoints().iter().filter(|entry| entry.route.takes_body()) {
        let path = path_with(entry, &nowhere());
        let request = person.request(entry.route.method, &path).header("if-match", "*");
        let form = request.header("content-type", "application/x-www-form-urlencoded").body("a=b");
        let _ = Reply::to(form).await.expect_problem(415, "unsupported_type");
        let huge = format!("{{\"x\": \"{}\"}}", "x".repeat(6 * 1024 * 1024));
        let _ = send(&person, entry, &path, Some(&huge)).await.expect_problem(413, "too_large");
    }
}

#[tokio::test]
async fn changes_that_could_be_lost_need_if_match() {
    let person = Person::register().await;
    let document = document();
    for entry in functions::endpoints().iter().filter(|entry| entry.route.if_match) {
        let body = example(&document, entry);
        let reply = person.send_with(entry.route.method, &path_with(entry, &nowhere()), &[], body).await;
        let _ = reply.expect_problem(428, "precondition_required");
    }
}

/// Whatever bytes arrive, the answer is never our fault.
#[tokio::test]
async fn hostile_values_never_get_a_5xx() {
    let person = Person::register().await;
    let document = document();
    let hostile = [
        "",
        "\u{0}",
        "'; drop table users; --",
        "\u{202e}\u{fffd}",
        "💣",
        "../../etc/passwd",
        "%00",
        "NaN",
        "null",
        "-1",
    ];
    for entry in functions::endpoints() {
        for value in hostile {
            for replaced in ["{id}", "{version}", "{checkpoint}", "{path+}", "{sha256}", "{handle}", "{token}"] {
                if entry.route.path.contains(replaced) {
                    let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
                    let template = entry.route.path.replace(replaced, &encoded);
                    let path = template
                        .replace("{id}", &nowhere())
                        .replace("{version}", "1")
                        .replace("{checkpoint}", &nowhere())
                        .replace("{path+}", "a")
                        .replace("{sha256}", &"0".repeat(64))
                        .replace("{handle}", "a")
                        .replace("{token}", "a");
                    let body = entry.route.takes_body().then(|| example(&document, &entry).to_string());
                    let reply = send(&person, &entry, &path, body.as_deref()).await;
                    assert!(reply.status < 500, "{} {path}: {}", entry.name, reply.status);
                }
            }
            let body = example(&document, &entry);
            for name in body.as_object().into_iter().flat_map(|body| body.keys()) {
                for wrong in [json!(value), json!(-1e300), json!(null), json!([]), json!({ value: value })] {
                    let mut body = body.clone();
                    body[name] = wrong.clone();
                    let path = path_with(&entry, &nowhere());
                    let reply = send(&person, &entry, &path, Some(&body.to_string())).await;
                    assert!(reply.status < 500, "{} {name} = {wrong}: {}", entry.name, reply.status);
                }
            }
        }
    }
}

#[test]
fn everything_is_documented() {
    let document = document();
    let mut undocumented = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        if schema["description"].as_str().is_none_or(str::is_empty) {
            undocumented.push(name.clone());
        }
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            if property["description"].as_str().is_none_or(str::is_empty) {
                undocumented.push(format!("{name}.{field}"));
            }
        }
    }
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            for parameter in operation["parameters"].as_array().expect("parameters") {
                if parameter["description"].as_str().is_none_or(str::is_empty) {
                    undocumented.push(format!("{method} {path} {}", parameter["name"]));
                }
            }
        }
    }
    assert!(undocumented.is_empty(), "a doc comment is missing for {undocumented:?}");
}

#[test]
fn every_body_has_an_example_that_is_accepted_as_far_as_its_form_goes() {
    let document = document();
    let bodies = functions::endpoints();
    let without: Vec<&str> = bodies
        .iter()
        .filter(|entry| body_schema(&document, entry).is_some_and(|schema| schema["examples"].get(0).is_none()))
        .map(|entry| entry.name.as_str())
        .collect();
    assert!(without.is_empty(), "#[schemars(example = …)] is missing for the bodies of {without:?}");
}

#[test]
fn names_paths_and_problems_are_unique() {
    let endpoints = functions::endpoints();
    let names: BTreeSet<&str> = endpoints.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names.len(), endpoints.len());
    let routes: BTreeSet<(&str, &str)> = endpoints.iter().map(|entry| (entry.route.method, entry.route.path)).collect();
    assert_eq!(routes.len(), endpoints.len());
    let codes: BTreeSet<&str> = PROBLEMS.iter().map(|kind| kind.code).collect();
    assert_eq!(codes.len(), PROBLEMS.len());
}

/// `cargo lambda watch`, like many routers, settles on a literal path before it looks at the method: what then has none
/// of that method is not found, though a path with a parameter would fit. Nothing is lost where that is an id: no UUID is
/// a word.
#[test]
fn no_literal_path_hides_a_parameters_methods() {
    let endpoints = functions::endpoints();
    let hides = |literal: &str, template: &str| {
        let (literal, template): (Vec<&str>, Vec<&str>) = (literal.split('/').collect(), template.split('/').collect());
        let fits = |(part, place): (&&str, &&str)| {
            part == place || (place.starts_with('{') && *place != "{id}" && !part.starts_with('{'))
        };
        literal != template && literal.len() == template.len() && literal.iter().zip(&template).all(fits)
    };
    for literal in &endpoints {
        for hidden in endpoints.iter().filter(|hidden| hides(literal.route.path, hidden.route.path)) {
            let method = hidden.route.method;
            let answers = |entry: &&Entry| entry.route.path == literal.route.path && entry.route.method == method;
            assert!(
                endpoints.iter().any(|entry| answers(&entry)),
                "{method} {} never reaches {}: give it an endpoint of its own",
                literal.route.path,
                hidden.name
            );
        }
    }
}

/// The test of an endpoint is where its name says.
#[test]
fn every_endpoint_has_its_test_file() {
    let missing: Vec<String> = functions::endpoints()
        .iter()
        .map(|entry| entry.type_name.split("::").skip(1).take(2).collect::<Vec<_>>().join("/"))
        .map(|file| format!("tests/api/{file}.rs"))
        .filter(|file| !harness::projections::root().join(file).exists())
        .collect();
    assert!(missing.is_empty(), "these tests are missing: {missing:?}");
}
