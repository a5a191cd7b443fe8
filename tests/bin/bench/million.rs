//! A database of the size that a working product has.

use std::io::Write;

use anyhow::Context;
use harness::database;
use uuid::Uuid;

/// How many people there are; everyone has about as many artifacts.
const USERS: i64 = 1_000;

/// Artifacts that are made in one transaction.
const BATCH: i64 = 20_000;

/// The token of the person who asks.
pub(crate) const TOKEN: &str = "atelier_bench-1";

/// The token of somebody else.
pub(crate) fn token(person: usize) -> String {
    format!("atelier_bench-{}", 2 + person % 900)
}

/// The people: each with text and pictures of their own. The rows agree with each other by construction, so that the
/// triggers that check foreign keys may rest.
const PEOPLE: &str = "
    create schema bench;
    create function bench.made_at(n bigint) returns timestamptz language sql immutable as $$
        select '2025-01-01T00:00:00Z'::timestamptz + n * interval '15 seconds'
    $$;
    create function bench.id(kind text, n bigint) returns uuid language sql immutable as $$
        select (
            lpad(to_hex((extract(epoch from bench.made_at(n)) * 1000)::bigint), 12, '0')
            || '7' || substr(md5(kind || n), 1, 3) || 'a' || substr(md5(kind || n), 4, 15)
        )::uuid
    $$;
    set session_replication_role = replica;
    insert into users (id, email, name)
        select bench.id('user', n), 'maker' || n || '@example.com', 'Maker ' || n from generate_series(1, $users) n;
    insert into sessions (user_id, token_hash, expires_at)
        select bench.id('user', n), sha256(('atelier_bench-' || n)::bytea), now() + interval '30 days'
        from generate_series(1, $users) n;
    insert into blobs (id, user_id, sha256, size, content_type, content)
        select bench.id('text', n * 10 + k), bench.id('user', n), sha256((n || 'text' || k)::bytea),
               octet_length((n || 'text' || k)::bytea), 'text/plain', (n || 'text' || k)::bytea
        from generate_series(1, $users) n, generate_series(0, 9) k;
    insert into blobs (id, user_id, sha256, size, content_type, storage_key)
        select bench.id('picture', n * 10 + k), bench.id('user', n), sha256((n || 'picture' || k)::bytea), 48213,
               'image/png',
               'images/' || bench.id('user', n) || '/' || encode(sha256((n || 'picture' || k)::bytea), 'hex')
        from generate_series(1, $users) n, generate_series(0, 9) k;
    insert into profiles (user_id, handle, display_name, avatar_blob_id)
        select bench.id('user', n), 'maker' || n, 'Maker ' || n, case when n % 2 = 0 then bench.id('picture', n * 10) end
        from generate_series(1, $users) n;
";

/// Artifacts `$from` to `$to`: every other one public, every fourth with two versions, every third with pictures, every
/// twentieth a fork.
const ARTIFACTS: &str = "
    begin;
    create temporary table made on commit drop as
        select
            n, bench.made_at(n) as made_at, bench.id('artifact', n) as id, 1 + (n * 7919) % $users as maker,
            bench.id('user', 1 + (n * 7919) % $users) as user_id,
            case when n % 4 = 0 then 2 else 1 end as versions,
            n % 20 = 0 and n > 20 as is_fork
        from generate_series($from::bigint, $to::bigint) n;
    insert into artifacts (
        id, owner_user_id, title, description, visibility, type, tool_name, metadata, current_version_id, versions_count,
        forked_from_id, forked_from_owner_user_id, forked_from_version_id, origin_artifact_id, origin_owner_user_id,
        created_at, updated_at
    )
    select
        id, user_id, 'Clock ' || n, 'A clock that ' || repeat('ticks and ', 1 + (n % 9)::integer) || 'stops',
        case when n % 2 = 0 then 'public' else 'private' end, (array['code', 'image', 'model'])[1 + n % 3], 'canvas',
        jsonb_build_object('tags', jsonb_build_array('clock', 'n' || n % 100)),
        bench.id('version' || versions, n), versions,
        case when is_fork then bench.id('artifact', n - 10) end,
        case when is_fork then bench.id('user', 1 + ((n - 10) * 7919) % $users) end,
        case when is_fork then bench.id('version1', n - 10) end,
        case when is_fork then bench.id('artifact', n - 10) end,
        case when is_fork then bench.id('user', 1 + ((n - 10) * 7919) % $users) end,
        made_at, made_at
    from made;
    insert into artifact_versions (
        id, artifact_id, version_index, parent_version_id, summary, code_language, files_count, size, additions, deletions,
        created_at
    )
    select
        bench.id('version' || k, n), id, k, case when k = 2 then bench.id('version1', n) end, 'Version ' || k,
        'javascript', 2, 64, 20, 0, made_at
    from made, generate_series(1, versions) k;
    insert into artifact_files (artifact_id, path, first_index, blob_id, language)
    select id, (array['index.html', 'clock.js'])[k], 1, bench.id('text', maker * 10 + (n + k) % 10), 'javascript'
    from made, generate_series(1, 2) k;
    insert into artifact_media (artifact_id, screenshot_blob_id, thumb_blob_id)
    select id, bench.id('picture', maker * 10 + n % 10), bench.id('picture', maker * 10 + (n + 1) % 10)
    from made where n % 3 = 0;
    insert into artifact_counts (artifact_id, slot, likes, forks)
    select id, k * 3, 1, case when (n + 10) % 20 = 0 and k = 1 then 1 else 0 end
    from made, generate_series(1, 2) k where n % 2 = 0;
    insert into artifact_likes (artifact_id, user_id)
    select id, bench.id('user', 1 + (n * 31 + k) % $users) from made, generate_series(1, 2) k where n % 2 = 0;
    insert into artifact_listings (
        artifact_id, owner_user_id, visibility, type, tool_name, code_language, created_at, likes, forks, trending
    )
    select
        artifacts.id, artifacts.owner_user_id, artifacts.visibility, artifacts.type, artifacts.tool_name, 'javascript',
        artifacts.created_at, case when n % 2 = 0 then 2 else 0 end, case when (n + 10) % 20 = 0 then 1 else 0 end,
        extract(epoch from artifacts.created_at)
    from made join artifacts on artifacts.id = made.id;
    insert into artifact_texts (
        artifact_id, owner_user_id, visibility, type, tool_name, code_language, created_at, title, title_words, words
    )
    select
        artifacts.id, artifacts.owner_user_id, artifacts.visibility, artifacts.type, artifacts.tool_name, 'javascript',
        artifacts.created_at, artifacts.title, to_tsvector('simple', artifacts.title),
        setweight(to_tsvector('simple', artifacts.title), 'A')
            || setweight(to_tsvector('simple', artifacts.description), 'B')
    from made join artifacts on artifacts.id = made.id;
    commit;
";

/// Makes a database with so many artifacts, and gives its name.
pub(crate) async fn create(artifacts: i64) -> anyhow::Result<String> {
    let (_, functions) = database::create_migrated().await;
    let name = functions.rsplit('/').next().context("a database")?.to_owned();
    let client = database::connect(&database::url(None, &name)).await;
    let users = USERS.to_string();
    client.batch_execute(&PEOPLE.replace("$users", &users)).await?;
    for from in (1..=artifacts).step_by(usize::try_from(BATCH)?) {
        let to = (from + BATCH - 1).min(artifacts);
        let batch = ARTIFACTS.replace("$users", &users);
        client.batch_execute(&batch.replace("$from", &from.to_string()).replace("$to", &to.to_string())).await?;
        print!("\rMaking artifacts: {to} of {artifacts}");
        std::io::stdout().flush()?;
    }
    print!("; vacuum analyze");
    std::io::stdout().flush()?;
    client.batch_execute("vacuum analyze").await?;
    client.batch_execute("checkpoint").await?;
    println!(" done");
    Ok(name)
}

/// What the requests ask for.
pub(crate) struct Subject {
    /// How many artifacts there are.
    pub(crate) artifacts: i64,
    /// Some that everyone may see, anywhere among all.
    pub(crate) ids: Vec<Uuid>,
}

impl Subject {
    /// Draws it from a database that was made here.
    pub(crate) async fn read(url: &str) -> anyhow::Result<Self> {
        let client = database::connect(url).await;
        let artifacts = client.query_one("select count(*) from artifacts", &[]).await?.get(0);
        let draw = "select bench.id('artifact', 2 * (1 + floor(random() * ($1::bigint / 2))::bigint))
             from generate_series(1, 2000)";
        let rows = client.query(draw, &[&artifacts]).await?;
        Ok(Self { artifacts, ids: rows.iter().map(|row| row.get(0)).collect() })
    }
}
