//! PUT /v1/artifacts/{id}/like

use harness::{Person, database, json, together};
use uuid::Uuid;

#[tokio::test]
async fn a_like_counts_once_however_often_it_is_given() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/artifacts/{}", ada.create_artifact("public", "draw();\n").await.id());
    for _ in 0..3 {
        let reply = bob.put(&format!("{path}/like"), json!({})).await.expect(200);
        assert_eq!(reply.json, json!({"liked": true, "likes_count": 1}));
    }
    let own = ada.put(&format!("{path}/like"), json!({})).await.expect(200);
    assert_eq!(own.json, json!({"liked": true, "likes_count": 2}));
    for (person, liked) in [(&ada, true), (&bob, true), (&Person::anonymous(), false)] {
        let read = person.get(&path).await.expect(200).json;
        assert_eq!((&read["liked"], &read["likes_count"]), (&json!(liked), &json!(2)));
    }
}

#[tokio::test]
async fn what_cannot_be_seen_cannot_be_liked() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("private", "draw();\n").await;
    let path = format!("/v1/artifacts/{}/like", artifact.id());
    let _ = bob.put(&path, json!({})).await.expect_problem(404, "not_found");
    assert_eq!(ada.put(&path, json!({})).await.expect(200).json["likes_count"], 1);
    let _ = Person::anonymous().put(&path, json!({})).await.expect_problem(401, "unauthenticated");
    let nowhere = format!("/v1/artifacts/{}/like", Uuid::now_v7());
    let _ = ada.put(&nowhere, json!({})).await.expect_problem(404, "not_found");
    ada.expect_strict("PUT", &path, json!({})).await;
}

/// Likes, unlikes, forks, comments and imports at once: whatever remains is what the counters say.
#[tokio::test]
async fn counters_are_exact_after_a_storm() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let people = together((0..40).map(|_| Person::register())).await;
    let calls = (0..1200).map(|index: usize| {
        let (person, path) = (people[index % people.len()].clone(), path.clone());
        async move {
            let reply = match (index / 40) % 6 {
                0 | 3 => person.put(&format!("{path}/like"), json!({})).await,
                1 if index.is_multiple_of(2) => person.delete(&format!("{path}/like")).await,
                1 | 4 => person.post(&format!("{path}/imports"), json!({})).await,
                2 => person.post(&format!("{path}/forks"), json!({})).await,
                _ => person.post(&format!("{path}/comments"), json!({"body": "It ticks!"})).await,
            };
            assert!(reply.status < 300, "{}", reply.json);
            if index.is_multiple_of(5) && reply.json["body"].is_string() {
                let _ = person.delete(&format!("/v1/comments/{}", reply.id())).await.expect(204);
            }
        }
    });
    together(calls).await;
    let read = ada.get(&path).await.expect(200).json;
    for (count, table, key) in [
        ("likes_count", "artifact_likes", "artifact_id"),
        ("comments_count", "artifact_comments", "artifact_id"),
        ("imports_count", "artifact_imports", "artifact_id"),
        ("forks_count", "artifacts", "forked_from_id"),
    ] {
        let query = format!("select count(*) from {table} where {key} = $1::text::uuid");
        let rows = database::number(&query, &[&artifact.id()]).await;
        assert!(rows > 0, "{table}");
        assert_eq!(read[count], rows, "{count}");
    }
    assert_eq!(read["forks_count"], 200);
}

/// A thousand likes at the same moment, and half of them taken back.
#[tokio::test]
async fn a_thousand_likes_at_once_are_a_thousand() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    // Registering so many would take minutes of hashing passwords: each gets a session behind the API.
    let tokens: Vec<String> = (0..1000).map(|_| format!("atelier_{}", Uuid::new_v4().simple())).collect();
    let hashes: Vec<Vec<u8>> =
        tokens.iter().map(|token| shared::text::Sha256::of(token.as_bytes()).0.to_vec()).collect();
    database::behind()
        .await
        .execute(
            "with people as (
                 insert into users (id, email) select uuid_v7(), gen_random_uuid() || '@example.com' from generate_series(1, 1000)
                 returning id
             ), numbered as (
                 select id, row_number() over () as number from people
             ), shown as (
                 insert into profiles (user_id, handle) select id, 'h' || left(replace(gen_random_uuid()::text, '-', ''), 20) from people
             )
             insert into sessions (user_id, token_hash, expires_at)
             select numbered.id, hashes.hash, now() + interval '1 day'
             from numbered
             join unnest($1::bytea[]) with ordinality as hashes (hash, number) using (number)",
            &[&hashes],
        )
        .await
        .expect("people");
    let people: Vec<Person> = tokens
        .into_iter()
        .map(|token| {
            let mut person = ada.clone();
            person.token = Some(token);
            person
        })
        .collect();
    for (half, method, expected) in [(1, "PUT", 1000), (2, "DELETE", 500), (2, "DELETE", 500), (4, "PUT", 750)] {
        together(people.iter().step_by(half).map(|person| {
            let request = person.request(method, &format!("{path}/like"));
            async move { harness::Reply::to(request).await.expect(200) }
        }))
        .await;
        let read = ada.get(&path).await.expect(200).json;
        assert_eq!(read["likes_count"], expected, "{method}");
        assert_eq!(ada.walk(&format!("{path}/likes?limit=100")).await.len(), expected);
    }
}
