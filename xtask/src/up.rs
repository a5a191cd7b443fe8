//! `cargo xtask up`: the whole of Atelier on one's own machine.

use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;

use crate::functions::{self, Serving, Watch};
use crate::local::{self, Local};
use crate::progress::{loud_step, seconds, step};
use crate::project::Project;
use crate::sources::Sources;
use crate::{command, interrupt, seed};

/// How often the sources are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// The functions' log, below `data`.
const LOG: &str = "functions.log";

/// How to start it.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    data: local::DataOptions,

    /// The port of the API on 127.0.0.1.
    #[arg(long, default_value_t = 9000)]
    port: u16,
}

/// Starts everything, and keeps it until Ctrl-C.
pub(crate) fn up(project: &Project, options: &Options) -> Result<()> {
    let started = Instant::now();
    let port = options.port;
    ensure_free(port)?;
    let url = functions::url(port);
    let mut local = Local::start(project, &options.data, Some(&url))?;
    loud_step("Building the functions (minutes the first time, then seconds)", || functions::build(project))?;
    step("Migrating the database", || migrate(project, &local))?;
    let sources = Sources::look(project);
    let watch = step("Starting the functions", || serve(project, &local, port))?;
    step("Making sure of the demo account", || seed::seed(&url)).context("could not create the demo account")?;
    println!("{}", welcome(&url, started.elapsed()));
    stay(project, &mut local, port, watch, sources)?;
    eprintln!("Stopping.");
    Ok(())
}

/// Keeps the functions running until Ctrl-C, and reloads them when their sources change.
fn stay(project: &Project, local: &mut Local, port: u16, watch: Watch, mut sources: Sources) -> Result<()> {
    let mut watch = Some(watch);
    while !interrupt::requested() {
        thread::sleep(LOOK);
        local.stack.ensure_running()?;
        if let Some(watch) = &mut watch {
            watch.ensure_running()?;
        }
        let now = Sources::look(project);
        if now == sources {
            continue;
        }
        let schema = now.differ_below(&sources, &project.path("migrations"));
        sources = now;
        eprintln!("The sources have changed.");
        // What does not compile is shown, and the functions that run already go on.
        if !functions::compile(project)? {
            continue;
        }
        if schema && let Err(error) = migrate(project, local) {
            eprintln!("error: {error:#}");
            continue;
        }
        drop(watch.take());
        watch = Some(step("Restarting the functions", || serve(project, local, port))?);
    }
    Ok(())
}

fn ensure_free(port: u16) -> Result<()> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop).with_context(|| {
        format!(
            "port {port} is not free: stop what uses it (another `cargo xtask up`?), or choose another with `cargo xtask up --port {}`",
            port.wrapping_add(1)
        )
    })
}

fn migrate(project: &Project, local: &Local) -> Result<()> {
    let mut migrate = functions::migrate(project);
    local.stack.variables.give_to(&mut migrate);
    command::output(&mut migrate).map(drop).context("could not migrate the database")
}

fn serve(project: &Project, local: &Local, port: u16) -> Result<Watch> {
    let data = project.data()?;
    let (folder, log) = (data.join("watch"), data.join(LOG));
    let serving = Serving { port, variables: &local.stack.variables, folder: &folder, log: &log };
    Watch::start(project, &local.tools, &serving)
}

fn welcome(url: &str, took: Duration) -> String {
    format!(
        "
Atelier is running at {url} (after {took}).

  Demo account   {email}
  Password       {password}

Try:
  curl '{url}/v1/artifacts?visibility=public'
  curl {url}/v1/sessions -H 'content-type: application/json' \\
    -d '{{\"email\": \"{email}\", \"password\": \"{password}\"}}'

The functions write to data/{LOG}, and restart when a source file is saved.
`cargo xtask env` prints the stack's variables for a shell. Ctrl-C stops everything.
",
        took = seconds(took),
        email = seed::EMAIL,
        password = seed::PASSWORD,
    )
}
