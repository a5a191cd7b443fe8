//! Files that rows name, and rows that are files.

use std::path::{Path, PathBuf};

use harness::database::create_migrated;
use harness::server::{Server, bucket};
use harness::{Person, Value, json, pictures};
use shared::bucket::Bucket;
use shared::text::Sha256;
use uuid::Uuid;

use crate::source::Source;
use crate::{arguments, tool};

const ADA: Uuid = Uuid::from_u128(0xada);
const ARTIFACT: Uuid = Uuid::from_u128(0xa47);

/// A folder that is gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("atelier-import-{}", Uuid::new_v4().simple()));
        std::fs::create_dir(&path).expect("a folder");
        Self(path)
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// The bucket holds these bytes, verified, where the API looks for them.
async fn expect_stored(owner: Uuid, bytes: &[u8], is_image: bool) {
    let sha256 = Sha256::of(bytes);
    let stored = bucket().client().head(&Bucket::key(owner, &sha256, is_image)).await.expect("the bucket answers");
    let stored = stored.expect("the object is there");
    assert_eq!(stored.size, i64::try_from(bytes.len()).expect("a size"));
    assert_eq!(stored.sha256.map(|sha256| sha256.0), Some(sha256.0), "the bucket verified it");
}

async fn problems(target: &str) -> Vec<(String, String)> {
    let rows = tool::importer(target)
        .await
        .query("select relation || ' ' || row_key, reason from lens.import_problems order by 1", &[])
        .await
        .expect("the book");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn images_go_to_the_bucket_and_what_is_none_is_listed() {
    let folder = Folder::new();
    let (avatar, screenshot) = (pictures::png(64, 64), pictures::png(300, 200));
    folder.write("avatars/ada lovelace.png", &avatar);
    folder.write("avatars/bob.png", "<svg onload='alert(1)'/>");
    folder.write("media/screens/one.png", &screenshot);
    // Behind the folder's back.
    let outside = Folder::new();
    outside.write("secret.png", &avatar);
    std::os::unix::fs::symlink(outside.0.join("secret.png"), folder.0.join("avatars/link.png")).expect("a link");

    let source = Source::create("storage").await;
    let profile = |id: u128, handle: &str, url: &str| {
        format!(
            "insert into profiles (user_id, handle, avatar_url) values ('{}', '{handle}', '{url}');",
            Uuid::from_u128(id)
        )
    };
    let rows = [
        profile(0xada, "ada", "https://cdn.example/bucket/avatars/ada%20lovelace.png?v=2"),
        profile(0xb0b, "bob", "/data/avatars/bob.png"),
        profile(0xc0c, "coco", "/data/avatars/nowhere.png"),
        profile(0xd0d, "dodo", "avatars/link.png"),
        profile(0xe0e, "evil", "../../etc/passwd"),
        format!(
            "insert into artifacts (id, owner_user_id, title, visibility) values ('{ARTIFACT}', '{ADA}', 'x', 'public');"
        ),
        format!(
            "insert into artifact_media (artifact_id, screenshot_url) values ('{ARTIFACT}', 'data/elsewhere/one.png');"
        ),
    ];
    source.client.batch_execute(&rows.concat()).await.expect("legal there");

    let (target, _) = create_migrated().await;
    let mut with_files = arguments(&source).to_vec();
    with_files.extend(["--files", folder.path()]);
    let mut dry = with_files.clone();
    dry.push("--dry-run");
    let outcome = tool::run(&target, &dry).await.expect(2);
    assert!(outcome.report.contains("profiles.avatar_url"), "{}", outcome.report);
    assert!(bucket().client().head(&Bucket::key(ADA, &Sha256::of(&avatar), true)).await.expect("it answers").is_none());

    // The second run finds everything where it belongs.
    for _ in 0..2 {
        let outcome = tool::run(&target, &with_files).await.expect(2);
        expect_stored(ADA, &avatar, true).await;
        expect_stored(ADA, &screenshot, true).await;
        let of = |id: u128| format!("profiles.avatar_url {}", Uuid::from_u128(id));
        assert_eq!(
            problems(&target).await,
            [
                (of(0xb0b), "the file is no PNG, JPEG, WebP or GIF".to_owned()),
                (of(0xc0c), "the file is missing".to_owned()),
                (of(0xd0d), "the file is missing".to_owned()),
                (of(0xe0e), "\"../../etc/passwd\" names no file".to_owned()),
            ],
            "{}",
            outcome.report
        );
    }
    let noted = tool::noted(&target).await;
    let counts = |name: &str| noted.iter().find(|(relation, _)| relation == name).expect("it was read").1;
    assert_eq!(counts("profiles.avatar_url"), [5, 0, 1, 4]);
    assert_eq!(counts("artifact_media.screenshot_url"), [1, 0, 1, 0]);
    // Rows read as they were given, and the model has the bytes.
    crate::expect_same(&source, &target).await;
    let name = target.rsplit('/').next().expect("a name");
    let behind = harness::database::connect(&harness::database::url(None, name)).await;
    let attached = "
        select blobs.sha256
        from profiles join artifacts on owner_user_id = profiles.user_id join artifact_media on artifact_id = artifacts.id
        join blobs on blobs.id in (avatar_blob_id, screenshot_blob_id)
    ";
    let attached = behind.query(attached, &[]).await.expect("rows");
    let mut attached: Vec<Vec<u8>> = attached.iter().map(|row| row.get(0)).collect();
    attached.sort();
    let mut expected = [&avatar, &screenshot].map(|bytes| Sha256::of(bytes).0.to_vec());
    expected.sort();
    assert_eq!(attached, expected);
}

#[tokio::test]
async fn a_bundle_on_disk_goes_to_the_bucket() {
    let folder = Folder::new();
    let bundle = json!({"files": {"app.py": "print('🙂')"}, "id": Uuid::new_v4()}).to_string();
    folder.write("runs/7/bundle.json", &bundle);
    let source = Source::create("craftlive").await;
    let rows = format!(
        r#"insert into "user" (id, email, hashed_password) values ('{ADA}', 'ada@example.com', 'x');
           insert into project (id, name, owner_id) values ('{ARTIFACT}', 'A clock', '{ADA}');
           insert into generation_run (id, project_id) values ('{ARTIFACT}', '{ARTIFACT}');
           insert into artifact_record (id, stage, run_id, content)
           select gen_random_uuid(), 'implementer', '{ARTIFACT}', content
           from unnest(array[
               '{{"bundle_ref": "backend/artifact_store/runs/7/bundle.json"}}', '{{"bundle_ref": "gone.json"}}', '{{"inline": 1}}', '[1]'
           ]::jsonb[]) as content"#
    );
    source.client.batch_execute(&rows).await.expect("legal there");
    let (target, _) = create_migrated().await;
    let mut with_files = arguments(&source).to_vec();
    with_files.extend(["--files", folder.path()]);
    let outcome = tool::run(&target, &with_files).await.expect(2);
    expect_stored(ADA, bundle.as_bytes(), false).await;
    let problems = problems(&target).await;
    assert_eq!(problems.len(), 1, "{}", outcome.report);
    assert_eq!(problems[0].1, "the file is missing");
    crate::expect_same(&source, &target).await;
}

#[tokio::test]
async fn files_of_aio_and_december_go_to_the_bucket() {
    let folder = Folder::new();
    let (avatar, page) = (pictures::png(48, 48), format!("<p>{}</p>", Uuid::new_v4()));
    folder.write("avatars/ada.png", &avatar);
    folder.write("out/a b.html", &page);
    let long = format!("{}/a b.html", "folder/".repeat(90));
    let files = format!(
        "insert into users (id, email, first_name, last_name, avatar_url)
         values ('{ADA}', 'ada@example.com', 'Ada', 'L', 'https://cdn.example/avatars/ada.png');
         insert into artifacts (id, user_id, tool_name, name, type, file_path, file_size)
         select md5(path)::uuid, '{ADA}', 'painter', 'A page', 'html', path, 7
         from unnest(array['/srv/out/a b.html', 'C:\\out\\a b.html', '{long}', '/srv/../etc/passwd', '', 'gone.html']) as path"
    );
    let december = format!(
        "insert into users (id, email, avatar_url) values ('{ADA}', 'ada@example.com', '/data/avatars/ada.png');
         insert into containers (id, container_id, name, user_id) values ('{ADA}', 'docker-1', 'Box', '{ADA}')"
    );
    for (document, rows, refused) in [("aio", files, 2), ("december", december, 0)] {
        let source = Source::create(document).await;
        source.client.batch_execute(&rows).await.expect("legal there");
        let (target, functions) = create_migrated().await;
        let mut with_files = arguments(&source).to_vec();
        with_files.extend(["--files", folder.path()]);
        for _ in 0..2 {
            let outcome = tool::run(&target, &with_files).await.expect(if refused == 0 { 0 } else { 2 });
            assert_eq!(problems(&target).await.len(), refused, "{}", outcome.report);
            crate::expect_same(&source, &target).await;
        }
        expect_stored(ADA, &avatar, true).await;
        let name = target.rsplit('/').next().expect("a name");
        let behind = harness::database::connect(&harness::database::url(None, name)).await;
        let token = format!(
            "insert into sessions (user_id, token_hash, expires_at)
             values ('{ADA}', sha256('a token'), now() + interval '1 day')"
        );
        behind.batch_execute(&token).await.expect("a session");
        let mut ada = Person::anonymous_at(&Server::start(functions).url);
        ada.token = Some("a token".to_owned());
        assert!(ada.get("/v1/profiles/me").await.expect(200).json["avatar"]["url"].is_string(), "{document}");
        if document == "aio" {
            expect_stored(ADA, page.as_bytes(), false).await;
            let mut paths = Vec::new();
            for artifact in ada.walk("/v1/artifacts?owner=me").await {
                let versions = format!("/v1/artifacts/{}/versions", artifact["id"].as_str().expect("an id"));
                if !ada.walk(&versions).await.is_empty() {
                    let version = ada.get(&format!("{versions}/1")).await.expect(200).json;
                    paths.push(version["files"][0]["path"].as_str().expect("a path").to_owned());
                }
            }
            paths.sort();
            assert_eq!(paths, ["C:/out/a b.html", "a b.html", "srv/out/a b.html"]);
        }
    }
}

#[tokio::test]
async fn the_older_storage_comes_from_its_json() {
    let folder = Folder::new();
    let avatar = pictures::png(32, 32);
    folder.write("avatars/ada.png", &avatar);
    let profiles = json!([
        {"user_id": ADA, "handle": "ada", "bio": "🙂\n\"quoted\"", "avatar_url": "/data/avatars/ada.png", "age": 36,
         "created_at": "2024-05-06T07:08:09.123456Z", "favourite_colour": "blue"},
        {"user_id": Uuid::from_u128(0xb0b), "handle": "bob"}
    ]);
    folder.write("profiles.json", profiles.to_string());
    // The numbers are more exact than a float.
    folder.write(
        "artifacts.json",
        format!(
            r#"{{"{ARTIFACT}": {{
                "owner_user_id": "{ADA}", "title": "A clock", "visibility": "public",
                "source_session_credits_estimate": 0.12345678901234567890,
                "versions": [
                    {{"id": "{second}", "version_index": 2, "code_content": "let b = 2;", "code_language": "js"}},
                    {{"id": "{first}", "version_index": 1, "code_content": "let a = 1;", "code_language": "js"}}
                ]
            }}}}"#,
            first = Uuid::from_u128(1),
            second = Uuid::from_u128(2),
        ),
    );
    folder.write("sessions.json", "[]");
    folder.write("artifact_media.json", json!([{"artifact_id": ARTIFACT, "screenshot_url": null}]).to_string());

    let (target, _) = create_migrated().await;
    for taken in [true, false] {
        let outcome = tool::run(&target, &["--from", "storage", "--files", folder.path()]).await.expect(0);
        assert!(outcome.report.contains("favourite_colour of the source stays behind"), "{}", outcome.report);
        assert!(outcome.report.contains("sessions of the source stays behind, all its rows"), "{}", outcome.report);
        let noted = tool::noted(&target).await;
        let counts = |rows| if taken { [rows, rows, 0, 0] } else { [rows, 0, rows, 0] };
        for (relation, rows) in [("profiles", 2), ("artifacts", 1), ("artifact_versions", 2), ("artifact_media", 1)] {
            let found = noted.iter().find(|(name, _)| name == relation).expect("it was read").1;
            assert_eq!(found, counts(rows), "{relation}");
        }
    }
    expect_stored(ADA, &avatar, true).await;
    let importer = tool::importer(&target).await;
    let row = |query: &'static str| {
        let importer = &importer;
        async move { importer.query_one(query, &[]).await.expect("a row").get::<_, Value>(0) }
    };
    let ada = row("select to_jsonb(profiles) from storage.profiles where handle = 'ada'").await;
    assert_eq!(ada["bio"], "🙂\n\"quoted\"");
    assert_eq!(ada["created_at"], "2024-05-06T07:08:09.123456+00:00");
    assert_eq!(ada["avatar_url"], "/data/avatars/ada.png");
    let exact = row("select to_jsonb(source_session_credits_estimate::text) from storage.artifacts").await;
    assert_eq!(exact, "0.12345678901234567890");
    let versions = "
        select jsonb_agg(code_content order by version_index) from storage.artifact_versions
    ";
    assert_eq!(row(versions).await, json!(["let a = 1;", "let b = 2;"]));
    assert!(Path::new(folder.path()).join("profiles.json").exists(), "the source stays as it was");
}
