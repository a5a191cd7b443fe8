//! GET /v1/shared/{token}/messages

use harness::{Person, Value, database::behind, json};

async fn say(person: &Person, chat: &str, contents: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for content in contents {
        let message = json!({"role": "user", "content": content});
        ids.push(person.post(&format!("/v1/chats/{chat}/messages"), message).await.expect(201).id());
    }
    ids
}

fn contents(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["content"].as_str().expect("a text")).collect()
}

fn cursor(page: &Value) -> Option<String> {
    page["next_cursor"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_pinned_chat_is_read_to_its_message_and_counts_once() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let said = say(&ada, &chat, &["a", "b", "c", "d", "e"]).await;
    let path = ada.share(json!({"chat_id": chat, "message_id": said[3], "max_views": 1})).await;
    let opened = nobody.get(&format!("{path}?limit=2")).await.expect(200);
    assert_eq!(contents(opened.json["messages"]["items"].as_array().expect("items")), ["a", "b"]);
    let reader = nobody.sending("share-view", opened.json["view"].as_str().expect("a view"));
    let first = cursor(&opened.json["messages"]).expect("more");
    let page = reader.get(&format!("{path}/messages?limit=1&cursor={first}")).await.expect(200);
    assert_eq!(contents(page.json["items"].as_array().expect("items")), ["c"]);
    let next = cursor(&page.json).expect("more");
    let page = reader.get(&format!("{path}/messages?limit=1&cursor={next}")).await.expect(200);
    assert_eq!((contents(page.json["items"].as_array().expect("items")), cursor(&page.json)), (vec!["d"], None));
    // It is spent, but whoever came in reads to the end, and again.
    let _ = nobody.get(&path).await.expect_problem(410, "share_spent");
    assert_eq!(contents(&reader.walk(&format!("{path}/messages?limit=3")).await), ["a", "b", "c", "d"]);
    assert_eq!(ada.walk("/v1/shares").await[0]["views_count"], 1);
    // The place stays when its message goes.
    let _ = ada.delete(&format!("/v1/messages/{}", said[3])).await.expect(204);
    assert_eq!(contents(&reader.walk(&format!("{path}/messages")).await), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_live_chat_is_followed() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let path = ada.share(json!({"chat_id": chat, "max_views": 1})).await;
    let opened = nobody.get(&path).await.expect(200);
    assert_eq!(opened.json["messages"]["items"], json!([]));
    let reader = nobody.sending("share-view", opened.json["view"].as_str().expect("a view"));
    let mut next = cursor(&opened.json["messages"]).expect("where to look for more");
    for said in [&["a", "b"][..], &[], &["c"]] {
        say(&ada, &chat, said).await;
        let page = reader.get(&format!("{path}/messages?cursor={next}")).await.expect(200);
        assert_eq!(contents(page.json["items"].as_array().expect("items")), said);
        next = cursor(&page.json).expect("where to look for more");
    }
}

#[tokio::test]
async fn it_takes_the_view_of_an_opening() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let path = ada.share(json!({ "chat_id": chat })).await;
    let other = ada.share(json!({ "chat_id": chat })).await;
    let opened = nobody.get(&path).await.expect(200);
    let view = opened.json["view"].as_str().expect("a view").to_owned();
    let elsewhere = nobody.get(&other).await.expect(200).json["view"].as_str().expect("a view").to_owned();
    let later = format!("{:016x}{}", u64::from_str_radix(&view[..16], 16).expect("a time") + 1, &view[16..]);
    let messages = format!("{path}/messages");
    let _ = nobody.sending("share-view", &view).get(&messages).await.expect(200);
    let reply = nobody.get(&messages).await.expect_problem(401, "share_view_required");
    assert_eq!(reply.header("www-authenticate"), "Share");
    // The owner's own token opens nothing here, as nobody's is looked at.
    let _ = ada.get(&messages).await.expect_problem(401, "share_view_required");
    let over = "select encode(int8send(v) || sha256(view_key || int8send(v)), 'hex')
        from shares, extract(epoch from now() - interval '1 second') as e, cast(e as bigint) as v
        where token_hash = sha256(convert_to($1, 'utf8'))";
    let token = path.rsplit('/').next().expect("a token");
    let over: String = behind().await.query_one(over, &[&token]).await.expect("it works").get(0);
    assert_eq!(over.len(), view.len());
    for wrong in [
        elsewhere,
        later,
        over,
        String::new(),
        "x".to_owned(),
        view.to_uppercase(),
        "é".to_owned(),
        view[..79].to_owned(),
    ] {
        let reply = nobody.sending("share-view", &wrong).get(&messages).await;
        let _ = reply.expect_problem(401, "share_view_required");
    }
}

#[tokio::test]
async fn what_no_link_leads_to_is_not_found() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let path = ada.share(json!({ "artifact_id": artifact })).await;
    let reader = nobody.reader(&path).await;
    let _ = reader.get(&format!("{path}/messages")).await.expect_problem(404, "not_found");
    let _ = reader.get("/v1/shared/share_unknown/messages").await.expect_problem(404, "not_found");
    for (query, pointer) in [("limit=0", "/query/limit"), ("cursor=7", "/query/cursor"), ("after=7", "/query/after")] {
        let reply = reader.get(&format!("{path}/messages?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}

#[tokio::test]
async fn what_is_over_is_gone_for_readers_too() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let share =
        ada.post("/v1/shares", json!({"chat_id": chat, "expires_at": "2100-01-01T00:00:00Z"})).await.expect(201);
    let path = share.json["path"].as_str().expect("a path").to_owned();
    let other = ada.share(json!({ "chat_id": chat })).await;
    let (reader, messages) = (nobody.reader(&path).await, format!("{path}/messages"));
    let (other_reader, other_messages) = (nobody.reader(&other).await, format!("{other}/messages"));
    let _ = reader.get(&messages).await.expect(200);
    let expire = "update shares set expires_at = now() where id = $1::text::uuid";
    assert_eq!(behind().await.execute(expire, &[&share.id()]).await.expect("works"), 1);
    let _ = reader.get(&messages).await.expect_problem(410, "share_expired");
    let _ = other_reader.get(&other_messages).await.expect(200);
    let _ = ada.delete(&format!("/v1/chats/{chat}")).await.expect(204);
    let _ = other_reader.get(&other_messages).await.expect_problem(410, "share_gone");
}
