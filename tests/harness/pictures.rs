//! Pictures that nobody has uploaded before, and files that only seem to be pictures: each made here, byte by byte where no
//! encoder would.

use std::io::Cursor;

use image::{
    DynamicImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};

/// A random picture of this size.
#[must_use]
pub fn picture(width: u32, height: u32) -> RgbImage {
    let seed = *uuid::Uuid::new_v4().as_bytes();
    RgbImage::from_fn(width, height, |x, y| {
        let [r, g, b] = [seed[0], seed[1], seed[2]];
        Rgb([
            r.wrapping_add(x.to_le_bytes()[0]),
            g.wrapping_add(y.to_le_bytes()[0]),
            b ^ seed[(x as usize + y as usize) % 16],
        ])
    })
}

/// A picture in this format.
///
/// # Panics
/// Where the format has no such pictures.
#[must_use]
pub fn encode(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

/// The pixels that a reader sees.
///
/// # Panics
/// Where the bytes are no picture.
#[must_use]
pub fn decode(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).expect("a picture")
}

/// A random PNG of this size, encoded as what is shown will be: byte for byte the same.
///
/// # Panics
/// Never.
#[must_use]
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
    picture(width, height).write_with_encoder(encoder).expect("encodes");
    bytes
}

/// A random JPEG of this size.
#[must_use]
pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    encode(picture(width, height), ImageFormat::Jpeg)
}

/// A random lossless WebP of this size.
#[must_use]
pub fn webp(width: u32, height: u32) -> Vec<u8> {
    encode(picture(width, height), ImageFormat::WebP)
}

/// A lossy WebP of one pixel, as libwebp wrote it; browsers are asked for it to see whether they know the format.
#[must_use]
pub fn lossy_webp() -> Vec<u8> {
    let payload = b"\x30\x01\x00\x9d\x01\x2a\x01\x00\x01\x00\x0e\xc0\xfe\x25\xa4\x00\x03\x70\x00\x00\x00\x00";
    riff(&[(*b"VP8 ", payload)])
}

/// A PNG of 16 bits a channel.
///
/// # Panics
/// Never.
#[must_use]
pub fn deep_png(width: u32, height: u32) -> Vec<u8> {
    let picture = ImageBuffer::<Rgba<u16>, Vec<u16>>::from_fn(width, height, |x, y| {
        Rgba([0x1234, u16::try_from(x).expect("small") << 8, u16::try_from(y).expect("small") << 8, 0x8000])
    });
    encode(picture, ImageFormat::Png)
}

/// A PNG with half its pixels transparent.
#[must_use]
pub fn transparent_png(width: u32, height: u32) -> Vec<u8> {
    encode(
        RgbaImage::from_fn(width, height, |x, _| Rgba([200, 30, 40, if x < width / 2 { 0 } else { 255 }])),
        ImageFormat::Png,
    )
}

/// An animation of so many frames, each of one colour, the first red.
///
/// # Panics
/// Never.
#[must_use]
pub fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, width, height, &[255, 0, 0, 0, 0, 255]).expect("encodes");
    encoder.set_repeat(gif::Repeat::Finite(7)).expect("encodes");
    let size = usize::from(width) * usize::from(height);
    for index in 0..frames {
        let color = u8::from(index % 2 == 1);
        let mut frame = gif::Frame::from_indexed_pixels(width, height, vec![color; size], None);
        frame.delay = 12;
        encoder.write_frame(&frame).expect("encodes");
    }
    drop(encoder);
    bytes
}

/// A PNG with a chunk of this kind behind its header.
#[must_use]
pub fn with_chunk(png: &[u8], kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    // The signature, and IHDR: 13 bytes with a length, a name and a sum.
    [&png[..33], &chunk(kind, data), &png[33..]].concat()
}

/// A chunk of a PNG.
///
/// # Panics
/// Where it is too long for one.
#[must_use]
pub fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [&kind, data].concat();
    let sum = named.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    });
    let length = u32::try_from(data.len()).expect("small");
    [&length.to_be_bytes()[..], &named, &(!sum).to_be_bytes()].concat()
}

/// A chunk of compressed text, or a colour profile, that inflates to so many zeros.
#[must_use]
pub fn inflating(png: &[u8], kind: [u8; 4], size: usize) -> Vec<u8> {
    let compressed = fdeflate::compress_to_vec(&vec![0; size]);
    let head: &[u8] = if &kind == b"iTXt" { b"Comment\0\x01\0\0\0" } else { b"Comment\0\0" };
    with_chunk(png, kind, &[head, &compressed].concat())
}

/// A PNG that says it is of this size.
#[must_use]
pub fn claiming(png: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut header = png[16..29].to_vec();
    header[..4].copy_from_slice(&width.to_be_bytes());
    header[4..8].copy_from_slice(&height.to_be_bytes());
    [&png[..8], &chunk(*b"IHDR", &header), &png[33..]].concat()
}

/// An animated PNG: the picture itself and more frames of the same.
#[must_use]
pub fn apng(width: u32, height: u32, frames: u32) -> Vec<u8> {
    let png = png(width, height);
    let control = |sequence: u32| {
        let head = [sequence, width, height, 0, 0].map(u32::to_be_bytes).concat();
        chunk(*b"fcTL", &[&head[..], &[0, 1, 0, 10, 0, 0]].concat())
    };
    let data = png[33..].windows(4).position(|kind| kind == b"IDAT").expect("pixels") + 33;
    let pixels = &png[data + 4..data + 4 + u32::from_be_bytes(png[data - 4..data].try_into().expect("four")) as usize];
    let end = png.len() - 12;
    let mut bytes = [&png[..33], &chunk(*b"acTL", &[frames, 0].map(u32::to_be_bytes).concat()), &control(0)].concat();
    bytes.extend_from_slice(&png[33..end]);
    for frame in 1..frames {
        bytes.extend_from_slice(&control(frame * 2 - 1));
        bytes.extend_from_slice(&chunk(*b"fdAT", &[&(frame * 2).to_be_bytes()[..], pixels].concat()));
    }
    bytes.extend_from_slice(&png[end..]);
    bytes
}

/// A JPEG with a segment at its beginning.
///
/// # Panics
/// Where it is too long for one.
#[must_use]
pub fn with_segment(jpeg: &[u8], marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).expect("small");
    [&jpeg[..2], &[0xff, marker], &length.to_be_bytes(), data, &jpeg[2..]].concat()
}

/// EXIF data that say how a picture is turned, and where it was taken.
#[must_use]
pub fn exif(orientation: u8) -> Vec<u8> {
    let mut data = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    data.extend_from_slice(&[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    data.extend_from_slice(&[0x01, 0x0e, 0, 2, 0, 0, 0, 12, 0, 0, 0, 38, 0, 0, 0, 0]);
    data.extend_from_slice(b"51.5N 0.12W\0");
    data
}

/// A JPEG in four inks as printers have them, inverted as Adobe's programs write it: one block of one colour.
#[must_use]
pub fn cmyk_jpeg() -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    let mut segment = |marker: u8, data: &[u8]| {
        bytes.extend_from_slice(&[0xff, marker]);
        bytes.extend_from_slice(&u16::try_from(data.len() + 2).expect("small").to_be_bytes());
        bytes.extend_from_slice(data);
    };
    segment(0xee, b"Adobe\0\x64\0\0\0\0\0");
    segment(0xdb, &[&[0][..], &[1; 64]].concat());
    segment(0xc0, &[8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0]);
    // Two codes of two bits: a difference of 0, and one that takes 10 bits. One of one bit: the block has no more.
    segment(0xc4, &[&[0x00, 0, 2][..], &[0; 14], &[0, 10]].concat());
    segment(0xc4, &[&[0x10, 1][..], &[0; 15], &[0]].concat());
    segment(0xda, &[4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0]);
    // +1016 is as light as can be, no ink; -1023 as dark as can be, all of it: only magenta.
    let (light, dark) = ("0111111110000", "0100000000000");
    let mut bits = [light, dark, light, light].concat();
    while bits.len() % 8 != 0 {
        bits.push('1');
    }
    for byte in bits.as_bytes().chunks(8) {
        let byte = byte.iter().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
        bytes.push(byte);
        if byte == 0xff {
            bytes.push(0);
        }
    }
    bytes.extend_from_slice(&[0xff, 0xd9]);
    bytes
}

/// A JPEG whose only scan is there so many times.
///
/// # Panics
/// Where the JPEG has no scan.
#[must_use]
pub fn many_scans(scans: usize) -> Vec<u8> {
    let jpeg = jpeg(16, 16);
    let start = jpeg.windows(2).position(|marker| marker == [0xff, 0xda]).expect("a scan");
    let end = jpeg.len() - 2;
    [&jpeg[..start], &jpeg[start..end].repeat(scans), &jpeg[end..]].concat()
}

/// A WebP of these chunks.
///
/// # Panics
/// Where it is too large.
#[must_use]
pub fn riff(chunks: &[([u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (kind, data) in chunks {
        body.extend_from_slice(kind);
        body.extend_from_slice(&u32::try_from(data.len()).expect("small").to_le_bytes());
        body.extend_from_slice(data);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    [&b"RIFF"[..], &u32::try_from(body.len()).expect("small").to_le_bytes(), &body].concat()
}

/// An animated WebP of so many frames of the same lossless picture.
///
/// # Panics
/// Never.
#[must_use]
pub fn animated_webp(side: u32, frames: usize) -> Vec<u8> {
    let still = webp(side, side);
    let size = &(side - 1).to_le_bytes()[..3];
    let header = [&[2, 0, 0, 0][..], size, size].concat();
    let frame = [&[0; 6][..], size, size, &[100, 0, 0, 0], &still[12..]].concat();
    let mut chunks = vec![(*b"VP8X", &header[..]), (*b"ANIM", &[0; 6][..])];
    chunks.extend(std::iter::repeat_n((*b"ANMF", &frame[..]), frames));
    riff(&chunks)
}

/// A lossless WebP of one pixel with so many sets of Huffman tables, each of five tables that take a few bytes of the file
/// and thousands in memory.
///
/// # Panics
/// Never.
#[must_use]
pub fn table_bomb(sets: u32) -> Vec<u8> {
    let mut bits = Bits::default();
    // Its signature, a size of 1 x 1, no alpha, version 0; no transform, no colour cache, and yes: several sets.
    for (value, length) in [(0x2f, 8), (0, 14), (0, 14), (0, 1), (0, 3), (0, 1), (0, 1), (1, 1), (0, 3)] {
        bits.push(value, length);
    }
    // The picture of which set serves where: one pixel, the number of the last set in its red and green.
    bits.push(0, 1);
    let last = sets - 1;
    for symbol in [last & 0xff, last >> 8, 0, 0, 0] {
        // One code of no length: simple, one symbol, of eight bits.
        bits.push(1, 1);
        bits.push(0, 1);
        bits.push(1, 1);
        bits.push(symbol, 8);
    }
    for _ in 0..sets * 5 {
        // Codes of 1, 2, … 9, 10 and 10 bits: the table of the last ones has 1,024 entries. How these lengths are coded: in
        // the order 17, 18, 0 to 5, 16, 6 to 15, all but the first two and 16 by four bits.
        bits.push(0, 1);
        bits.push(19 - 4, 4);
        for place in 0..19 {
            bits.push(if matches!(place, 0 | 1 | 8) { 0 } else { 4 }, 3);
        }
        // Eleven lengths follow.
        for (value, length) in [(1, 1), (1, 3), (11 - 2, 4)] {
            bits.push(value, length);
        }
        for length in [1_u32, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10] {
            // Codes are read from their highest bit, all else from its lowest.
            bits.push(length.reverse_bits() >> 28, 4);
        }
    }
    // The pixel itself: the first symbol of each table.
    bits.push(0, 32);
    riff(&[(*b"VP8L", &bits.bytes)])
}

/// Bits, the lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, value: u32, length: u32) {
        for at in 0..length {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().expect("one") |= u8::from(value >> at & 1 == 1) << (self.used % 8);
            self.used += 1;
        }
    }
}

/// A grey PNG of one colour: as many pixels as a few bytes can tell.
#[must_use]
pub fn plain_png(width: u32, height: u32) -> Vec<u8> {
    encode(ImageBuffer::<Luma<u8>, Vec<u8>>::from_pixel(width, height, Luma([127])), ImageFormat::Png)
}

/// Makes the sums of a PNG's chunks agree with what is in them, as far as its chunks follow each other.
///
/// # Panics
/// Never.
pub fn mend_sums(png: &mut [u8]) {
    let mut at = 8;
    while let Some(head) = png.get(at..at + 8) {
        let length = u32::from_be_bytes(head[..4].try_into().expect("four")) as usize;
        let kind = head[4..].try_into().expect("four");
        let Some(data) = at.checked_add(8 + length).and_then(|end| png.get(at + 8..end)) else { return };
        let whole = chunk(kind, data);
        let Some(place) = png.get_mut(at..at + whole.len()) else { return };
        place.copy_from_slice(&whole);
        at += whole.len();
    }
}
