//! Archives in the ZIP format (APPNOTE 6.3.3), without compression: the same files always make the same bytes, of which any
//! part can be made by itself, so that an upload goes on in the middle.

use jiff::{Timestamp, tz::TimeZone};

/// A file of an archive.
pub(super) struct Entry {
    /// Where in the archive.
    pub(super) path: String,
    /// Bytes.
    pub(super) size: u32,
    /// CRC-32 of them.
    pub(super) crc: u32,
}

/// What stands before an entry's bytes.
pub(super) fn local_header(entry: &Entry, modified: Timestamp) -> Vec<u8> {
    let mut header = Vec::with_capacity(30 + entry.path.len());
    header.extend(0x0403_4b50_u32.to_le_bytes());
    common(&mut header, entry, modified);
    header.extend(entry.path.as_bytes());
    header
}

/// What stands at the end: entries with the offsets of their headers, and where this begins.
pub(super) fn directory(entries: &[(Entry, u32)], modified: Timestamp, begins: u32) -> Vec<u8> {
    let mut directory = Vec::new();
    for (entry, offset) in entries {
        directory.extend(0x0201_4b50_u32.to_le_bytes());
        // Made on a Unix, so that the attributes below are permissions.
        directory.extend(0x0314_u16.to_le_bytes());
        common(&mut directory, entry, modified);
        // No comment, disk 0, no internal attributes.
        directory.extend([0; 6]);
        directory.extend((0o100_644_u32 << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.path.as_bytes());
    }
    let size = u32::try_from(directory.len()).expect("500 entries of 512 bytes at most");
    let count = u16::try_from(entries.len()).expect("500 entries at most");
    directory.extend(0x0605_4b50_u32.to_le_bytes());
    directory.extend([0; 4]);
    directory.extend(count.to_le_bytes());
    directory.extend(count.to_le_bytes());
    directory.extend(size.to_le_bytes());
    directory.extend(begins.to_le_bytes());
    directory.extend([0; 2]);
    directory
}

/// What both kinds of header say.
fn common(header: &mut Vec<u8>, entry: &Entry, modified: Timestamp) {
    let (date, time) = dos_time(modified);
    // Version 2.0; bit 11: the name is UTF-8; stored.
    for field in [20, 1 << 11, 0, time, date] {
        header.extend(u16::to_le_bytes(field));
    }
    for field in [entry.crc, entry.size, entry.size] {
        header.extend(field.to_le_bytes());
    }
    header.extend(u16::try_from(entry.path.len()).expect("a path has at most 512 bytes").to_le_bytes());
    header.extend([0; 2]);
}

/// A time of MS-DOS, which knows 1980 to 2107, every other second of it.
fn dos_time(time: Timestamp) -> (u16, u16) {
    let time = time.to_zoned(TimeZone::UTC).datetime();
    let part = |value: i8| u16::try_from(value).unwrap_or_default();
    let year = u16::try_from(time.year() - 1980).unwrap_or_default().min(127);
    (
        year << 9 | part(time.month()) << 5 | part(time.day()),
        part(time.hour()) << 11 | part(time.minute()) << 5 | (part(time.second()) / 2),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_ms_dos() {
        let dos = |text: &str| dos_time(text.parse().expect("a time"));
        assert_eq!(dos("1980-01-01T00:00:00Z"), (0b0000_0000_0010_0001, 0));
        // 45 years, 11 months and 21 days; 13 hours, 7 minutes and 29 times 2 seconds.
        assert_eq!(dos("2025-11-21T13:07:59.9Z"), (0b0101_1011_0111_0101, 0b0110_1000_1111_1101));
        assert_eq!(dos("1970-01-01T00:00:00Z").0 >> 9, 0);
        assert_eq!(dos("2300-01-01T00:00:00Z").0 >> 9, 127);
    }
}
