//! Database URLs.

use anyhow::{Context, Result};

/// The same database under another login. The password must need no escaping.
pub(crate) fn with_login(url: &str, user: &str, password: &str) -> Result<String> {
    let (scheme, rest) = url
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "postgres" | "postgresql"))
        .context("DATABASE_URL must look like postgres://user:password@host:5432/database")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Ok(format!("{scheme}://{user}:{password}@{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::with_login;

    #[test]
    fn replaces_the_login_alone() {
        for (url, expected) in [
            (
                "postgres://me:secret@db.example:5432/app?sslmode=require",
                "postgres://api:pw@db.example:5432/app?sslmode=require",
            ),
            ("postgresql://db.example/app", "postgresql://api:pw@db.example/app"),
            ("postgres://me@[::1]/app", "postgres://api:pw@[::1]/app"),
        ] {
            assert_eq!(with_login(url, "api", "pw").ok().as_deref(), Some(expected));
        }
    }

    #[test]
    fn refuses_what_is_no_url() {
        assert!(with_login("host=localhost dbname=app", "api", "pw").is_err());
    }
}
