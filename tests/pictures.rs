//! What is made of pictures, whatever their bytes: never a panic, and never more memory than the function has. One test, in
//! a program of its own, because memory is the whole program's.

use std::fs;

use harness::pictures;
use shared::{image, text::Sha256};

/// The function of `POST /v1/uploads/{id}/complete` has 1,769 MiB. All else it does takes about 40.
const LIMIT: u64 = 1_500;

/// The most memory the program had since the last call, in MiB; none where the system does not say.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().ok()?;
    // Begins anew with what it has now.
    fs::write("/proc/self/clear_refs", "5").ok()?;
    Some(peak / 1024)
}

fn is_picture(name: &str, content_type: &str, bytes: &[u8]) -> bool {
    peak();
    let rendered = image::render(bytes, content_type);
    let peak = peak().unwrap_or_default();
    assert!(peak <= LIMIT, "{name} took {peak} MiB");
    match rendered {
        Ok(_) => true,
        Err(problem) => {
            assert_eq!(problem.kind().code, "invalid_image", "{name}: {problem}");
            false
        }
    }
}

#[test]
fn no_picture_takes_more_than_the_function_has() {
    // As large as they may be. A camera's, turned: the turned copy is the second in memory.
    let flat = ::image::RgbaImage::from_pixel(8_192, 4_096, ::image::Rgba([1, 2, 3, 128]));
    let jpeg = pictures::encode(::image::DynamicImage::from(flat.clone()).into_rgb8(), ::image::ImageFormat::Jpeg);
    assert!(is_picture("a turned JPEG", "image/jpeg", &pictures::with_segment(&jpeg, 0xe1, &pictures::exif(6))));
    assert!(is_picture("a PNG", "image/png", &pictures::plain_png(8_192, 4_096)));
    assert!(is_picture("a deep PNG", "image/png", &pictures::deep_png(256, 256)));
    assert!(is_picture("a WebP", "image/webp", &pictures::encode(flat, ::image::ImageFormat::WebP)));
    assert!(is_picture("a GIF", "image/gif", &pictures::gif(8_192, 4_096, 2)));

    // Small files that promise much: what is refused takes hardly any.
    let png = pictures::png(8, 8);
    for (name, content_type, bytes) in [
        ("a header", "image/png", pictures::claiming(&png, 100_000, 100_000)),
        ("a header within the sides", "image/png", pictures::claiming(&png, 8_192, 8_192)),
        ("a text", "image/png", pictures::inflating(&png, *b"zTXt", 64 * 1024 * 1024)),
        ("a profile", "image/png", pictures::inflating(&png, *b"iCCP", 64 * 1024 * 1024)),
        ("tables beyond the limit", "image/webp", pictures::table_bomb(30_000)),
    ] {
        let before = peak().unwrap_or_default();
        assert!(!is_picture(name, content_type, &bytes));
        let after = peak().unwrap_or_default();
        assert!(after <= before + 100, "{name}: {before} MiB, then {after} MiB");
    }
    // Anything: valid ones with bytes changed, cut, doubled and left out.
    let seed = *uuid::Uuid::new_v4().as_bytes();
    let kinds = [
        ("image/png", pictures::png(60, 40)),
        ("image/png", pictures::transparent_png(60, 40)),
        ("image/png", pictures::apng(20, 20, 3)),
        ("image/png", pictures::deep_png(20, 20)),
        ("image/jpeg", pictures::jpeg(60, 40)),
        ("image/jpeg", pictures::with_segment(&pictures::jpeg(20, 20), 0xe1, &pictures::exif(6))),
        ("image/jpeg", pictures::cmyk_jpeg()),
        ("image/gif", pictures::gif(60, 40, 3)),
        ("image/webp", pictures::webp(60, 40)),
        ("image/webp", pictures::lossy_webp()),
        ("image/webp", pictures::animated_webp(20, 3)),
        ("image/webp", pictures::table_bomb(3)),
    ];
    for (content_type, bytes) in &kinds {
        assert!(is_picture("the whole", content_type, bytes));
        let pictures = (0..200_u32).filter(|round| {
            let mut bytes = bytes.clone();
            for step in 0..=round % 5 {
                mutate(&mut bytes, Sha256::of(format!("{seed:?} {content_type} {round} {step}").as_bytes()).0);
            }
            is_picture(&format!("{content_type}, {seed:?}, round {round}"), content_type, &bytes)
        });
        assert!(pictures.count() < 200, "{content_type}: not one was refused");
    }

    // What has to be read before it could be refused, and is even a picture. Last, as what was freed is not given back.
    assert!(is_picture("tables", "image/webp", &pictures::table_bomb(29_000)));
}

fn mutate(bytes: &mut Vec<u8>, random: [u8; 32]) {
    let number = |at: usize| usize::from(u16::from_le_bytes([random[at], random[at + 1]]));
    let at = number(0) % bytes.len().max(1);
    let end = (at + number(2) % 40).min(bytes.len());
    match random[4] % 8 {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        3 => bytes[at..end].fill(random[5]),
        4 | 5 => bytes[at] = random[5],
        _ => bytes[at] ^= 1 << (random[5] % 8),
    }
    if bytes.is_empty() {
        bytes.push(random[6]);
    }
    // Often the sum that guards a chunk would be all that is noticed: it is made to agree.
    if random[7].is_multiple_of(2) && bytes.starts_with(b"\x89PNG") {
        pictures::mend_sums(bytes);
    }
}
