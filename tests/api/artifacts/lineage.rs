//! GET /v1/artifacts/{id}/lineage

use harness::{Person, Reply, Value, database, json};
use uuid::Uuid;

async fn fork(person: &Person, source: &Reply) -> Reply {
    let path = format!("/v1/artifacts/{}/forks", source.id());
    person.post(&path, json!({"visibility": "public", "title": person.handle()})).await.expect(201)
}

async fn lineage(person: &Person, artifact: &Reply) -> Reply {
    person.get(&format!("/v1/artifacts/{}/lineage", artifact.id())).await
}

async fn hide(person: &Person, artifact: &Reply) {
    let path = format!("/v1/artifacts/{}", artifact.id());
    let _ = person.patch(&path, "*", json!({"visibility": "private"})).await.expect(200);
}

fn tombstone(depth: i32) -> Value {
    json!({
        "depth": depth, "id": null, "title": null, "owner": null, "forked_from_version_id": null,
        "forked_from_version_index": null, "forked_from_version_label": null, "created_at": null
    })
}

#[tokio::test]
async fn an_original_comes_from_nowhere() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "draw();\n").await;
    let items = lineage(&ada, &artifact).await.expect(200).json["items"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(1));
    assert_eq!((&items[0]["depth"], &items[0]["id"]), (&json!(0), &artifact.json["id"]));
    assert_eq!((&items[0]["title"], &items[0]["forked_from_version_id"]), (&json!("A clock"), &Value::Null));
    assert_eq!(items[0]["owner"], artifact.json["owner"]);
    assert_eq!(items[0]["created_at"], artifact.json["created_at"]);
}

#[tokio::test]
async fn the_way_goes_from_the_original_to_the_fork() {
    let people = [Person::register().await, Person::register().await, Person::register().await];
    let mut way = vec![people[0].create_artifact("public", "draw();\n").await];
    for person in &people[1..] {
        way.push(fork(person, way.last().expect("one")).await);
    }
    for person in people.iter().chain([&Person::anonymous()]) {
        let reply = lineage(person, &way[2]).await.expect(200);
        let items = reply.json["items"].as_array().expect("items");
        assert_eq!(items.len(), 3);
        for (index, item) in items.iter().enumerate() {
            assert_eq!(item["depth"], 2 - index);
            for field in ["id", "title", "owner", "forked_from_version_id", "forked_from_version_label"] {
                assert_eq!(item[field], way[index].json[field], "{field} of {index}");
            }
            assert_eq!(item["forked_from_version_index"], if index == 0 { Value::Null } else { json!(1) });
        }
        let path = format!("/v1/artifacts/{}/lineage", way[2].id());
        let _ = person.send_with("GET", &path, &[("if-none-match", &reply.etag())], json!({})).await.expect(304);
    }
    assert_eq!(lineage(&people[0], &way[0]).await.expect(200).json["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_hidden_ancestor_is_a_tombstone() {
    let (ada, bob, eve) = (Person::register().await, Person::register().await, Person::register().await);
    let original = ada.create_artifact("public", "draw();\n").await;
    let middle = fork(&bob, &original).await;
    let last = fork(&eve, &middle).await;
    hide(&bob, &middle).await;
    for person in [&ada, &eve, &Person::anonymous()] {
        let items = lineage(person, &last).await.expect(200).json["items"].clone();
        assert_eq!(items[0]["id"], original.json["id"]);
        assert_eq!(items[1], tombstone(1));
        assert_eq!(items[2]["id"], last.json["id"]);
        // Nor does what comes after it say of which version it is a fork.
        for field in ["forked_from_version_id", "forked_from_version_index", "forked_from_version_label"] {
            assert_eq!(items[2][field], Value::Null, "{field}");
        }
        let text = person.get(&format!("/v1/artifacts/{}", last.id())).await.expect(200).json.to_string();
        for secret in [middle.id(), bob.id().to_owned(), middle.json["current_version_id"].to_string()] {
            assert!(!text.contains(&secret) && !items.to_string().contains(&secret), "{text}");
        }
    }
    assert_eq!(lineage(&bob, &last).await.expect(200).json["items"][1]["id"], middle.json["id"]);

    let _ = ada.delete(&format!("/v1/artifacts/{}", original.id())).await.expect(204);
    for person in [&ada, &bob, &eve] {
        assert_eq!(lineage(person, &last).await.expect(200).json["items"][0], tombstone(2));
    }
}

/// What has been removed for good is a tombstone too, and the origin behind it is still known.
#[tokio::test]
async fn a_removed_ancestor_is_a_tombstone() {
    let (ada, bob, eve) = (Person::register().await, Person::register().await, Person::register().await);
    let original = ada.create_artifact("public", "draw();\n").await;
    let middle = fork(&bob, &original).await;
    let last = fork(&eve, &fork(&eve, &middle).await).await;
    let before = eve.get(&format!("/v1/artifacts/{}", last.id())).await.expect(200);
    let remove = "delete from artifacts where id = $1::text::uuid";
    let behind = database::behind().await;
    behind.execute(remove, &[&middle.id()]).await.expect("removed");
    let items = lineage(&ada, &last).await.expect(200).json["items"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(4));
    assert_eq!((&items[0]["id"], &items[0]["depth"]), (&original.json["id"], &json!(3)));
    assert_eq!(items[1], tombstone(2));
    assert_eq!((&items[2]["depth"], &items[3]["id"]), (&json!(1), &last.json["id"]));
    let tree = eve.walk(&format!("/v1/artifacts/{}/tree", original.id())).await;
    assert_eq!(tree.iter().map(|item| item["depth"].as_i64()).collect::<Vec<_>>(), [Some(3), Some(2)]);

    behind.execute(remove, &[&original.id()]).await.expect("removed");
    let items = lineage(&ada, &last).await.expect(200).json["items"].clone();
    assert_eq!((items.as_array().map(Vec::len), &items[0]), (Some(3), &tombstone(2)));
    // It is no change that the forks' owner made.
    let after = eve.get(&format!("/v1/artifacts/{}", last.id())).await.expect(200);
    assert_eq!(after.json["updated_at"], before.json["updated_at"]);
    assert_eq!(after.etag().split('-').next(), before.etag().split('-').next());
}

/// An account takes its artifacts along, however they are forked: everything that refers to them lets go at once.
#[tokio::test]
async fn forks_outlive_the_account_that_they_come_from() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let original = ada.create_artifact("public", "draw();\n").await;
    let own = fork(&ada, &original).await;
    let forks = [fork(&bob, &original).await, fork(&bob, &own).await];
    let last = fork(&bob, &forks[1]).await;
    let behind = database::behind().await;
    behind.execute("delete from users where id = $1::text::uuid", &[&ada.id()]).await.expect("removed");
    for (artifact, depth) in [(&forks[0], 1), (&forks[1], 1), (&last, 2)] {
        let items = lineage(&bob, artifact).await.expect(200).json["items"].clone();
        assert_eq!(items[0], tombstone(depth));
        let path = format!("/v1/artifacts/{}/versions/1", artifact.id());
        assert_eq!(bob.get(&path).await.expect(200).json["files"][0]["content"], "draw();\n");
    }
}

#[tokio::test]
async fn the_lineage_of_what_cannot_be_seen_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = fork(&ada, &ada.create_artifact("public", "draw();\n").await).await;
    hide(&ada, &artifact).await;
    for person in [&bob, &Person::anonymous()] {
        let _ = lineage(person, &artifact).await.expect_problem(404, "not_found");
    }
    let nowhere = format!("/v1/artifacts/{}/lineage", Uuid::now_v7());
    let _ = bob.get(&nowhere).await.expect_problem(404, "not_found");
    let _ = bob.get("/v1/artifacts/7/lineage").await.expect_problem(400, "malformed");
    let reply = ada.get(&format!("/v1/artifacts/{}/lineage?depth=1", artifact.id())).await;
    assert_eq!(reply.expect_problem(422, "invalid").pointers(), ["/query/depth"]);
}
