//! GET /v1/artifacts

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use harness::{Person, Value, database, json, together};
use uuid::Uuid;

/// A type that no other test has, so that the gallery of all tests can be looked through.
fn new_type() -> String {
    format!("type-{}", Uuid::new_v4().simple())
}

async fn create(person: &Person, title: &str, visibility: &str, kind: &str) -> String {
    let body = json!({"title": title, "visibility": visibility, "type": kind});
    person.post("/v1/artifacts", body).await.expect(201).id()
}

fn titles(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["title"].as_str().expect("a title")).collect()
}

#[tokio::test]
async fn the_gallery_shows_what_is_public_and_there() {
    let (ada, kind) = (Person::register().await, new_type());
    let _ = create(&ada, "first", "public", &kind).await;
    let _ = create(&ada, "private", "private", &kind).await;
    let deleted = create(&ada, "deleted", "public", &kind).await;
    let last = create(&ada, "last", "public", &kind).await;
    let _ = ada.delete(&format!("/v1/artifacts/{deleted}")).await.expect(204);
    for person in [&ada, &Person::register().await, &Person::anonymous()] {
        let items = person.walk(&format!("/v1/artifacts?type={kind}")).await;
        assert_eq!(titles(&items), ["last", "first"]);
        assert!(person.walk(&format!("/v1/artifacts?type={kind}&visibility=private")).await.is_empty());
        let public = person.walk(&format!("/v1/artifacts?type={kind}&visibility=public")).await;
        assert_eq!(public, items);
        assert_eq!(items[0], person.get(&format!("/v1/artifacts/{last}")).await.expect(200).json);
    }
    let newest = Person::anonymous().get("/v1/artifacts?limit=100").await.expect(200);
    assert!(newest.json["items"].as_array().expect("items").iter().all(|item| item["visibility"] == "public"));
}

#[tokio::test]
async fn ones_own_list_has_the_private_ones_too() {
    let (ada, bob, kind) = (Person::register().await, Person::register().await, new_type());
    let _ = create(&ada, "public", "public", &kind).await;
    let _ = create(&ada, "private", "private", &kind).await;
    let _ = create(&ada, "other type", "private", "code").await;
    let deleted = create(&ada, "deleted", "private", &kind).await;
    let _ = ada.delete(&format!("/v1/artifacts/{deleted}")).await.expect(204);
    let _ = create(&bob, "bob's", "public", &kind).await;
    for (query, expected) in [
        ("owner=me".to_owned(), vec!["other type", "private", "public"]),
        (format!("owner=me&type={kind}"), vec!["private", "public"]),
        ("owner=me&visibility=private".to_owned(), vec!["other type", "private"]),
        (format!("owner=me&visibility=public&type={kind}"), vec!["public"]),
        (format!("owner=me&type={}", new_type()), vec![]),
    ] {
        assert_eq!(titles(&ada.walk(&format!("/v1/artifacts?{query}")).await), expected, "{query}");
    }
}

#[tokio::test]
async fn a_makers_list_is_public() {
    let (ada, bob, kind) = (Person::register().await, Person::register().await, new_type());
    let _ = create(&ada, "public", "public", &kind).await;
    let _ = create(&ada, "private", "private", &kind).await;
    let _ = create(&ada, "code", "public", "code").await;
    for person in [&ada, &bob, &Person::anonymous()] {
        for (query, expected) in [
            (format!("owner={}", ada.handle()), vec!["code", "public"]),
            (format!("owner={}", ada.handle().to_uppercase()), vec!["code", "public"]),
            (format!("owner={}&type={kind}", ada.handle()), vec!["public"]),
            (format!("owner={}&visibility=private", ada.handle()), vec![]),
            (format!("owner={}", bob.handle()), vec![]),
            ("owner=nobody-has-this".to_owned(), vec![]),
        ] {
            assert_eq!(titles(&person.walk(&format!("/v1/artifacts?{query}")).await), expected, "{query}");
        }
    }
}

#[tokio::test]
async fn ones_own_list_needs_a_token() {
    let mut person = Person::anonymous();
    let _ = person.get("/v1/artifacts?owner=me").await.expect_problem(401, "unauthenticated");
    person.token = Some("atelier_wrong".to_owned());
    let _ = person.get("/v1/artifacts?owner=me").await.expect_problem(401, "unauthenticated");
    let _ = person.get("/v1/artifacts").await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn pages_visit_each_item_once_while_others_arrive() {
    let (ada, kind) = (Person::register().await, new_type());
    let mut expected = Vec::new();
    for index in 0..7 {
        expected.insert(0, create(&ada, &index.to_string(), "public", &kind).await);
    }
    let queries = [format!("type={kind}"), "owner=me".to_owned(), format!("owner={}&type={kind}", ada.handle())];
    for query in queries {
        let (mut visited, mut next, mut late) = (Vec::new(), Some(String::new()), Vec::new());
        while let Some(cursor) = next {
            let page = ada.get(&format!("/v1/artifacts?{query}&limit=2{cursor}")).await.expect(200);
            visited.extend(page.json["items"].as_array().expect("items").iter().cloned());
            next = page.json["next_cursor"].as_str().map(|cursor| format!("&cursor={cursor}"));
            late.push(create(&ada, "late", "public", &kind).await);
        }
        for late in late {
            let _ = ada.delete(&format!("/v1/artifacts/{late}")).await.expect(204);
        }
        let ids: Vec<&str> = visited.iter().map(|item| item["id"].as_str().expect("an id")).collect();
        assert_eq!(ids, expected, "{query}");
    }
}

#[tokio::test]
async fn pages_visit_each_item_once_where_all_are_of_one_moment() {
    let (ada, kind) = (Person::register().await, new_type());
    for index in 0..5 {
        let _ = create(&ada, &index.to_string(), "public", &kind).await;
    }
    let moment = "update artifacts set created_at = '2026-01-02 03:04:05.678901+00' where type = $1";
    assert_eq!(database::behind().await.execute(moment, &[&kind]).await.expect("works"), 5);
    for limit in 1..=6 {
        let items = ada.walk(&format!("/v1/artifacts?type={kind}&limit={limit}")).await;
        assert_eq!(titles(&items), ["4", "3", "2", "1", "0"], "by {limit}");
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    for (query, pointer) in [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("limit=-1", "/query/limit"),
        ("limit=ten", "/query/limit"),
        ("limit=", "/query/limit"),
        ("limit=99999999999999999999", "/query/limit"),
        ("cursor=", "/query/cursor"),
        ("cursor=nonsense", "/query/cursor"),
        ("cursor=AAAA", "/query/cursor"),
        ("cursor=%00", "/query"),
        ("visibility=secret", "/query/visibility"),
        ("type=", "/query/type"),
        ("owner=", "/query/owner"),
        ("offset=3", "/query/offset"),
        ("sort=best", "/query/sort"),
        ("sort=", "/query/sort"),
        ("sort=newest&q=clock", "/query/sort"),
        ("sort=newest&cursor=gAAAAAAAAAABmfDFb158Op1kDyp_bzoQ", "/query/cursor"),
        ("tool_name=", "/query/tool_name"),
        ("code_language=", "/query/code_language"),
        ("q=", "/query/q"),
        ("q=%20", "/query/q"),
        ("q=%00", "/query"),
    ] {
        let reply = ada.get(&format!("/v1/artifacts?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer], "{query}");
    }
}

/// A cursor is not signed: whatever time someone writes into one, the database must be able to compare with it.
#[tokio::test]
async fn cursors_of_any_time_are_answered() {
    let ada = Person::register().await;
    // From before PostgreSQL's first day to what no calendar holds.
    for microseconds in
        [i64::MIN, -377_000_000_000_000_000, -210_866_803_200_000_001, 0, 253_402_000_000_000_000, i64::MAX]
    {
        let mut bytes = microseconds.to_be_bytes().to_vec();
        bytes.extend([0; 16]);
        let cursor = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        for query in ["owner=me", "sort=most_liked", "sort=most_forked", "sort=trending", "q=clock"] {
            let reply = ada.get(&format!("/v1/artifacts?{query}&cursor={cursor}")).await;
            assert!([200, 422].contains(&reply.status), "{query} {microseconds}: {}", reply.json);
        }
    }
}

/// Words that no other test's artifacts have.
fn new_word() -> String {
    let letters = |c: char| if c.is_ascii_digit() { char::from(c as u8 - b'0' + b'g') } else { c };
    Uuid::new_v4().simple().to_string().chars().take(16).map(letters).collect()
}

async fn save(person: &Person, body: Value) -> String {
    let mut new = json!({
        "title": "A clock", "visibility": "public", "version": {"files": [{"path": "a.txt", "content": "tick"}]}
    });
    for (name, value) in body.as_object().expect("fields") {
        new[name] = value.clone();
    }
    person.post("/v1/artifacts", new).await.expect(201).id()
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().expect("an id")).collect()
}

async fn listed(person: &Person, query: &str) -> Vec<String> {
    let items = person.walk(&format!("/v1/artifacts?limit=2&{query}")).await;
    ids(&items).into_iter().map(str::to_owned).collect()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

async fn find(person: &Person, words: &str) -> Vec<String> {
    listed(person, &format!("q={}", encoded(words))).await
}

/// So many likes by people made up for it; fewer than there are takes some away.
async fn like(artifact_id: &str, likes: i64) {
    let id: Uuid = artifact_id.parse().expect("an id");
    let client = database::behind().await;
    let people = "insert into users (id, email)
        select md5('liker' || n)::uuid, 'liker' || n || '@example.com' from generate_series(1, 300) n on conflict do nothing";
    let _ = client.execute(people, &[]).await.expect("works");
    let delete = "delete from artifact_likes where artifact_id = $1";
    let insert = "insert into artifact_likes (artifact_id, user_id)
        select $1, md5('liker' || n)::uuid from generate_series(1, $2::bigint) n";
    let _ = client.execute(delete, &[&id]).await.expect("works");
    let _ = client.execute(insert, &[&id, &likes]).await.expect("works");
}

#[tokio::test]
async fn each_order_is_kept_over_pages() {
    let (ada, bob, kind) = (Person::register().await, Person::register().await, new_type());
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(save(&ada, json!({"type": kind})).await);
    }
    for (index, likes) in [(0, 3), (1, 12), (3, 3)] {
        like(&made[index], likes).await;
    }
    for index in [2, 2, 0] {
        let _ = bob.post(&format!("/v1/artifacts/{}/forks", made[index]), json!({})).await.expect(201);
    }
    for (sort, expected) in [
        ("newest", [4, 3, 2, 1, 0]),
        ("most_liked", [1, 3, 0, 4, 2]),
        ("most_forked", [2, 0, 4, 3, 1]),
        // 12 likes; two forks; a fork and three likes, which weigh the same, but it is older; three likes; nothing.
        ("trending", [1, 2, 0, 3, 4]),
    ] {
        let expected: Vec<&str> = expected.into_iter().map(|index: usize| made[index].as_str()).collect();
        for owner in ["", "&owner=me", &format!("&owner={}", ada.handle())] {
            for limit in [1, 2, 5, 100] {
                let path = format!("/v1/artifacts?type={kind}{owner}&sort={sort}&limit={limit}");
                let items = ada.walk(&path).await;
                if sort == "trending" {
                    assert_eq!(ids(&items)[0], expected[0], "{path}");
                    assert_eq!(ids(&items)[3..], expected[3..], "{path}");
                } else {
                    assert_eq!(ids(&items), expected, "{path}");
                }
            }
        }
    }
}

/// The formula of docs/gallery.md: ten times as much weighs as much as a day.
#[tokio::test]
async fn what_trends_is_new_or_liked_by_many() {
    let (ada, kind) = (Person::register().await, new_type());
    let client = database::behind().await;
    let mut made = Vec::new();
    for (hours, likes) in [(0_i64, 0), (1, 0), (23, 9), (25, 9), (47, 99), (49, 99)] {
        let id = save(&ada, json!({"type": kind})).await;
        let age = "update artifacts set created_at = now() - $2::bigint * interval '1 hour' where id = $1";
        let _ = client.execute(age, &[&id.parse::<Uuid>().expect("an id"), &hours]).await.expect("works");
        like(&id, likes).await;
        made.push(id);
    }
    let expected = [2, 4, 0, 3, 1, 5].map(|index: usize| made[index].clone());
    let found = listed(&ada, &format!("type={kind}&sort=trending")).await;
    // Those made within the hour of each other may change places by what the test itself takes.
    let place = |id: &String| found.iter().position(|other| other == id).expect("listed");
    assert_eq!(found.len(), 6);
    assert!(place(&expected[0]) < place(&made[0]) && place(&expected[1]) < place(&made[0]));
    assert!(place(&made[3]) > place(&made[0]) && place(&made[5]) > place(&made[0]));
}

/// However many like at once: the counters are exact, and so is the order, below 128.
#[tokio::test]
async fn the_order_follows_a_storm_of_likes() {
    let (ada, kind) = (Person::register().await, new_type());
    let (rival, liked) = (save(&ada, json!({"type": kind})).await, save(&ada, json!({"type": kind})).await);
    like(&rival, 60).await;
    let id: Uuid = liked.parse().expect("an id");
    let storm = together((0..20_i64).map(|liker| async move {
        let client = database::behind().await;
        for round in 0..8_i64 {
            let user = liker * 8 + round + 1;
            let insert =
                "insert into artifact_likes (artifact_id, user_id) values ($1, md5('liker' || $2::bigint)::uuid)";
            let _ = client.execute(insert, &[&id, &user]).await.expect("likes");
            if round % 2 == 1 {
                let delete =
                    "delete from artifact_likes where artifact_id = $1 and user_id = md5('liker' || $2::bigint)::uuid";
                let _ = client.execute(delete, &[&id, &user]).await.expect("likes no more");
            }
        }
    }));
    let _ = storm.await;
    let read = ada.get(&format!("/v1/artifacts/{liked}")).await.expect(200);
    assert_eq!(read.json["likes_count"], 80);
    let sorted = database::number("select likes from artifact_listings where artifact_id = $1", &[&id]).await;
    assert_eq!(sorted, 80);
    assert_eq!(listed(&ada, &format!("type={kind}&sort=most_liked")).await, [liked.clone(), rival]);
    like(&liked, 299).await;
    assert_eq!(ada.get(&format!("/v1/artifacts/{liked}")).await.expect(200).json["likes_count"], 299);
    let sorted = database::number("select likes from artifact_listings where artifact_id = $1", &[&id]).await;
    assert_eq!(sorted, 296);
}

#[tokio::test]
async fn every_filter_narrows() {
    let (ada, kind, tool, language) = (Person::register().await, new_type(), new_type(), new_word());
    let version = json!({"code_language": language, "files": [{"path": "a.txt", "content": "tick"}]});
    let all = save(&ada, json!({"type": kind, "tool_name": tool, "version": version})).await;
    let tooled = save(&ada, json!({"type": kind, "tool_name": tool})).await;
    let written = save(&ada, json!({"type": kind, "version": version})).await;
    let private = save(&ada, json!({"tool_name": tool, "visibility": "private"})).await;
    let (of_kind, of_tool, of_language) =
        (format!("type={kind}"), format!("tool_name={tool}"), format!("code_language={language}"));
    for sort in ["newest", "most_liked", "most_forked", "trending"] {
        for (query, expected) in [
            (of_kind.clone(), vec![&written, &tooled, &all]),
            (of_tool.clone(), vec![&tooled, &all]),
            (of_language.clone(), vec![&written, &all]),
            (format!("{of_kind}&{of_tool}&{of_language}"), vec![&all]),
            (format!("{of_tool}&owner=me"), vec![&private, &tooled, &all]),
            (format!("{of_tool}&owner=me&visibility=private"), vec![&private]),
            (format!("{of_tool}&owner={}", ada.handle()), vec![&tooled, &all]),
            (format!("{of_tool}&visibility=private"), vec![]),
            (format!("{of_tool}&type=code&code_language={language}"), vec![]),
        ] {
            let found = listed(&ada, &format!("{query}&sort={sort}")).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query} by {sort}");
        }
    }
    // What changes, changes in the lists at once.
    let _ = ada.patch(&format!("/v1/artifacts/{tooled}"), "*", json!({"tool_name": null})).await.expect(200);
    let _ = ada.publish(&all, "tock").await;
    assert_eq!(listed(&ada, &of_tool).await, [&*all]);
    assert_eq!(listed(&ada, &of_language).await, [&*written]);
}

#[tokio::test]
async fn the_title_counts_more_than_the_description_and_that_more_than_code() {
    let (ada, bob, word) = (Person::register().await, Person::register().await, new_word());
    let code = json!({"files": [{"path": "a.js", "content": format!("function draw() {{ return <{word}>.tock; }}\n").repeat(50)}]});
    let in_code = save(&ada, json!({"version": code})).await;
    let described = save(&ada, json!({"description": format!("It has a {word} inside.")})).await;
    let long = save(&ada, json!({"title": format!("A very long and winding title with a {word}.js in it")})).await;
    let titled = save(&ada, json!({"title": word.to_uppercase()})).await;
    for person in [&ada, &bob, &Person::anonymous()] {
        assert_eq!(find(person, &word).await, [&*titled, &*long, &*described, &*in_code]);
        assert_eq!(find(person, &format!("{word} tock")).await[0], in_code);
        assert_eq!(find(person, &format!("\"{word}\" tock")).await, [&*in_code]);
        assert_eq!(find(person, &format!("\"winding title\" {word}")).await, [&*long]);
        assert_eq!(find(person, &format!("{word} -winding -tock -inside")).await, [&*titled]);
        assert!(find(person, &format!("\"{word}\" {}", new_word())).await.is_empty());
    }
    let found = &bob.walk(&format!("/v1/artifacts?q={word}")).await[0];
    assert_eq!(found, &bob.get(&format!("/v1/artifacts/{titled}")).await.expect(200).json);
}

#[tokio::test]
async fn code_that_came_by_the_names_of_an_older_system_is_found() {
    let (ada, id, word, older) = (Person::register().await, Uuid::now_v7(), new_word(), new_word());
    let client = database::behind().await;
    let insert = "
        insert into storage.artifacts (id, owner_user_id, title, visibility)
        values ($1, $2::text::uuid, 'A clock', 'public')";
    client.execute(insert, &[&id, &ada.id()]).await.expect("an artifact");
    for (index, code) in [format!("show({older})"), format!("show({word})")].iter().enumerate() {
        let insert = "
            insert into storage.artifact_versions (artifact_id, version_index, code_content, code_language)
            values ($1, $2, $3, 'javascript')";
        let index = i32::try_from(index).expect("small") + 1;
        client.execute(insert, &[&id, &index, code]).await.expect("a version");
    }
    assert_eq!(find(&ada, &word).await, [id.to_string()]);
    assert!(find(&ada, &older).await.is_empty(), "only an earlier version has it");
}

#[tokio::test]
async fn search_is_narrowed_by_the_same_filters() {
    let (ada, bob, word, kind) = (Person::register().await, Person::register().await, new_word(), new_type());
    let public = save(&ada, json!({"title": word, "type": kind, "tool_name": kind})).await;
    let private = save(&ada, json!({"title": word, "visibility": "private"})).await;
    let bobs =
        save(&bob, json!({"title": word, "version": {"code_language": kind, "files": [{"path": "a", "content": ""}]}}))
            .await;
    for (person, query, expected) in [
        (&ada, "", vec![&bobs, &private, &public]),
        (&bob, "", vec![&bobs, &public]),
        (&Person::anonymous(), "", vec![&bobs, &public]),
        (&ada, "&owner=me", vec![&private, &public]),
        (&ada, "&owner=me&visibility=public", vec![&public]),
        (&ada, "&visibility=private", vec![&private]),
        (&bob, "&visibility=private", vec![]),
        (&ada, &format!("&owner={}", ada.handle()), vec![&public]),
        (&ada, &format!("&owner={}", bob.handle()), vec![&bobs]),
        (&ada, "&owner=nobody-has-this", vec![]),
        (&ada, &format!("&owner={}&visibility=private", ada.handle()), vec![]),
        (&bob, &format!("&type={kind}"), vec![&public]),
        (&bob, &format!("&tool_name={kind}"), vec![&public]),
        (&bob, &format!("&code_language={kind}"), vec![&bobs]),
    ] {
        let found = listed(person, &format!("q={word}{query}")).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let _ = Person::anonymous()
        .get(&format!("/v1/artifacts?q={word}&owner=me"))
        .await
        .expect_problem(401, "unauthenticated");
}

/// What is published, hidden, renamed, thrown away or forked is found so in the next request.
#[tokio::test]
async fn search_knows_what_was_just_done() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let [first, second, third] = [new_word(), new_word(), new_word()];
    let files = |word: &str| json!([{"path": "a.js", "content": word}, {"path": "b.js", "content": "draw();"}]);
    let id = save(&ada, json!({"version": {"files": files(&first)}})).await;
    let path = format!("/v1/artifacts/{id}");
    assert_eq!(find(&bob, &first).await, [&*id]);
    let _ = ada.publish_files(&id, files(&second)).await;
    assert_eq!((find(&bob, &first).await.len(), find(&bob, &second).await.len()), (0, 1));
    // By the hash of bytes that the artifact has, without their text.
    let sha256 = shared::text::Sha256::of(second.as_bytes()).to_string();
    let _ =
        ada.publish_files(&id, json!([{"path": "c.js", "sha256": sha256}, {"path": "d.js", "content": third}])).await;
    assert_eq!((find(&bob, &second).await.len(), find(&bob, &third).await.len()), (1, 1));
    let fork = bob.post(&format!("{path}/forks"), json!({"title": "A fork"})).await.expect(201).id();
    assert_eq!(find(&bob, &third).await, [&*fork, &*id]);
    assert_eq!(find(&ada, &third).await, [&*id]);
    let old = bob.post(&format!("{path}/forks"), json!({"version": 1, "title": "An old fork"})).await.expect(201).id();
    assert_eq!(find(&bob, &first).await, [&*old]);
    let _ = ada.patch(&path, "*", json!({"title": first})).await.expect(200);
    assert_eq!(find(&bob, &first).await, [&*id, &*old]);
    let _ = ada.patch(&path, "*", json!({"visibility": "private"})).await.expect(200);
    assert_eq!(find(&bob, &first).await, [&*old]);
    assert_eq!(find(&ada, &first).await, [&*id]);
    let _ = ada.delete(&path).await.expect(204);
    assert!(find(&ada, &first).await.is_empty());
}

#[tokio::test]
async fn a_mistyped_word_finds_titles_like_it() {
    let (ada, word) = (Person::register().await, new_word());
    let titled = save(&ada, json!({"title": format!("The {word} of Prague")})).await;
    let private = save(&ada, json!({"title": format!("A private {word}"), "visibility": "private"})).await;
    let mut mistyped: Vec<char> = word.chars().collect();
    mistyped.swap(7, 8);
    let mistyped: String = mistyped.into_iter().collect();
    let bob = Person::register().await;
    assert_eq!(find(&bob, &mistyped).await, [&*titled]);
    let found = find(&ada, &mistyped).await;
    assert!(found.contains(&titled) && found.contains(&private) && found.len() == 2, "{found:?}");
    assert!(listed(&bob, &format!("q={mistyped}&type={}", new_type())).await.is_empty());
}

#[tokio::test]
async fn any_language_is_found() {
    let (ada, kind) = (Person::register().await, new_type());
    let save = |title: &'static str| save_titled(&ada, title, &kind);
    let (coffee, clock, time) = (save("Café zum Glück").await, save("東京の時計").await, save("Часы").await);
    let code =
        json!({"title": "plain", "type": kind, "version": {"files": [{"path": "a", "content": "// 時計を描く"}]}});
    let drawn = ada.post("/v1/artifacts", code).await.expect(201).id();
    for (words, expected) in [
        ("cafe", vec![&coffee]),
        ("café", vec![&coffee]),
        ("GLÜCK", vec![&coffee]),
        ("時計", vec![&clock, &drawn]),
        ("часы", vec![&time]),
    ] {
        let mut found = listed(&ada, &format!("type={kind}&owner=me&q={}", encoded(words))).await;
        found.sort();
        let mut expected: Vec<&String> = expected;
        expected.sort();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{words}");
    }
}

async fn save_titled(person: &Person, title: &str, kind: &str) -> String {
    person.post("/v1/artifacts", json!({"title": title, "type": kind})).await.expect(201).id()
}

#[tokio::test]
async fn pages_of_a_search_visit_each_item_once() {
    let (ada, word) = (Person::register().await, new_word());
    let mut made = Vec::new();
    for index in 0..7 {
        let body = if index % 2 == 0 { json!({"title": word}) } else { json!({"description": word}) };
        made.push(save(&ada, body).await);
    }
    let expected = [6, 4, 2, 0, 5, 3, 1].map(|index: usize| made[index].clone());
    for limit in 1..=8 {
        let items = Person::anonymous().walk(&format!("/v1/artifacts?q={word}&limit={limit}")).await;
        assert_eq!(ids(&items), expected, "by {limit}");
    }
}

#[tokio::test]
async fn odd_words_are_answered() {
    let ada = Person::register().await;
    let most = "w ".repeat(100);
    for words in [
        "'",
        "\"",
        "\"\"",
        "-",
        "--",
        "- -a",
        "-clock",
        "or",
        "or or or",
        "a or -b",
        "(((",
        "&|!<->:*",
        "\\",
        "%_",
        "\u{1}",
        "\u{1f}",
        "\u{202e}",
        "💣",
        "ﷺ",
        "e\u{301}",
        &"x".repeat(200),
        &most,
        "<canvas>",
        "a\tb\nc",
        "'; drop table users; --",
    ] {
        let reply = ada.get(&format!("/v1/artifacts?q={}", encoded(words))).await;
        assert!([200, 422].contains(&reply.status), "{words:?}: {}", reply.json);
    }
    // Only what not to find would be everything.
    assert!(find(&ada, "-clock").await.is_empty());
    // More than a tsvector holds, NUL, and words of a size that none can have, are stored all the same.
    let ligatures = "ﷺ".repeat(60) + " ";
    for content in [ligatures.repeat(5_000), "a\u{0}b ".repeat(100), "y".repeat(500_000), "時".repeat(100_000)] {
        let word = new_word();
        let files = json!([{"path": "a", "content": content}, {"path": "b", "content": word}]);
        let id = save(&ada, json!({"title": word, "version": {"files": files}})).await;
        assert_eq!(find(&ada, &word).await, [&*id]);
    }
}

#[tokio::test]
async fn the_trash_is_its_owners_alone() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let mut ids = Vec::new();
    for visibility in ["public", "private", "public", "public"] {
        ids.push(ada.create_artifact(visibility, "draw();\n").await.id());
    }
    for id in [&ids[2], &ids[0], &ids[1]] {
        let _ = ada.delete(&format!("/v1/artifacts/{id}")).await.expect(204);
    }
    for path in ["/v1/artifacts?trashed=true&limit=1", "/v1/artifacts?trashed=true&owner=me&limit=2"] {
        let items = ada.walk(path).await;
        let found: Vec<&str> = items.iter().map(|item| item["id"].as_str().expect("an id")).collect();
        assert_eq!(found, [&ids[1], &ids[0], &ids[2]], "the last thrown away first");
        assert!(items.iter().all(|item| item["deleted_at"].is_string()));
    }
    assert_eq!(ada.walk("/v1/artifacts?trashed=true&visibility=private").await.len(), 1);
    assert_eq!(ada.walk("/v1/artifacts?trashed=false&owner=me").await.len(), 1);
    assert!(bob.walk("/v1/artifacts?trashed=true").await.is_empty());
    let _ = Person::anonymous().get("/v1/artifacts?trashed=true").await.expect_problem(401, "unauthenticated");
    let others = format!("/v1/artifacts?trashed=true&owner={}", ada.handle());
    assert_eq!(bob.get(&others).await.expect_problem(422, "invalid").pointers(), ["/query/owner"]);
    for (query, found) in [("type=code", 3), ("type=no-such-type", 0), ("code_language=none", 0), ("tool_name=none", 0)]
    {
        assert_eq!(ada.walk(&format!("/v1/artifacts?trashed=true&{query}")).await.len(), found, "{query}");
    }
    for (query, pointer) in [("q=clock", "/query/q"), ("sort=newest", "/query/sort")] {
        let reply = ada.get(&format!("/v1/artifacts?trashed=true&{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
    let reply = ada.get("/v1/artifacts?trashed=maybe").await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/trashed"]);
}
