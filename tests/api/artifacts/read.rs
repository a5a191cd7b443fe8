//! GET /v1/artifacts/{id}

use harness::{Person, Value, database, json};
use uuid::Uuid;

#[tokio::test]
async fn what_is_public_is_for_everyone() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    for person in [&ada, &bob, &Person::anonymous()] {
        assert_eq!(person.get(&path).await.expect(200).json, artifact.json);
    }
    let mut impostor = Person::anonymous();
    impostor.token = Some("atelier_wrong".to_owned());
    let _ = impostor.get(&path).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn what_is_private_is_for_its_owner() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/artifacts/{}", ada.create_artifact("private", "draw();\n").await.id());
    let _ = ada.get(&path).await.expect(200);
    let nothing = format!("/v1/artifacts/{}", Uuid::now_v7());
    let expected = bob.get(&nothing).await.expect_problem(404, "not_found").json;
    for person in [&bob, &Person::anonymous()] {
        assert_eq!(person.get(&path).await.expect_problem(404, "not_found").json, expected);
    }
    let reply = bob.get("/v1/artifacts/7").await.expect_problem(400, "malformed");
    assert_eq!(reply.pointers(), ["/path/id"]);
}

#[tokio::test]
async fn where_it_came_from_is_for_its_owner() {
    let ada = Person::register().await;
    let project = Uuid::now_v7();
    database::behind()
        .await
        .execute("insert into projects (id, owner_id, name) values ($1, $2::text::uuid, 'p')", &[&project, &ada.id()])
        .await
        .expect("stored");
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let body = json!({
        "title": "A clock", "visibility": "public", "chat_id": chat, "project_id": project, "type": chat,
        "chat_history_public": true, "source_session": {"id": "run", "credits_estimate": 3.0}
    });
    let path = format!("/v1/artifacts/{}", ada.post("/v1/artifacts", body.clone()).await.expect(201).id());
    let own = ada.get(&path).await.expect(200).json;
    for field in ["chat_id", "project_id", "source_session"] {
        assert_eq!(own[field], body[field], "{field}");
    }
    for person in [Person::register().await, Person::anonymous()] {
        let listed = person.walk(&format!("/v1/artifacts?type={chat}")).await.remove(0);
        for artifact in [person.get(&path).await.expect(200).json, listed] {
            for field in ["chat_id", "project_id", "source_session"] {
                assert_eq!(artifact[field], Value::Null, "{field}");
            }
        }
    }
}

#[tokio::test]
async fn who_knows_it_already_gets_304() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let (path, etag) = (format!("/v1/artifacts/{}", artifact.id()), artifact.etag());
    let ask = async |known: &str| ada.send_with("GET", &path, &[("if-none-match", known)], json!({})).await;
    for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        let reply = ask(&known).await.expect(304);
        assert!(reply.bytes.is_empty(), "{known}");
        assert_eq!(reply.etag(), etag, "{known}");
    }
    for unknown in ["\"other\"", "nonsense", ""] {
        let _ = ask(unknown).await.expect(200);
    }
    let changed = ada.patch(&path, &etag, json!({"title": "A watch"})).await.expect(200);
    assert_ne!(changed.etag(), etag);
    let _ = ask(&etag).await.expect(200);
    let _ = ask(&changed.etag()).await.expect(304);
}

/// Who is looking decides what is shown, so a fork by someone else must not pass for the same representation.
#[tokio::test]
async fn a_new_fork_is_a_new_representation_but_no_lost_update() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let _ = bob.post(&format!("{path}/forks"), json!({})).await.expect(201);
    let known = [("if-none-match", artifact.etag())];
    let known: Vec<(&str, &str)> = known.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = ada.send_with("GET", &path, &known, json!({})).await.expect(200);
    assert_eq!(reply.json["forks_count"], 1);
    let _ = ada.patch(&path, &artifact.etag(), json!({"title": "A watch"})).await.expect(200);
}

#[tokio::test]
async fn what_is_in_the_trash_is_not_found() {
    let ada = Person::register().await;
    let path = ada.create_trashed_artifact().await;
    for person in [&ada, &Person::anonymous()] {
        let _ = person.get(&path).await.expect_problem(404, "not_found");
    }
}
