//! GET /v1/artifacts/{id}/tree

use harness::{Person, Reply, Value, database, json, together};
use uuid::Uuid;

async fn fork(person: &Person, source: &Reply, visibility: &str) -> Reply {
    let path = format!("/v1/artifacts/{}/forks", source.id());
    person.post(&path, json!({"visibility": visibility})).await.expect(201)
}

fn shape(items: &[Value]) -> Vec<(String, i64)> {
    let id = |item: &Value| item["id"].as_str().expect("an id").to_owned();
    items.iter().map(|item| (id(item), item["depth"].as_i64().expect("a depth"))).collect()
}

#[tokio::test]
async fn forks_of_forks_are_in_it_with_their_depth() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let root = ada.create_artifact("public", "draw();\n").await;
    let first = fork(&bob, &root, "public").await;
    let second = fork(&ada, &first, "public").await;
    let third = fork(&bob, &second, "public").await;
    let other = fork(&ada, &root, "public").await;
    let path = |artifact: &Reply| format!("/v1/artifacts/{}/tree", artifact.id());
    for person in [&ada, &Person::anonymous()] {
        let items = person.walk(&format!("{}?limit=2", path(&root))).await;
        assert_eq!(shape(&items), [(other.id(), 1), (third.id(), 3), (second.id(), 2), (first.id(), 1)]);
        assert_eq!(shape(&person.walk(&path(&first)).await), [(third.id(), 2), (second.id(), 1)]);
        assert_eq!(shape(&person.walk(&path(&third)).await), []);
    }
    let mut item = ada.walk(&path(&second)).await.remove(0);
    item.as_object_mut().expect("an object").remove("depth");
    assert_eq!(item, ada.get(&format!("/v1/artifacts/{}", third.id())).await.expect(200).json);
}

#[tokio::test]
async fn what_is_hidden_is_left_out_and_not_named() {
    let (ada, bob, eve) = (Person::register().await, Person::register().await, Person::register().await);
    let root = ada.create_artifact("public", "draw();\n").await;
    let hidden = fork(&bob, &root, "public").await;
    let last = fork(&eve, &hidden, "public").await;
    let private = fork(&eve, &last, "private").await;
    let trashed = fork(&eve, &root, "public").await;
    let _ = eve.delete(&format!("/v1/artifacts/{}", trashed.id())).await.expect(204);
    let body = json!({"visibility": "private"});
    let _ = bob.patch(&format!("/v1/artifacts/{}", hidden.id()), "*", body).await.expect(200);
    let path = format!("/v1/artifacts/{}/tree", root.id());
    let seen = ada.walk(&path).await;
    assert_eq!(shape(&seen), [(last.id(), 2)]);
    let text = seen[0].to_string();
    assert!(!text.contains(&hidden.id()) && !text.contains(bob.id()), "{text}");
    assert_eq!(shape(&eve.walk(&path).await), [(private.id(), 3), (last.id(), 2)]);
    assert_eq!(shape(&bob.walk(&path).await), [(last.id(), 2), (hidden.id(), 1)]);
    for (person, status) in [(&ada, 404), (&bob, 200)] {
        assert_eq!(person.get(&format!("/v1/artifacts/{}/tree", hidden.id())).await.status, status);
    }
    let nowhere = format!("/v1/artifacts/{}/tree", Uuid::now_v7());
    let _ = ada.get(&nowhere).await.expect_problem(404, "not_found");
    for (query, pointer) in [("limit=0", "/query/limit"), ("cursor=7", "/query/cursor"), ("depth=1", "/query/depth")] {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}

#[tokio::test]
async fn a_broad_tree_is_walked_page_by_page() {
    let ada = Person::register().await;
    let root = ada.create_artifact("public", "draw();\n").await;
    let path = format!("/v1/artifacts/{}", root.id());
    let forks = together((0..130).map(|_| {
        let (ada, path) = (ada.clone(), format!("{path}/forks"));
        async move { ada.post(&path, json!({})).await.expect(201).id() }
    }))
    .await;
    let mut walked: Vec<String> = ada
        .walk(&format!("{path}/tree?limit=100"))
        .await
        .iter()
        .map(|item| item["id"].as_str().expect("an id").to_owned())
        .collect();
    walked.sort();
    let mut expected = forks;
    expected.sort();
    assert_eq!(walked, expected);
}

/// An artifact whose own source is gone for good is at the root of a tree again.
#[tokio::test]
async fn forks_of_what_lost_its_source_are_in_its_tree() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let root = ada.create_artifact("public", "draw();\n").await;
    let middle = fork(&bob, &root, "public").await;
    let early = fork(&ada, &middle, "public").await;
    let below = fork(&ada, &early, "public").await;
    let remove = "delete from artifacts where id = $1::text::uuid";
    database::behind().await.execute(remove, &[&root.id()]).await.expect("removed");
    let late = fork(&ada, &middle, "public").await;
    let path = |artifact: &Reply| format!("/v1/artifacts/{}/tree", artifact.id());
    let items = ada.walk(&format!("{}?limit=2", path(&middle))).await;
    assert_eq!(shape(&items), [(late.id(), 1), (below.id(), 2), (early.id(), 1)]);
    assert_eq!(shape(&ada.walk(&path(&early)).await), [(below.id(), 1)]);
}

/// Some of the older systems' forks name their source alone.
#[tokio::test]
async fn forks_without_an_origin_are_in_the_tree() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let root = ada.create_artifact("public", "draw();\n").await;
    let imported = fork(&bob, &root, "public").await;
    let forget =
        "update artifacts set origin_artifact_id = null, origin_owner_user_id = null where id = $1::text::uuid";
    database::behind().await.execute(forget, &[&imported.id()]).await.expect("forgotten");
    let below = fork(&ada, &imported, "public").await;
    let beside = fork(&ada, &root, "private").await;
    let path = format!("/v1/artifacts/{}/tree", root.id());
    assert_eq!(shape(&ada.walk(&path).await), [(beside.id(), 1), (below.id(), 2), (imported.id(), 1)]);
    assert_eq!(shape(&bob.walk(&path).await), [(below.id(), 2), (imported.id(), 1)]);
}
