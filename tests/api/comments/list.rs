//! GET /v1/artifacts/{id}/comments

use harness::{Person, Value, json};
use uuid::Uuid;

fn bodies(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["body"].as_str().expect("a body")).collect()
}

#[tokio::test]
async fn comments_come_newest_first_and_answers_oldest_first() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/artifacts/{}/comments", ada.create_artifact("public", "draw();\n").await.id());
    let mut ids = Vec::new();
    for body in ["a", "b", "c"] {
        ids.push(bob.post(&path, json!({"body": body})).await.expect(201).id());
    }
    let mut deepest = String::new();
    for body in ["b1", "b2", "b3", "b4", "b5"] {
        deepest = ada.post(&path, json!({"body": body, "parent_id": ids[1]})).await.expect(201).id();
    }
    let _ = bob.post(&path, json!({"body": "b51", "parent_id": deepest})).await.expect(201);
    let answers = format!("{path}?parent_id={}", ids[1]);
    let nobody = Person::anonymous();
    for limit in [1, 2, 100] {
        let top = nobody.walk(&format!("{path}?limit={limit}")).await;
        assert_eq!(bodies(&top), ["c", "b", "a"]);
        assert_eq!(
            top.iter().map(|item| item["replies_count"].as_i64()).collect::<Vec<_>>(),
            [Some(0), Some(5), Some(0)]
        );
        assert_eq!(bodies(&nobody.walk(&format!("{path}?order=oldest&limit={limit}")).await), ["a", "b", "c"]);
        assert_eq!(bodies(&nobody.walk(&format!("{answers}&limit={limit}")).await), ["b1", "b2", "b3", "b4", "b5"]);
        let newest = nobody.walk(&format!("{answers}&order=newest&limit={limit}")).await;
        assert_eq!(bodies(&newest), ["b5", "b4", "b3", "b2", "b1"]);
        assert_eq!(newest[0]["replies_count"], 1);
    }
    let item = nobody.walk(&path).await.remove(0);
    assert_eq!(item, nobody.get(&format!("/v1/comments/{}", ids[2])).await.expect(200).json);
    // What another artifact's comments are answered is no answer here.
    let other = format!("/v1/artifacts/{}/comments", ada.create_artifact("public", "draw();\n").await.id());
    assert!(ada.walk(&format!("{other}?parent_id={}", ids[1])).await.is_empty());
    assert!(ada.walk(&format!("{path}?parent_id={}", Uuid::now_v7())).await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_seen_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/artifacts/{}/comments", ada.create_artifact("private", "draw();\n").await.id());
    assert_eq!(ada.get(&path).await.expect(200).json, json!({"items": [], "next_cursor": null}));
    for person in [&bob, &Person::anonymous()] {
        let _ = person.get(&path).await.expect_problem(404, "not_found");
    }
    let _ = bob.get(&format!("/v1/artifacts/{}/comments", Uuid::now_v7())).await.expect_problem(404, "not_found");
    for (query, pointer) in [
        ("limit=101", "/query/limit"),
        ("cursor=7", "/query/cursor"),
        ("parent_id=7", "/query/parent_id"),
        ("order=best", "/query/order"),
        ("page=2", "/query/page"),
    ] {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers()[..1], [pointer]);
    }
    let _ = ada.delete(path.trim_end_matches("/comments")).await.expect(204);
    let _ = ada.get(&path).await.expect_problem(404, "not_found");
}
