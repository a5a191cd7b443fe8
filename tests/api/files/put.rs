//! PUT /v1/containers/{id}/files

use harness::{Person, Value, database::number, json, together};
use shared::text::Sha256;
use uuid::Uuid;

async fn container(person: &Person) -> (String, String) {
    let id = person.create_container().await.id();
    let files = format!("/v1/containers/{id}/files");
    (id, files)
}

#[tokio::test]
async fn text_is_put_and_read_back() {
    let ada = Person::register().await;
    let (id, files) = container(&ada).await;
    let text = "draw();\u{0} \u{1f552}\n".repeat(1000);
    let body = json!({"path": "src/deep/clock.js", "content": text, "mime_type": "text/javascript"});
    let file = ada.put(&files, body).await.expect(200);
    for (field, value) in [
        ("container_id", json!(id)),
        ("file_path", json!("src/deep/clock.js")),
        ("file_name", json!("clock.js")),
        ("file_size", json!(text.len())),
        ("mime_type", json!("text/javascript")),
        ("content", json!(text)),
    ] {
        assert_eq!(file.json[field], value, "{field}");
    }
    assert_eq!(file.json["blob"]["sha256"], json!(Sha256::of(text.as_bytes()).to_string()));
    assert_eq!((&file.json["blob"]["size"], &file.json["blob"]["url"]), (&json!(text.len()), &Value::Null));
    assert_eq!(ada.get(&format!("/v1/files/{}", file.id())).await.expect(200).json, file.json);
    let stored = "select length(content)::bigint from blobs where user_id = $1::text::uuid and encoding = 'zstd'";
    assert!(number(stored, &[&ada.id()]).await < 200, "it is compressed");
    for text in ["", "x"] {
        let file = ada.put(&files, json!({"path": "small", "content": text})).await.expect(200);
        assert_eq!(
            (&file.json["content"], &file.json["mime_type"]),
            (&json!(text), &json!("text/plain; charset=utf-8"))
        );
    }
    let largest = "x".repeat(256 * 1024);
    let _ = ada.put(&files, json!({"path": "large", "content": largest})).await.expect(200);
}

#[tokio::test]
async fn an_upload_is_put() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (_, files) = container(&ada).await;
    let bytes = Uuid::new_v4().as_bytes().repeat(100);
    let upload = ada.upload("file", "image/x-icon", &bytes).await.id();
    let file = ada.put(&files, json!({"path": "favicon.ico", "upload": upload})).await.expect(200);
    assert_eq!((&file.json["file_size"], &file.json["mime_type"]), (&json!(1600), &json!("image/x-icon")));
    assert!(file.json.get("content").is_none());
    assert_eq!(ada.fetch(&file.json["blob"]["url"]).await.expect(200).bytes, bytes);
    let named = ada.put(&files, json!({"path": "a.png", "upload": upload, "mime_type": "image/png"})).await.expect(200);
    assert_eq!(named.json["mime_type"], "image/png");

    let other_purpose = ada.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let pending = ada.declare("file", "text/plain", Uuid::new_v4().as_bytes()).await.expect(201).id();
    let theirs = bob.upload("file", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    for wrong in [other_purpose, pending, theirs, Uuid::now_v7().to_string()] {
        let reply =
            ada.put(&files, json!({"path": "b", "upload": wrong})).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/upload"]);
    }
}

#[tokio::test]
async fn a_path_keeps_its_file() {
    let ada = Person::register().await;
    let (id, files) = container(&ada).await;
    let first = ada.put_file(&id, "clock.js", "one").await;
    let second = ada.put_file(&id, "clock.js", "two").await;
    assert_eq!((first.id(), &second.json["content"]), (second.id(), &json!("two")));
    assert_eq!(first.json["created_at"], second.json["created_at"]);
    assert_ne!(first.etag(), second.etag());
    let same = ada.put_file(&id, "clock.js", "two").await;
    assert_eq!((same.etag(), same.json), (second.etag(), second.json), "the same again changes nothing");
    let _ = ada.delete(&format!("/v1/files/{}", first.id())).await.expect(204);
    let again = ada.put_file(&id, "clock.js", "three").await;
    assert_eq!(again.id(), first.id(), "a deleted one goes on");
    assert_eq!(ada.walk(&files).await.len(), 1);
}

#[tokio::test]
async fn of_many_that_put_one_path_the_last_stays_and_none_is_lost() {
    let ada = Person::register().await;
    let (id, files) = container(&ada).await;
    let put = |round: usize| {
        together((0..20).map(move |index| {
            let (ada, files) = (ada.clone(), files.clone());
            async move {
                let text = format!("{round}.{index}");
                ada.put(&files, json!({"path": "clock.js", "content": text})).await.expect(200).id()
            }
        }))
    };
    let mut ids = put(0).await;
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let count =
        "select count(*) from file_versions join files on files.id = file_id where container_id = $1::text::uuid";
    assert_eq!(number(count, &[&id]).await, 20);
}

#[tokio::test]
async fn someone_elses_container_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (_, files) = container(&ada).await;
    let upload = bob.upload("file", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let nowhere = format!("/v1/containers/{}/files", Uuid::now_v7());
    for path in [&files, &nowhere] {
        for body in [
            json!({"path": "a", "content": "a"}),
            json!({"path": "a", "upload": upload}),
            json!({"path": "a", "upload": Uuid::now_v7()}),
        ] {
            let _ = bob.put(path, body).await.expect_problem(404, "not_found");
        }
    }
    assert!(ada.walk(&files).await.is_empty());
    assert_eq!(number("select count(*) from files where user_id = $1::text::uuid", &[&bob.id()]).await, 0);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let (_, files) = container(&ada).await;
    let body = json!({"path": "a", "content": "a"});
    ada.expect_strict("PUT", &files, body.clone()).await;
    let wrong = [
        ("/path", json!("")),
        ("/path", json!("/etc/passwd")),
        ("/path", json!("a/../b")),
        ("/path", json!("a\u{0}")),
        ("/path", json!("x".repeat(513))),
        ("/path", Value::Null),
        ("/content", json!("x".repeat(256 * 1024 + 1))),
        ("/content", json!(["a"])),
        ("/content", Value::Null),
        ("/upload", json!("a")),
        ("/mime_type", json!("png")),
        ("/mime_type", json!("")),
    ];
    ada.expect_invalid("PUT", &files, &body, &wrong).await;
    let both = json!({"path": "a", "content": "a", "upload": Uuid::now_v7()});
    assert_eq!(ada.put(&files, both).await.expect_problem(422, "invalid").pointers(), ["/content"]);
    assert!(ada.walk(&files).await.is_empty());
}
