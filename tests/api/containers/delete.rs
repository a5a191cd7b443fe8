//! DELETE /v1/containers/{id}

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn a_container_is_hidden_with_its_files() {
    let ada = Person::register().await;
    let made = ada.post("/v1/containers", json!({"name": "A sandbox", "assign_port": true})).await.expect(201);
    let path = made.header("location").to_owned();
    let file = ada.put_file(&made.id(), "clock.js", "draw();\n").await.id();
    let _ = ada.delete(&path).await.expect(204);
    for hidden in [path.clone(), format!("{path}/files"), format!("{path}/checkpoints"), format!("/v1/files/{file}")] {
        let _ = ada.get(&hidden).await.expect_problem(404, "not_found");
    }
    let put = json!({"path": "a", "content": ""});
    let _ = ada.send_with("PUT", &format!("{path}/files"), &[], put).await.expect_problem(404, "not_found");
    let _ = ada.delete(&format!("/v1/files/{file}")).await.expect_problem(404, "not_found");
    let _ = ada.patch(&path, "*", json!({"name": "x"})).await.expect_problem(404, "not_found");
    let _ = ada.delete(&path).await.expect_problem(404, "not_found");
    assert!(ada.walk("/v1/containers").await.is_empty());
    let deleted = ada.walk("/v1/containers?status=deleted").await;
    assert_eq!((deleted.len(), &deleted[0]["assigned_port"]), (1, &json!(null)));
}

#[tokio::test]
async fn someone_elses_container_stays() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let made = ada.create_container().await;
    let _ = bob.delete(made.header("location")).await.expect_problem(404, "not_found");
    let _ = ada.delete(&format!("/v1/containers/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.delete("/v1/containers/7").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().delete(made.header("location")).await.expect_problem(401, "unauthenticated");
    assert_eq!(ada.walk("/v1/containers").await.len(), 1);
}
