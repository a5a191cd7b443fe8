//! POST /v1/drive/files

use harness::{
    Person, Value,
    database::{behind, number},
    drive::fake,
    json, together,
};
use uuid::Uuid;

const PATH: &str = "/v1/drive/files";

async fn connected() -> Person {
    let person = Person::register().await;
    let _ = person.connect_drive(&fake().account()).await;
    person
}

#[tokio::test]
async fn an_artifact_of_one_file_is_queued_as_that_file() {
    let ada = connected().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let _ = ada.publish(&artifact, "tick();\n").await;
    let made = ada.post(PATH, json!({"artifact_id": artifact})).await.expect(201);
    assert_eq!(made.header("location"), format!("{PATH}/{}", made.id()));
    let expected = json!({
        "artifact_id": artifact, "version_index": 2, "file_id": null, "drive_file_id": null, "name": "clock.js",
        "mime_type": "text/plain; charset=utf-8", "file_size": 8, "uploaded": 0, "state": "queued", "error": null,
        "trashed": false, "folder_id": null, "synced_at": null, "url": null
    });
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&made.json[field], value, "{field}");
    }
    let first = json!({"artifact_id": artifact, "version": 1, "name": "My clock", "folder_id": "folder_1-A"});
    let first = ada.post(PATH, first).await.expect(201).json;
    assert_eq!((&first["version_index"], &first["name"]), (&json!(1), &json!("My clock")));
    assert_eq!((&first["folder_id"], &first["file_size"]), (&json!("folder_1-A"), &json!(8)));
}

#[tokio::test]
async fn an_artifact_of_several_files_is_an_archive() {
    let ada = connected().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let files = json!([{"path": "a.js", "content": "a"}, {"path": "src/b.js", "content": "b"}]);
    let _ = ada.publish_files(&artifact, files).await;
    let made = ada.post(PATH, json!({"artifact_id": artifact})).await.expect(201).json;
    assert_eq!((&made["name"], &made["mime_type"]), (&json!("A clock.zip"), &json!("application/zip")));
    assert_eq!(made["file_size"], Value::Null);
    let grown = "
        update artifact_versions set size = 2147483649 where artifact_id = $1::text::uuid and version_index = 2";
    behind().await.execute(grown, &[&artifact]).await.expect("grown");
    let reply = ada.post(PATH, json!({"artifact_id": artifact})).await.expect_problem(422, "too_much");
    assert_eq!(reply.pointers(), ["/artifact_id"]);
}

#[tokio::test]
async fn a_file_of_a_sandbox_is_held_as_it_is() {
    let ada = connected().await;
    let container = ada.create_container().await.id();
    let file = ada.put_file(&container, "src/clock.js", "draw();\n").await.id();
    let made = ada.post(PATH, json!({"file_id": file})).await.expect(201).json;
    assert_eq!((&made["file_id"], &made["name"], &made["file_size"]), (&json!(file), &json!("clock.js"), &json!(8)));
    let _ = ada.put_file(&container, "src/clock.js", "something longer();\n").await;
    let held = "select size from blobs join drive_files on blob_id = blobs.id where drive_files.id = $1::text::uuid";
    assert_eq!(number(held, &[&made["id"].as_str()]).await, 8);
}

/// Google would make a document of its own of such a type.
#[tokio::test]
async fn no_type_of_googles_own_is_declared() {
    let ada = connected().await;
    let container = ada.create_container().await.id();
    let upload = ada.upload("file", "application/vnd.google-apps.Document", Uuid::new_v4().as_bytes()).await.id();
    let files = format!("/v1/containers/{container}/files");
    let file = ada.put(&files, json!({"path": "a", "upload": upload})).await.expect(200).id();
    let made = ada.post(PATH, json!({"file_id": file})).await.expect(201).json;
    assert_eq!(made["mime_type"], "application/octet-stream");
}

#[tokio::test]
async fn only_what_one_sees_is_exported() {
    let (ada, bob) = (connected().await, connected().await);
    let public = bob.create_artifact("public", "draw();\n").await.id();
    let _ = bob.publish(&public, "tick();\n").await;
    let _ = ada.post(PATH, json!({"artifact_id": public, "version": 1})).await.expect(201);
    let _ = bob.patch(&format!("/v1/artifacts/{public}"), "*", json!({"versioning_enabled": false})).await.expect(200);
    let old = ada.post(PATH, json!({"artifact_id": public, "version": 1})).await;
    assert_eq!(old.expect_problem(422, "invalid_reference").pointers(), ["/version"]);
    let _ = ada.post(PATH, json!({"artifact_id": public})).await.expect(201);

    let private = bob.create_artifact("private", "draw();\n").await.id();
    let trashed = ada.create_artifact("public", "draw();\n").await.id();
    let _ = ada.delete(&format!("/v1/artifacts/{trashed}")).await.expect(204);
    let empty = ada.post("/v1/artifacts", json!({"title": "Nothing yet"})).await.expect(201).id();
    for (artifact, pointer) in [
        (private, "/artifact_id"),
        (trashed, "/artifact_id"),
        (Uuid::now_v7().to_string(), "/artifact_id"),
        (empty, "/version"),
    ] {
        let reply = ada.post(PATH, json!({"artifact_id": artifact})).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), [pointer]);
    }
    let container = bob.create_container().await.id();
    let theirs = bob.put_file(&container, "a", "a").await.id();
    let mine = ada.create_container().await.id();
    let gone = ada.put_file(&mine, "a", "a").await.id();
    let _ = ada.delete(&format!("/v1/files/{gone}")).await.expect(204);
    for file in [theirs, gone, Uuid::now_v7().to_string()] {
        let reply = ada.post(PATH, json!({"file_id": file})).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/file_id"]);
    }
    assert_eq!(ada.walk(PATH).await.len(), 2);
}

#[tokio::test]
async fn a_connection_is_needed() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let _ = ada.post(PATH, json!({"artifact_id": artifact})).await.expect_problem(409, "drive_not_connected");
    assert!(ada.walk(PATH).await.is_empty());
}

#[tokio::test]
async fn a_hundred_may_be_under_way_however_many_come_at_once() {
    let ada = connected().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let waiting = "
        insert into drive_files (user_id, name, state)
        select $1::text::uuid, 'a', (array['queued', 'uploading'])[1 + number % 2] from generate_series(1, 95) as number";
    behind().await.execute(waiting, &[&ada.id()]).await.expect("made");
    let replies = together((0..12).map(|_| {
        let (ada, artifact) = (ada.clone(), artifact.clone());
        async move { ada.post(PATH, json!({"artifact_id": artifact})).await.status }
    }));
    let statuses = replies.await;
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(201), count(422)), (5, 7), "{statuses:?}");
}

#[tokio::test]
async fn a_key_makes_one_export_of_many_requests() {
    let ada = connected().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let key = Uuid::new_v4().to_string();
    let body = json!({"artifact_id": artifact});
    let first = ada.post_with(PATH, &[("idempotency-key", &key)], body.clone()).await.expect(201);
    let again = ada.post_with(PATH, &[("idempotency-key", &key)], body).await.expect(201);
    assert_eq!((first.bytes, ada.walk(PATH).await.len()), (again.bytes, 1));
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = connected().await;
    let whole = json!({"artifact_id": Uuid::now_v7(), "version": 1, "name": "a", "folder_id": "a"});
    ada.expect_strict("POST", PATH, whole.clone()).await;
    let wrong = [
        ("/artifact_id", json!("7")),
        ("/version", json!("1")),
        ("/version", json!(2_147_483_648_i64)),
        ("/name", json!("")),
        ("/name", json!("x".repeat(256))),
        ("/folder_id", json!("a b")),
        ("/folder_id", json!("../a")),
        ("/folder_id", json!("x".repeat(256))),
    ];
    ada.expect_invalid("POST", PATH, &whole, &wrong).await;
    for (neither, pointer) in [
        (json!({}), "/artifact_id"),
        (json!({"artifact_id": Uuid::now_v7(), "file_id": Uuid::now_v7()}), "/artifact_id"),
        (json!({"file_id": Uuid::now_v7(), "version": 1}), "/version"),
    ] {
        assert_eq!(ada.post(PATH, neither).await.expect_problem(422, "invalid").pointers(), [pointer]);
    }
    assert!(ada.walk(PATH).await.is_empty());
}
