//! Searches as people type them, and the fragments of text that show what was found.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Characters that a snippet has about.
const SNIPPET: usize = 200;

/// A phrase that lies farther apart than this is marked at its first word alone.
const LONGEST_MARK: usize = 100;

/// Characters of a text that are searched, as by `search_vector()` in SQL.
const SEARCHED: usize = 100_000;

/// What to look for, and what not.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Words and phrases.
    pub parts: Vec<String>,
    /// Words of which only the beginning is known.
    pub prefixes: Vec<String>,
    /// Words and phrases that must not be there.
    pub exclusions: Vec<String>,
}

impl Search {
    /// Reads a search: words, "phrases", -exclusions and prefixes*; the last word counts as a prefix too.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut search = Self::default();
        let mut last_word = None;
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let is_excluded = rest.starts_with('-');
            rest = rest.strip_prefix('-').unwrap_or(rest);
            let phrase = rest.strip_prefix(is_quote);
            let is_phrase = phrase.is_some();
            let (part, after) = match phrase {
                Some(phrase) => phrase.split_once(is_quote).unwrap_or((phrase, "")),
                None => rest.split_at(rest.find(|c: char| c.is_whitespace() || is_quote(c)).unwrap_or(rest.len())),
            };
            rest = after.trim_start();
            let word = part.trim_end_matches('*');
            // Of one character alone, half of everything would be found; and where there is nothing between words,
            // each character is one.
            let may_be_prefix = !is_phrase && word.chars().nth(1).is_some() && !word.contains(is_word_by_itself);
            match (is_excluded, may_be_prefix && word.len() < part.len()) {
                (true, _) if !word.is_empty() => search.exclusions.push(word.to_owned()),
                (false, true) => search.prefixes.push(word.to_owned()),
                (false, false) if !word.is_empty() => {
                    search.parts.push(word.to_owned());
                    last_word = may_be_prefix.then(|| search.parts.len() - 1);
                    continue;
                }
                _ => {}
            }
            last_word = None;
        }
        if let Some(index) = last_word {
            search.prefixes.push(search.parts.remove(index));
        }
        search
    }

    /// Whether it names nothing to find.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.prefixes.is_empty()
    }

    /// The part of a text, as HTML, that shows most of what was looked for: matches in `<mark>`, all else escaped.
    #[must_use]
    pub fn snippet(&self, text: &str) -> String {
        let end = text.char_indices().nth(SEARCHED).map_or(text.len(), |(end, _)| end);
        let text = &text[..end];
        let words = words(text);
        let matches = self.matches(&words);
        let shown = shown(text, &words, &matches);
        let mut html = String::new();
        if shown.start > 0 {
            html.push('…');
        }
        let mut place = shown.start;
        for found in matches.iter().filter(|found| shown.contains(&found.bytes.start) && found.bytes.end <= shown.end) {
            // Matches of two parts may lie over each other.
            if found.bytes.start < place {
                continue;
            }
            escape(&text[place..found.bytes.start], &mut html);
            html.push_str("<mark>");
            escape(&text[found.bytes.clone()], &mut html);
            html.push_str("</mark>");
            place = found.bytes.end;
        }
        escape(&text[place..shown.end], &mut html);
        if shown.end < text.len() {
            html.push('…');
        }
        html
    }

    /// Where the parts and prefixes are in a text, in their order.
    fn matches(&self, words: &[Word]) -> Vec<Match> {
        let folded = |part: &String| self::words(part).into_iter().map(|word| word.folded).collect::<Vec<_>>();
        let parts = self.parts.iter().map(|part| (folded(part), false));
        let prefixes = self.prefixes.iter().map(|part| (folded(part), true));
        let sought: Vec<(Vec<String>, bool)> = parts.chain(prefixes).filter(|(words, _)| !words.is_empty()).collect();
        let mut matches = Vec::new();
        for place in 0..words.len() {
            for (part, (sequence, is_prefix)) in sought.iter().enumerate() {
                let Some(found) = words.get(place..place + sequence.len()) else { continue };
                let is_match = found.iter().zip(sequence).enumerate().all(|(index, (word, sought))| {
                    let is_last = index + 1 == sequence.len();
                    word.folded == *sought || (*is_prefix && is_last && word.folded.starts_with(sought.as_str()))
                });
                if is_match {
                    let (first, last) = (&found[0], &found[found.len() - 1]);
                    let is_close = last.characters.end - first.characters.start <= LONGEST_MARK;
                    let last = if is_close { last } else { first };
                    matches.push(Match {
                        part,
                        bytes: first.bytes.start..last.bytes.end,
                        characters: first.characters.start..last.characters.end,
                    });
                }
            }
        }
        matches
    }
}

struct Match {
    part: usize,
    bytes: Range<usize>,
    characters: Range<usize>,
}

struct Word {
    bytes: Range<usize>,
    characters: Range<usize>,
    folded: String,
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '“' | '”' | '„' | '«' | '»')
}

/// Characters of scripts that have nothing between words, as in `search_text()` in SQL.
fn is_word_by_itself(character: char) -> bool {
    matches!(character,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// The words of a text, in lower case and without accents.
fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut continues = false;
    for (index, (start, character)) in text.char_indices().enumerate() {
        let stands_alone = is_word_by_itself(character);
        let goes_on = continues && is_combining_mark(character);
        if !(stands_alone || goes_on || character.is_alphanumeric()) {
            continues = false;
            continue;
        }
        if stands_alone || !continues {
            words.push(Word { bytes: start..start, characters: index..index, folded: String::new() });
        }
        continues = !stands_alone;
        let word = words.last_mut().expect("just begun, or before");
        word.bytes.end = start + character.len_utf8();
        word.characters.end = index + 1;
        let bare = character.nfkd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}'));
        word.folded.extend(bare.flat_map(char::to_lowercase));
    }
    words
}

/// Which bytes of a text to show: those around the most parts of the search, the first of several such places.
fn shown(text: &str, words: &[Word], matches: &[Match]) -> Range<usize> {
    let mut best = (0, 0);
    let mut place = 0..0;
    for (index, first) in matches.iter().enumerate() {
        let within =
            matches[index..].iter().take_while(|other| other.characters.start < first.characters.start + SNIPPET);
        let within: Vec<&Match> =
            within.filter(|other| other.characters.end <= first.characters.start + SNIPPET).collect();
        let mut parts: Vec<usize> = within.iter().map(|found| found.part).collect();
        parts.sort_unstable();
        parts.dedup();
        if (parts.len(), within.len()) > best {
            best = (parts.len(), within.len());
            let end = within.iter().map(|found| found.characters.end).max().unwrap_or(first.characters.end);
            place = first.characters.start..end;
        }
    }
    let start = place.start.saturating_sub((SNIPPET - place.len()) / 2);
    let end = start + SNIPPET;
    // Words are shown whole, but for such as are too long.
    let begins_in = words.iter().find(|word| word.characters.start < start && start < word.characters.end);
    let start = begins_in.map_or(start, |word| word.characters.end.min(place.start));
    let ends_in = words.iter().find(|word| word.characters.start < end && end < word.characters.end);
    let end = ends_in.map_or(end, |word| word.characters.start.max(place.end));
    let end = if end > start { end } else { start + SNIPPET };
    let byte = |character: usize| text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte);
    byte(start)..byte(end)
}

/// Adds text to HTML. White space becomes single spaces, and control characters go.
fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            space if space.is_whitespace() => {
                if !html.ends_with(' ') {
                    html.push(' ');
                }
            }
            control if control.is_control() => {}
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(parts: &[&str], prefixes: &[&str], exclusions: &[&str]) -> Search {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Search { parts: owned(parts), prefixes: owned(prefixes), exclusions: owned(exclusions) }
    }

    #[test]
    fn searches_are_read() {
        for (text, expected) in [
            ("", search(&[], &[], &[])),
            ("  \" \" - -\"\" * **", search(&[" "], &[], &[])),
            ("clock", search(&[], &["clock"], &[])),
            ("draw a clock", search(&["draw", "a"], &["clock"], &[])),
            ("dra* clock*", search(&[], &["dra", "clock"], &[])),
            ("a", search(&["a"], &[], &[])),
            ("a*", search(&["a"], &[], &[])),
            ("\"draw a clock\"", search(&["draw a clock"], &[], &[])),
            ("clock \"draw a", search(&["clock", "draw a"], &[], &[])),
            ("say“to be”\"or not\"", search(&["say", "to be", "or not"], &[], &[])),
            ("clock -sun -\"the moon\" -x*", search(&["clock"], &[], &["sun", "the moon", "x"])),
            ("foo-bar -", search(&["foo-bar"], &[], &[])),
            ("时钟", search(&["时钟"], &[], &[])),
            ("时钟* cloc", search(&["时钟"], &["cloc"], &[])),
        ] {
            assert_eq!(Search::parse(text), expected, "{text:?}");
        }
        assert!(Search::parse("-a -\"b c\"").is_empty());
    }

    #[test]
    fn matches_are_marked_and_all_else_is_escaped() {
        for (query, text, expected) in [
            ("clock", "Draw a clock.", "Draw a <mark>clock</mark>."),
            ("CLO", "Clockwork &\n\t <b>clo</b>", "<mark>Clockwork</mark> &amp; &lt;b&gt;<mark>clo</mark>&lt;/b&gt;"),
            ("cafe", "Im Café, in CAFE\u{301}s", "Im <mark>Café</mark>, in <mark>CAFE\u{301}s</mark>"),
            ("\"to be\"", "be to, to-be to be", "be to, <mark>to-be</mark> <mark>to be</mark>"),
            ("我们", "今天我们去我家", "今天<mark>我们</mark>去我家"),
            ("ada@example.com", "mail ada@example.com!", "mail <mark>ada@example.com</mark>!"),
            ("привет", "Привет, мир", "<mark>Привет</mark>, мир"),
            ("हिन्दी", "यह हिन्दी है", "यह <mark>हिन्दी</mark> है"),
            ("mark", "<mark>'\"", "&lt;<mark>mark</mark>&gt;&#39;&quot;"),
            ("clock -sun", "clock and sun", "<mark>clock</mark> and sun"),
            ("none", "\u{7}Nothing here", "Nothing here"),
            ("a b", "a", "<mark>a</mark>"),
            ("x", "", ""),
        ] {
            assert_eq!(Search::parse(query).snippet(text), expected, "{query} in {text:?}");
        }
    }

    #[test]
    fn the_best_place_of_a_long_text_is_shown() {
        let far = "far ".repeat(200);
        let text = format!("{far}a clock {far}the sun and the clock {far}");
        let snippet = Search::parse("clock sun").snippet(&text);
        assert!(snippet.contains("the <mark>sun</mark> and the <mark>clock</mark>"), "{snippet}");
        assert!(snippet.starts_with('…') && snippet.ends_with('…'), "{snippet}");
        let plain = snippet.replace("<mark>", "").replace("</mark>", "");
        assert!((150..=202).contains(&plain.chars().count()), "{snippet}");
        let apart = format!("to {} be", ".".repeat(1000));
        assert!(Search::parse("\"to be\"").snippet(&apart).starts_with("<mark>to</mark> ....."));
        let long = "é".repeat(300);
        let snippet = Search::parse("é*").snippet(&format!("{long} {long}"));
        assert_eq!(snippet.chars().filter(|c| *c == 'é').count(), 200, "{snippet}");
    }

    /// Whatever is looked for in whatever: the snippet is a piece of the text, and its only tags are marks.
    #[test]
    fn snippets_of_random_texts_are_pieces_of_them() {
        let pieces = [
            "a", "é", "e\u{301}", "<", ">", "&", "\"", "'", " ", "\n", "-", "*", "我", "が", "क्", "İ", "ﷺ", "\u{0}",
            "clock", "\u{301}", "🕒",
        ];
        let mut state = 1_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).expect("31 bits") % below
        };
        for _ in 0..5_000 {
            let mut text =
                |length: usize| (0..random(length)).map(|_| pieces[random(pieces.len())]).collect::<String>();
            let (query, text) = (text(12), text(600));
            let snippet = Search::parse(&query).snippet(&text);
            let plain = snippet.replace("<mark>", "").replace("</mark>", "");
            assert!(!plain.contains(['<', '>', '"', '\'', '\n', '\0']), "{query:?} in {text:?}: {snippet}");
            assert_eq!(snippet.matches("<mark>").count(), snippet.matches("</mark>").count());
            let mut whole = String::new();
            escape(&text, &mut whole);
            assert!(whole.contains(plain.trim_matches('…').trim()), "{query:?} in {text:?}: {snippet}");
        }
    }
}
