//! Every value of a source, and what the lens shows for it: apart from what the import itself compares.

use std::pin::pin;

use tokio_postgres::Client;

use crate::source::Source;
use crate::tool::importer;

/// What differs, at most so many lines of it.
const SHOWN: usize = 12;

/// Reads all of a table on both sides, in the order of its key, and names what differs.
pub(crate) async fn differences(source: &Source, table: &str, lens: &str, target: &str) -> Vec<String> {
    let key = match table {
        "profiles" => "user_id",
        "artifact_media" => "artifact_id",
        _ => "id",
    };
    let columns = source.columns(table).await;
    let given: Vec<String> = columns
        .iter()
        .map(|column| {
            let name = format!("\"{}\"", column.name);
            match (column.sql_type.as_str(), column.name.as_str()) {
                (_, "token") => format!("'sha256:' || encode(sha256(convert_to({name}, 'UTF8')), 'hex') as token"),
                ("json", _) => format!("{name}::jsonb as {name}"),
                ("timestamp without time zone", _) => format!("{name} at time zone 'UTC' as {name}"),
                _ => name,
            }
        })
        .collect();
    let shown: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let query = |from: &str, columns: &[String]| {
        format!(
            "select whole.{key}::text, to_jsonb(wanted)::text
             from {from} as whole cross join lateral (select {}) as wanted
             order by whole.{key}",
            columns.join(", ")
        )
    };
    source.client.batch_execute("set timezone = 'UTC'").await.expect("it can be set");
    let target = importer(target).await;
    let given = query(&format!("\"{table}\""), &given);
    let shown = query(&format!("{lens}.\"{table}\""), &shown);
    merge(&source.client, &given, &target, &shown).await
}

async fn merge(source: &Client, given: &str, target: &Client, shown: &str) -> Vec<String> {
    use futures_util::TryStreamExt;

    let none = std::iter::empty::<&str>;
    let mut given = pin!(source.query_raw(given, none()).await.expect("the source can be read"));
    let mut shown = pin!(target.query_raw(shown, none()).await.expect("the lens can be read"));
    let mut differences = Vec::new();
    loop {
        let left = given.try_next().await.expect("a row");
        let right = shown.try_next().await.expect("a row");
        let pair = |row: &tokio_postgres::Row| (row.get::<_, String>(0), row.get::<_, String>(1));
        let (left, right) = (left.as_ref().map(pair), right.as_ref().map(pair));
        if left.is_none() && right.is_none() {
            return differences;
        }
        if left != right {
            differences.push(format!("given {left:?}\nshown {right:?}"));
            if differences.len() == SHOWN {
                return differences;
            }
        }
    }
}
