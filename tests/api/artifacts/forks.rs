//! GET /v1/artifacts/{id}/forks

use harness::{Person, Value, json};
use uuid::Uuid;

async fn fork(person: &Person, path: &str, title: &str, visibility: &str) -> String {
    person.post(path, json!({"title": title, "visibility": visibility})).await.expect(201).id()
}

fn titles(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["title"].as_str().expect("a title")).collect()
}

#[tokio::test]
async fn each_sees_the_forks_they_may_see() {
    let (ada, bob, eve) = (Person::register().await, Person::register().await, Person::register().await);
    let path = format!("/v1/artifacts/{}/forks", ada.create_artifact("public", "draw();\n").await.id());
    assert_eq!(eve.get(&path).await.expect(200).json, json!({"items": [], "next_cursor": null}));
    let public = fork(&bob, &path, "bob public", "public").await;
    let _ = fork(&bob, &path, "bob private", "private").await;
    let deleted = fork(&bob, &path, "bob deleted", "public").await;
    let _ = fork(&eve, &path, "eve private", "private").await;
    let _ = fork(&eve, &format!("/v1/artifacts/{public}/forks"), "fork of a fork", "public").await;
    let _ = bob.delete(&format!("/v1/artifacts/{deleted}")).await.expect(204);
    let nobody = Person::anonymous();
    for (person, expected) in [
        (&ada, vec!["bob public"]),
        (&bob, vec!["bob private", "bob public"]),
        (&eve, vec!["eve private", "bob public"]),
        (&nobody, vec!["bob public"]),
    ] {
        assert_eq!(titles(&person.walk(&path).await), expected);
    }
    let item = nobody.walk(&path).await.remove(0);
    assert_eq!(item, nobody.get(&format!("/v1/artifacts/{public}")).await.expect(200).json);
}

#[tokio::test]
async fn pages_visit_each_fork_once_while_others_arrive() {
    let ada = Person::register().await;
    let path = format!("/v1/artifacts/{}/forks", ada.create_artifact("public", "draw();\n").await.id());
    let mut expected = Vec::new();
    for index in 0..5 {
        expected.insert(0, fork(&ada, &path, &index.to_string(), "public").await);
    }
    let (mut visited, mut next) = (Vec::new(), Some(String::new()));
    while let Some(cursor) = next {
        let page = ada.get(&format!("{path}?limit=2{cursor}")).await.expect(200);
        visited.extend(page.json["items"].as_array().expect("items").iter().cloned());
        next = page.json["next_cursor"].as_str().map(|cursor| format!("&cursor={cursor}"));
        let _ = fork(&ada, &path, "late", "public").await;
    }
    let ids: Vec<&str> = visited.iter().map(|item| item["id"].as_str().expect("an id")).collect();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn forks_of_what_cannot_be_seen_are_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let path = format!("/v1/artifacts/{}/forks", artifact.id());
    let _ = fork(&bob, &path, "mine", "public").await;
    let private = json!({"visibility": "private"});
    let _ = ada.patch(&format!("/v1/artifacts/{}", artifact.id()), "*", private).await.expect(200);
    for person in [&bob, &Person::anonymous()] {
        let _ = person.get(&path).await.expect_problem(404, "not_found");
    }
    assert_eq!(titles(&ada.walk(&path).await), ["mine"]);
    let nowhere = format!("/v1/artifacts/{}/forks", Uuid::now_v7());
    let _ = bob.get(&nowhere).await.expect_problem(404, "not_found");
    let _ = bob.get("/v1/artifacts/7/forks").await.expect_problem(400, "malformed");
    for (query, pointer) in [("limit=0", "/query/limit"), ("cursor=7", "/query/cursor"), ("offset=1", "/query/offset")]
    {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}
