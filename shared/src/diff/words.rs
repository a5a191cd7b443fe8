//! What changed inside of a line.

use super::edits;

/// Bytes of a line, beyond which nobody looks for words in it.
const LINE_LIMIT: usize = 2000;

/// What may still be done to find words: pairs of words, of both lines, that could be compared. All of it takes half a second
/// at worst, where a reply full of lines made for that would take as many seconds as it has lines.
#[derive(Debug)]
pub struct Effort(usize);

impl Default for Effort {
    fn default() -> Self {
        Self(200_000_000)
    }
}

/// What changed from one line to another, as the pieces of [`super::Words`]; none where the lines have no word in common, so
/// that marks would say nothing, or are too long, or where too much was done already.
#[must_use]
pub fn words(old: &str, new: &str, effort: &mut Effort) -> Option<Vec<String>> {
    if old.len() > LINE_LIMIT || new.len() > LINE_LIMIT || old == new {
        return None;
    }
    let (old, new) = (tokens(old), tokens(new));
    effort.0 = effort.0.saturating_sub(old.len() * new.len());
    if effort.0 == 0 {
        return None;
    }
    let edits = edits(&old, &new);
    let mut segments = Vec::new();
    let mut push = |mark: char, tokens: &[&str]| {
        if !tokens.is_empty() {
            segments.push(format!("{mark}{}", tokens.concat()));
        }
    };
    let (mut position, mut has_common_word) = (0, false);
    for edit in edits {
        has_common_word |= old[position..edit.old.start].iter().any(|token| is_word(token));
        push(' ', &old[position..edit.old.start]);
        push('-', &old[edit.old.clone()]);
        push('+', &new[edit.new]);
        position = edit.old.end;
    }
    has_common_word |= old[position..].iter().any(|token| is_word(token));
    push(' ', &old[position..]);
    has_common_word.then_some(segments)
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Class {
    Word,
    Space,
    /// By itself: signs, and letters of scripts without spaces between words.
    Single,
}

fn class(c: char) -> Class {
    match c {
        '\u{2e80}'..='\u{9fff}' | '\u{20000}'.. => Class::Single,
        '_' => Class::Word,
        c if c.is_alphanumeric() => Class::Word,
        c if c.is_whitespace() => Class::Space,
        _ => Class::Single,
    }
}

/// Words, spaces between them, and signs.
fn tokens(line: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut last = Class::Single;
    for (index, c) in line.char_indices() {
        let class = class(c);
        if index > start && (class != last || class == Class::Single) {
            tokens.push(&line[start..index]);
            start = index;
        }
        last = class;
    }
    if start < line.len() {
        tokens.push(&line[start..]);
    }
    tokens
}
