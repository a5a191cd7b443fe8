//! GET /v1/artifacts/{id}/versions/{version}

use std::collections::BTreeMap;

use harness::{Person, Value, database, json};
use shared::text::Sha256;
use uuid::Uuid;

#[tokio::test]
async fn a_version_comes_with_its_files_by_path() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "one\n").await;
    let paths = ["b/c.js", "B.js", "a.js", "\u{e9}.js", "b.js", "b/a.js"];
    let files: Vec<Value> = paths.iter().map(|path| json!({"path": path, "content": path})).collect();
    let _ = ada.publish_files(&artifact.id(), json!(files)).await;
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    let expected = ada.get(&format!("{path}/2")).await.expect(200);
    let files = expected.json["files"].as_array().expect("files");
    assert_eq!(files.len(), paths.len());
    assert!(files.iter().all(|file| file["path"] == file["content"]));
    for person in [&bob, &Person::anonymous()] {
        assert_eq!(person.get(&format!("{path}/2")).await.expect(200).json["files"], expected.json["files"]);
        assert_eq!(person.get(&format!("{path}/1")).await.expect(200).json["files"][0]["content"], "one\n");
    }
}

#[tokio::test]
async fn who_knows_it_already_gets_304() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("public", "one\n").await;
    let path = format!("/v1/artifacts/{}/versions/1", artifact.id());
    let etag = ada.get(&path).await.expect(200).etag();
    let reply = ada.send_with("GET", &path, &[("if-none-match", &etag)], json!({})).await.expect(304);
    assert!(reply.bytes.is_empty());
    // It is good for publishing, so it changes with the artifact.
    let _ = ada.publish(&artifact.id(), "two\n").await;
    let reply = ada.send_with("GET", &path, &[("if-none-match", &etag)], json!({})).await.expect(200);
    assert_eq!(reply.json["files"][0]["content"], "one\n");
}

#[tokio::test]
async fn the_conversation_is_its_owners_unless_they_say_otherwise() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "one\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    for index in 2..=3 {
        let body = json!({"chat": [index], "files": [{"path": "a", "content": "a"}]});
        let _ = ada.post_with(&format!("{path}/versions"), &[("if-match", "*")], body).await.expect(201);
    }
    let chat = async |person: &Person, index: i32| {
        person.get(&format!("{path}/versions/{index}")).await.expect(200).json["chat"].clone()
    };
    let change = async |body: Value| ada.patch(&path, "*", body).await.expect(200);
    assert_eq!((chat(&ada, 1).await, chat(&ada, 2).await), (Value::Null, json!([2])));
    for person in [&bob, &Person::anonymous()] {
        let _ = change(json!({"chat_history_public": false, "versioning_enabled": true})).await;
        assert_eq!((chat(person, 2).await, chat(person, 3).await), (Value::Null, Value::Null));
        let _ = change(json!({"chat_history_public": true})).await;
        assert_eq!((chat(person, 2).await, chat(person, 3).await), (json!([2]), json!([3])));
        let _ = change(json!({"versioning_enabled": false})).await;
        assert_eq!(chat(person, 3).await, json!([3]));
    }
    assert_eq!(chat(&ada, 2).await, json!([2]));
}

#[tokio::test]
async fn what_it_took_and_came_from_is_its_owners_to_know() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let source = ada.create_artifact("public", "one\n").await;
    let fork = ada.post(&format!("/v1/artifacts/{}/forks", source.id()), json!({"visibility": "public"})).await;
    let path = format!("/v1/artifacts/{}", fork.expect(201).id());
    let version = json!({
        "files": [{"path": "a.js", "content": "two\n"}], "session_id": "s-1", "credits_used_estimate": 2.5, "summary": "Two"
    });
    let made = ada.post_with(&format!("{path}/versions"), &[("if-match", "*")], version).await.expect(201).json;
    assert_eq!((&made["session_id"], &made["credits_used_estimate"]), (&json!("s-1"), &json!(2.5)));
    assert_eq!(made["version_metadata"]["forked_from_id"], source.json["id"]);
    for person in [&bob, &Person::anonymous()] {
        let listed = person.walk(&format!("{path}/versions")).await.remove(0);
        for version in [person.get(&format!("{path}/versions/2")).await.expect(200).json, listed] {
            assert_eq!((&version["session_id"], &version["credits_used_estimate"]), (&json!(null), &json!(null)));
            assert_eq!(version["summary"], "Two");
            let metadata = &version["version_metadata"];
            assert_eq!(metadata["title"], "A clock");
            assert_eq!((&metadata["forked_from_id"], &metadata["source_session_id"]), (&json!(null), &json!(null)));
        }
    }
}

#[tokio::test]
async fn earlier_versions_can_be_kept_to_oneself() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "one\n").await;
    let _ = ada.publish(&artifact.id(), "two\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let _ = ada.patch(&path, "*", json!({"versioning_enabled": false})).await.expect(200);
    for person in [&bob, &Person::anonymous()] {
        let _ = person.get(&format!("{path}/versions/1")).await.expect_problem(404, "not_found");
        assert_eq!(person.get(&format!("{path}/versions/2")).await.expect(200).json["files"][0]["content"], "two\n");
    }
    assert_eq!(ada.get(&format!("{path}/versions/1")).await.expect(200).json["files"][0]["content"], "one\n");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("private", "one\n").await;
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    for index in ["0", "-1", "2", "2147483647", "-2147483648"] {
        let _ = ada.get(&format!("{path}/{index}")).await.expect_problem(404, "not_found");
    }
    for index in ["one", "1.0", "2147483648", "%20", "current"] {
        let reply = ada.get(&format!("{path}/{index}")).await.expect_problem(400, "malformed");
        assert_eq!(reply.pointers(), ["/path/version"]);
    }
    for person in [&bob, &Person::anonymous()] {
        let _ = person.get(&format!("{path}/1")).await.expect_problem(404, "not_found");
    }
    let _ = ada.get(&format!("/v1/artifacts/{}/versions/1", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let reply = ada.get(&format!("{path}/1?files=no")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/files"]);
}

/// Versions can grow, by what they take over, beyond what one reply holds.
#[tokio::test]
async fn more_text_than_a_reply_holds_is_read_file_by_file() {
    let ada = Person::register().await;
    let text = |index: usize| format!("{index}{}", "x".repeat(1024 * 1024 - 1));
    let files: Vec<Value> = (0..4).map(|index| json!({"path": index.to_string(), "content": text(index)})).collect();
    let artifact = ada.post("/v1/artifacts", json!({"title": "Large", "version": {"files": files}})).await.expect(201);
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    let first = ada.get(&format!("{path}/1")).await.expect(200);
    assert_eq!(first.json["files"][3]["content"], text(3));
    let mut files: Vec<Value> = first.json["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| json!({"path": file["path"], "sha256": file["sha256"]}))
        .collect();
    files.push(json!({"path": "4", "content": "one more"}));
    let second = ada.publish_files(&artifact.id(), json!(files)).await;
    for version in [second, ada.get(&format!("{path}/2")).await.expect(200)] {
        let files = version.json["files"].as_array().expect("files");
        assert_eq!(files.len(), 5);
        assert!(files.iter().all(|file| file["content"].is_null() && file["url"].is_null()));
    }
    let file = ada.get(&format!("{path}/2/files/3")).await.expect(200);
    assert_eq!(file.json["content"], text(3));
    assert_eq!(ada.get(&format!("{path}/2/files/4")).await.expect(200).json["content"], "one more");
}

#[tokio::test]
async fn what_the_documents_call_code_comes_where_it_is_asked_for() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "one\n").await;
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let sha256 = ada.upload("artifact_file", "application/wasm", &bytes).await.json["blob"]["sha256"].clone();
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    let body = json!({"code_language": "javascript", "files": [
        {"path": "README", "content": "Read me\n"}, {"path": "clock.js", "language": "javascript", "content": "two\n"}
    ]});
    let second = ada.post_with(&path, &[("if-match", "*")], body).await.expect(201).json;
    let body = json!({"code_language": "wasm", "files": [
        {"path": "README", "content": "Read me\n"}, {"path": "a.wasm", "language": "wasm", "sha256": sha256}
    ]});
    let third = ada.post_with(&path, &[("if-match", "*")], body).await.expect(201).json;
    let blob_ref = format!("blob:{}", sha256.as_str().expect("text"));
    assert_eq!(third["code_blob_ref"], json!(blob_ref));
    let code = |index: i32, fields: &str| format!("{path}/{index}?include={fields}");
    let versions = json!([
        {"version_index": 1, "code_language": null, "code_blob_ref": format!("db:{}", artifact.json["current_version_id"].as_str().expect("an id"))},
        {"version_index": 2, "code_language": "javascript", "code_blob_ref": format!("db:{}", second["id"].as_str().expect("an id"))},
        {"version_index": 3, "code_language": "wasm", "code_blob_ref": blob_ref}
    ]);
    for person in [&ada, &bob, &Person::anonymous()] {
        let plain = person.get(&format!("{path}/2")).await.expect(200).json;
        for field in ["code_content", "code_versions", "code_references"] {
            assert!(plain.get(field).is_none());
        }
        assert_eq!(plain["code_blob_ref"], versions[1]["code_blob_ref"]);
        let all = person.get(&code(2, "code_content,code_versions,code_references")).await.expect(200).json;
        assert_eq!(all["code_content"], "two\n");
        assert_eq!(all["code_versions"], json!(versions.as_array().expect("versions")[..2]));
        let references: Vec<Value> = plain["files"]
            .as_array()
            .expect("files")
            .iter()
            .map(|file| {
                json!({"path": file["path"], "sha256": file["sha256"], "size": file["size"], "language": file["language"]})
            })
            .collect();
        assert_eq!(all["code_references"], json!(references));
        assert_eq!(person.get(&code(3, "code_versions")).await.expect(200).json["code_versions"], versions);
        let binary = person.get(&code(3, "code_content")).await.expect(200).json;
        assert!(binary["code_content"].is_null() && binary.get("code_content").is_some());
        assert_eq!(person.get(&code(1, "code_content")).await.expect(200).json["code_content"], "one\n");
    }
    let own = format!("/v1/artifacts/{}", artifact.id());
    let _ = ada.patch(&own, "*", json!({"versioning_enabled": false})).await.expect(200);
    assert_eq!(bob.get(&code(3, "code_versions")).await.expect(200).json["code_versions"], json!([versions[2]]));
    assert_eq!(ada.get(&code(3, "code_versions")).await.expect(200).json["code_versions"], versions);
    for wrong in ["", "code", "code_content,", "code_content%20", "files"] {
        let reply = ada.get(&code(1, wrong)).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), ["/query/include"], "{wrong}");
    }
}

/// What fits into a reply as it is may not as JSON, which writes a control character as six; nor once Lambda has put JSON
/// around it, in which a quote becomes four.
#[tokio::test]
async fn text_that_grows_as_json_is_read_file_by_file() {
    let ada = Person::register().await;
    let text = |index: usize| format!("{index}{}", "\u{1}".repeat(700_000));
    let files = |index: usize| json!([{"path": index.to_string(), "content": text(index)}]);
    let body = json!({"title": "Large", "version": {"files": files(0)}});
    let artifact = ada.post("/v1/artifacts", body).await.expect(201);
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    assert_eq!(ada.get(&format!("{path}/1")).await.expect(200).json["files"][0]["content"], text(0));
    let mut all = files(1).as_array().expect("files").clone();
    all.push(json!({"path": "0", "sha256": Sha256::of(text(0).as_bytes())}));
    let _ = ada.publish_files(&artifact.id(), json!(all)).await;
    let version = ada.get(&format!("{path}/2?include=code_content")).await.expect(200);
    assert!(version.bytes.len() < 6_000_000);
    assert!(version.json["files"].as_array().expect("files").iter().all(|file| file["content"].is_null()));
    assert!(version.json["code_content"].is_null());
    assert_eq!(ada.get(&format!("{path}/2/files/1")).await.expect(200).json["content"], text(1));
    let quotes = "\"".repeat(750_000);
    let files = json!([{"path": "a", "content": quotes}, {"path": "b", "content": quotes}]);
    let version = ada.publish_files(&artifact.id(), files).await;
    assert!(version.json["files"].as_array().expect("files").iter().all(|file| file["content"].is_null()));
    assert_eq!(ada.get(&format!("{path}/3/files/b")).await.expect(200).json["content"], quotes);
}

/// Publishes this text as the next version's only file.
async fn publish(person: &Person, artifact_id: &str, text: &str) {
    let _ = person.publish_files(artifact_id, json!([{"path": "a", "content": text}])).await;
}

/// Texts that have little in common with others, and much with each other.
fn drafts(count: usize) -> Vec<String> {
    let mut lines: Vec<String> = (0..60).map(|_| format!("{}\n", Uuid::new_v4())).collect();
    let mut next = |index: usize| {
        let at = index % lines.len();
        lines[at] = format!("{}\n", Uuid::new_v4());
        lines.concat()
    };
    (0..count).map(&mut next).collect()
}

/// A patch may be made upon text of versions and artifacts, and of people, that its reader does not see.
#[tokio::test]
async fn whoever_sees_a_patch_can_read_it() {
    let (ada, bob, carol) = (Person::register().await, Person::register().await, Person::register().await);
    let drafts = drafts(40);
    let artifact = ada.post("/v1/artifacts", json!({"title": "t", "visibility": "public"})).await.expect(201);
    let path = format!("/v1/artifacts/{}", artifact.id());
    for draft in &drafts[..15] {
        publish(&ada, &artifact.id(), draft).await;
    }
    let fork = bob.post(&format!("{path}/forks"), json!({"visibility": "public"})).await.expect(201);
    for draft in &drafts[15..] {
        publish(&bob, &fork.id(), draft).await;
    }
    let patches = "select count(*) from blobs
        join blobs bases on bases.id = blobs.base_blob_id
        where blobs.user_id = $1::text::uuid and bases.user_id = $2::text::uuid";
    assert_eq!(database::number(patches, &[&ada.id(), &ada.id()]).await, 14);
    let upon_others = database::number(patches, &[&bob.id(), &ada.id()]).await;
    assert!(upon_others > 0 && upon_others + database::number(patches, &[&bob.id(), &bob.id()]).await == 25);

    let _ = ada.patch(&path, "*", json!({"versioning_enabled": false})).await.expect(200);
    let newest = carol.get(&format!("{path}/versions/15")).await.expect(200).json;
    assert_eq!(newest["files"][0]["content"], drafts[14]);
    let _ = ada.patch(&path, "*", json!({"visibility": "private"})).await.expect(200);
    let _ = ada.delete(&path).await.expect(204);
    for person in [&bob, &carol, &Person::anonymous()] {
        for (index, draft) in (1..).zip(&drafts[14..]) {
            let version = format!("/v1/artifacts/{}/versions/{index}", fork.id());
            assert_eq!(person.get(&version).await.expect(200).json["files"][0]["content"], *draft);
            let file = person.get(&format!("{version}/files/a")).await.expect(200);
            assert_eq!(file.json["content"], *draft);
        }
    }
}

/// An import may keep a text as it is that others are patches of, and a base is not removed before them.
#[tokio::test]
async fn a_base_can_be_kept_otherwise_but_not_removed() {
    let ada = Person::register().await;
    let drafts = drafts(12);
    let artifact = ada.post("/v1/artifacts", json!({"title": "t"})).await.expect(201);
    for draft in &drafts {
        publish(&ada, &artifact.id(), draft).await;
    }
    let behind = database::behind().await;
    let as_it_is = "update blobs set content = convert_to($1, 'UTF8'), encoding = 'identity' where sha256 = $2";
    for text in [&drafts[0], &drafts[4], &drafts[11]] {
        let sha256 = Sha256::of(text.as_bytes()).0.to_vec();
        assert_eq!(behind.execute(as_it_is, &[text, &sha256]).await.expect("updates"), 1);
    }
    publish(&ada, &artifact.id(), &format!("{}more\n", drafts[11])).await;
    for (index, draft) in (1..).zip(&drafts) {
        let path = format!("/v1/artifacts/{}/versions/{index}/files/a", artifact.id());
        assert_eq!(ada.get(&path).await.expect(200).json["content"], *draft);
    }
    let remove = format!(
        "begin;
         delete from artifact_files where artifact_id = '{}';
         delete from blobs where sha256 = '\\x{}'",
        artifact.id(),
        Sha256::of(drafts[8].as_bytes())
    );
    let error = behind.batch_execute(&remove).await.expect_err("it is a base");
    assert_eq!(error.as_db_error().and_then(|error| error.constraint()), Some("blobs_base_blob_id_fkey"));
}

/// What is damaged is our fault, and never shown.
#[tokio::test]
async fn a_text_that_is_not_what_its_hash_says_is_not_shown() {
    let ada = Person::register().await;
    let drafts = drafts(3);
    let artifact = ada.post("/v1/artifacts", json!({"title": "t"})).await.expect(201);
    for draft in &drafts {
        publish(&ada, &artifact.id(), draft).await;
    }
    let damage = "update blobs set content = convert_to('other', 'UTF8'), encoding = 'identity' where sha256 = $1";
    let sha256 = Sha256::of(drafts[1].as_bytes()).0.to_vec();
    let _ = database::behind().await.execute(damage, &[&sha256]).await.expect("updates");
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    let _ = ada.get(&format!("{path}/1")).await.expect(200);
    for index in 2..=3 {
        let _ = ada.get(&format!("{path}/{index}")).await.expect_problem(500, "internal");
    }
}

/// A generator of numbers that are the same in each run.
struct Numbers(fastrand::Rng);

impl Numbers {
    fn line(&mut self) -> String {
        let words = ["let", "hand", "=", "clock;", "été", "時計", "\u{1f552}", "\t", "\"quoted\"", "\\", "\u{1}", ""];
        let text: Vec<&str> = (0..self.0.usize(..9)).map(|_| words[self.0.usize(..words.len())]).collect();
        format!("{}{}", text.join(" "), ["\n", "\r\n", "\n", "\n"][self.0.usize(..4)])
    }

    fn text(&mut self) -> String {
        (0..self.0.usize(..40)).map(|_| self.line()).collect()
    }

    /// What someone may make of a text: a few other lines, others at its end, all of it another, or nothing.
    fn edit(&mut self, text: &str) -> String {
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        match self.0.usize(..20) {
            0 => return self.text(),
            1 => return String::new(),
            2 => return text.trim_end().to_owned(),
            3 => lines.extend((0..20).map(|_| self.line())),
            _ => {}
        }
        for _ in 0..=self.0.usize(..3) {
            let at = self.0.usize(..=lines.len());
            let to = (at + self.0.usize(..3)).min(lines.len());
            let new: Vec<String> = (0..self.0.usize(..3)).map(|_| self.line()).collect();
            let _ = lines.splice(at..to, new);
        }
        lines.concat()
    }
}

/// 500 versions of up to 50 files, whose texts are edited, replaced, moved, removed and restored.
#[tokio::test]
async fn any_version_of_a_long_history_reads_back_byte_for_byte() {
    let mut numbers = Numbers(fastrand::Rng::with_seed(0x5EED_2025));
    let ada = Person::register().await;
    let artifact = ada.post("/v1/artifacts", json!({"title": "Long"})).await.expect(201).id();
    let versions = format!("/v1/artifacts/{artifact}/versions");
    let mut history: Vec<BTreeMap<String, String>> = Vec::new();
    let mut files: BTreeMap<String, String> =
        (0..50).map(|index| (format!("src/{index}.js"), numbers.text())).collect();
    for index in 0..500 {
        if index > 0 && numbers.0.usize(..25) == 0 {
            let earlier = numbers.0.usize(..index);
            let path = format!("{versions}/{}/restore", earlier + 1);
            let _ = ada.post_with(&path, &[("if-match", "*")], json!({})).await.expect(201);
            files = history[earlier].clone();
        } else {
            let known: BTreeMap<String, String> = files.clone();
            for _ in 0..=numbers.0.usize(..4) {
                let path = files.keys().nth(numbers.0.usize(..files.len())).expect("a file").clone();
                let text = files[&path].clone();
                match numbers.0.usize(..12) {
                    0 if files.len() > 1 => drop(files.remove(&path)),
                    1 if files.len() < 50 => drop(files.insert(format!("new/{index}.js"), text)),
                    _ => drop(files.insert(path, numbers.edit(&text))),
                }
            }
            let body: Vec<Value> = files
                .iter()
                .map(|(path, text)| match known.get(path) {
                    Some(old) if old == text && index > 0 => {
                        json!({"path": path, "sha256": Sha256::of(text.as_bytes())})
                    }
                    _ => json!({"path": path, "content": text}),
                })
                .collect();
            let _ = ada.publish_files(&artifact, json!(body)).await;
        }
        history.push(files.clone());
    }
    for (index, files) in (1..).zip(&history) {
        let version = ada.get(&format!("{versions}/{index}")).await.expect(200).json;
        let read: BTreeMap<String, String> = version["files"]
            .as_array()
            .expect("files")
            .iter()
            .map(|file| {
                let text = |name: &str| file[name].as_str().expect("text").to_owned();
                (text("path"), text("content"))
            })
            .collect();
        assert!(read == *files, "version {index} is not what was published");
    }
    let patches = "select count(*) from blobs where user_id = $1::text::uuid and base_blob_id is not null";
    assert!(database::number(patches, &[&ada.id()]).await > 500);
    let longest = "with recursive chains as (
            select id, 0 as steps from blobs where user_id = $1::text::uuid and base_blob_id is null
            union all
            select blobs.id, chains.steps + 1 from chains join blobs on blobs.base_blob_id = chains.id
        )
        select max(steps)::bigint from chains";
    let steps = database::number(longest, &[&ada.id()]).await;
    assert!((3..=16).contains(&steps), "{steps} steps");
}
