//! SQL as it stands in documents: blocks of Markdown, and the statements in them.

use std::path::PathBuf;

/// The five documents that this project was created from, where they lie beside it.
#[must_use]
pub fn document(prefix: &str) -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/seeds");
    let file = std::fs::read_dir(folder)
        .ok()?
        .filter_map(Result::ok)
        .find(|entry| entry.file_name().to_string_lossy().starts_with(prefix))?;
    std::fs::read_to_string(file.path()).ok()
}

/// What stands between ```` ```sql ```` and ```` ``` ````, block by block.
#[must_use]
pub fn blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut current: Option<String> = None;
    for line in markdown.lines() {
        match (&mut current, line.trim()) {
            (None, "```sql") => current = Some(String::new()),
            (Some(_), "```") => blocks.extend(current.take()),
            (Some(block), _) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

/// The statements of a script, without comments; psql's own commands (`\i …`) count as statements.
///
/// Knows strings, quoted names and dollar quotes; no comments inside of statements other than to the end of a line.
#[must_use]
pub fn statements(script: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut statement = String::new();
    let mut rest = script;
    while let Some(character) = rest.chars().next() {
        let taken = match character {
            '-' if rest.starts_with("--") => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]);
                continue;
            }
            ';' => {
                finish(&mut statement, &mut statements);
                rest = &rest[1..];
                continue;
            }
            '\\' if statement.trim().is_empty() => {
                let end = rest.find('\n').unwrap_or(rest.len());
                statements.push(rest[..end].trim().to_owned());
                rest = &rest[end..];
                continue;
            }
            '\'' | '"' => quoted(rest, &rest[..1]),
            '$' if rest.starts_with("$$") => quoted(rest, "$$"),
            _ => character.len_utf8(),
        };
        statement.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    finish(&mut statement, &mut statements);
    statements
}

/// How long what is quoted is, its quotes included. A doubled quote is two quoted pieces in a row.
fn quoted(text: &str, quote: &str) -> usize {
    text[quote.len()..].find(quote).map_or(text.len(), |end| end + 2 * quote.len())
}

fn finish(statement: &mut String, statements: &mut Vec<String>) {
    let finished = std::mem::take(statement);
    if !finished.trim().is_empty() {
        statements.push(finished.trim().to_owned());
    }
}

/// The words of a statement with one space between them, to compare and to print.
#[must_use]
pub fn words(statement: &str) -> String {
    statement.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_where_they_end() {
        let script = "-- first\nselect 'a;''b' -- c;\n; \\i file.sql\nselect $$ ; $$, \";\"";
        assert_eq!(statements(script), ["select 'a;''b'", "\\i file.sql", "select $$ ; $$, \";\""]);
    }

    #[test]
    fn blocks_are_those_of_sql() {
        assert_eq!(blocks("x\n```sql\nselect 1;\n```\n```bash\nls\n```\n"), ["select 1;\n"]);
    }
}
