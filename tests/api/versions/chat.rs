//! GET /v1/artifacts/{id}/versions/{version}/chat

use harness::{Person, Value, json};
use uuid::Uuid;

fn chat(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}

/// An artifact whose two versions came out of a conversation each.
async fn create(person: &Person, settings: Value) -> String {
    let mut new = json!({
        "title": "A clock", "visibility": "public",
        "version": {"files": [{"path": "a.js", "content": "1\n"}], "chat": chat("first")}
    });
    for (name, value) in settings.as_object().expect("settings") {
        new[name] = value.clone();
    }
    let id = person.post("/v1/artifacts", new).await.expect(201).id();
    let second = json!({"files": [{"path": "a.js", "content": "2\n"}], "chat": chat("second")});
    let path = format!("/v1/artifacts/{id}/versions");
    let _ = person.post_with(&path, &[("if-match", "*")], second).await.expect(201);
    id
}

fn path(id: &str, version: i32) -> String {
    format!("/v1/artifacts/{id}/versions/{version}/chat")
}

/// Whether this person reads the chat of each version, by each way there is.
async fn reads(person: &Person, id: &str) -> [bool; 2] {
    let mut found = [false; 2];
    for (version, found) in (1..).zip(&mut found) {
        let reply = person.get(&path(id, version)).await;
        *found = reply.status == 200;
        if !*found {
            let _ = reply.expect_problem(404, "not_found");
        }
        let whole = person.get(&format!("/v1/artifacts/{id}/versions/{version}")).await;
        let shows = whole.status == 200 && !whole.json["chat"].is_null();
        assert_eq!(shows, *found, "version {version}: {}", whole.json);
        let listed = person.walk(&format!("/v1/artifacts/{id}/versions")).await;
        assert!(listed.iter().all(|version| version["chat"].is_null()));
    }
    found
}

#[tokio::test]
async fn a_conversation_comes_back() {
    let ada = Person::register().await;
    let id = create(&ada, json!({})).await;
    for (version, text) in [(1, "first"), (2, "second")] {
        let read = ada.get(&path(&id, version)).await.expect(200);
        let whole = ada.get(&format!("/v1/artifacts/{id}/versions/{version}")).await.expect(200);
        assert_eq!(
            read.json,
            json!({"version_id": whole.json["id"], "artifact_id": id, "version_index": version, "chat": chat(text)})
        );
    }
}

/// The two switches, in all four positions, for the owner and for others; and they may be turned at any time.
#[tokio::test]
async fn its_owner_decides_who_else_reads_it() {
    let (ada, bob, nobody) = (Person::register().await, Person::register().await, Person::anonymous());
    for (chat_history_public, versioning_enabled, others) in [
        (false, true, [false, false]),
        (true, true, [true, true]),
        (true, false, [false, true]),
        (false, false, [false, false]),
    ] {
        let settings = json!({"chat_history_public": chat_history_public, "versioning_enabled": versioning_enabled});
        let made = create(&ada, settings.clone()).await;
        let turned = create(&ada, json!({})).await;
        let _ = ada.patch(&format!("/v1/artifacts/{turned}"), "*", settings.clone()).await.expect(200);
        for id in [&made, &turned] {
            assert_eq!(reads(&ada, id).await, [true, true], "{settings}");
            assert_eq!(reads(&bob, id).await, others, "{settings}");
            assert_eq!(reads(&nobody, id).await, others, "{settings}");
        }
        // A fork has no chat of its source, whoever makes it.
        let fork = bob.post(&format!("/v1/artifacts/{made}/forks"), json!({})).await.expect(201).id();
        let _ = bob.get(&path(&fork, 1)).await.expect_problem(404, "not_found");
    }
}

/// What `versioning_enabled` hides, it hides everywhere.
#[tokio::test]
async fn earlier_versions_are_hidden_everywhere() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let settings = json!({"versioning_enabled": false, "chat_history_public": true});
    let id = create(&ada, settings).await;
    let artifact = format!("/v1/artifacts/{id}");
    assert_eq!(ada.walk(&format!("{artifact}/versions")).await.len(), 2);
    for person in [&bob, &Person::anonymous()] {
        let listed = person.walk(&format!("{artifact}/versions")).await;
        assert_eq!(listed.iter().map(|version| &version["version_index"]).collect::<Vec<_>>(), [2]);
        for hidden in ["versions/1", "versions/1/files/a.js", "versions/1/chat"] {
            let _ = person.get(&format!("{artifact}/{hidden}")).await.expect_problem(404, "not_found");
        }
        for shown in ["versions/2", "versions/2/files/a.js", "versions/2/chat"] {
            let _ = person.get(&format!("{artifact}/{shown}")).await.expect(200);
        }
    }
    let _ = bob.post(&format!("{artifact}/forks"), json!({"version": 1})).await.expect_problem(404, "not_found");
    let _ = bob.post(&format!("{artifact}/forks"), json!({"version": 2})).await.expect(201);
}

#[tokio::test]
async fn without_one_or_out_of_sight_it_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let silent = ada.create_artifact("public", "draw();\n").await.id();
    let _ = ada.get(&path(&silent, 1)).await.expect_problem(404, "not_found");
    let private = create(&ada, json!({"visibility": "private", "chat_history_public": true})).await;
    assert_eq!(reads(&ada, &private).await, [true, true]);
    let trashed = create(&ada, json!({"chat_history_public": true})).await;
    let _ = ada.delete(&format!("/v1/artifacts/{trashed}")).await.expect(204);
    let _ = ada.get(&path(&trashed, 1)).await.expect_problem(404, "not_found");
    for id in [private, trashed, Uuid::now_v7().to_string()] {
        let _ = bob.get(&path(&id, 1)).await.expect_problem(404, "not_found");
    }
    for version in [0, 3, -1, i32::MAX] {
        let _ = ada.get(&path(&create(&ada, json!({})).await, version)).await.expect_problem(404, "not_found");
    }
    for version in ["one", "2147483648", "1.0"] {
        let reply = ada.get(&format!("/v1/artifacts/{silent}/versions/{version}/chat")).await;
        assert_eq!(reply.expect_problem(400, "malformed").pointers(), ["/path/version"]);
    }
}
