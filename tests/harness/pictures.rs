//! Pictures that nobody has uploaded before.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// A random PNG of this size.
///
/// # Panics
/// Never.
#[must_use]
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let seed = *uuid::Uuid::new_v4().as_bytes();
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let [r, g, b] = [seed[0], seed[1], seed[2]];
        Rgb([
            r.wrapping_add(x.to_le_bytes()[0]),
            g.wrapping_add(y.to_le_bytes()[0]),
            b ^ seed[(x as usize + y as usize) % 16],
        ])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).expect("encodes");
    bytes.into_inner()
}
