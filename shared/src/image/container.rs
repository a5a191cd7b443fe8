//! The files that pictures come in, walked through from their first byte to their last before anything is decoded: what
//! hides behind a picture or beside its pixels is found here, and so is what would take a decoder too much time or memory.

use std::borrow::Cow;

use fdeflate::BoundedDecompressionError;
use image::ImageFormat;

/// Frames an animation may have.
pub(super) const MAX_FRAMES: usize = 500;

/// Pixels that all frames of a GIF may have together: each is decoded and encoded.
const MAX_FRAME_PIXELS: u64 = 128 * 1024 * 1024;

/// Scans a JPEG may have: a progressive one has about ten, and each takes the time of the whole picture.
const MAX_SCANS: usize = 64;

/// Bytes that a PNG's compressed texts and colour profile may have together, once they are inflated.
const MAX_INFLATED: usize = 4 * 1024 * 1024;

/// Bytes of lossless WebP: its Huffman tables take the decoder up to 520 times as much memory.
const MAX_LOSSLESS: usize = 2 * 1024 * 1024;

/// What pages, scripts, programs and archives begin with, or are found by. A picture's metadata have no use for it.
const FOREIGN: [&[u8]; 14] = [
    b"<script",
    b"<html",
    b"<!doctype",
    b"<svg",
    b"<body",
    b"<iframe",
    b"<?php",
    b"#!/",
    b"%pdf-",
    b"pk\x03\x04",
    b"pk\x05\x06",
    b"rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x7felf",
];

/// What is left of a file for the decoder.
pub(super) struct Contents<'a> {
    /// The file, of PNG without what is no picture.
    pub(super) pixels: Cow<'a, [u8]>,
    /// Whether it is WebP that keeps every pixel as it was.
    pub(super) is_lossless: bool,
}

/// What is wrong with a file, in words for its owner.
type Refusal = Cow<'static, str>;

/// Walks through a file of this format.
pub(super) fn check(bytes: &[u8], format: ImageFormat) -> Result<Contents<'_>, Refusal> {
    let whole = |is_lossless| Contents { pixels: Cow::Borrowed(bytes), is_lossless };
    match format {
        ImageFormat::Png => Ok(Contents { pixels: Cow::Owned(check_png(bytes)?), is_lossless: true }),
        ImageFormat::Jpeg => check_jpeg(bytes).map(|()| whole(false)),
        ImageFormat::Gif => check_gif(bytes).map(|()| whole(true)),
        _ => check_webp(bytes).map(whole),
    }
}

/// Reads a file from its beginning to its end.
struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Walk<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or("The file ends before its picture does.")?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Refusal> {
        self.take(1).map(|taken| taken[0])
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        self.take(N).map(|taken| taken.try_into().expect("it has N bytes"))
    }
}

/// Refuses what makes a picture something else too.
fn refuse_foreign(data: &[u8]) -> Result<(), Refusal> {
    let is_foreign = |at: usize| {
        FOREIGN
            .iter()
            .any(|start| data.get(at..at + start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start)))
    };
    let may_begin = |byte: u8| matches!(byte, b'<' | b'#' | b'%' | b'p' | b'P' | b'r' | b'R' | b'7' | 0x7f);
    if (0..data.len()).any(|at| may_begin(data[at]) && is_foreign(at)) {
        return Err("The file is not only a picture: its metadata hold a page, a program or an archive.".into());
    }
    Ok(())
}

fn refuse_trailing(rest: &[u8]) -> Result<(), Refusal> {
    match rest.iter().position(|byte| *byte != 0) {
        Some(_) => Err(format!("{} bytes follow the end of the picture.", rest.len()).into()),
        None => Ok(()),
    }
}

fn refuse_frames(frames: usize) -> Result<(), Refusal> {
    if frames > MAX_FRAMES {
        return Err(format!("The animation has more than {MAX_FRAMES} frames.").into());
    }
    Ok(())
}

/// Keeps what the picture is made of. All else, an animation too, is left out, so that no decoder meets it.
fn check_png(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut walk = Walk { rest: bytes };
    let mut kept = walk.take(8)?.to_vec();
    let mut frames = 0;
    let mut inflated = 0;
    loop {
        let start = walk.rest;
        let length = u32::from_be_bytes(walk.number()?) as usize;
        let kind: [u8; 4] = walk.number()?;
        let data = walk.take(length)?;
        walk.take(4)?;
        match &kind {
            b"tRNS" | b"eXIf" => kept.extend_from_slice(&start[..length + 12]),
            critical if critical[0].is_ascii_uppercase() => kept.extend_from_slice(&start[..length + 12]),
            b"fcTL" => frames += 1,
            b"iCCP" | b"zTXt" | b"iTXt" => inflated += inflate(kind, data, MAX_INFLATED - inflated)?,
            _ => {}
        }
        if !matches!(&kind, b"IDAT" | b"fdAT") {
            refuse_foreign(data)?;
        }
        refuse_frames(frames)?;
        if &kind == b"IEND" {
            refuse_trailing(walk.rest)?;
            return Ok(kept);
        }
    }
}

/// Bytes that a compressed chunk holds. It is not used; it is only not taken where it is a bomb.
fn inflate(kind: [u8; 4], data: &[u8], limit: usize) -> Result<usize, Refusal> {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (_, Some(mut rest)) = (parts.next(), parts.next()) else { return Ok(0) };
    if &kind == b"iTXt" {
        if rest.first() != Some(&1) {
            return Ok(0);
        }
        rest = rest.get(2..).unwrap_or_default().splitn(3, |byte| *byte == 0).nth(2).unwrap_or_default();
    } else {
        rest = rest.get(1..).unwrap_or_default();
    }
    match fdeflate::decompress_to_vec_bounded(rest, limit) {
        Ok(inflated) => {
            refuse_foreign(&inflated)?;
            Ok(inflated.len())
        }
        Err(BoundedDecompressionError::OutputTooLarge { .. }) => {
            Err(format!("The compressed metadata hold more than {MAX_INFLATED} bytes.").into())
        }
        Err(BoundedDecompressionError::DecompressionError { .. }) => Ok(0),
    }
}

fn check_jpeg(bytes: &[u8]) -> Result<(), Refusal> {
    let mut walk = Walk { rest: bytes };
    walk.take(2)?;
    let mut scans = 0;
    loop {
        if walk.byte()? != 0xff {
            return Err("The parts of the JPEG do not follow each other.".into());
        }
        let mut marker = walk.byte()?;
        while marker == 0xff {
            marker = walk.byte()?;
        }
        match marker {
            0xd9 => return refuse_behind_jpeg(walk.rest),
            0x01 | 0xd0..=0xd7 => continue,
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes(walk.number()?));
        let data = walk.take(length.checked_sub(2).ok_or("A part of the JPEG has no length.")?)?;
        match marker {
            0xda => {
                scans += 1;
                if scans > MAX_SCANS {
                    return Err(format!("The JPEG has more than {MAX_SCANS} scans.").into());
                }
                let is_end = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
                let end = walk.rest.windows(2).position(is_end).unwrap_or(walk.rest.len());
                walk.take(end)?;
            }
            0xe0..=0xef | 0xfe => refuse_foreign(data)?,
            _ => {}
        }
    }
}

/// Cameras put more behind a picture: smaller ones and brightness as JPEGs, a short film, Samsung's notes.
fn refuse_behind_jpeg(rest: &[u8]) -> Result<(), Refusal> {
    let is_film = rest.get(4..8) == Some(b"ftyp");
    let rest = &rest[rest.iter().position(|byte| *byte != 0).unwrap_or(rest.len())..];
    if rest.starts_with(&[0xff, 0xd8, 0xff]) || is_film || rest.ends_with(b"SEFT") {
        return refuse_foreign(rest);
    }
    refuse_trailing(rest)
}

fn check_gif(bytes: &[u8]) -> Result<(), Refusal> {
    let mut walk = Walk { rest: bytes };
    let header = walk.take(13)?;
    walk.take(colors(header[10]))?;
    let (mut frames, mut pixels) = (0, 0);
    loop {
        match walk.byte()? {
            0x21 => {
                walk.byte()?;
                refuse_foreign(&sub_blocks(&mut walk)?)?;
            }
            0x2c => {
                let place = walk.take(9)?;
                walk.take(colors(place[8]))?;
                walk.byte()?;
                sub_blocks(&mut walk)?;
                let side = |at: usize| u64::from(u16::from_le_bytes([place[at], place[at + 1]]));
                pixels += side(4) * side(6);
                frames += 1;
                refuse_frames(frames)?;
                if pixels > MAX_FRAME_PIXELS {
                    return Err(format!("The frames have more than {MAX_FRAME_PIXELS} pixels together.").into());
                }
            }
            0x3b => return refuse_trailing(walk.rest),
            _ => return Err("The parts of the GIF do not follow each other.".into()),
        }
    }
}

/// Bytes of the colours that a GIF's flags announce.
fn colors(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn sub_blocks(walk: &mut Walk<'_>) -> Result<Vec<u8>, Refusal> {
    let mut data = Vec::new();
    loop {
        match walk.byte()? {
            0 => return Ok(data),
            length => data.extend_from_slice(walk.take(usize::from(length))?),
        }
    }
}

/// Whether every pixel is as it was.
fn check_webp(bytes: &[u8]) -> Result<bool, Refusal> {
    let mut walk = Walk { rest: bytes };
    walk.take(4)?;
    let size = u32::from_le_bytes(walk.number()?) as usize;
    let mut chunks = Walk { rest: walk.take(size)? };
    refuse_trailing(walk.rest)?;
    chunks.take(4)?;
    let (mut frames, mut is_lossless) = (0, false);
    while !chunks.rest.is_empty() {
        let kind: [u8; 4] = chunks.number()?;
        let length = u32::from_le_bytes(chunks.number()?) as usize;
        let data = chunks.take(length)?;
        // A byte makes the length even; some writers forget it at the end.
        chunks.take((length % 2).min(chunks.rest.len()))?;
        let has_lossless = match &kind {
            b"ANMF" => {
                frames += 1;
                is_lossless |= data.get(16..20) == Some(b"VP8L");
                !matches!(data.get(16..20), Some(b"VP8 "))
            }
            b"VP8L" => {
                is_lossless = true;
                true
            }
            b"ALPH" => true,
            b"VP8 " => false,
            _ => {
                refuse_foreign(data)?;
                false
            }
        };
        refuse_frames(frames)?;
        if has_lossless && data.len() > MAX_LOSSLESS {
            return Err(format!("The WebP has more than {MAX_LOSSLESS} bytes of lossless picture.").into());
        }
    }
    Ok(is_lossless)
}

/// The frames of a GIF, one after the other, in a new one: nothing else of the file, and never two of them in memory.
pub(super) fn reencode_gif(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::Indexed);
    options.check_frame_consistency(true);
    let mut decoder = options.read_info(bytes)?;
    let palette = decoder.global_palette().unwrap_or_default().to_vec();
    let mut encoder = gif::Encoder::new(Vec::new(), decoder.width(), decoder.height(), &palette)?;
    let mut is_first = true;
    while let Some(frame) = decoder.read_next_frame()?.cloned() {
        if std::mem::take(&mut is_first) {
            encoder.set_repeat(decoder.repeat())?;
        }
        encoder.write_frame(&frame)?;
    }
    Ok(encoder.into_inner()?)
}
