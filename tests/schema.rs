//! The schema is described: in comments, in names that follow a rule, and in docs/schema.md, which is up to date.

use std::{collections::BTreeSet, fs};

use harness::{
    database::{behind, connect, create},
    projections::root,
    schema::{DOCUMENTS, Document, HISTORY, MEND, PATH, anchor, document_fields, homes, parse_home, render},
    sql,
};
use tokio_postgres::types::ToSql;

/// Columns that say the same in every table.
const COMMON: [&str; 6] = ["id", "user_id", "owner_id", "revision", "created_at", "updated_at"];

/// Asserts that nothing was found amiss.
#[track_caller]
fn assert_none(found: &[String], mend: &str) {
    assert!(found.is_empty(), "{mend}:\n{}", found.join("\n"));
}

/// What a query about the catalogue finds, as text.
async fn find(query: &str, parameters: &[&(dyn ToSql + Sync)]) -> Vec<String> {
    let rows = behind().await.query(query, parameters).await.expect("the catalogue");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn its_description_is_up_to_date() {
    let committed = fs::read_to_string(root().join(PATH)).unwrap_or_default();
    let rendered = render().await;
    let differing = committed.lines().zip(rendered.lines()).find(|(old, new)| old != new);
    assert!(committed == rendered, "{PATH} is stale, first at {differing:?}\nMend it with: {MEND}");
}

#[tokio::test]
async fn every_link_in_its_description_leads_to_a_heading() {
    let page = render().await;
    let headings: Vec<String> = page
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches(['#', ' '])))
        .collect();
    let unique: BTreeSet<&str> = headings.iter().map(String::as_str).collect();
    assert_eq!(headings.len(), unique.len(), "two headings are the same to a link");
    let links = page.split("](#").skip(1).filter_map(|rest| rest.split_once(')'));
    let dangling: Vec<String> =
        links.filter(|(link, _)| !unique.contains(link)).map(|(link, _)| link.to_owned()).collect();
    assert_none(&dangling, "no heading has these");
}

#[tokio::test]
async fn every_table_and_column_has_a_comment() {
    let found = find(
        "with tables as (
             select oid, relname
             from pg_class
             where relkind in ('r', 'p') and relnamespace in ('public'::regnamespace, 'lens'::regnamespace)
         )
         select oid::regclass::text from tables where obj_description(oid, 'pg_class') is null
         union all
         select oid::regclass || '.' || attname
         from tables
         join pg_attribute on attrelid = oid and attnum > 0 and not attisdropped
         where relname <> $1 and attname <> all ($2) and col_description(oid, attnum) is null
         order by 1",
        &[&HISTORY, &COMMON.as_slice()],
    )
    .await;
    assert_none(&found, "a migration must say what these hold: units, what null means, where a rule comes from");
}

#[tokio::test]
async fn constraints_and_indexes_are_named_after_what_they_are() {
    let found = find(
        r"select named.table_name || ': ' || named.name || ' should be like ' || named.table_name || named.ending
          from (
              select
                  relname::text as table_name,
                  conname::text as name,
                  case contype
                      when 'p' then '_pkey'
                      when 'u' then '_([a-z0-9_]+)_key'
                      when 'f' then '_([a-z0-9_]+)_fkey'
                      when 'c' then '_([a-z0-9_]+)_check'
                  end as ending
              from pg_constraint
              join pg_class on pg_class.oid = conrelid
              where contype in ('p', 'u', 'f', 'c')
              union all
              select tables.relname::text, indexes.relname::text, '_([a-z0-9_]+)_(idx|key)'
              from pg_index
              join pg_class tables on tables.oid = indrelid
              join pg_class indexes on indexes.oid = indexrelid
              where tables.relkind in ('r', 'p')
                and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))
          ) named
          join pg_class on relname = named.table_name
              and relnamespace in ('public'::regnamespace, 'lens'::regnamespace)
              and relname <> $1
          where named.name !~ ('^' || named.table_name || named.ending || '$')",
        &[&HISTORY],
    )
    .await;
    assert_none(&found, "a violation is told by the constraint's name");
}

#[tokio::test]
async fn every_column_of_a_lens_is_at_home_in_the_model() {
    let columns = find(
        "select relname || '.' || attname
         from pg_class
         join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
        &[],
    )
    .await;
    let model: BTreeSet<String> = columns.into_iter().collect();
    let mut homeless = Vec::new();
    for ([lens, view, column], home) in homes(&behind().await).await {
        let named = home.as_deref().map(|home| parse_home(home).0).unwrap_or_default();
        if named.is_empty() || !named.iter().all(|name| model.contains(*name)) {
            homeless.push(format!("{lens}.{view}.{column}: {home:?}"));
        }
    }
    assert_none(&homeless, "the comment on a lens's column is <table>.<column>[, <table>.<column>][: remark]");
}

#[tokio::test]
async fn every_field_of_a_document_has_a_column_in_its_lens() {
    let homes = homes(&behind().await).await;
    let mut scratch = connect(&create().await.0).await;
    let mut missing = Vec::new();
    for Document { name, lens, .. } in &DOCUMENTS {
        for [relation, column] in document_fields(name, &mut scratch).await {
            let field = format!("{name}: {relation}.{column}");
            if !homes.contains_key(&[(*lens).to_owned(), relation, column]) {
                missing.push(field);
            }
        }
    }
    assert_none(&missing, "the lenses lack these");
}

/// What stands for the documents in other tests, and in the description, leaves none of their fields out.
#[tokio::test]
async fn every_field_in_the_text_of_a_document_is_in_its_fixture() {
    let mut scratch = connect(&create().await.0).await;
    let mut missing = Vec::new();
    for Document { name, file, .. } in &DOCUMENTS {
        let Some(text) = sql::document(&file[..3]) else {
            eprintln!("skipped: {file} is not beside this project");
            continue;
        };
        let fixture: BTreeSet<_> = document_fields(name, &mut scratch).await.into_iter().collect();
        let fields = fields_of(&text);
        assert!(fields.len() > 40, "{file} has more than {fields:?}");
        missing.extend(fields.difference(&fixture).map(|field| format!("{name}: {}", field.join("."))));
    }
    assert_none(&missing, "tests/lenses/schemas lacks these");
}

/// What a line of a document is within.
enum Within {
    Text,
    /// A heading, which has a table's name where a table of its columns follows.
    Heading(String),
    CreateTable(String),
    /// A box of an entity-relationship diagram.
    Entity(String),
}

/// The fields that a document names, in whichever of three ways. Names in capitals are those of diagrams alone.
fn fields_of(text: &str) -> BTreeSet<[String; 2]> {
    let mut fields = BTreeSet::new();
    let mut within = Within::Text;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches('`')).collect();
        match (&within, &words[..]) {
            (_, ["###", name]) => within = Within::Heading((*name).to_owned()),
            (_, ["CREATE", "TABLE", name, "("]) => within = Within::CreateTable((*name).to_owned()),
            (_, [name, "{"]) => within = Within::Entity(name.to_lowercase()),
            (Within::Heading(_), ["|", "column" | "Field" | "---", ..]) => {}
            (Within::Heading(table), ["|", column, ..]) | (Within::Entity(table), [_, column, ..]) => {
                fields.insert([table.clone(), (*column).to_owned()]);
            }
            (Within::CreateTable(table), ["LIKE", original, ..]) => {
                let copied = fields.iter().filter(|[table, _]| table == original);
                let copies: Vec<_> = copied.map(|[_, column]| [table.clone(), column.clone()]).collect();
                fields.extend(copies);
            }
            (Within::CreateTable(table), [column, _, ..]) if column.starts_with(char::is_lowercase) => {
                fields.insert([table.clone(), (*column).to_owned()]);
            }
            (Within::CreateTable(_), [");"]) | (Within::Entity(_), ["}"]) => within = Within::Text,
            _ => {}
        }
    }
    fields
}

#[test]
fn fields_of_a_document_are_found_in_each_of_its_forms() {
    let text = "### `profiles`\n| Field | Type |\n| --- | --- |\n| handle | text |\n\n\
        USER {\n    uuid id PK\n}\n\
        CREATE TABLE files (\n    name TEXT, -- a name\n    UNIQUE (name)\n);\n\
        CREATE TABLE copies (\n    LIKE files\n);\n";
    let fields: Vec<String> = fields_of(text).iter().map(|field| field.join(".")).collect();
    assert_eq!(fields, ["copies.name", "files.name", "profiles.handle", "user.id"]);
}
