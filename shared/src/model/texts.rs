//! Texts as the database keeps them: whole, or as a patch of a text that their path had before.
//!
//! Both are zstd frames (RFC 8878). A patch was made with the other text's bytes before its own, as `zstd --patch-from`
//! does, and is read back with them. Of the texts that a path had one after the other, the one of generation `g` builds
//! upon generation `g` less the largest power of [`SKIP`] that divides `g`: the way back to the whole text then has as many
//! steps as the digits of `g` to that base add up to, and all that it may build upon lies on the way to the text before it.

use uuid::Uuid;

use crate::{
    FromRow, Problem,
    database::{Row, RowError},
    text::Sha256,
};
use zstd::zstd_safe::{CCtx, CParameter, DCtx, SafeResult, compress_bound, get_error_name, get_frame_content_size};

/// Bytes that a frame may say it holds: none of ours is larger, so that a damaged one takes no memory.
const FRAME_LIMIT: usize = 8 * 1024 * 1024;

/// Level 3 of zstd: a third of the text's size in a few milliseconds a megabyte.
const WHOLE_LEVEL: i32 = 3;

/// Level 10 of zstd: the next ones take a patch ten times as long for a twentieth of its size.
const PATCH_LEVEL: i32 = 10;

/// Measured: with 2, reading takes the fewest steps, and with 16 all patches together are a fifth smaller than with 4.
const SKIP: i32 = 4;

/// Patches that reading a text may take; the next one is kept whole.
const STEPS_LIMIT: usize = 16;

/// What a patch costs beside its own bytes: the id of its base, in the row and in an index.
const BASE_COST: usize = 48;

/// A text to be stored.
#[derive(Debug)]
pub struct NewText {
    /// The frame.
    pub content: Vec<u8>,
    /// The blob whose bytes it was made with, if it is a patch.
    pub base_blob_id: Option<Uuid>,
    /// How many texts its path had since one was kept whole.
    pub generation: i32,
}

impl NewText {
    /// Keeps a text whole.
    pub fn whole(text: &[u8]) -> Result<Self, Problem> {
        Ok(Self { content: compress(text, &[], WHOLE_LEVEL)?, base_blob_id: None, generation: 0 })
    }

    /// Keeps a text as a patch upon the one that its path had before, or upon one that this is made of; or whole, where a
    /// patch saves nothing, or would make reading it too long.
    pub fn after(text: &[u8], before: &StoredText) -> Result<Self, Problem> {
        let whole = Self::whole(text)?;
        let Some(chain) = before.chain().filter(|_| usize::try_from(before.size).is_ok_and(|size| size <= FRAME_LIMIT))
        else {
            return Ok(whole);
        };
        let generation = before.generation + 1;
        let wanted = base_of(generation);
        let base = chain.iter().rposition(|link| link.generation <= wanted).unwrap_or(0);
        if base + 1 > STEPS_LIMIT {
            return Ok(whole);
        }
        let content = compress(text, &read(&chain[..=base])?, PATCH_LEVEL)?;
        let to_read = content.len() + chain[..=base].iter().map(|link| link.content.len()).sum::<usize>();
        // What is read is held in memory: no chain may weigh more than twice what comes of it.
        if content.len() + BASE_COST >= whole.content.len() || to_read > 2 * text.len() {
            return Ok(whole);
        }
        Ok(Self { content, base_blob_id: Some(chain[base].id), generation })
    }
}

/// The generation that a generation after the first builds upon.
fn base_of(generation: i32) -> i32 {
    let mut step = 1;
    while generation % (step * SKIP) == 0 {
        step *= SKIP;
    }
    generation - step
}

/// The columns of [`StoredText`], of a row of `blobs` with [`BASES`] beside it, to follow `select`.
pub const TEXT: &str = "
    blobs.id as blob_id, blobs.sha256, blobs.size, blobs.encoding, blobs.generation, blobs.content,
    bases.ids as base_ids, bases.generations as base_generations, bases.encodings as base_encodings,
    bases.contents as base_contents
";

/// What a row of `blobs` builds upon, to follow that in `from`.
pub const BASES: &str = "
    left join lateral text_bases(case when blobs.base_blob_id is not null then array[blobs.base_blob_id] end) bases on true
";

/// A text as stored, if it is in the database, with all that is needed to read it: `text_bases()` gives the columns that begin
/// with `base_`.
#[derive(Debug)]
pub struct StoredText {
    /// The blob.
    pub blob_id: Uuid,
    /// Of the text.
    pub sha256: Sha256,
    /// Bytes of the text.
    pub size: i64,
    encoding: String,
    generation: i32,
    content: Option<Vec<u8>>,
    bases: Bases,
}

/// What a patch builds upon, from the whole text to what it was made with. All null where a text is kept whole.
#[derive(Debug)]
struct Bases {
    ids: Option<Vec<Uuid>>,
    generations: Option<Vec<i32>>,
    encodings: Option<Vec<String>>,
    contents: Option<Vec<Vec<u8>>>,
}

impl FromRow for StoredText {
    fn from_row(row: &Row) -> Result<Self, RowError> {
        Ok(Self {
            blob_id: row.try_get("blob_id")?,
            sha256: row.try_get("sha256")?,
            size: row.try_get("size")?,
            encoding: row.try_get("encoding")?,
            generation: row.try_get("generation")?,
            content: row.try_get("content")?,
            bases: Bases {
                ids: row.try_get("base_ids")?,
                generations: row.try_get("base_generations")?,
                encodings: row.try_get("base_encodings")?,
                contents: row.try_get("base_contents")?,
            },
        })
    }
}

/// The text of a row with [`TEXT`], if it has a blob, and that is in the database.
pub fn read_text(row: &Row) -> Result<Option<String>, Problem> {
    if row.try_get::<_, Option<Uuid>>("blob_id").map_err(Problem::internal)?.is_none() {
        return Ok(None);
    }
    let text = StoredText::from_row(row).map_err(Problem::internal)?;
    text.bytes()?.map(String::from_utf8).transpose().map_err(Problem::internal)
}

/// A text on the way from a whole one.
struct Link<'a> {
    id: Uuid,
    generation: i32,
    encoding: &'a str,
    content: &'a [u8],
}

impl StoredText {
    /// Whether the text is here.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.content.is_some()
    }

    /// The text's bytes, if they are here: decoded, and what their name says.
    pub fn bytes(&self) -> Result<Option<Vec<u8>>, Problem> {
        let Some(chain) = self.chain() else { return Ok(None) };
        let bytes = read(&chain)?;
        if Sha256::of(&bytes) == self.sha256 {
            Ok(Some(bytes))
        } else {
            Err(Problem::internal(anyhow::anyhow!("a blob is not what its SHA-256 says: {}", self.sha256)))
        }
    }

    /// What has to be read one after the other, ending with this text.
    fn chain(&self) -> Option<Vec<Link<'_>>> {
        let last = Link {
            id: self.blob_id,
            generation: self.generation,
            encoding: &self.encoding,
            content: self.content.as_deref()?,
        };
        let Bases { ids, generations, encodings, contents } = &self.bases;
        let ids = ids.iter().flatten().zip(generations.iter().flatten());
        let links = ids.zip(encodings.iter().flatten()).zip(contents.iter().flatten());
        let bases = links.map(|(((id, generation), encoding), content)| Link {
            id: *id,
            generation: *generation,
            encoding,
            content,
        });
        Some(bases.chain([last]).collect())
    }
}

/// Reads one text after the other, each with the bytes of the one before, down to the last.
fn read(chain: &[Link]) -> Result<Vec<u8>, Problem> {
    chain.iter().try_fold(Vec::new(), |base, link| match link.encoding {
        "zstd" => decompress(link.content, &base),
        _ => Ok(link.content.to_vec()),
    })
}

fn compress(text: &[u8], base: &[u8], level: i32) -> Result<Vec<u8>, Problem> {
    let mut context = CCtx::create();
    check(context.set_parameter(CParameter::CompressionLevel(level)))?;
    // All of both within reach of each other; zstd's smallest window is 1 KiB.
    let window = (base.len() + text.len()).max(1024).next_power_of_two().ilog2();
    check(context.set_parameter(CParameter::WindowLog(window)))?;
    check(context.ref_prefix(base))?;
    let mut frame = Vec::with_capacity(compress_bound(text.len()));
    check(context.compress2(&mut frame, text))?;
    frame.shrink_to_fit();
    Ok(frame)
}

fn decompress(frame: &[u8], base: &[u8]) -> Result<Vec<u8>, Problem> {
    let size = get_frame_content_size(frame).ok().flatten().and_then(|size| usize::try_from(size).ok());
    let size = size.filter(|size| *size <= FRAME_LIMIT).ok_or_else(|| broken("a frame does not say its size"))?;
    let mut context = DCtx::create();
    check(context.ref_prefix(base))?;
    let mut text = Vec::with_capacity(size);
    check(context.decompress(&mut text, frame))?;
    Ok(text)
}

fn check(result: SafeResult) -> Result<(), Problem> {
    result.map(|_| ()).map_err(|code| broken(get_error_name(code)))
}

fn broken(why: &'static str) -> Problem {
    Problem::internal(anyhow::anyhow!("zstd: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stores texts one after the other, each upon the one before, as publishing does.
    fn store(texts: &[String]) -> Vec<StoredText> {
        let mut stored: Vec<StoredText> = Vec::new();
        for text in texts {
            let new = stored.last().map_or_else(
                || NewText::whole(text.as_bytes()).expect("stored"),
                |before| NewText::after(text.as_bytes(), before).expect("stored"),
            );
            let mut bases = Bases { ids: None, generations: None, encodings: None, contents: None };
            let mut next = new.base_blob_id;
            while let Some(base) = next.and_then(|id| stored.iter().find(|text| text.blob_id == id)) {
                bases.ids.get_or_insert_default().insert(0, base.blob_id);
                bases.generations.get_or_insert_default().insert(0, base.generation);
                bases.encodings.get_or_insert_default().insert(0, base.encoding.clone());
                bases.contents.get_or_insert_default().insert(0, base.content.clone().expect("here"));
                let ids = base.bases.ids.clone().unwrap_or_default();
                next = ids.last().copied();
            }
            stored.push(StoredText {
                blob_id: Uuid::now_v7(),
                sha256: Sha256::of(text.as_bytes()),
                size: 0,
                encoding: "zstd".to_owned(),
                generation: new.generation,
                content: Some(new.content),
                bases,
            });
        }
        stored
    }

    fn steps(text: &StoredText) -> usize {
        text.bases.ids.as_ref().map_or(0, Vec::len)
    }

    #[test]
    fn a_long_history_is_small_and_each_of_it_a_few_steps_away() {
        let line =
            |version: usize, line: usize| format!("let value_{line} = {};\n", (version + line) / 100 * 37 + line * 11);
        let texts: Vec<String> =
            (0..1000).map(|version| (0..100).map(|index| line(version, index)).collect()).collect();
        let stored = store(&texts);
        for (text, stored) in texts.iter().zip(&stored) {
            assert_eq!(stored.bytes().expect("readable").expect("here"), text.as_bytes());
            assert!(steps(stored) <= STEPS_LIMIT);
        }
        let size: usize = stored.iter().filter_map(|text| text.content.as_ref()).map(Vec::len).sum();
        let whole: usize =
            texts.iter().map(|text| compress(text.as_bytes(), &[], WHOLE_LEVEL).expect("works").len()).sum();
        assert!(size * 8 < whole, "{size} of {whole}");
    }

    #[test]
    fn what_has_nothing_in_common_is_kept_whole() {
        let texts: Vec<String> = (0..20).map(|_| (0..50).map(|_| Uuid::new_v4().to_string()).collect()).collect();
        assert!(store(&texts).iter().all(|text| steps(text) == 0));
        let tiny: Vec<String> = (0..20).map(|index| format!("{index}")).collect();
        assert!(store(&tiny).iter().all(|text| steps(text) == 0));
        let empty = store(&[String::new(), "x".repeat(5000), String::new()]);
        assert_eq!(empty[2].bytes().expect("readable"), Some(Vec::new()));
    }

    #[test]
    fn generations_build_upon_those_before_the_last_power() {
        let bases: Vec<i32> = [1, 2, 3, 4, 5, 8, 16, 17, 20, 64, 80].into_iter().map(base_of).collect();
        assert_eq!(bases, [0, 1, 2, 0, 4, 4, 0, 16, 16, 0, 64]);
    }

    /// No chain weighs more than twice what it is read for.
    #[test]
    fn a_text_that_changes_much_is_soon_kept_whole_again() {
        let mut words: Vec<String> = (0..400).map(|_| Uuid::new_v4().simple().to_string()).collect();
        let mut texts = Vec::new();
        for version in 0..60 {
            for word in words.iter_mut().skip(version % 2).step_by(2) {
                *word = Uuid::new_v4().simple().to_string();
            }
            texts.push(words.concat());
        }
        let stored = store(&texts);
        for (text, stored) in texts.iter().zip(&stored) {
            assert_eq!(stored.bytes().expect("readable").expect("here"), text.as_bytes());
            let to_read: usize = stored.chain().expect("here").iter().map(|link| link.content.len()).sum();
            assert!(to_read <= 2 * text.len(), "{to_read} of {}", text.len());
        }
        assert!(stored.iter().any(|text| steps(text) > 0));
    }

    #[test]
    fn a_damaged_text_is_noticed() {
        let words: String = (0..20).map(|_| Uuid::new_v4().to_string()).collect();
        let texts: Vec<String> = (0..3).map(|index| format!("{index}{words}")).collect();
        let mut stored = store(&texts);
        let last = stored.last_mut().expect("three");
        assert!(steps(last) > 0);
        for damaged in [&[][..], b"no frame", &[0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff]] {
            last.content = Some(damaged.to_vec());
            assert!(last.bytes().is_err());
        }
        last.encoding = "identity".to_owned();
        last.content = Some(b"another".to_vec());
        assert!(last.bytes().is_err());
        last.content = Some(texts[2].clone().into_bytes());
        assert!(last.bytes().is_ok());
    }
}
