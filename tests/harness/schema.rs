//! docs/schema.md: the schema as the catalogue of a freshly migrated database describes it, and where the fields of
//! the five documents are in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
};

use tokio_postgres::{Client, Row, types::ToSql};

use crate::{
    database::{behind, connect, create},
    projections::root,
};

/// Where it is committed, from the project's root.
pub const PATH: &str = "docs/schema.md";

/// How to mend it when it is stale.
pub const MEND: &str = "cargo xtask schema";

/// The migrator's own table, which the migrations do not make.
pub const HISTORY: &str = "refinery_schema_history";

/// Tables that are drawn together. One that stands nowhere is drawn under [`OTHER`].
const SUBJECTS: [(&str, &[&str]); 10] = [
    (
        "Accounts and administration",
        &[
            "users",
            "identities",
            "sessions",
            "profiles",
            "former_handles",
            "events",
            "idempotency_keys",
            "retention_policies",
        ],
    ),
    ("Bytes", &["blobs", "pictures", "uploads", "sweep_places", "sweep_removals"]),
    (
        "Artifacts and their versions",
        &[
            "artifacts",
            "artifact_versions",
            "artifact_version_chats",
            "artifact_files",
            "artifact_media",
            "artifact_merges",
        ],
    ),
    ("What others do with artifacts", &["artifact_likes", "artifact_comments", "artifact_imports", "artifact_counts"]),
    ("What the gallery is sorted and searched by", &["artifact_listings", "artifact_texts", "blob_words"]),
    ("Chats and messages", &["chats", "chat_counts", "messages", "message_attachments", "message_artifacts"]),
    ("Links", &["shares", "share_views"]),
    ("Projects and generation runs", &["projects", "generation_runs", "artifact_records", "documents", "items"]),
    (
        "Sandboxes and tools",
        &[
            "containers",
            "files",
            "file_versions",
            "checkpoints",
            "checkpoint_files",
            "tool_usage",
            "tool_usage_days",
            "tool_counts",
        ],
    ),
    ("Google Drive", &["drive_connections", "drive_files", "jobs"]),
];

const OTHER: &str = "Everything else";

/// A document that describes a system which Atelier replaces.
pub struct Document {
    /// What the system is called here; `tests/lenses/schemas/<name>.sql` makes its schema.
    pub name: &'static str,
    /// Its text.
    pub file: &'static str,
    /// The schema whose views have its names.
    pub lens: &'static str,
}

/// All of them.
pub const DOCUMENTS: [Document; 5] = [
    Document { name: "storage", file: "000_b91a5db8b723e8f4.txt", lens: "storage" },
    Document { name: "canonical", file: "001_5eaf060cdd92d95a.txt", lens: "storage" },
    Document { name: "craftlive", file: "002_21e916e488033299.txt", lens: "craftlive" },
    Document { name: "december", file: "003_3d8a815325f1a0af.txt", lens: "december" },
    Document { name: "aio", file: "004_108103725a4d01dd.txt", lens: "aio" },
];

/// The columns, with their table or view, of the schema that a document describes and its fixture makes.
///
/// # Panics
/// Where the fixture is missing or does not run.
pub async fn document_fields(name: &str, scratch: &mut Client) -> Vec<[String; 2]> {
    let path = root().join(format!("tests/lenses/schemas/{name}.sql"));
    let fixture = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // Nothing of it stays: the next document has the same names.
    let transaction = scratch.transaction().await.expect("begins");
    transaction.batch_execute(&fixture).await.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let rows = transaction.query(FIELDS, &[]).await.expect("the catalogue");
    rows.iter().map(|row| [row.get(0), row.get(1)]).collect()
}

/// Where the columns of the lenses are at home: the comment of each, by lens, view and column.
pub async fn homes(client: &Client) -> BTreeMap<[String; 3], Option<String>> {
    let lenses = DOCUMENTS.map(|document| document.lens);
    let rows = client.query(HOMES, &[&lenses.as_slice()]).await.expect("the catalogue");
    rows.iter().map(|row| ([row.get(0), row.get(1), row.get(2)], row.get(3))).collect()
}

/// The columns of the model that a comment names, and its remark: `<table>.<column>[, <table>.<column>][: remark]`.
#[must_use]
pub fn parse_home(comment: &str) -> (Vec<&str>, &str) {
    let (columns, remark) = comment.split_once(':').unwrap_or((comment, ""));
    (columns.split(',').map(str::trim).collect(), remark.trim())
}

/// All of docs/schema.md.
///
/// # Panics
/// Where no servers run, or a document's fixture is missing.
pub async fn render() -> String {
    let client = behind().await;
    client.batch_execute(HELPERS).await.expect("functions of this connection");
    let mut page = Page { client, text: String::new() };
    page.model().await;
    page.lenses().await;
    page.documents().await;
    format!(
        "# Schema\n\nGenerated by `{MEND}` from the catalogue of a freshly migrated database; `tests/schema.rs` fails when it \
         is stale. What it says comes from the comments in [migrations](../migrations/README.md).\n\n\
         A column may be null only where **null** says so. All tables are under row level security, enabled and forced: a \
         role sees the rows that one of its policies lets it see. Where a policy has no **check** of its own, what is \
         written must pass **using** as well. In the diagrams a table that is described below has its keys; one without \
         is under another heading. `{HISTORY}`, the migrator's own, is left out.\n\n## Contents\n\n{}\n{}",
        contents(&page.text),
        page.text
    )
}

/// The headings of a page, with links to them: a line for each of the second level.
fn contents(page: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            lines.push(format!("- **[{title}](#{})**", anchor(title)));
        } else if let Some((title, contents)) = line.strip_prefix("### ").zip(lines.last_mut()) {
            let separator = if contents.ends_with("**") { ": " } else { ", " };
            write!(contents, "{separator}[{title}](#{})", anchor(title)).expect("writes to memory");
        }
    }
    lines.join("\n") + "\n"
}

/// Where GitHub puts a heading.
#[must_use]
pub fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The page as far as it is written, and what it is written from.
struct Page {
    client: Client,
    text: String,
}

impl Page {
    /// The tables and functions that are Atelier's own.
    async fn model(&mut self) {
        for (subject, tables) in self.subjects().await {
            self.heading("##", subject);
            self.diagram(&tables).await;
            for (name, oid) in &tables {
                self.table(name, *oid).await;
            }
        }
        self.heading("##", "Imports");
        self.text += "The book of `cargo xtask import`.\n";
        for (name, oid) in self.relations("lens", "r").await {
            self.table(&format!("lens.{name}"), oid).await;
        }
        self.heading("##", "Functions");
        self.text +=
            "Triggers call those that return `trigger`; policies, endpoints, schedules and lenses the others.\n";
        for schema in ["public", "auth", "lens"] {
            self.functions(schema).await;
        }
    }

    /// The schemas whose views have the names of the documents.
    async fn lenses(&mut self) {
        let lenses: BTreeSet<&str> = DOCUMENTS.iter().map(|document| document.lens).collect();
        for lens in lenses {
            self.heading("##", &format!("Lens: {lens}"));
            for (view, oid) in self.relations(lens, "v").await {
                self.heading("###", &format!("{lens}.{view}"));
                self.comment(oid).await;
                self.section("", VIEW_COLUMNS, oid).await;
                self.section("Triggers", TRIGGERS, oid).await;
            }
            self.functions(lens).await;
        }
    }

    /// Where each field of each document is.
    async fn documents(&mut self) {
        self.heading("##", "Where the fields of the documents are");
        self.text +=
            "Each field of each document, the column of the lens that stands for it, and its home in the model.\n";
        let homes = homes(&self.client).await;
        let mut scratch = connect(&create().await.0).await;
        for Document { name, file, lens } in &DOCUMENTS {
            self.heading("###", &format!("Fields of {name} ({file})"));
            let fields = document_fields(name, &mut scratch).await;
            let rows = fields.into_iter().map(|[relation, column]| {
                let field = format!("{relation}.{column}");
                let home = homes.get(&[(*lens).to_owned(), relation, column]);
                let (columns, remark) = home.and_then(Option::as_deref).map_or((Vec::new(), ""), parse_home);
                let in_lens = home.map_or(String::new(), |_| format!("{lens}.{field}"));
                vec![field, in_lens, columns.join(", "), remark.to_owned()]
            });
            self.text += &markdown(&["field", "column of the lens", "home", "remark"], &rows.collect::<Vec<_>>());
        }
    }

    /// The tables of the model by subject, each with its oid.
    async fn subjects(&self) -> Vec<(&'static str, Vec<(String, u32)>)> {
        let mut tables: BTreeMap<String, u32> = self.relations("public", "r").await.into_iter().collect();
        tables.remove(HISTORY);
        let mut subjects: Vec<_> = SUBJECTS
            .iter()
            .map(|(subject, names)| (*subject, names.iter().filter_map(|name| tables.remove_entry(*name)).collect()))
            .collect();
        subjects.push((OTHER, tables.into_iter().collect()));
        subjects.retain(|(_, tables): &(_, Vec<_>)| !tables.is_empty());
        subjects
    }

    /// Tables (`r`) or views (`v`) of a schema.
    async fn relations(&self, schema: &str, kind: &str) -> Vec<(String, u32)> {
        let rows = self.query(RELATIONS, &[&schema, &kind]).await;
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn query(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Vec<Row> {
        self.client.query(sql, parameters).await.expect("the catalogue")
    }

    fn heading(&mut self, level: &str, title: &str) {
        write!(self.text, "\n{level} {title}\n\n").expect("writes to memory");
    }

    /// The tables with their keys, and what they refer to.
    async fn diagram(&mut self, tables: &[(String, u32)]) {
        let oids: Vec<u32> = tables.iter().map(|(_, oid)| *oid).collect();
        self.text += "```mermaid\nerDiagram\n";
        for row in self.query(RELATIONSHIPS, &[&oids]).await {
            let [parent, line, child, column] = [0, 1, 2, 3].map(|index| row.get::<_, String>(index));
            writeln!(self.text, "    {parent} {line} {child} : {column}").expect("writes to memory");
        }
        for (name, oid) in tables {
            writeln!(self.text, "    {name} {{").expect("writes to memory");
            for row in self.query(KEYS, &[oid]).await {
                let [kind, column, keys] = [0, 1, 2].map(|index| row.get::<_, String>(index));
                writeln!(self.text, "        {} {column} {keys}", short(&kind)).expect("writes to memory");
            }
            self.text += "    }\n";
        }
        self.text += "```\n";
    }

    /// All about one table.
    async fn table(&mut self, name: &str, oid: u32) {
        self.heading("###", name);
        self.comment(oid).await;
        self.section("", COLUMNS, oid).await;
        self.section("Constraints", CONSTRAINTS, oid).await;
        self.section("Foreign keys", FOREIGN_KEYS, oid).await;
        self.section("Indexes", INDEXES, oid).await;
        self.section("Policies", POLICIES, oid).await;
        self.section("Triggers", TRIGGERS, oid).await;
        let references: Vec<String> = self.query(REFERENCES, &[&oid]).await.iter().map(|row| row.get(0)).collect();
        if !references.is_empty() {
            writeln!(self.text, "\nReferenced by {}", cell("home", &references.join(", "))).expect("writes to memory");
        }
    }

    /// The comment of a table or view.
    async fn comment(&mut self, oid: u32) {
        let rows = self.query("select coalesce(obj_description($1, 'pg_class'), '')", &[&oid]).await;
        writeln!(self.text, "{}", escape(rows[0].get(0))).expect("writes to memory");
    }

    async fn functions(&mut self, schema: &str) {
        let rows = self.query(FUNCTIONS, &[&schema]).await;
        if !rows.is_empty() {
            self.heading("###", &format!("Functions of {schema}"));
            self.rows(&rows);
        }
    }

    /// What a query finds about a relation, where it finds anything.
    async fn section(&mut self, title: &str, sql: &str, oid: u32) {
        let rows = self.query(sql, &[&oid]).await;
        if rows.is_empty() {
            return;
        }
        if !title.is_empty() {
            write!(self.text, "\n**{title}**\n").expect("writes to memory");
        }
        self.text += "\n";
        self.rows(&rows);
    }

    fn rows(&mut self, rows: &[Row]) {
        let headers: Vec<&str> = rows[0].columns().iter().map(tokio_postgres::Column::name).collect();
        let cells =
            |row: &Row| (0..row.len()).map(|index| row.get::<_, Option<_>>(index).unwrap_or_default()).collect();
        self.text += &markdown(&headers, &rows.iter().map(cells).collect::<Vec<_>>());
    }
}

/// A table without the columns in which nothing stands.
fn markdown(headers: &[&str], rows: &[Vec<String>]) -> String {
    let used: Vec<usize> = (0..headers.len()).filter(|index| rows.iter().any(|row| !row[*index].is_empty())).collect();
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(used.iter().map(|index| headers[*index].to_owned()).collect());
    text += &line(vec!["---".to_owned(); used.len()]);
    for row in rows {
        text += &line(used.iter().map(|index| cell(headers[*index], &row[*index])).collect());
    }
    text
}

/// A cell, as its column's heading wants it.
fn cell(heading: &str, text: &str) -> String {
    match heading {
        _ if text.is_empty() => String::new(),
        "comment" | "remark" => escape(text),
        "home" => {
            let links = text.split(", ").map(|column| link(column, column.rsplit_once('.')));
            links.collect::<Vec<_>>().join(", ")
        }
        "references" => link(text, text.split_once(' ')),
        "default" | "definition" | "using" | "check" | "function" | "returns" | "type" => code(&short(text)),
        _ => code(text),
    }
}

/// SQL on one line, in this project's own case, without casts of what is text anyway.
fn short(sql: &str) -> String {
    let mut quote = None;
    let lower = |letter: char| {
        match quote {
            None if matches!(letter, '\'' | '"') => quote = Some(letter),
            Some(open) if open == letter => quote = None,
            _ => {}
        }
        if quote.is_none() { letter.to_ascii_lowercase() } else { letter }
    };
    let lowered: String = sql.chars().map(lower).collect();
    let line = lowered.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace("'::text", "'")
        .replace("timestamp with time zone", "timestamptz")
        .replace("( select", "(select")
        .replace("auth.uid() as uid)", "auth.uid())")
        .replace("auth.is_superuser() as is_superuser)", "auth.is_superuser())")
        .replace("((select auth.uid()))", "(select auth.uid())")
}

/// A link to the table whose name stands before something else.
fn link(text: &str, split: Option<(&str, &str)>) -> String {
    split.map_or(code(text), |(table, _)| format!("[{}](#{})", code(text), anchor(table)))
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// Plain text as Markdown.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*")
}

/// Shown without their schema: what is public, and what is PostgreSQL's own.
const HELPERS: &str = "
    set search_path = public;
    create function pg_temp.columns(relation oid, numbers smallint[]) returns text language sql as $$
        select string_agg(attname, ', ' order by place)
        from unnest(numbers) with ordinality as number (number, place)
        join pg_attribute on attrelid = relation and attnum = number
    $$;
    create function pg_temp.action(code \"char\") returns text language sql as $$
        select case code
            when 'a' then 'no action' when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null'
            when 'd' then 'set default'
        end
    $$;
";

const RELATIONS: &str = "
    select relname::text, pg_class.oid
    from pg_class
    join pg_namespace on pg_namespace.oid = relnamespace
    where nspname = $1 and relkind::text = $2
    order by relname
";

const FIELDS: &str = "
    select relname::text, attname::text
    from pg_class
    join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v')
    order by relkind, pg_class.oid, attnum
";

const HOMES: &str = "
    select nspname::text, relname::text, attname::text, col_description(pg_class.oid, attnum)
    from pg_class
    join pg_namespace on pg_namespace.oid = relnamespace
    join pg_attribute on attrelid = pg_class.oid and attnum > 0
    where relkind = 'v' and nspname = any ($1)
";

const COLUMNS: &str = r#"
    select
        attname::text as "column",
        format_type(atttypid, atttypmod) as "type",
        case when not attnotnull then 'null' end as "null",
        pg_get_expr(adbin, adrelid, true) as "default",
        coalesce(
            col_description(attrelid, attnum),
            case attname
                when 'id' then 'A UUID of version 7, ordered by time.'
                when 'revision' then 'Number of changes, the part of an ETag that If-Match compares.'
            end
        ) as "comment"
    from pg_attribute
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where attrelid = $1 and attnum > 0 and not attisdropped
    order by attnum
"#;

const VIEW_COLUMNS: &str = r#"
    select
        attname::text as "column",
        format_type(atttypid, atttypmod) as "type",
        pg_get_expr(adbin, adrelid, true) as "default",
        trim(split_part(col_description(attrelid, attnum), ':', 1)) as "home",
        trim(substr(col_description(attrelid, attnum), strpos(col_description(attrelid, attnum) || ':', ':') + 1)) as "remark"
    from pg_attribute
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where attrelid = $1 and attnum > 0 and not attisdropped
    order by attnum
"#;

const CONSTRAINTS: &str = r#"
    select conname::text as "constraint", pg_get_constraintdef(oid, true) as "definition"
    from pg_constraint
    where conrelid = $1 and contype in ('p', 'u', 'c', 'x')
    order by array_position(array['p', 'u', 'x', 'c'], contype::text), conname
"#;

const FOREIGN_KEYS: &str = r#"
    select
        conname::text as "foreign key",
        pg_temp.columns(conrelid, conkey) as "columns",
        confrelid::regclass || ' (' || pg_temp.columns(confrelid, confkey) || ')' as "references",
        pg_temp.action(confdeltype) || coalesce(' (' || pg_temp.columns(conrelid, confdelsetcols) || ')', '') as "on delete",
        nullif(pg_temp.action(confupdtype), 'no action') as "on update",
        case when condeferrable then 'deferrable' end || case when condeferred then ', initially deferred' else '' end
            as "checked"
    from pg_constraint
    where conrelid = $1 and contype = 'f'
    order by conname
"#;

const REFERENCES: &str = "
    select conrelid::regclass || '.' || attname
    from pg_constraint
    join pg_attribute on attrelid = conrelid and attnum = conkey[1]
    where confrelid = $1 and contype = 'f'
    order by conname
";

const INDEXES: &str = r#"
    select
        relname::text as "index",
        case when indisunique then 'unique ' else '' end
            || regexp_replace(split_part(pg_get_indexdef(oid), ' USING ', 2), '^btree ', '') as "definition"
    from pg_index
    join pg_class on pg_class.oid = indexrelid
    where indrelid = $1 and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))
    order by relname
"#;

const POLICIES: &str = r#"
    select
        polname::text as "policy",
        case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end
            || case when polpermissive then '' else ', restrictive' end as "command",
        (select string_agg(rolname, ', ' order by rolname) from pg_roles where oid = any (polroles)) as "roles",
        pg_get_expr(polqual, polrelid, true) as "using",
        pg_get_expr(polwithcheck, polrelid, true) as "check"
    from pg_policy
    where polrelid = $1
    order by polname
"#;

const TRIGGERS: &str = r#"
    select
        tgname::text as "trigger",
        regexp_replace(pg_get_triggerdef(oid, true), '^CREATE( CONSTRAINT)? TRIGGER \S+ (.*?) ON \S+ ', '\2 ') as "definition"
    from pg_trigger
    where tgrelid = $1 and not tgisinternal
    order by tgname
"#;

const FUNCTIONS: &str = r#"
    select
        proname || '(' || pg_get_function_arguments(oid) || ')' as "function",
        pg_get_function_result(oid) as "returns",
        obj_description(oid, 'pg_proc') as "comment"
    from pg_proc
    where pronamespace = to_regnamespace($1)
      and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
    order by proname, pg_get_function_identity_arguments(oid) collate "C"
"#;

/// None to one of a parent that may be absent, one of another; many children, or at most one where a key says so.
const RELATIONSHIPS: &str = r"
    select
        confrelid::regclass::text,
        case
            when exists (
                select from pg_attribute where attrelid = conrelid and attnum = any (conkey) and not attnotnull
            ) then '|o'
            else '||'
        end || '--' || case
            when exists (
                select from pg_index
                where indrelid = conrelid
                  and indisunique
                  and indpred is null
                  and indexprs is null
                  and indkey::smallint[] <@ conkey
            ) then 'o|'
            else 'o{'
        end,
        conrelid::regclass::text,
        attname::text
    from pg_constraint
    join pg_attribute on attrelid = conrelid and attnum = conkey[1]
    where contype = 'f' and conrelid = any ($1)
    order by array_position($1, conrelid), conname
";

/// A unique key that only adds a column to the primary key is there for foreign keys to refer to, and says nothing.
const KEYS: &str = r"
    select keyed.type, keyed.name, array_to_string(keyed.keys, ', ')
    from (
        select
            attnum,
            attname::text as name,
            format_type(atttypid, atttypmod) as type,
            array_remove(array[
                case when attnum = any (primary_key.indkey) then 'PK' end,
                case when exists (
                    select from pg_constraint where conrelid = attrelid and contype = 'f' and attnum = any (conkey)
                ) then 'FK' end,
                case when exists (
                    select from pg_index
                    left join pg_depend on objid = indexrelid and refobjid = indrelid and refobjsubid > 0
                    where pg_index.indrelid = attrelid
                      and indisunique
                      and indpred is null
                      and not (pg_index.indkey::smallint[] @> primary_key.indkey::smallint[])
                      and (attnum = any (pg_index.indkey) or indexprs is not null and attnum = refobjsubid)
                ) then 'UK' end
            ], null) as keys
        from pg_attribute
        join pg_index primary_key on primary_key.indrelid = attrelid and indisprimary
        where attrelid = $1 and attnum > 0 and not attisdropped
    ) keyed
    where keyed.keys <> '{}'
    order by keyed.attnum
";
