//! POST /v1/uploads/{id}/complete

use harness::{Person, Reply, Value, database, json, pictures, together};
use shared::text::Sha256;
use uuid::Uuid;

fn path(upload: &Reply) -> String {
    format!("/v1/uploads/{}", upload.id())
}

async fn complete(person: &Person, upload: &Reply) -> Reply {
    person.post(&format!("{}/complete", path(upload)), json!({})).await
}

/// Bytes that go in three parts.
fn large() -> Vec<u8> {
    let mut bytes = Uuid::new_v4().as_bytes().repeat(17 * 65_536);
    bytes.push(b'x');
    bytes
}

/// Sends bytes in the parts of an upload, whatever was declared.
async fn send_all(person: &Person, upload: &Reply, bytes: &[u8]) {
    let parts = upload.json["parts"].as_array().expect("parts");
    for (part, piece) in parts.iter().zip(bytes.chunks(8 * 1024 * 1024)) {
        let _ = person.send_part(part, piece.to_vec()).await.expect(200);
    }
}

async fn expect_pending(person: &Person, upload: &Reply) {
    let read = person.get(&path(upload)).await.expect(200);
    assert_eq!((&read.json["state"], &read.json["blob"]), (&json!("pending"), &Value::Null));
}

#[tokio::test]
async fn verified_bytes_become_a_blob() {
    let ada = Person::register().await;
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let declared = ada.declare("attachment", "text/plain", &bytes).await.expect(201);
    let _ = complete(&ada, &declared).await.expect_problem(409, "upload_incomplete");
    expect_pending(&ada, &declared).await;
    let _ = ada.send_part(&declared.json["parts"][0], bytes.clone()).await.expect(200);
    expect_pending(&ada, &declared).await;
    let completed = complete(&ada, &declared).await.expect(200);
    assert_eq!((&completed.json["state"], &completed.json["parts"]), (&json!("ready"), &json!([])));
    assert_eq!(completed.json["id"], declared.json["id"]);
    let blob = &completed.json["blob"];
    assert_eq!((&blob["size"], &blob["content_type"]), (&json!(16), &json!("text/plain")));
    assert_eq!(blob["sha256"], Sha256::of(&bytes).to_string());
    assert_eq!(ada.fetch(&blob["url"]).await.expect(200).bytes, bytes);
    // A reply that was lost: the same again.
    assert_eq!(complete(&ada, &declared).await.expect(200).json, completed.json);
    // Without a body too.
    let bare = Reply::to(ada.request("POST", &format!("{}/complete", path(&declared)))).await.expect(200);
    assert_eq!(bare.json, completed.json);
}

#[tokio::test]
async fn many_may_complete_it_at_once() {
    let ada = Person::register().await;
    let picture = pictures::png(32, 32);
    let large = large();
    let small = ada.declare("avatar", "image/png", &picture).await.expect(201);
    send_all(&ada, &small, &picture).await;
    let in_parts = ada.declare("file", "video/mp4", &large).await.expect(201);
    send_all(&ada, &in_parts, &large).await;
    for upload in [small, in_parts] {
        let path = format!("{}/complete", path(&upload));
        let replies = together((0..4).map(|_| {
            let (ada, path) = (ada.clone(), path.clone());
            async move { ada.post(&path, json!({})).await }
        }));
        for reply in replies.await {
            assert_eq!(reply.expect(200).json["state"], "ready");
        }
    }
    let user: Uuid = ada.id().parse().expect("a UUID");
    // The picture, its thumbnail in one size as it is no larger, and the large one.
    assert_eq!(database::number("select count(*) from blobs where user_id = $1", &[&user]).await, 3);
}

#[tokio::test]
async fn parts_that_make_something_else_make_nothing() {
    let ada = Person::register().await;
    let bytes = large();
    let mut wrong = bytes.clone();
    wrong[9 * 1024 * 1024] ^= 1;
    let declared = ada.declare("file", "video/mp4", &bytes).await.expect(201);
    send_all(&ada, &declared, &wrong).await;
    let _ = complete(&ada, &declared).await.expect_problem(409, "upload_mismatch");
    expect_pending(&ada, &declared).await;
    let sha256 = Sha256::of(&bytes).to_string();
    let _ = ada.get(&format!("/v1/blobs/{sha256}")).await.expect_problem(404, "not_found");
    let user: Uuid = ada.id().parse().expect("a UUID");
    assert_eq!(database::number("select count(*) from blobs where user_id = $1", &[&user]).await, 0);
    // Still not, and no longer there to be found.
    let _ = complete(&ada, &declared).await.expect_problem(409, "upload_incomplete");
    // The right ones find their place free.
    let again = ada.declare("file", "video/mp4", &bytes).await.expect(201);
    send_all(&ada, &again, &bytes).await;
    let completed = complete(&ada, &again).await.expect(200);
    assert!(ada.fetch(&completed.json["blob"]["url"]).await.expect(200).bytes == bytes);
}

/// A name is its bytes', for good: others may have forked what refers to it.
#[tokio::test]
async fn verified_bytes_are_never_replaced() {
    let ada = Person::register().await;
    let bytes = large();
    let mut wrong = bytes.clone();
    wrong[0] ^= 1;
    let first = ada.declare("file", "video/mp4", &bytes).await.expect(201);
    let second = ada.declare("file", "video/mp4", &bytes).await.expect(201);
    send_all(&ada, &first, &bytes).await;
    send_all(&ada, &second, &wrong).await;
    let completed = complete(&ada, &first).await.expect(200);
    let reply = complete(&ada, &second).await;
    assert!([200, 409].contains(&reply.status), "{}", reply.status);
    let served = ada.fetch(&completed.json["blob"]["url"]).await.expect(200);
    assert!(served.bytes == bytes);
    // Nor by parts that come late.
    let sent = ada.send_part(&second.json["parts"][0], wrong[..8 * 1024 * 1024].to_vec()).await;
    if sent.status == 200 {
        let _ = complete(&ada, &second).await;
    }
    assert!(ada.fetch(&completed.json["blob"]["url"]).await.expect(200).bytes == bytes);
}

#[tokio::test]
async fn of_right_and_wrong_bytes_at_once_no_wrong_ones_stay() {
    let ada = Person::register().await;
    let bytes = large();
    let mut wrong = bytes.clone();
    wrong[0] ^= 1;
    let mut uploads = Vec::new();
    for sent in [&wrong, &wrong, &bytes] {
        let declared = ada.declare("file", "video/mp4", &bytes).await.expect(201);
        send_all(&ada, &declared, sent).await;
        uploads.push(declared);
    }
    let replies = together(uploads.iter().map(|upload| {
        let (ada, path) = (ada.clone(), format!("{}/complete", path(upload)));
        async move { ada.post(&path, json!({})).await.status }
    }));
    let statuses = replies.await;
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    // Where the wrong ones were in the way, they are no longer.
    let completed = complete(&ada, &uploads[2]).await.expect(200);
    assert!(ada.fetch(&completed.json["blob"]["url"]).await.expect(200).bytes == bytes);
}

#[tokio::test]
async fn parts_of_another_length_are_refused() {
    let ada = Person::register().await;
    let bytes = large();
    let declared = ada.declare("file", "video/mp4", &bytes).await.expect(201);
    for (index, size) in [(0, 8 * 1024 * 1024 - 1), (0, 8 * 1024 * 1024 + 1), (2, 0), (2, 1024 * 1024)] {
        let reply = ada.send_part(&declared.json["parts"][index], bytes[..size].to_vec()).await;
        assert!((400..500).contains(&reply.status), "{index} {size}: {}", reply.status);
    }
    let read = ada.get(&path(&declared)).await.expect(200);
    assert_eq!(read.json["parts"].as_array().map(Vec::len), Some(3));
}

/// Declares, sends and completes what is said to be a picture.
async fn complete_picture(person: &Person, purpose: &str, content_type: &str, bytes: &[u8]) -> Reply {
    let declared = person.declare(purpose, content_type, bytes).await.expect(201);
    let _ = person.send_part(&declared.json["parts"][0], bytes.to_vec()).await.expect(200);
    complete(person, &declared).await
}

/// What is shown of a picture: its media type, and its bytes.
async fn shown(person: &Person, content_type: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    let completed = complete_picture(person, "screenshot", content_type, bytes).await.expect(200);
    let blob = &completed.json["blob"];
    let served = person.fetch(&blob["url"]).await.expect(200);
    assert_eq!(
        (served.header("content-type"), served.header("content-disposition")),
        (blob["content_type"].as_str().expect("a type"), "")
    );
    assert_eq!(blob["sha256"], Sha256::of(&served.bytes).to_string());
    (served.header("content-type").to_owned(), served.bytes)
}

/// Each is refused, again and again, and nothing of it can be shown. All that is wrong with it is said.
async fn expect_refused(content_type: &str, files: &[(&str, Vec<u8>)]) {
    let ada = Person::register().await;
    for (detail, bytes) in files {
        let declared = ada.declare("avatar", content_type, bytes).await.expect(201);
        let _ = ada.send_part(&declared.json["parts"][0], bytes.clone()).await.expect(200);
        for _ in 0..2 {
            let reply = complete(&ada, &declared).await.expect_problem(422, "invalid_image");
            let said = reply.json["detail"].as_str().expect("a detail");
            assert!(said.contains(detail), "{detail:?} is not in {said:?}");
        }
        expect_pending(&ada, &declared).await;
        let reply = ada.put("/v1/profiles/me/avatar", json!({"upload": declared.id()})).await;
        let _ = reply.expect_problem(422, "invalid_reference");
    }
    let user: Uuid = ada.id().parse().expect("a UUID");
    assert_eq!(database::number("select count(*) from blobs where user_id = $1", &[&user]).await, 0);
    assert_eq!(database::number("select count(*) from pictures where user_id = $1", &[&user]).await, 0);
}

const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0a.jsPK\x05\x06\0\0\0\0\x01\0\x01\0";

#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let png = pictures::png(64, 64);
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
    let other = "not the image/png they were declared as";
    expect_refused(
        "image/png",
        &[
            (other, svg.to_vec()),
            (other, b"<html><script>alert(1)</script></html>".to_vec()),
            (other, b"\0".to_vec()),
            (other, pictures::jpeg(8, 8)),
            ("not only a picture", [&png[..16], b"<script>alert(1)</script>"].concat()),
            ("ends before", png[..png.len() / 2].to_vec()),
            ("ends before", png[..png.len() - 1].to_vec()),
            ("cannot be decoded", [&png[..8], &pictures::chunk(*b"IEND", b"")].concat()),
        ],
    )
    .await;
    let jpeg = pictures::jpeg(64, 64);
    expect_refused(
        "image/jpeg",
        &[
            ("not the image/jpeg", png),
            ("ends before", jpeg[..jpeg.len() / 2].to_vec()),
            ("do not follow", pictures::with_segment(&[&jpeg[..2], b"junk", &jpeg[2..]].concat(), 0xfe, b"hello")),
            ("has no length", b"\xff\xd8\xff\xe0\0\0".to_vec()),
            ("ends before", b"\xff\xd8\xff".to_vec()),
        ],
    )
    .await;
    let gif = pictures::gif(9, 9, 2);
    expect_refused(
        "image/gif",
        &[
            ("ends before", b"GIF89a".to_vec()),
            ("ends before", gif[..gif.len() - 1].to_vec()),
            ("do not follow", [&gif[..gif.len() - 1], b"alert(1)"].concat()),
            ("cannot be decoded", pictures::gif(9, 9, 0)),
            ("has no pixels", [&gif[..6], &[0, 0], &gif[8..]].concat()),
            ("has no pixels", [&gif[..8], &[0, 0], &gif[10..]].concat()),
        ],
    )
    .await;
    let webp = pictures::webp(9, 9);
    expect_refused(
        "image/webp",
        &[
            ("ends before", b"RIFF\x10\0\0\0WEBPVP8 ".to_vec()),
            ("ends before", webp[..webp.len() - 2].to_vec()),
            ("cannot be decoded", pictures::riff(&[(*b"VP8L", b"/")])),
        ],
    )
    .await;
    // As a file it is just bytes.
    let ada = Person::register().await;
    let _ = ada.upload("file", "image/svg+xml", svg).await;
}

#[tokio::test]
async fn a_picture_that_is_something_else_too_is_refused() {
    let (png, jpeg, gif, webp) =
        (pictures::png(9, 9), pictures::jpeg(9, 9), pictures::gif(9, 9, 1), pictures::webp(9, 9));
    let behind = |picture: &[u8], what: &[u8]| ("follow the end", [picture, what].concat());
    let page = b"<html><body><script>alert(1)</script></body></html>";
    let beside = "not only a picture";
    expect_refused(
        "image/png",
        &[
            behind(&png, ZIP),
            behind(&png, page),
            behind(&png, b";alert(1)//"),
            behind(&png, &png),
            (beside, pictures::with_chunk(&png, *b"tEXt", &[b"Comment\0", &page[..]].concat())),
            (beside, pictures::with_chunk(&png, *b"zipp", ZIP)),
            (beside, {
                let text = fdeflate::compress_to_vec(b"<?php system($_GET[0]); ?>");
                pictures::with_chunk(&png, *b"zTXt", &[&b"Comment\0\0"[..], &text].concat())
            }),
        ],
    )
    .await;
    expect_refused(
        "image/jpeg",
        &[
            behind(&jpeg, ZIP),
            behind(&jpeg, b"*/=alert(1)/*"),
            (beside, pictures::with_segment(&jpeg, 0xfe, page)),
            (beside, pictures::with_segment(&jpeg, 0xe5, b"%PDF-1.7")),
            // What a camera may have put there is looked at too.
            (beside, [&jpeg[..], &jpeg, ZIP].concat()),
            (beside, [&jpeg[..], b"\0\0\0\x18ftypmp42", page].concat()),
        ],
    )
    .await;
    let comment = |text: &[u8]| [&[0x21, 0xfe, u8::try_from(text.len()).expect("short")], text, &[0]].concat();
    let table = 13 + 6;
    let with_comment = |text: &[u8]| [&gif[..table], &comment(text), &gif[table..]].concat();
    expect_refused(
        "image/gif",
        &[behind(&gif, ZIP), behind(&gif, b"=1;alert(1)"), (beside, with_comment(page)), (beside, with_comment(ZIP))],
    )
    .await;
    let chunk = &webp[20..];
    expect_refused(
        "image/webp",
        &[
            behind(&webp, ZIP),
            (beside, pictures::riff(&[(*b"VP8L", chunk), (*b"EXIF", page)])),
            (beside, pictures::riff(&[(*b"VP8L", chunk), (*b"ZIP ", ZIP)])),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_takes_too_much_to_decode_is_refused() {
    let png = pictures::png(8, 8);
    expect_refused(
        "image/png",
        &[
            // A header alone, before there is memory for it.
            ("cannot be decoded", pictures::claiming(&png, 100_000, 100_000)),
            ("cannot be decoded", pictures::claiming(&png, u32::MAX / 2, u32::MAX / 2)),
            ("too many", pictures::claiming(&png, 8_192, 8_192)),
            ("cannot be decoded", pictures::claiming(&png, 0, 8)),
            // Whole ones: small to send, and large to have.
            ("cannot be decoded", pictures::plain_png(8_193, 1)),
            ("cannot be decoded", pictures::plain_png(1, 60_000)),
            ("too many", pictures::plain_png(8_000, 4_500)),
            ("hold more than", pictures::inflating(&png, *b"zTXt", 64 * 1024 * 1024)),
            ("hold more than", pictures::inflating(&png, *b"iTXt", 5 * 1024 * 1024)),
            ("hold more than", pictures::inflating(&png, *b"iCCP", 64 * 1024 * 1024)),
            ("hold more than", {
                let half = pictures::inflating(&png, *b"zTXt", 3 * 1024 * 1024);
                pictures::inflating(&half, *b"zTXt", 3 * 1024 * 1024)
            }),
            ("more than 500 frames", pictures::apng(2, 2, 501)),
        ],
    )
    .await;
    let mut tall = pictures::jpeg(8, 8);
    let size = tall.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a frame") + 5;
    tall[size..size + 4].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    expect_refused("image/jpeg", &[("cannot be decoded", tall), ("more than 64 scans", pictures::many_scans(65))])
        .await;
    expect_refused(
        "image/gif",
        &[
            ("more than 500 frames", pictures::gif(1, 1, 501)),
            ("pixels together", pictures::gif(1_000, 1_000, 135)),
            ("cannot be decoded", pictures::gif(60_000, 1, 1)),
        ],
    )
    .await;
    expect_refused(
        "image/webp",
        &[
            ("more than 500 frames", pictures::animated_webp(1, 501)),
            ("bytes of lossless picture", pictures::table_bomb(30_000)),
            ("bytes of lossless picture", pictures::riff(&[(*b"ALPH", &vec![1; 2 * 1024 * 1024 + 1])])),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_shown_is_made_by_us() {
    let ada = Person::register().await;
    let (picture, secret) = (pictures::picture(30, 20), b"Photographed at home");
    let png = pictures::encode(picture.clone(), image::ImageFormat::Png);
    let jpeg = pictures::with_segment(&pictures::encode(picture.clone(), image::ImageFormat::Jpeg), 0xfe, secret);
    let webp = pictures::encode(picture.clone(), image::ImageFormat::WebP);
    let with_text = pictures::with_chunk(&png, *b"tEXt", &[b"Comment\0", &secret[..]].concat());
    let profile = pictures::inflating(&png, *b"iCCP", 1024 * 1024);
    for (content_type, bytes, expected) in [
        ("image/png", &png, "image/png"),
        ("image/png", &with_text, "image/png"),
        ("image/png", &profile, "image/png"),
        ("image/jpeg", &jpeg, "image/jpeg"),
        ("image/webp", &webp, "image/png"),
    ] {
        let (content_type, served) = shown(&ada, content_type, bytes).await;
        assert_eq!(content_type, expected);
        assert!(!served.windows(secret.len()).any(|found| found == secret));
        let (served, sent) = (pictures::decode(&served).into_rgb8(), pictures::decode(bytes).into_rgb8());
        assert_eq!(served.dimensions(), (30, 20));
        let furthest = served.iter().zip(sent.iter()).map(|(one, other)| one.abs_diff(*other)).max();
        assert!(furthest <= Some(if expected == "image/jpeg" { 60 } else { 0 }), "{furthest:?}");
    }
    // What was sent is nobody's any more.
    let user: Uuid = ada.id().parse().expect("a UUID");
    let sent = [&jpeg, &with_text, &webp].map(|bytes| Sha256::of(bytes));
    for sha256 in sent {
        let _ = ada.get(&format!("/v1/blobs/{sha256}")).await.expect_problem(404, "not_found");
        let kept = "select count(*) from blobs where user_id = $1 and sha256 = decode($2, 'hex')";
        assert_eq!(database::number(kept, &[&user, &sha256.to_string()]).await, 0);
    }
}

#[tokio::test]
async fn odd_pictures_are_pictures() {
    let ada = Person::register().await;
    let size = async |content_type, bytes: &[u8]| {
        let (shown_as, served) = shown(&ada, content_type, bytes).await;
        let picture = pictures::decode(&served);
        (shown_as, picture.width(), picture.height())
    };
    for (width, height) in [(1, 1), (1, 8_192), (8_192, 1)] {
        assert_eq!(
            size("image/png", &pictures::plain_png(width, height)).await,
            ("image/png".to_owned(), width, height)
        );
    }
    assert_eq!(size("image/webp", &pictures::lossy_webp()).await, ("image/jpeg".to_owned(), 1, 1));
    // Zeros behind it are no file of their own; nor is what cameras put there.
    let (png, jpeg) = (pictures::png(9, 9), pictures::jpeg(9, 9));
    let _ = size("image/png", &[&png[..], &[0; 512]].concat()).await;
    for behind in [&[0; 7][..], &pictures::jpeg(3, 3), b"\0\0\0\x18ftypmp42\0\0\0\0", b"\x12\x34SEFH\0\0SEFT"] {
        let (_, served) = shown(&ada, "image/jpeg", &[&jpeg[..], behind].concat()).await;
        assert_eq!(pictures::decode(&served).width(), 9);
        assert!(behind.len() < 8 || !served.windows(behind.len()).any(|found| found == behind));
    }
    // 16 bits a channel become 8, and what was transparent stays so.
    let (_, served) = shown(&ada, "image/png", &pictures::deep_png(6, 4)).await;
    assert_eq!(pictures::decode(&served).color(), image::ColorType::Rgba8);
    assert_eq!(pictures::decode(&served).to_rgba8().get_pixel(2, 3).0, [0x12, 2, 3, 0x80]);
    let (_, served) = shown(&ada, "image/png", &pictures::transparent_png(10, 10)).await;
    assert_eq!(pictures::decode(&served).to_rgba8().get_pixel(0, 0).0[3], 0);
    // Printers' inks become colours.
    let (_, served) = shown(&ada, "image/jpeg", &pictures::cmyk_jpeg()).await;
    let [red, green, blue] = pictures::decode(&served).to_rgb8().get_pixel(4, 4).0;
    assert!(red > 240 && green < 15 && blue > 240, "{red} {green} {blue}");
    // A camera that was held upright.
    let upright = pictures::with_segment(&pictures::jpeg(40, 20), 0xe1, &pictures::exif(6));
    assert_eq!(size("image/jpeg", &upright).await, ("image/jpeg".to_owned(), 20, 40));
    let (_, served) = shown(&ada, "image/jpeg", &pictures::with_segment(&jpeg, 0xe1, &pictures::exif(3))).await;
    for metadata in [&b"Exif"[..], b"51.5N"] {
        assert!(!served.windows(metadata.len()).any(|found| found == metadata));
    }
}

#[tokio::test]
async fn animations_stay_so_as_gif_and_stand_still_else() {
    let ada = Person::register().await;
    let sent = pictures::gif(20, 10, 500);
    let commented = [&sent[..19], b"\x21\xfe\x05hello\0", &sent[19..]].concat();
    let (content_type, served) = shown(&ada, "image/gif", &commented).await;
    assert_eq!(content_type, "image/gif");
    // Its frames, their times and how often they are shown; not its comment.
    assert_eq!(served, sent);
    for (content_type, bytes) in
        [("image/png", pictures::apng(7, 5, 4)), ("image/webp", pictures::animated_webp(7, 500))]
    {
        let (shown_as, served) = shown(&ada, content_type, &bytes).await;
        assert_eq!(shown_as, "image/png");
        assert!(!served.windows(4).any(|kind| kind == b"acTL"));
        assert_eq!(pictures::decode(&served).to_rgb8(), pictures::decode(&bytes).to_rgb8());
    }
}

/// Whatever was broken on the way: it is a picture, or it is said that it is none.
#[tokio::test]
async fn broken_pictures_are_never_our_fault() {
    let ada = Person::register().await;
    let seed = *Uuid::new_v4().as_bytes();
    let replies = together((0..48_usize).map(|round| {
        let ada = ada.clone();
        async move {
            let (content_type, mut bytes) = match round % 6 {
                0 => ("image/png", pictures::png(40, 40)),
                1 => ("image/jpeg", pictures::jpeg(40, 40)),
                2 => ("image/gif", pictures::gif(40, 40, 3)),
                3 => ("image/webp", pictures::webp(40, 40)),
                4 => ("image/png", pictures::apng(20, 20, 3)),
                _ => ("image/webp", pictures::animated_webp(20, 3)),
            };
            for step in 0..=round / 12 {
                let random = Sha256::of(format!("{seed:?} {round} {step}").as_bytes()).0;
                let at = usize::from(u16::from_le_bytes([random[0], random[1]])) % bytes.len();
                bytes[at] = random[2];
            }
            (round, complete_picture(&ada, "screenshot", content_type, &bytes).await)
        }
    }));
    for (round, reply) in replies.await {
        assert!([200, 422].contains(&reply.status), "{seed:?} {round}: {}", reply.status);
        if reply.status == 422 {
            let _ = reply.expect_problem(422, "invalid_image");
        }
    }
}

#[tokio::test]
async fn what_was_declared_long_ago_has_expired() {
    let ada = Person::register().await;
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let declared = ada.declare("file", "text/plain", &bytes).await.expect(201);
    let _ = ada.send_part(&declared.json["parts"][0], bytes.clone()).await.expect(200);
    let ready = ada.upload("file", "text/plain", Uuid::new_v4().as_bytes()).await;
    let days = "select (extract(epoch from expires_at - created_at) / 86400)::bigint from uploads where id = $1";
    let id: Uuid = declared.id().parse().expect("a UUID");
    assert_eq!(database::number(days, &[&id]).await, 7);
    let user: Uuid = ada.id().parse().expect("a UUID");
    let expire = "update uploads set expires_at = now() - interval '1 second' where user_id = $1";
    database::behind().await.execute(expire, &[&user]).await.expect("it can be set");
    let _ = complete(&ada, &declared).await.expect_problem(409, "upload_expired");
    expect_pending(&ada, &declared).await;
    // What is ready stays so.
    assert_eq!(complete(&ada, &ready).await.expect(200).json["state"], "ready");
    // And the bytes that came in time serve the next declaration.
    let again = ada.declare("file", "text/plain", &bytes).await.expect(201);
    assert_eq!(complete(&ada, &again).await.expect(200).json["state"], "ready");
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let declared = ada.declare("file", "text/plain", &bytes).await.expect(201);
    let _ = ada.send_part(&declared.json["parts"][0], bytes).await.expect(200);
    let _ = complete(&bob, &declared).await.expect_problem(404, "not_found");
    let nobody = Person::anonymous();
    let _ = complete(&nobody, &declared).await.expect_problem(401, "unauthenticated");
    expect_pending(&ada, &declared).await;
    let nowhere = format!("/v1/uploads/{}/complete", Uuid::now_v7());
    let _ = bob.post(&nowhere, json!({})).await.expect_problem(404, "not_found");
    let reply = bob.post("/v1/uploads/%F0%9F%92%A3/complete", json!({})).await.expect_problem(400, "malformed");
    assert_eq!(reply.pointers(), ["/path/id"]);
}

#[tokio::test]
async fn the_body_is_read_strictly() {
    let ada = Person::register().await;
    let declared = ada.declare("file", "text/plain", b"abc").await.expect(201);
    ada.expect_strict("POST", &format!("{}/complete", path(&declared)), json!({})).await;
}
