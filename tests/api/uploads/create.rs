//! POST /v1/uploads

use harness::{Person, Reply, Value, database, json, pictures, together};
use shared::text::Sha256;
use uuid::Uuid;

const PATH: &str = "/v1/uploads";

const MIB: usize = 1024 * 1024;

/// Bytes that nobody has uploaded before.
fn bytes(size: usize) -> Vec<u8> {
    let mut bytes = Uuid::new_v4().simple().to_string().into_bytes();
    bytes.resize(size, b'x');
    bytes
}

fn declaration(purpose: &str, content_type: &str, size: usize) -> Value {
    json!({
        "purpose": purpose, "filename": "a.bin", "content_type": content_type, "size": size,
        "sha256": Sha256::of(Uuid::new_v4().as_bytes()).to_string()
    })
}

/// A parameter of a URL's query, decoded as far as signatures need it.
fn parameter(url: &Value, name: &str) -> String {
    let (_, query) = url.as_str().expect("a URL").split_once('?').expect("a query");
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("no {name} in {url}")).replace("%3B", ";").replace("%2F", "/")
}

/// Makes sure that an upload is as far as when it was declared.
async fn expect_nothing_arrived(person: &Person, upload: &Reply) {
    let path = format!("{PATH}/{}", upload.id());
    let _ = person.post(&format!("{path}/complete"), json!({})).await.expect_problem(409, "upload_incomplete");
    let read = person.get(&path).await.expect(200);
    assert_eq!((&read.json["state"], &read.json["blob"]), (&json!("pending"), &Value::Null));
    assert_eq!(read.json["parts"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn one_put_carries_what_is_small() {
    let ada = Person::register().await;
    let bytes = bytes(1_000);
    let declared = ada.declare("file", "text/plain; charset=utf-8", &bytes).await.expect(201);
    assert_eq!(declared.header("location"), format!("{PATH}/{}", declared.id()));
    assert_eq!((&declared.json["state"], &declared.json["blob"]), (&json!("pending"), &Value::Null));
    assert_eq!(declared.json["parts"].as_array().map(Vec::len), Some(1));
    let part = &declared.json["parts"][0];
    assert_eq!((&part["number"], &part["size"], &part["method"]), (&json!(1), &json!(1_000), &json!("PUT")));
    assert_eq!(part["headers"]["content-type"], "text/plain; charset=utf-8");
    assert_eq!(part["headers"]["if-none-match"], "*");
    assert_eq!(part["headers"].as_object().expect("headers").len(), 3);
    let _ = ada.send_part(part, bytes.clone()).await.expect(200);
    let completed = ada.post(&format!("{PATH}/{}/complete", declared.id()), json!({})).await.expect(200);
    assert_eq!(completed.json["state"], "ready");
    assert_eq!(ada.fetch(&completed.json["blob"]["url"]).await.expect(200).bytes, bytes);
}

#[tokio::test]
async fn the_signature_covers_what_was_declared_for_five_minutes() {
    let ada = Person::register().await;
    let bytes = bytes(1_000);
    let declared = ada.declare("file", "text/plain", &bytes).await.expect(201);
    let url = &declared.json["parts"][0]["url"];
    let signed = parameter(url, "X-Amz-SignedHeaders");
    assert_eq!(
        signed.split(';').collect::<Vec<_>>(),
        ["content-length", "content-type", "host", "if-none-match", "x-amz-checksum-sha256"]
    );
    assert_eq!(parameter(url, "X-Amz-Expires"), "300");
    let key = format!("/blobs/{}/{}?", ada.id(), Sha256::of(&bytes));
    assert!(url.as_str().expect("a URL").contains(&key), "{url}");

    let picture = ada.declare("avatar", "image/png", &pictures::png(8, 8)).await.expect(201);
    let key = format!("/sources/{}/", ada.id());
    assert!(picture.json["parts"][0]["url"].as_str().expect("a URL").contains(&key));
}

#[tokio::test]
async fn the_bucket_takes_nothing_else() {
    let ada = Person::register().await;
    let right = bytes(1_000);
    let declared = ada.declare("file", "text/plain", &right).await.expect(201);
    let part = &declared.json["parts"][0];
    let mut corrupt = right.clone();
    corrupt[999] = b'y';
    let checksum_of_corrupt = {
        use base64::{Engine, prelude::BASE64_STANDARD};
        BASE64_STANDARD.encode(Sha256::of(&corrupt).0)
    };
    for (changed, body) in [
        (&[][..], corrupt.clone()),
        (&[("x-amz-checksum-sha256", checksum_of_corrupt.as_str())][..], corrupt.clone()),
        (&[("x-amz-checksum-sha256", "")][..], corrupt.clone()),
        (&[("x-amz-checksum-sha256", "")][..], right.clone()),
        (&[][..], right[..999].to_vec()),
        (&[][..], bytes(1_001)),
        (&[][..], Vec::new()),
        (&[("content-type", "text/html")][..], right.clone()),
        (&[("content-type", "")][..], right.clone()),
        (&[("if-none-match", "")][..], right.clone()),
    ] {
        let reply = ada.send_part_as(part, changed, body).await;
        assert!((400..500).contains(&reply.status), "{changed:?}: {}", reply.status);
        expect_nothing_arrived(&ada, &declared).await;
    }
    let _ = ada.send_part(part, right).await.expect(200);
}

#[tokio::test]
async fn a_url_is_good_for_its_own_place_and_time_alone() {
    let ada = Person::register().await;
    let right = bytes(1_000);
    let declared = ada.declare("file", "text/plain", &right).await.expect(201);
    let other = ada.declare("file", "text/plain", &bytes(1_000)).await.expect(201);
    let part = &declared.json["parts"][0];
    let url = part["url"].as_str().expect("a URL");
    let sha256 = Sha256::of(&right).to_string();
    let date = parameter(&part["url"], "X-Amz-Date");
    for wrong in [
        url.replace(&sha256, &"0".repeat(64)),
        url.replace(ada.id(), &Uuid::nil().to_string()),
        url.replace("/blobs/", "/images/"),
        url.replace("/blobs/", "/sources/"),
        url.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"),
        url.replace(&date, "20200101T000000Z"),
        url.split('?').next().expect("a URL").to_owned(),
    ] {
        assert_ne!(wrong, url);
        let mut moved = part.clone();
        moved["url"] = json!(wrong);
        let reply = ada.send_part(&moved, right.clone()).await;
        assert!((400..500).contains(&reply.status), "{wrong}: {}", reply.status);
    }
    // Nor is it good for reading.
    assert!((400..500).contains(&ada.fetch(&part["url"]).await.status));
    expect_nothing_arrived(&ada, &declared).await;
    expect_nothing_arrived(&ada, &other).await;
}

#[tokio::test]
async fn nothing_is_put_over_what_is_there() {
    let ada = Person::register().await;
    let bytes = bytes(1_000);
    let declared = ada.declare("file", "text/plain", &bytes).await.expect(201);
    let part = &declared.json["parts"][0];
    let _ = ada.send_part(part, bytes.clone()).await.expect(200);
    let _ = ada.send_part(part, bytes.clone()).await.expect(412);
    let completed = ada.post(&format!("{PATH}/{}/complete", declared.id()), json!({})).await.expect(200);
    let _ = ada.send_part(part, bytes.clone()).await.expect(412);
    assert_eq!(ada.fetch(&completed.json["blob"]["url"]).await.expect(200).bytes, bytes);
}

#[tokio::test]
async fn the_same_bytes_again_cost_nothing() {
    let ada = Person::register().await;
    let bytes = bytes(1_000);
    let first = ada.upload("file", "text/plain", &bytes).await;
    for (purpose, content_type) in [("file", "text/plain"), ("attachment", "application/json"), ("document", "a/b")] {
        let again = ada.declare(purpose, content_type, &bytes).await.expect(201);
        assert_ne!(again.id(), first.id());
        assert_eq!((&again.json["state"], &again.json["parts"]), (&json!("ready"), &json!([])));
        assert_eq!(again.json["blob"], first.json["blob"]);
        let path = format!("{PATH}/{}", again.id());
        assert_eq!(ada.get(&path).await.expect(200).json, again.json);
        assert_eq!(ada.post(&format!("{path}/complete"), json!({})).await.expect(200).json, again.json);
    }
    // Of another size they are not the same bytes, whatever their hash is said to be.
    let mut lie = declaration("file", "text/plain", 999);
    lie["sha256"] = json!(Sha256::of(&bytes).to_string());
    assert_eq!(ada.post(PATH, lie).await.expect(201).json["state"], "pending");
}

#[tokio::test]
async fn nobody_learns_what_others_have() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let bytes = bytes(1_000);
    let _ = ada.upload("file", "text/plain", &bytes).await;
    let declared = bob.declare("file", "text/plain", &bytes).await.expect(201);
    assert_eq!((&declared.json["state"], &declared.json["blob"]), (&json!("pending"), &Value::Null));
    expect_nothing_arrived(&bob, &declared).await;
    let _ = bob.upload("file", "text/plain", &bytes).await;
}

#[tokio::test]
async fn a_picture_is_known_only_where_it_was_looked_at() {
    let ada = Person::register().await;
    let picture = pictures::png(16, 16);
    let _ = ada.upload("file", "image/png", &picture).await;
    let avatar = ada.declare("avatar", "image/png", &picture).await.expect(201);
    assert_eq!(avatar.json["state"], "pending");
    let avatar = ada.upload("avatar", "image/png", &picture).await;
    assert_eq!(avatar.json["state"], "ready");
    let screenshot = ada.declare("screenshot", "image/png", &picture).await.expect(201);
    assert_eq!((&screenshot.json["state"], &screenshot.json["parts"]), (&json!("ready"), &json!([])));
    // By the file that was sent, not by what is shown of it; as what it is; and by its owner.
    let jpeg = pictures::jpeg(16, 16);
    let sent = ada.upload("screenshot", "image/jpeg", &jpeg).await;
    assert_ne!(sent.json["blob"]["sha256"], Sha256::of(&jpeg).to_string());
    let again = ada.declare("avatar", "image/jpeg", &jpeg).await.expect(201);
    assert_eq!((&again.json["state"], &again.json["blob"]), (&json!("ready"), &sent.json["blob"]));
    assert_eq!(ada.declare("avatar", "image/png", &jpeg).await.expect(201).json["state"], "pending");
    assert_eq!(
        Person::register().await.declare("avatar", "image/jpeg", &jpeg).await.expect(201).json["state"],
        "pending"
    );
    // Shown as an avatar without having been sent again, thumbnails and all.
    let shown = ada.put("/v1/profiles/me/avatar", json!({"upload": again.id()})).await.expect(200);
    assert_eq!(shown.json["avatar"], sent.json["blob"]);
    let _ = ada.fetch(&shown.json["avatar_small"]["url"]).await.expect(200);
}

#[tokio::test]
async fn large_ones_go_in_parts() {
    let ada = Person::register().await;
    let at_limit = ada.post(PATH, declaration("file", "video/mp4", 16 * MIB)).await.expect(201);
    assert_eq!(at_limit.json["parts"].as_array().map(Vec::len), Some(1));
    let above = ada.post(PATH, declaration("file", "video/mp4", 16 * MIB + 1)).await.expect(201);
    let parts = above.json["parts"].as_array().expect("parts");
    let sizes: Vec<u64> = parts.iter().map(|part| part["size"].as_u64().expect("a size")).collect();
    assert_eq!(sizes, [8 * 1024 * 1024, 8 * 1024 * 1024, 1]);
    for (part, number) in parts.iter().zip(1..) {
        assert_eq!((&part["number"], &part["method"]), (&json!(number), &json!("PUT")));
        assert_eq!(parameter(&part["url"], "X-Amz-Expires"), "300");
        assert_eq!(parameter(&part["url"], "X-Amz-SignedHeaders"), "content-length;host");
    }
    let largest = ada.post(PATH, declaration("file", "video/mp4", 512 * MIB)).await.expect(201);
    assert_eq!(largest.json["parts"].as_array().map(Vec::len), Some(64));
}

#[tokio::test]
async fn each_purpose_has_its_limits() {
    let ada = Person::register().await;
    for (purpose, content_type, limit) in [
        ("avatar", "image/png", 5 * MIB),
        ("avatar", "image/gif", 5 * MIB),
        ("screenshot", "image/jpeg", 10 * MIB),
        ("screenshot", "image/webp", 10 * MIB),
        ("artifact_file", "text/plain", 512 * MIB),
        ("attachment", "a/b", 512 * MIB),
        ("document", "application/pdf", 512 * MIB),
        ("file", "image/svg+xml", 512 * MIB),
    ] {
        for size in [json!(0), json!(-1), json!(limit + 1), json!(i64::MAX), json!(1e300), json!(1.5), json!("1")] {
            let mut body = declaration(purpose, content_type, limit);
            body["size"] = size;
            let reply = ada.post(PATH, body).await.expect_problem(422, "invalid");
            assert_eq!(reply.pointers(), ["/size"], "{purpose}");
        }
        let mut body = declaration(purpose, content_type, limit);
        if limit > 16 * MIB {
            // Not in parts, to spare the bucket.
            body["size"] = json!(1);
        }
        let _ = ada.post(PATH, body).await.expect(201);
    }
}

#[tokio::test]
async fn only_pictures_that_we_decode_become_pictures() {
    let ada = Person::register().await;
    for purpose in ["avatar", "screenshot"] {
        for content_type in
            ["image/svg+xml", "text/html", "image/bmp", "image/png; a=b", "IMAGE/PNG", "application/octet-stream"]
        {
            let reply = ada.post(PATH, declaration(purpose, content_type, 100)).await.expect_problem(422, "invalid");
            assert_eq!(reply.pointers(), ["/content_type"], "{content_type}");
        }
    }
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let body = declaration("file", "text/plain", 100);
    ada.expect_strict("POST", PATH, body.clone()).await;
    ada.expect_invalid(
        "POST",
        PATH,
        &body,
        &[
            ("/purpose", json!("")),
            ("/purpose", json!("Avatar")),
            ("/purpose", json!("wallpaper\u{0}")),
            ("/purpose", Value::Null),
            ("/filename", json!("")),
            ("/filename", json!(" ")),
            ("/filename", json!("a\u{0}.txt")),
            ("/filename", json!("ü".repeat(256))),
            ("/filename", json!("x".repeat(1_000_000))),
            ("/filename", json!(7)),
            ("/content_type", json!("")),
            ("/content_type", json!("text")),
            ("/content_type", json!("text/")),
            ("/content_type", json!("/plain")),
            ("/content_type", json!("text/pl\u{0}ain")),
            ("/content_type", json!("text/plain\r\nx-amz-acl: public-read")),
            ("/content_type", json!("text/pläin")),
            ("/content_type", json!("text/plain; charset=ü")),
            ("/content_type", json!(format!("text/{}", "x".repeat(123)))),
            ("/size", Value::Null),
            ("/sha256", json!("")),
            ("/sha256", json!("0".repeat(63))),
            ("/sha256", json!("0".repeat(65))),
            ("/sha256", json!("g".repeat(64))),
            ("/sha256", json!("ä".repeat(32))),
            ("/sha256", json!("\u{0}".repeat(64))),
            ("/sha256", json!(7)),
            ("/id", json!(Uuid::now_v7())),
            ("/state", json!("ready")),
        ],
    )
    .await;
    for field in ["purpose", "filename", "content_type", "size", "sha256"] {
        let mut body = body.clone();
        body.as_object_mut().expect("an object").remove(field);
        let reply = ada.post(PATH, body).await.expect_problem(422, "invalid");
        assert!(reply.json["errors"][0]["detail"].as_str().expect("a detail").contains(field));
    }
    let user: Uuid = ada.id().parse().expect("a UUID");
    assert_eq!(database::number("select count(*) from uploads where user_id = $1", &[&user]).await, 0);
}

#[tokio::test]
async fn odd_names_and_types_go_through() {
    let ada = Person::register().await;
    for content_type in [
        "text/plain",
        "text/plain;charset=utf-8",
        "text/plain;  charset=utf-8",
        "text/plain ",
        "text/plain; a=\"b  c\"",
        "Application/X-Odd!#$&^_.+-",
        "text/plain; a=%41%2F+&b=c",
        "text/plain; a='<>[]{}\\`|~",
    ] {
        let bytes = bytes(100);
        let mut body = declaration("file", content_type, 100);
        body["filename"] = json!("../\u{202e}gpj.\u{1f4a3} \"'\r\n\u{1}.exe");
        body["sha256"] = json!(Sha256::of(&bytes).to_string().to_uppercase());
        let declared = ada.post(PATH, body).await.expect(201);
        let sent = ada.send_part(&declared.json["parts"][0], bytes).await;
        assert_eq!(sent.status, 200, "{content_type}: {}", String::from_utf8_lossy(&sent.bytes));
        let completed = ada.post(&format!("{PATH}/{}/complete", declared.id()), json!({})).await.expect(200);
        assert_eq!(completed.json["blob"]["content_type"], content_type);
    }
}

#[tokio::test]
async fn many_may_declare_the_same_at_once() {
    let ada = Person::register().await;
    let bytes = bytes(1_000);
    let uploads = together((0..8).map(|_| {
        let (ada, bytes) = (ada.clone(), bytes.clone());
        async move {
            let declared = ada.declare("file", "text/plain", &bytes).await.expect(201);
            if let Some(part) = declared.json["parts"].get(0) {
                let sent = ada.send_part(part, bytes).await.status;
                assert!([200, 409, 412].contains(&sent), "{sent}");
            }
            declared.id()
        }
    }));
    for id in uploads.await {
        let completed = ada.post(&format!("{PATH}/{id}/complete"), json!({})).await.expect(200);
        assert_eq!(completed.json["state"], "ready");
    }
}
