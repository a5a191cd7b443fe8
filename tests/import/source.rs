//! Databases of the older systems, filled with odd and plentiful rows: all columns, whatever their types allow.

use std::fmt::Write as _;

use harness::database::{connect, create_login, superuser_url, url};
use harness::sql;
use tokio_postgres::Client;

/// A login that may only read sources: what it cannot do, the import cannot have done.
const READER: &str = "atelier_test_import_reader";

/// A database with a document's schema.
pub(crate) struct Source {
    /// The document.
    pub(crate) document: &'static str,
    /// The superuser's connection.
    pub(crate) client: Client,
    /// The URL of who may only read.
    pub(crate) reader_url: String,
}

impl Source {
    /// Makes an empty one.
    pub(crate) async fn create(document: &'static str) -> Self {
        let name = format!("atelier_source_{}", uuid::Uuid::now_v7().simple());
        let superuser = connect(&superuser_url()).await;
        superuser.batch_execute(&format!("create database {name}")).await.expect("a database can be made");
        create_login(&superuser, READER, "").await;
        let client = connect(&url(None, &name)).await;
        client.batch_execute(&schema(document)).await.expect("the document's schema can be made");
        let grant = format!("grant select on all tables in schema public to {READER}");
        client.batch_execute(&grant).await.expect("a reader can be let in");
        Self { document, client, reader_url: url(Some(READER), &name) }
    }

    /// Makes one with this many rows in its largest table.
    pub(crate) async fn filled(document: &'static str, rows: u32) -> Self {
        let source = Self::create(document).await;
        source.fill(rows).await;
        source
    }

    async fn fill(&self, rows: u32) {
        // Keys are computed and never looked up, so that tables can be filled in any order.
        self.client.batch_execute(&format!("set session_replication_role = replica; {POOLS}")).await.expect("helpers");
        let sizes = Sizes { document: self.document, rows };
        for table in self.tables().await {
            let columns = self.columns(&table).await;
            let insert = insertion(&sizes, &table, &columns);
            self.client.batch_execute(&insert).await.unwrap_or_else(|error| panic!("{insert}\n{error:?}"));
        }
        self.client
            .batch_execute("set session_replication_role = origin; drop schema odd cascade; analyze")
            .await
            .expect("done");
    }

    /// The tables.
    pub(crate) async fn tables(&self) -> Vec<String> {
        let tables = "
            select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname
        ";
        self.client.query(tables, &[]).await.expect("the catalogue").iter().map(|row| row.get(0)).collect()
    }

    /// A table's columns.
    pub(crate) async fn columns(&self, table: &str) -> Vec<Column> {
        let rows = self.client.query(COLUMNS, &[&table]).await.expect("the catalogue");
        let column = |row: &tokio_postgres::Row| Column {
            name: row.get(0),
            sql_type: row.get(1),
            length: row.get(2),
            is_nullable: row.get(3),
            is_unique: row.get(4),
            parent: row.get(5),
        };
        rows.iter().map(column).collect()
    }

    /// A table's rows.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.client.query_one(&format!("select count(*) from \"{table}\""), &[]).await.expect("a count").get(0)
    }
}

/// The document's schema: its own statements where it prints them and lies beside the project; else ours.
fn schema(document: &str) -> String {
    let prefix = match document {
        "december" => "003",
        "aio" => "004",
        _ => "none",
    };
    if let Some(text) = sql::document(prefix) {
        let statements = sql::blocks(&text).iter().flat_map(|block| sql::statements(block)).collect::<Vec<_>>();
        // One of them is a sketch.
        let is_table =
            |statement: &&String| statement.to_lowercase().starts_with("create table") && !statement.contains("...");
        let tables = statements.iter().filter(is_table).map(|statement| format!("{statement};\n"));
        return tables.collect();
    }
    let path = format!("{}/lenses/schemas/{document}.sql", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A column, as the catalogue has it.
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: String,
    /// Its type, without a length.
    pub(crate) sql_type: String,
    length: Option<i32>,
    is_nullable: bool,
    is_unique: bool,
    parent: Option<String>,
}

const COLUMNS: &str = "
    select
        attname::text,
        format_type(atttypid, null),
        case when atttypmod > 4 and atttypid = 'varchar'::regtype then atttypmod - 4 end,
        not attnotnull,
        exists (
            select from pg_index where indrelid = attrelid and indisunique and indnkeyatts = 1 and indkey[0] = attnum
        ),
        (
            select confrelid::regclass::text from pg_constraint
            where conrelid = attrelid and contype = 'f' and conkey = array[attnum]
            limit 1
        )
    from pg_attribute
    where attrelid = quote_ident($1)::regclass and attnum > 0 and not attisdropped and attgenerated = ''
    order by attnum
";

/// How many rows tables get.
struct Sizes {
    document: &'static str,
    rows: u32,
}

impl Sizes {
    fn of(&self, table: &str) -> u32 {
        match (self.document, table.trim_matches('"')) {
            ("storage" | "canonical", "artifact_versions")
            | ("craftlive", "message")
            | ("december", "chat_messages")
            | ("aio", "messages") => self.rows,
            (_, "users" | "user" | "profiles") => 300,
            (_, "artifact_media") => 700,
            _ => 1_000,
        }
    }
}

/// Odd values of every kind, and a number for a row and a column that is as good as random, and the same each time.
const POOLS: &str = r#"
    create schema odd;
    create function odd.random(n bigint, salt bigint) returns bigint language sql immutable
        return hashint8extended(n, salt) & 2147483647;
    create function odd.key(relation text, n bigint) returns uuid language sql immutable
        return md5(trim('"' from relation) || '.' || n)::uuid;
    create function odd.text(random bigint) returns text language sql immutable as $$ select (array[
        'plain', '', ' ', '🙂', '👩‍👩‍👧‍👦 family', 'שלום עולם', 'مرحبا بالعالم', 'Z̷̢̛a̸l͘g̵o', E'two\nlines', E'tab\tand\rreturn', '"quoted"',
        'it''s', 'back\slash \n \u0041', '%s {0} $1 :x ?', '<script>alert(1)</script>', '[chat-thread:nothing]', 'NULL', 'null',
        E'\u0001\u001f\u007f', E'\ufeffBOM', E'\U0010ffff', 'ﬁ ǆ İ ı ß', 'https://example.com/a b?c=d#e', '/srv/data/../etc/passwd',
        repeat('long ', 60), '日本語テキスト', '{"not": "json"', E'-- comment\n; drop table users;', '0', 'true'
    ])[1 + random % 30] $$;
    create function odd.json(random bigint) returns jsonb language sql immutable as $$ select (array[
        '{}', '[]', 'null', '"text"', '12.50', 'true', '{"a": [1, 2.0, null, {"b": "🙂"}], "": "empty"}', '[{"x": 1}, [], "y"]',
        '{"quote\"d \\ key": "שלום", "n": 123456789012345678901234567890.5}', '{"was": 1, "is": 2}', '{"name": "a.txt", "size": 3}',
        '[{"name": "a.txt", "type": "text/plain", "size": 12, "url": "https://example.com/a"}, {"name": null}]',
        '[{"path": "src/a.js", "language": "js", "content": "let a = 1;"}]', '{"generatedFileMap": {"a.js": "1"}, "runMode": "x"}',
        '{"bundle_ref": "backend/artifact_store/none.json"}'
    ]::jsonb[])[1 + random % 15] $$;
"#;

/// The statement that fills a table.
fn insertion(sizes: &Sizes, table: &str, columns: &[Column]) -> String {
    let mut names = String::new();
    let mut values = String::new();
    for column in columns {
        let separator = if names.is_empty() { "" } else { ", " };
        let _ = write!(names, "{separator}\"{}\"", column.name);
        let _ = write!(values, "{separator}\n    {}", value(sizes, table, column));
    }
    format!("insert into \"{table}\" ({names}) select {values} from generate_series(1, {}) as n", sizes.of(table))
}

/// What a column gets in row `n`: a null in about every seventh row where nulls are allowed.
fn value(sizes: &Sizes, table: &str, column: &Column) -> String {
    let salt = salt(&[table, &column.name]);
    let random = format!("odd.random(n, {salt})");
    let value = meant(sizes, table, column, &random).unwrap_or_else(|| any(sizes, table, column, &random));
    if column.is_nullable && column.name != "id" {
        format!("case when odd.random(n, {}) % 100 >= 15 then {value} end", salt + 1)
    } else {
        value
    }
}

/// What the document says about a column's values; the rows that its names refer to where they are no foreign keys.
fn meant(sizes: &Sizes, table: &str, column: &Column, random: &str) -> Option<String> {
    let one_of = |values: &[&str]| Some(format!("(array['{}'])[1 + {random} % {}]", values.join("', '"), values.len()));
    let artifacts = sizes.of("artifacts");
    // Some name what does not exist.
    let refers_to = |parent: &str| {
        let size = sizes.of(parent);
        Some(format!(
            "odd.key('{parent}', 1 + {random} % {size} + case when {random} % 20 = 0 then 1000000 else 0 end)"
        ))
    };
    match (sizes.document, table, column.name.as_str()) {
        (_, _, "email") => Some("'Üser.' || n || '+x@Example.com'".to_owned()),
        ("storage" | "canonical", "artifacts", "visibility") => one_of(&["public", "private"]),
        ("storage" | "canonical", "artifact_versions", "artifact_id") => {
            Some(format!("odd.key('artifacts', 1 + (n - 1) % {artifacts})"))
        }
        ("storage" | "canonical", "artifact_versions", "version_index") => Some(format!("1 + (n - 1) / {artifacts}")),
        ("canonical", "artifact_versions", "parent_version_id") => {
            Some(format!("case when n > {artifacts} then odd.key('artifact_versions', n - {artifacts}) end"))
        }
        ("storage" | "canonical", "artifacts", "current_version_id") => {
            let versions = sizes.of("artifact_versions") / artifacts;
            Some(format!("odd.key('artifact_versions', n + {random} % {versions} * {artifacts})"))
        }
        ("storage" | "canonical", "artifacts", "forked_from_id" | "origin_artifact_id") => refers_to("artifacts"),
        ("storage" | "canonical", "artifacts", "forked_from_version_id") => refers_to("artifact_versions"),
        ("storage" | "canonical", "artifacts", name) if name.ends_with("owner_user_id") => refers_to("profiles"),
        ("craftlive", "project", "description") => Some(format!(
            "case n % 4
                 when 0 then '[chat-thread:' || odd.key('thread', n) || ']'
                 when 1 then odd.text({random}) || ' [chat-thread:' || odd.key('thread', n % 100) || '] more'
                 else odd.text({random})
             end"
        )),
        ("craftlive", "thread", "user_id") => Some("odd.key('user', 1 + n % 300)".to_owned()),
        // A marker links only what belongs to the same person.
        ("craftlive", "project", "owner_id") => {
            Some(format!("odd.key('user', 1 + case when n % 7 = 0 then {random} else n end % 300)"))
        }
        ("craftlive", "document", "project_id") => Some(format!(
            "case when n % 5 = 0 then odd.text({random}) else odd.key('project', 1 + {random} % 1100)::text end"
        )),
        ("craftlive", "generation_run", "status") => {
            one_of(&["pending", "requirements", "architecture", "implementer", "reviewer", "completed", "failed"])
        }
        ("craftlive", "artifact_record", "stage") => one_of(&[
            "requirements",
            "architecture",
            "implementer",
            "deterministic_tests",
            "test_generation",
            "reviewer_pass_1",
            "sandbox_tests_attempt_12",
        ]),
        ("craftlive", "message", "role") => one_of(&["user", "assistant", "agent"]),
        ("december", "chat_messages", "role") => one_of(&["user", "assistant"]),
        ("december", "containers", "status") => one_of(&["created", "running", "stopped", "deleted"]),
        ("december", "projects", "status") => one_of(&["active", "archived", "deleted"]),
        ("december", "chat_messages", "session_id") => {
            Some(format!("'session ' || {random} % 200 || odd.text({random} % 7)"))
        }
        ("aio", "messages_archive", "session_id") => Some(format!("odd.key('chat_sessions', 1 + {random} % 1000)")),
        ("aio", "messages_archive", "user_id") => Some(format!("odd.key('users', 1 + {random} % 300)")),
        (_, _, "prompt") => {
            Some(format!("odd.text({random}) || repeat(odd.text({random} / 7), ({random} % 40)::integer)"))
        }
        _ => None,
    }
}

/// What a column's type allows.
fn any(sizes: &Sizes, table: &str, column: &Column, random: &str) -> String {
    if column.name == "id" {
        return format!("odd.key('{table}', n)");
    }
    if let Some(parent) = &column.parent {
        let size = sizes.of(parent);
        let row = if column.is_unique { "n".to_owned() } else { format!("1 + {random} % {size}") };
        return format!("odd.key('{parent}', {row})");
    }
    match column.sql_type.as_str() {
        "uuid" => format!("odd.key('{table}', n)"),
        "text" if column.name.contains("content") => {
            format!("odd.text({random}) || repeat(odd.text({random} / 30) || E'\\n', ({random} / 7 % 9)::integer)")
        }
        "text" | "character varying" => {
            let text = match column.length {
                Some(length) => format!("left(odd.text({random}), {})", length - 8),
                None => format!("odd.text({random})"),
            };
            let numbered = column.is_unique || column.name == "drive_file_id";
            if numbered { format!("n || '.' || {text}") } else { text }
        }
        "integer" => format!(
            "case {random} % 12 when 0 then 0 when 1 then -1 when 2 then 2147483647 when 3 then -2147483648
             else {random} % 70000 end::integer"
        ),
        "bigint" => {
            format!("case {random} % 12 when 0 then 0 when 1 then -1 when 2 then 9223372036854775807 else {random} end")
        }
        "numeric" => format!("(array[0, 1.50, -3, 12345678901234.56780, 0.000001, {random}])[1 + {random} % 6]"),
        "boolean" => format!("{random} % 2 = 0"),
        "timestamp with time zone" | "timestamp without time zone" => format!(
            "case {random} % 60 when 0 then 'infinity' when 1 then '-infinity' when 2 then '0044-03-15 BC' when 3 then '12345-06-07'
             else '1965-01-01T00:00:00'::{0} + {random} * interval '1 second' + {random} % 1000000 * interval '1 microsecond'
             end::{0}",
            column.sql_type
        ),
        "jsonb" | "json" => format!("odd.json({random})::{}", column.sql_type),
        "inet" => {
            format!("(array['10.0.0.1', '2001:db8::1', '192.168.1.0/24', '::ffff:1.2.3.4'])[1 + {random} % 4]::inet")
        }
        other => panic!("{table}.{} has the type {other}, of which no values are known", column.name),
    }
}

/// A number for a text: the same each time.
fn salt(parts: &[&str]) -> i64 {
    let bytes = parts.iter().flat_map(|part| part.bytes());
    bytes.fold(17, |hash: i64, byte| (hash * 31 + i64::from(byte)) % 1_000_000_007)
}
