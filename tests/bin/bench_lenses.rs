//! The lenses' benchmark: a database of aio is imported, and its statistics are asked for there and here.

use std::{process::Command, time::Instant};

use anyhow::{Context as _, ensure};
use harness::{
    database::{connect, create, create_migrated, url},
    runtime_api::program,
};
use tokio_postgres::Client;

const HELP: &str = "\
Imports a database of aio, and compares its user_stats and get_user_activity with the lens's.

  --messages N     messages, of a thousand users (1000000)
";

/// Each of a thousand users has 10 chats, 20 artifacts and 20 uses of tools; the messages are shared out among them.
const FILL: &str = "
    alter table messages disable trigger update_message_count_trigger;
    insert into users (email, first_name, last_name)
    select 'user' || number || '@example.com', 'User', number::text from generate_series(1, 1000) as number;
    insert into chat_sessions (user_id, title, message_count)
    select users.id, 'Chat ' || number, $messages / 10000 from users, generate_series(1, 10) as number;
    insert into messages (session_id, user_id, content, is_from_user)
    select chat_sessions.id, chat_sessions.user_id, 'What do you think of clock number ' || number || '?', number % 2 = 0
    from chat_sessions, generate_series(1, $messages / 10000) as number;
    insert into artifacts (user_id, tool_name, name, type, file_path, file_size)
    select users.id, 'painter', 'Picture', 'image', '/files/' || number, 1000 from users, generate_series(1, 20) as number;
    insert into tools_usage (user_id, tool_name, operation, duration_ms, status)
    select users.id, 'painter', 'paint', 120, 'success' from users, generate_series(1, 20);
    alter table messages enable trigger update_message_count_trigger;
    analyze;
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let messages: i64 = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => 1_000_000,
        (Some("--messages"), Some(number)) => number.parse().context("--messages takes a number")?,
        _ => {
            println!("{HELP}");
            return Ok(());
        }
    };
    let (source_owner, _) = create().await;
    let source = connect(&superuser_of(&source_owner)).await;
    source.batch_execute("set role atelier_test_owner").await?;
    source.batch_execute(include_str!("../lenses/schemas/aio.sql")).await?;
    source.batch_execute(&FILL.replace("$messages", &messages.to_string())).await?;
    let rows: i64 = source
        .query_one(
            "select (select count(*) from users) + (select count(*) from chat_sessions) + (select count(*) from messages)
                 + (select count(*) from artifacts) + (select count(*) from tools_usage)",
            &[],
        )
        .await?
        .get(0);
    println!("A database of aio with {rows} rows; importing it.");

    let (target_owner, _) = create_migrated().await;
    let started = Instant::now();
    let status = Command::new(program("import"))
        .args(["--from", "aio", "--source", &source_owner, "--target", &target_owner])
        .status()?;
    ensure!(status.success(), "the import failed: {status}");
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss)]
    let rate = rows as f64 / seconds;
    println!("Imported and verified in {seconds:.1} s: {rate:.0} rows/s.\n");

    let target = connect(&superuser_of(&target_owner)).await;
    target.batch_execute("set search_path = aio, public; analyze").await?;
    let user = "(select id from users where email = 'user500@example.com')";
    println!("| what | document | lens | ratio |\n| --- | --: | --: | --: |");
    for (name, statement) in [
        ("user_stats of one user", format!("select * from user_stats where id = {user}")),
        ("get_user_activity of one user", format!("select * from get_user_activity({user}, 30)")),
    ] {
        let (document, lens) = (median(&source, &statement).await?, median(&target, &statement).await?);
        println!("| {name} | {document:.2} ms | {lens:.2} ms | {:.0} |", document / lens);
    }
    println!(
        "| user_stats of all 1,000 users | not tried | {:.1} ms | |",
        median(&target, "select * from user_stats").await?
    );

    for (client, owner) in [(source, source_owner), (target, target_owner)] {
        drop(client);
        let name = owner.rsplit('/').next().context("a database")?.to_owned();
        connect(&harness::database::superuser_url())
            .await
            .batch_execute(&format!("drop database {name} with (force)"))
            .await?;
    }
    Ok(())
}

/// The superuser's URL of the same database.
fn superuser_of(owner: &str) -> String {
    url(None, owner.rsplit('/').next().unwrap_or_default())
}

/// Milliseconds that a statement takes: the median of five, after one that warms up.
async fn median(client: &Client, statement: &str) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..6 {
        let started = Instant::now();
        client.query(statement, &[]).await?;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    let mut times = times.split_off(1);
    times.sort_by(f64::total_cmp);
    Ok(times[2])
}
