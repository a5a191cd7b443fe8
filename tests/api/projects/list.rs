//! GET /v1/projects

use harness::{Person, Value, database, json};

const PATH: &str = "/v1/projects";

async fn create(person: &Person, body: Value) -> String {
    person.post(PATH, body).await.expect(201).id()
}

async fn names(person: &Person, query: &str) -> Vec<String> {
    let items = person.walk(&format!("{PATH}?limit=2{query}")).await;
    items.iter().map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn each_sees_their_own_newest_first() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    assert_eq!(ada.get(PATH).await.expect(200).json, json!({"items": [], "next_cursor": null}));
    for name in ["1", "2", "3", "4", "5"] {
        create(&ada, json!({ "name": name })).await;
    }
    create(&bob, json!({"name": "bob's"})).await;
    assert_eq!(names(&ada, "").await, ["5", "4", "3", "2", "1"]);
    assert_eq!(names(&bob, "").await, ["bob's"]);
    let _ = Person::anonymous().get(PATH).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_list_shows_what_is_active_unless_asked_for_more() {
    let ada = Person::register().await;
    create(&ada, json!({"name": "active"})).await;
    for status in ["archived", "deleted"] {
        let id = create(&ada, json!({ "name": status })).await;
        ada.make_project(&id, status).await;
    }
    assert_eq!(names(&ada, "").await, ["active"]);
    for status in ["active", "archived", "deleted"] {
        assert_eq!(names(&ada, &format!("&status={status}")).await, [status]);
        let items = ada.walk(&format!("{PATH}?status={status}")).await;
        assert_eq!(items[0]["status"], status);
    }
}

#[tokio::test]
async fn filters_narrow_a_list() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let container = database::container(ada.id(), "running").await;
    create(&ada, json!({"name": "1", "type": "vue"})).await;
    create(&ada, json!({"name": "2", "type": "vue", "container_id": container})).await;
    let archived = create(&ada, json!({"name": "3", "type": "vue", "container_id": container})).await;
    create(&ada, json!({"name": "4", "container_id": container})).await;
    ada.make_project(&archived, "archived").await;
    assert_eq!(names(&ada, "&type=vue").await, ["2", "1"]);
    assert_eq!(names(&ada, "&type=Vue").await, [""; 0]);
    assert_eq!(names(&ada, &format!("&container_id={container}")).await, ["4", "2"]);
    assert_eq!(names(&ada, &format!("&container_id={container}&type=vue")).await, ["2"]);
    assert_eq!(names(&ada, &format!("&container_id={container}&type=vue&status=archived")).await, ["3"]);
    assert_eq!(names(&bob, &format!("&container_id={container}")).await, [""; 0]);
}

/// A page holds fewer items where they would be more than a function may answer.
#[tokio::test]
async fn a_page_of_large_projects_is_short() {
    let ada = Person::register().await;
    let large = json!({"a": "x".repeat(60_000)});
    for index in 0..45 {
        create(&ada, json!({"name": index.to_string(), "metadata": large, "settings": large})).await;
    }
    let page = ada.get(&format!("{PATH}?limit=100")).await.expect(200);
    assert!(page.bytes.len() < 5 * 1024 * 1024, "{}", page.bytes.len());
    assert!(page.json["next_cursor"].is_string());
    let visited = ada.walk(&format!("{PATH}?limit=100")).await;
    let visited: Vec<&str> = visited.iter().map(|item| item["name"].as_str().expect("a name")).collect();
    let expected: Vec<String> = (0..45).rev().map(|index| index.to_string()).collect();
    assert_eq!(visited, expected);
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    for (query, pointer) in [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("cursor=7", "/query/cursor"),
        ("status=all", "/query/status"),
        ("status=", "/query/status"),
        ("type=", "/query/type"),
        ("container_id=7", "/query/container_id"),
        ("name=a", "/query/name"),
    ] {
        let reply = ada.get(&format!("{PATH}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}
