//! A demo account with a few public artifacts, made through the public API as any client would.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::http::Api;

/// The demo account's address.
pub(crate) const EMAIL: &str = "demo@atelier.example";

/// The demo account's password.
pub(crate) const PASSWORD: &str = "demo-password-1";

/// Bodies of `POST /v1/artifacts`.
const ARTIFACTS: &str = include_str!("../seed/artifacts.json");

/// Makes sure that the demo account and its artifacts are there.
pub(crate) fn seed(url: &str) -> Result<()> {
    let mut api = Api::at(url);
    let token = sign_in(&api)?;
    api.authorize(&token);
    let mine = expect(200, api.get("/v1/artifacts?limit=1")?)?;
    if mine["items"].as_array().is_some_and(|items| !items.is_empty()) {
        return Ok(());
    }
    let artifacts: Vec<Value> = serde_json::from_str(ARTIFACTS).context("the demo artifacts are no JSON")?;
    for artifact in &artifacts {
        expect(201, api.post("/v1/artifacts", artifact)?)?;
    }
    Ok(())
}

/// Signs in, registering first if there is no such account.
fn sign_in(api: &Api) -> Result<String> {
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let (status, mut reply) = api.post("/v1/sessions", &login)?;
    if status != 201 {
        let account = json!({ "email": EMAIL, "password": PASSWORD, "name": "Demo", "handle": "demo" });
        reply = expect(201, api.post("/v1/users", &account)?)?;
    }
    reply["session"]["token"].as_str().map(str::to_owned).context("signing in gave no token")
}

fn expect(wanted: u16, (status, body): (u16, Value)) -> Result<Value> {
    if status != wanted {
        bail!("the API answered {status} instead of {wanted}: {body}");
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn every_demo_artifact_is_public_and_has_files() {
        let artifacts: Vec<Value> = serde_json::from_str(super::ARTIFACTS).unwrap_or_default();
        assert!(!artifacts.is_empty());
        for artifact in artifacts {
            assert_eq!(artifact["visibility"], "public");
            assert!(artifact["version"]["files"].as_array().is_some_and(|files| !files.is_empty()));
        }
    }
}
