//! Pictures that people upload: looked at before they are shown, and shown only as we encode them anew.

mod container;

use std::{borrow::Cow, io::Cursor};

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
};

use crate::problem::{self, Problem};

/// Media types of pictures that browsers show and we decode; SVG is a program, and not among them.
pub const TYPES: &[(&str, ImageFormat)] = &[
    ("image/png", ImageFormat::Png),
    ("image/jpeg", ImageFormat::Jpeg),
    ("image/webp", ImageFormat::WebP),
    ("image/gif", ImageFormat::Gif),
];

/// Pixels a picture may have on each side.
pub const MAX_SIDE: u32 = 8_192;

/// Pixels a picture may have.
pub const MAX_PIXELS: u64 = 32 * 1024 * 1024;

/// Bytes a decoded picture may have: [`MAX_PIXELS`] in RGBA, or half as many of 16 bits a channel.
const MAX_ALLOCATION: u64 = 4 * MAX_PIXELS;

/// Pixels of the longer side of the two thumbnails, which are never larger than the picture.
pub const THUMB_SIDES: [u32; 2] = [480, 160];

/// JPEG's quality of what is shown whole, and of thumbnails.
const QUALITY: [u8; 2] = [90, 82];

/// A picture as it is shown, and its thumbnails.
pub struct Picture {
    /// Pixels from left to right, as shown.
    pub width: u32,
    /// Pixels from top to bottom, as shown.
    pub height: u32,
    /// The media type of `bytes`.
    pub content_type: &'static str,
    /// Encoded by us: nothing of the file but its pixels.
    pub bytes: Vec<u8>,
    /// JPEGs on white, in the order of [`THUMB_SIDES`].
    pub thumbs: [Vec<u8>; 2],
}

/// The media type of a picture's bytes, where it is one of [`TYPES`].
#[must_use]
pub fn content_type(bytes: &[u8]) -> Option<&'static str> {
    let found = image::guess_format(bytes).ok()?;
    TYPES.iter().find(|(_, format)| *format == found).map(|(name, _)| *name)
}

/// Decodes what claims to be a picture of this media type, and makes of it what is shown.
///
/// JPEG stays JPEG, PNG stays PNG, and GIF stays GIF with all its frames. WebP becomes PNG where it is lossless or
/// transparent, and JPEG else. Of an animation in PNG or WebP the first picture is shown. Pictures are turned as their
/// EXIF data say. No metadata and no colour profile is kept.
pub fn render(bytes: &[u8], content_type: &str) -> Result<Picture, Problem> {
    let found = image::guess_format(bytes).ok();
    let declared = TYPES.iter().find(|(name, _)| *name == content_type).map(|(_, format)| *format);
    let Some(format) = declared.filter(|declared| found == Some(*declared)) else {
        return Err(refuse(format!("The bytes are not the {content_type} they were declared as.")));
    };
    let contents = container::check(bytes, format).map_err(refuse)?;
    let picture = decode(&contents.pixels, format)?;
    let thumbs = THUMB_SIDES.map(|side| thumbnail(&picture, side));
    let (width, height) = (picture.width(), picture.height());
    let [large, small] = thumbs;
    let thumbs = [large?, small?];
    let is_opaque = !picture.color().has_alpha() || picture.to_rgba8().pixels().all(|pixel| pixel.0[3] == 255);
    let (content_type, bytes) = match format {
        ImageFormat::Gif => ("image/gif", container::reencode_gif(bytes).map_err(undecodable)?),
        ImageFormat::Jpeg => ("image/jpeg", jpeg(picture, QUALITY[0])?),
        ImageFormat::WebP if is_opaque && !contents.is_lossless => ("image/jpeg", jpeg(picture, QUALITY[0])?),
        _ => ("image/png", png(picture, is_opaque)?),
    };
    Ok(Picture { width, height, content_type, bytes, thumbs })
}

fn refuse(detail: impl Into<Cow<'static, str>>) -> Problem {
    Problem::new(&problem::INVALID_IMAGE, detail)
}

fn undecodable(error: impl std::fmt::Display) -> Problem {
    refuse(format!("The image cannot be decoded: {error}."))
}

/// A picture as it is meant to be seen. Its size is looked at before there is memory for it.
fn decode(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, Problem> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOCATION);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(undecodable)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(refuse("The image has no pixels."));
    }
    if pixels > MAX_PIXELS || decoder.total_bytes() > MAX_ALLOCATION {
        return Err(refuse(format!("The image has {width} x {height} pixels, which is too many.")));
    }
    let orientation = decoder.orientation().map_err(undecodable)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(undecodable)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn thumbnail(picture: &DynamicImage, side: u32) -> Result<Vec<u8>, Problem> {
    let small = if picture.width().max(picture.height()) > side {
        Cow::Owned(picture.thumbnail(side, side))
    } else {
        Cow::Borrowed(picture)
    };
    let mut canvas = image::RgbaImage::from_pixel(small.width(), small.height(), image::Rgba([255; 4]));
    image::imageops::overlay(&mut canvas, &small.to_rgba8(), 0, 0);
    jpeg(DynamicImage::from(canvas), QUALITY[1])
}

fn jpeg(picture: DynamicImage, quality: u8) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    picture.into_rgb8().write_with_encoder(encoder).map_err(Problem::internal)?;
    Ok(bytes)
}

fn png(picture: DynamicImage, is_opaque: bool) -> Result<Vec<u8>, Problem> {
    let picture = if is_opaque { picture.into_rgb8().into() } else { DynamicImage::from(picture.into_rgba8()) };
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
    picture.write_with_encoder(encoder).map_err(Problem::internal)?;
    Ok(bytes)
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
    fn thumbnails_keep_the_proportions() {
        let picture = render(&png(1_000, 500), "image/png").expect("a picture");
        let sizes = picture.thumbs.map(|thumb| {
            let thumb = image::load_from_memory_with_format(&thumb, ImageFormat::Jpeg).expect("a JPEG");
            (thumb.width(), thumb.height())
        });
        assert_eq!(sizes, [(480, 240), (160, 80)]);
    }

    #[test]
    fn what_is_not_the_declared_picture_is_refused() {
        let code = |bytes: &[u8], content_type| render(bytes, content_type).err().expect("refused").kind().code;
        assert_eq!(code(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"), "invalid_image");
        assert_eq!(code(b"<html><script>alert(1)</script>", "image/png"), "invalid_image");
        assert_eq!(code(&png(8, 8), "image/jpeg"), "invalid_image");
        assert_eq!(code(&png(8, 8)[..60], "image/png"), "invalid_image");
        assert_eq!(code(&png(9_000, 1), "image/png"), "invalid_image");
    }
}
