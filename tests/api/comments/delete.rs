//! DELETE /v1/comments/{id}

use harness::{Person, Reply, Value, database, json, together};

async fn comment(person: &Person, artifact: &str, parent: Option<&Reply>) -> Reply {
    let body = json!({"body": "It ticks!", "parent_id": parent.map(Reply::id)});
    person.post(&format!("{artifact}/comments"), body).await.expect(201)
}

async fn delete(person: &Person, comment: &Reply) -> Reply {
    person.delete(&format!("/v1/comments/{}", comment.id())).await
}

#[tokio::test]
async fn its_author_and_the_artifacts_owner_can() {
    let (ada, bob, eve) = (Person::register().await, Person::register().await, Person::register().await);
    let artifact = format!("/v1/artifacts/{}", ada.create_artifact("public", "draw();\n").await.id());
    for person in [&ada, &bob] {
        let made = comment(&bob, &artifact, None).await;
        let _ = delete(&eve, &made).await.expect_problem(404, "not_found");
        let _ = delete(&Person::anonymous(), &made).await.expect_problem(401, "unauthenticated");
        assert_eq!(ada.get(&artifact).await.expect(200).json["comments_count"], 1);
        let _ = delete(person, &made).await.expect(204);
        let _ = delete(person, &made).await.expect_problem(404, "not_found");
        let _ = bob.get(&format!("/v1/comments/{}", made.id())).await.expect_problem(404, "not_found");
        assert_eq!(ada.get(&artifact).await.expect(200).json["comments_count"], 0);
    }
    let made = comment(&bob, &artifact, None).await;
    let _ = ada.patch(&artifact, "*", json!({"visibility": "private"})).await.expect(200);
    let _ = delete(&bob, &made).await.expect_problem(404, "not_found");
    let _ = delete(&ada, &made).await.expect(204);
    let _ = bob.delete("/v1/comments/7").await.expect_problem(400, "malformed");
}

#[tokio::test]
async fn an_empty_one_stays_until_the_last_answer_goes() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = format!("/v1/artifacts/{}", ada.create_artifact("public", "draw();\n").await.id());
    let top = comment(&bob, &artifact, None).await;
    let middle = comment(&ada, &artifact, Some(&top)).await;
    let last = comment(&bob, &artifact, Some(&middle)).await;
    let other = comment(&bob, &artifact, Some(&middle)).await;
    let _ = delete(&bob, &top).await.expect(204);
    let _ = delete(&ada, &middle).await.expect(204);
    let read = ada.get(&format!("/v1/comments/{}", top.id())).await.expect(200).json;
    assert_eq!((&read["author"], &read["body"], &read["replies_count"]), (&Value::Null, &Value::Null, &json!(1)));
    assert!(read["deleted_at"].is_string() && !read.to_string().contains(bob.id()), "{read}");
    let kept = "select body from artifact_comments where id = $1::text::uuid";
    let row = database::behind().await.query_one(kept, &[&top.id()]).await.expect("a row");
    assert_eq!(row.get::<_, &str>(0), "", "nothing of it is kept");
    let _ = delete(&ada, &top).await.expect_problem(404, "not_found");
    let answer = json!({"body": "To whom?", "parent_id": top.id()});
    let _ = bob.post(&format!("{artifact}/comments"), answer).await.expect_problem(422, "invalid_reference");
    assert_eq!(ada.walk(&format!("{artifact}/comments")).await, [read]);
    assert_eq!(ada.get(&artifact).await.expect(200).json["comments_count"], 4);
    let _ = delete(&bob, &last).await.expect(204);
    assert_eq!(ada.get(&artifact).await.expect(200).json["comments_count"], 3);
    let _ = delete(&ada, &other).await.expect(204);
    assert_eq!(ada.get(&artifact).await.expect(200).json["comments_count"], 0);
    assert!(ada.walk(&format!("{artifact}/comments")).await.is_empty());
}

/// Threads are pulled up by all their ends at once: nothing is left, and nobody waits for each other for ever.
#[tokio::test]
async fn many_at_once_leave_nothing_behind() {
    let ada = Person::register().await;
    let artifact = format!("/v1/artifacts/{}", ada.create_artifact("public", "draw();\n").await.id());
    for _ in 0..3 {
        let top = comment(&ada, &artifact, None).await;
        let mut ids = vec![top.id()];
        for _ in 0..4 {
            let middle = comment(&ada, &artifact, Some(&top)).await;
            ids.push(middle.id());
            for _ in 0..4 {
                ids.push(comment(&ada, &artifact, Some(&middle)).await.id());
            }
        }
        let replies = together(ids.into_iter().map(|id| {
            let ada = ada.clone();
            async move { ada.delete(&format!("/v1/comments/{id}")).await.status }
        }))
        .await;
        assert!(replies.iter().all(|status| *status == 204), "{replies:?}");
        assert_eq!(ada.get(&artifact).await.expect(200).json["comments_count"], 0);
    }
}
