//! POST /v1/containers/{id}/checkpoints/{checkpoint}/restore

use harness::{Person, Value, database::behind, json, together};
use uuid::Uuid;

/// What a tree is: paths, hashes, sizes, types.
async fn tree(person: &Person, container: &str) -> Vec<[Value; 4]> {
    let files = person.walk(&format!("/v1/containers/{container}/files")).await;
    let told = |file: &Value| ["file_path", "file_size", "mime_type"].map(|field| file[field].clone());
    files
        .iter()
        .map(|file| {
            let [path, size, mime_type] = told(file);
            [path, file["blob"]["sha256"].clone(), size, mime_type]
        })
        .collect()
}

async fn checkpoint(person: &Person, container: &str) -> String {
    let path = format!("/v1/containers/{container}/checkpoints");
    let id = person.post(&path, json!({"name": "Here"})).await.expect(201).id();
    format!("{path}/{id}/restore")
}

#[tokio::test]
async fn the_tree_becomes_what_it_was() {
    let ada = Person::register().await;
    let container = ada.create_container().await.id();
    let files = format!("/v1/containers/{container}/files");
    let mut ids = Vec::new();
    for path in ["changed", "deleted", "deleted and put anew", "kept", "retyped"] {
        ids.push(ada.put_file(&container, path, path).await.id());
    }
    let before = tree(&ada, &container).await;
    let restore = checkpoint(&ada, &container).await;

    let _ = ada.put_file(&container, "changed", "otherwise").await;
    let _ = ada.put_file(&container, "added", "since").await;
    let _ =
        ada.put(&files, json!({"path": "retyped", "content": "retyped", "mime_type": "text/css"})).await.expect(200);
    for id in &ids[1..3] {
        let _ = ada.delete(&format!("/v1/files/{id}")).await.expect(204);
    }
    let _ = ada.put_file(&container, "deleted and put anew", "anew").await;
    let after = tree(&ada, &container).await;
    let back = checkpoint(&ada, &container).await;

    let restored = ada.post(&restore, json!({})).await.expect(200);
    assert_eq!(restored.json["files_count"], 5);
    assert_eq!(tree(&ada, &container).await, before);
    let _ = ada.post(&back, json!({})).await.expect(200);
    assert_eq!(tree(&ada, &container).await, after);
    let _ = ada.post(&restore, json!({})).await.expect(200);
    let _ = ada.post(&restore, json!({})).await.expect(200);
    assert_eq!(tree(&ada, &container).await, before);
    let history = ada.walk(&format!("/v1/files/{}/history", ids[0])).await;
    assert_eq!(history.len(), 5, "what it held meanwhile stays: {history:?}");
    assert_eq!(ada.walk(&files).await[0]["id"], json!(ids[0]));
}

#[tokio::test]
async fn what_is_gone_for_good_comes_back_and_all_can_go() {
    let ada = Person::register().await;
    let container = ada.create_container().await.id();
    let empty = checkpoint(&ada, &container).await;
    for index in 0..120 {
        let _ = ada.put_file(&container, &format!("src/{index}"), "x").await;
    }
    let before = tree(&ada, &container).await;
    let full = checkpoint(&ada, &container).await;
    let _ = ada.post(&empty, json!({})).await.expect(200);
    assert!(tree(&ada, &container).await.is_empty());
    let removed = "delete from files where container_id = $1::text::uuid and file_path like 'src/1%'";
    assert!(behind().await.execute(removed, &[&container]).await.expect("the database can be changed") > 10);
    let _ = ada.post(&full, json!({})).await.expect(200);
    assert_eq!(tree(&ada, &container).await, before);
}

#[tokio::test]
async fn files_put_meanwhile_come_before_or_after() {
    let ada = Person::register().await;
    let container = ada.create_container().await.id();
    let _ = ada.put_file(&container, "0", "was").await;
    let restore = checkpoint(&ada, &container).await;
    let statuses = together((0..30).map(|index| {
        let (ada, container, restore) = (ada.clone(), container.clone(), restore.clone());
        async move {
            if index % 5 == 0 {
                return ada.post(&restore, json!({})).await.status;
            }
            let body = json!({"path": (index % 3).to_string(), "content": index.to_string()});
            ada.put(&format!("/v1/containers/{container}/files"), body).await.status
        }
    }))
    .await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let _ = ada.post(&restore, json!({})).await.expect(200);
    assert_eq!(tree(&ada, &container).await.len(), 1);
}

#[tokio::test]
async fn only_ones_own_checkpoint_of_this_container_is_restored() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (container, other) = (ada.create_container().await.id(), ada.create_container().await.id());
    let theirs = bob.create_container().await.id();
    let restore = checkpoint(&ada, &container).await;
    let _ = ada.put_file(&container, "clock.js", "one").await;
    let _ = ada.put_file(&other, "clock.js", "one").await;
    let _ = bob.put_file(&theirs, "clock.js", "one").await;
    let _ = bob.post(&restore, json!({})).await.expect_problem(404, "not_found");
    let _ = bob.post(&restore.replace(&container, &theirs), json!({})).await.expect_problem(404, "not_found");
    let _ = ada.post(&restore.replace(&container, &other), json!({})).await.expect_problem(404, "not_found");
    let nowhere = format!("/v1/containers/{container}/checkpoints/{}/restore", Uuid::now_v7());
    let _ = ada.post(&nowhere, json!({})).await.expect_problem(404, "not_found");
    let _ = ada.post(&restore, json!({"all": true})).await.expect_problem(422, "invalid");
    let _ = Person::anonymous().post(&restore, json!({})).await.expect_problem(401, "unauthenticated");
    for (person, container) in [(&ada, &container), (&ada, &other), (&bob, &theirs)] {
        assert_eq!(tree(person, container).await.len(), 1);
    }
    let _ = ada.delete(&format!("/v1/containers/{container}")).await.expect(204);
    let _ = ada.post(&restore, json!({})).await.expect_problem(404, "not_found");
}
