//! Pictures that people upload: looked at before they are shown, and never trusted.

use std::io::Cursor;

use image::{ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder};

use crate::problem::{self, Problem};

/// Media types of pictures that browsers show and we decode; SVG is a program, and not among them.
pub const TYPES: &[(&str, ImageFormat)] = &[
    ("image/png", ImageFormat::Png),
    ("image/jpeg", ImageFormat::Jpeg),
    ("image/webp", ImageFormat::WebP),
    ("image/gif", ImageFormat::Gif),
];

/// Pixels a picture may have on each side.
const MAX_SIDE: u32 = 8_192;

/// Bytes that decoding may use: a picture of 32 megapixels in RGBA.
const MAX_ALLOCATION: u64 = 128 * 1024 * 1024;

/// Pixels of a thumbnail's longer side.
const THUMB_SIDE: u32 = 480;

/// The media type of a picture's bytes, where it is one of [`TYPES`].
#[must_use]
pub fn content_type(bytes: &[u8]) -> Option<&'static str> {
    let found = image::guess_format(bytes).ok()?;
    TYPES.iter().find(|(_, format)| *format == found).map(|(name, _)| *name)
}

/// Decodes a picture that claims this media type, and makes its thumbnail, a JPEG on white.
pub fn thumbnail(bytes: &[u8], content_type: &str) -> Result<Vec<u8>, Problem> {
    let refuse = |detail: String| Problem::new(&problem::INVALID_IMAGE, detail);
    let found = image::guess_format(bytes).ok();
    let declared = TYPES.iter().find(|(name, _)| *name == content_type).map(|(_, format)| *format);
    let Some(format) = declared.filter(|declared| found == Some(*declared)) else {
        return Err(refuse(format!("The bytes are not the {content_type} they were declared as.")));
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOCATION);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let undecodable = |error: image::ImageError| refuse(format!("The image cannot be decoded: {error}."));
    let mut decoder = reader.into_decoder().map_err(undecodable)?;
    let orientation = decoder.orientation().map_err(undecodable)?;
    let mut picture = image::DynamicImage::from_decoder(decoder).map_err(undecodable)?;
    picture.apply_orientation(orientation);
    let small = if picture.width().max(picture.height()) > THUMB_SIDE {
        picture.thumbnail(THUMB_SIDE, THUMB_SIDE)
    } else {
        picture
    };
    let mut canvas = image::RgbaImage::from_pixel(small.width(), small.height(), image::Rgba([255; 4]));
    image::imageops::overlay(&mut canvas, &small.to_rgba8(), 0, 0);
    let mut thumb = Vec::new();
    image::DynamicImage::from(canvas)
        .to_rgb8()
        .write_with_encoder(JpegEncoder::new_with_quality(&mut thumb, 82))
        .map_err(Problem::internal)?;
    Ok(thumb)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image::RgbaImage::from_pixel(width, height, image::Rgba([9, 99, 199, 128]))
            .write_to(&mut bytes, ImageFormat::Png)
            .expect("encodes");
        bytes.into_inner()
    }

    #[test]
    fn a_thumbnail_keeps_the_proportions() {
        let thumb = thumbnail(&png(1_000, 500), "image/png").expect("a picture");
        let thumb = image::load_from_memory_with_format(&thumb, ImageFormat::Jpeg).expect("a JPEG");
        assert_eq!((thumb.width(), thumb.height()), (480, 240));
    }

    #[test]
    fn what_is_not_the_declared_picture_is_refused() {
        let code = |bytes: &[u8], content_type| thumbnail(bytes, content_type).expect_err("refused").kind().code;
        assert_eq!(code(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"), "invalid_image");
        assert_eq!(code(b"<html><script>alert(1)</script>", "image/png"), "invalid_image");
        assert_eq!(code(&png(8, 8), "image/jpeg"), "invalid_image");
        assert_eq!(code(&png(8, 8)[..60], "image/png"), "invalid_image");
        assert_eq!(code(&png(9_000, 1), "image/png"), "invalid_image");
    }
}
