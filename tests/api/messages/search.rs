//! GET /v1/messages/search

use harness::{Person, Value, database, json};
use shared::page::RankCursor;
use uuid::Uuid;

/// A search, in a query.
fn path(query: &[(&str, &str)]) -> String {
    let pairs = query.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    format!("/v1/messages/search?{}", pairs.collect::<Vec<_>>().join("&"))
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn new_chat(person: &Person, texts: &[&str]) -> String {
    let chat = person.post("/v1/chats", json!({"title": "A chat"})).await.expect(201).id();
    for text in texts {
        say(person, &chat, "user", text).await;
    }
    chat
}

async fn say(person: &Person, chat: &str, role: &str, text: &str) {
    let body = json!({"role": role, "content": text});
    let _ = person.post(&format!("/v1/chats/{chat}/messages"), body).await.expect(201);
}

async fn found(person: &Person, query: &[(&str, &str)]) -> Vec<Value> {
    person.get(&path(query)).await.expect(200).json["items"].as_array().expect("items").clone()
}

async fn snippets(person: &Person, q: &str) -> Vec<String> {
    let mut snippets: Vec<String> = found(person, &[("q", q)])
        .await
        .iter()
        .map(|item| item["snippet"].as_str().expect("text").to_owned())
        .collect();
    snippets.sort();
    snippets
}

#[tokio::test]
async fn a_message_is_found_right_after_it_was_stored() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let chat = new_chat(&ada, &[]).await;
    for index in 0..20 {
        let word = format!("zebra{index}");
        assert!(found(&ada, &[("q", &word)]).await.is_empty());
        say(&ada, &chat, "user", &format!("A <b>{word}</b> & more")).await;
        let items = found(&ada, &[("q", &word)]).await;
        assert_eq!(items.len(), 1);
        assert_eq!(items[0]["snippet"], format!("A &lt;b&gt;<mark>{word}</mark>&lt;/b&gt; &amp; more"));
        assert!(found(&bob, &[("q", &word)]).await.is_empty());
    }
    let item = &found(&ada, &[("q", "zebra7")]).await[0];
    let listed = ada.walk(&format!("/v1/chats/{chat}/messages")).await;
    let message = listed.iter().find(|message| message["id"] == item["id"]).expect("it is listed");
    for field in ["chat_id", "role", "created_at"] {
        assert_eq!(item[field], message[field], "{field}");
    }
    assert_eq!(item["chat_title"], "A chat");
    assert!(item["rank"].as_f64().expect("a number") > 0.0);
    assert!(item.get("content").is_none());
}

#[tokio::test]
async fn words_phrases_exclusions_and_beginnings() {
    let ada = Person::register().await;
    let texts = [
        "Draw a round clock",
        "A clock to draw",
        "Clockwork orange",
        "Ein Café in Göteborg",
        "e\u{301}cole",
        "Привет, мир",
        "我们去东京塔",
        "東京タワーが好きです",
        "สวัสดีชาวโลก",
        "안녕하세요 세계",
        "मुझे हिन्दी पसंद है",
        "mail ada@example.com or see https://example.com/a/b?c=d#e",
        "version 3.14 of foo-bar's don't",
        "مرحبا بالعالم",
    ];
    let _ = new_chat(&ada, &texts).await;
    for (q, expected) in [
        ("draw clock", vec![0, 1]),
        ("DRAW CLOCK", vec![0, 1]),
        ("\"draw a\"", vec![0]),
        ("\"a clock\"", vec![1]),
        ("cloc", vec![0, 1, 2]),
        ("cloc draw", vec![]),
        ("cloc* draw", vec![0, 1]),
        ("\"clock\"", vec![0, 1]),
        ("clock -round", vec![1]),
        ("-\"to draw\" clock", vec![0, 2]),
        ("clock* -clock", vec![2]),
        ("cafe goteborg", vec![3]),
        ("CAFÉ GÖTEBORG", vec![3]),
        ("ecole", vec![4]),
        ("ÉCOLE", vec![4]),
        ("привет", vec![5]),
        ("东京", vec![6]),
        ("京东", vec![]),
        ("东京塔", vec![6]),
        ("タワー", vec![7]),
        ("が好き", vec![7]),
        ("ชาวโลก", vec![8]),
        ("안녕", vec![9]),
        ("हिन्दी", vec![10]),
        ("ada@example.com", vec![11]),
        ("example.com/a/b?c=d#e", vec![11]),
        ("3.14 foo-bar", vec![12]),
        ("foo-ba", vec![12]),
        ("don't", vec![12]),
        ("مرحبا", vec![13]),
        ("clock 我们", vec![]),
        ("!!!", vec![]),
        ("!!! -clock", vec![]),
    ] {
        let items = found(&ada, &[("q", q)]).await;
        let plain = |item: &Value| {
            let snippet = item["snippet"].as_str().expect("text").replace("<mark>", "").replace("</mark>", "");
            let text = snippet.replace("&#39;", "'");
            texts.iter().position(|other| *other == text).unwrap_or_else(|| panic!("{text}"))
        };
        let mut places: Vec<usize> = items.iter().map(plain).collect();
        places.sort_unstable();
        assert_eq!(places, expected, "{q}");
        let marked = items.iter().filter(|item| item["snippet"].as_str().expect("text").contains("<mark>")).count();
        assert_eq!(marked, items.len(), "{q}: {items:?}");
    }
    assert_eq!(snippets(&ada, "\"draw a\"").await, ["<mark>Draw a</mark> round clock"]);
    assert_eq!(snippets(&ada, "东京塔").await, ["我们去<mark>东京塔</mark>"]);
}

#[tokio::test]
async fn filters_narrow_it_down() {
    let ada = Person::register().await;
    let (first, second) = (new_chat(&ada, &["otter one"]).await, new_chat(&ada, &["otter two"]).await);
    say(&ada, &first, "assistant", "otter three").await;
    let times = "update messages set created_at = case when content like '%one' then timestamptz '2001-02-03 04:05:06Z'
                 else created_at end where chat_id = $1::text::uuid";
    let _ = database::behind().await.execute(times, &[&first]).await.expect("updated");
    let count = async |more: &[(&str, &str)]| found(&ada, &[&[("q", "otter")], more].concat()).await.len();
    assert_eq!(count(&[]).await, 3);
    assert_eq!((count(&[("chat_id", &first)]).await, count(&[("chat_id", &second)]).await), (2, 1));
    assert_eq!((count(&[("role", "assistant")]).await, count(&[("role", "system")]).await), (1, 0));
    for (after, before, expected) in [
        ("2001-02-03", "2001-02-04", 1),
        ("2001-02-03T04:05:06Z", "2001-02-03T04:05:06.000001Z", 1),
        ("2001-02-03T05:05:06+01:00", "2100-01-01", 3),
        ("2001-02-03T04:05:07Z", "2100-01-01", 2),
        ("0001-01-01", "2001-02-03T04:05:06Z", 0),
        ("0001-01-01", "9999-12-30", 3),
    ] {
        assert_eq!(count(&[("after", after), ("before", before)]).await, expected, "{after} to {before}");
    }
    assert_eq!(count(&[("role", "user"), ("chat_id", &first), ("before", "2001-02-04")]).await, 1);
    assert_eq!(count(&[("chat_id", &Uuid::now_v7().to_string())]).await, 0);
}

#[tokio::test]
async fn the_best_come_first_page_by_page() {
    let ada = Person::register().await;
    let filler = "and other things that are not about it ".repeat(5);
    let often = "lynx lynx lynx lynx lynx";
    let chat = new_chat(&ada, &[&format!("lynx {filler}"), often]).await;
    for _ in 0..15 {
        say(&ada, &chat, "user", "a lynx here").await;
    }
    let all = found(&ada, &[("q", "lynx")]).await;
    assert_eq!(all.len(), 17);
    assert_eq!(all[0]["snippet"].as_str().map(|text| text.matches("<mark>").count()), Some(5));
    assert!(all[16]["snippet"].as_str().is_some_and(|text| text.contains("and other")));
    let ranks: Vec<f64> = all.iter().map(|item| item["rank"].as_f64().expect("a number")).collect();
    assert!(ranks.is_sorted_by(|a, b| a >= b), "{ranks:?}");
    for limit in ["1", "4", "17"] {
        let pages = ada.walk(&path(&[("q", "lynx"), ("limit", limit)])).await;
        assert_eq!(pages, all, "{limit}");
    }
}

#[tokio::test]
async fn archived_messages_are_no_longer_found_but_stay_and_count() {
    let ada = Person::register().await;
    let chat = new_chat(&ada, &["gecko one", "gecko two"]).await;
    let archive = "update messages set archived_at = now() where chat_id = $1::text::uuid and content = 'gecko one'";
    let _ = database::behind().await.execute(archive, &[&chat]).await.expect("updated");
    assert_eq!(snippets(&ada, "gecko").await, ["<mark>gecko</mark> two"]);
    assert_eq!(ada.walk(&format!("/v1/chats/{chat}/messages")).await.len(), 2);
    assert_eq!(ada.walk("/v1/chats").await[0]["message_count"], 2);
    let archived = ada.walk(&format!("/v1/chats/{chat}/messages")).await.pop().expect("two");
    let _ = ada.delete(&format!("/v1/messages/{}", archived["id"].as_str().expect("an id"))).await.expect(204);
    assert_eq!(ada.walk("/v1/chats").await[0]["message_count"], 1);
}

#[tokio::test]
async fn only_what_is_searched_of_a_long_text_is_read() {
    let ada = Person::register().await;
    let long = format!("{}walrus {} narwhal", "word ".repeat(10_000), "word ".repeat(20_000));
    let _ = new_chat(&ada, &[&long]).await;
    let snippet = snippets(&ada, "walrus").await.pop().expect("found");
    assert!(snippet.contains("word <mark>walrus</mark> word") && snippet.chars().count() < 230, "{snippet}");
    // Beyond the first 100,000 characters nothing is searched.
    assert!(snippets(&ada, "narwhal").await.is_empty());
}

/// Whatever someone types: found or not, and never an error of ours.
#[tokio::test]
async fn no_search_fails() {
    let ada = Person::register().await;
    let _ = new_chat(&ada, &["a clock & 'b' <-> c:* | !d \\ \u{ff07}"]).await;
    let pieces = [
        "a",
        "\"",
        "'",
        "\\",
        "&",
        "|",
        "!",
        "(",
        ")",
        ":*",
        "<->",
        "*",
        "-",
        " ",
        "\u{ff07}",
        "\u{ff3c}",
        "\u{fe68}",
        "é",
        "e\u{301}",
        "我",
        "が",
        "ﷺ",
        "\u{fc5e}",
        "\u{1f}",
        "\u{1}",
        "🕒",
        "clock",
        "<2>",
        ":A",
        "\u{200f}",
        "\u{fffd}",
        "\n",
        "%",
        "_",
        "İ",
        "ǅ",
        "힣",
        "@",
        ".",
        "/",
        "http://a.b/c",
        "1.5e9",
        "-1",
        "“",
        "&amp;",
        "<a b='c'>",
        "\u{e000}",
        "\u{10ffff}",
    ];
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    for _ in 0..600 {
        let q: String = (0..random(20)).map(|_| pieces[random(pieces.len())]).collect();
        let reply = ada.get(&path(&[("q", &q)])).await;
        assert!([200, 422].contains(&reply.status), "{q:?}: {} {}", reply.status, reply.json);
    }
    for long in ["힣", "ﷺ", "\u{fdfa}", "ﳲ", "x", "-x ", "\"a\" ", "🕒", "İ", "㌀", "\u{1d160}"] {
        let q = long.repeat(200 / long.chars().count());
        let reply = ada.get(&path(&[("q", &q)])).await;
        assert!([200, 422].contains(&reply.status), "{q:?}: {} {}", reply.status, reply.json);
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    for (query, pointer) in [
        ("", "/query"),
        ("q=", "/query/q"),
        ("q=%20", "/query/q"),
        ("q=-clock", "/query/q"),
        (&format!("q={}", "x".repeat(201)), "/query/q"),
        ("q=a&chat_id=7", "/query/chat_id"),
        ("q=a&role=tool", "/query/role"),
        ("q=a&after=yesterday", "/query/after"),
        ("q=a&before=-9999-01-01", "/query/before"),
        ("q=a&before=2025-02-30", "/query/before"),
        ("q=a&limit=101", "/query/limit"),
        ("q=a&cursor=x", "/query/cursor"),
        ("q=a&cursor=7fc00000", "/query/cursor"),
        ("q=a&cursor=%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9", "/query/cursor"),
    ] {
        let reply = ada.get(&format!("/v1/messages/search?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer], "{query}");
    }
    let _ = ada.get("/v1/messages/search?q=%00").await.expect_problem(422, "invalid");
    // Ranks that none has, one of them no number.
    for rank in [0x7fc0_0000, -1, i64::MAX] {
        let cursor = json!(RankCursor { rank, id: Uuid::now_v7() });
        let odd = format!("/v1/messages/search?q=a&cursor={}", cursor.as_str().expect("text"));
        let _ = ada.get(&odd).await.expect(200);
    }
    let _ = Person::anonymous().get("/v1/messages/search?q=a").await.expect_problem(401, "unauthenticated");
}
