//! Requests to servers on this machine.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use ureq::Agent;

/// Whether a GET is answered with 200.
pub(crate) fn answers(url: &str) -> bool {
    agent(Duration::from_secs(30)).get(url).call().is_ok_and(|response| response.status() == 200)
}

/// An HTTP API that takes and gives JSON.
pub(crate) struct Api {
    agent: Agent,
    url: String,
    token: Option<String>,
}

impl Api {
    /// The API at a URL.
    pub(crate) fn at(url: &str) -> Self {
        // A function that is called for the first time is started by `cargo run`.
        Self { agent: agent(Duration::from_mins(1)), url: url.to_owned(), token: None }
    }

    /// Sends a bearer token from now on.
    pub(crate) fn authorize(&mut self, token: &str) {
        self.token = Some(format!("Bearer {token}"));
    }

    /// Sends a GET; returns status and body.
    pub(crate) fn get(&self, path: &str) -> Result<(u16, Value)> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("authorization", token);
        }
        read(request.call()).with_context(|| format!("GET {path}"))
    }

    /// Sends a POST; returns status and body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<(u16, Value)> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("authorization", token);
        }
        read(request.send_json(body)).with_context(|| format!("POST {path}"))
    }
}

fn agent(timeout: Duration) -> Agent {
    Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        // Nothing on this machine is reached by a proxy.
        .proxy(None)
        .build()
        .new_agent()
}

fn read(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<(u16, Value)> {
    let mut response = response?;
    let status = response.status().as_u16();
    let body = response.body_mut().read_to_string()?;
    Ok((status, serde_json::from_str(&body).unwrap_or(Value::String(body))))
}
