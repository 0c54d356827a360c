//! How the bytes of a file are compressed, and how they encode text.

use serde::{Deserialize, Serialize};

use super::header::{file_error, first_line};
use crate::error::Result;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Uncompressed: it can be resumed with a range request.
    None,
    /// gzip, one member or several.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Compression {
    /// Detects the magic number.
    pub(super) fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // A frame to be skipped, with what its writer wants to tell other programs.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// How a file encodes text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, little-endian.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, big-endian.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Windows' code page of western Europe.
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// ISO 8859-1.
    #[serde(rename = "latin-1")]
    Latin1,
}

impl Encoding {
    /// The encoding and the length of the byte order mark.
    pub(super) fn of(head: &[u8]) -> Result<(Self, usize)> {
        match head {
            [] => Err(file_error("the file is empty; expected a header row")),
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
                Err(file_error("the file is UTF-32; expected UTF-8, or UTF-16 with a BOM"))
            }
            [0xef, 0xbb, 0xbf, ..] => Ok((Self::Utf8, 3)),
            [0xff, 0xfe, ..] => Ok((Self::Utf16Le, 2)),
            [0xfe, 0xff, ..] => Ok((Self::Utf16Be, 2)),
            _ if first_line(head).contains(&0) => Err(file_error(
                "the encoding is unknown (NUL bytes, no byte order mark); \
                 expected UTF-8, or UTF-16 with a BOM",
            )),
            _ => Ok((Self::Utf8, 0)),
        }
    }

    /// Likewise for a file with a mapping: a byte order mark overrules it. UTF-16 without one
    /// is told by its NUL bytes, and UTF-8 from a single-byte encoding by its sequences, which
    /// are no text in such. Those after the head are an error when the text is read.
    pub(super) fn of_mapped(head: &[u8], told: Option<Self>) -> Result<(Self, usize)> {
        if matches!(head, [] | [0xef, 0xbb, 0xbf, ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
            || head.starts_with(&[0, 0, 0xfe, 0xff])
        {
            return Self::of(head);
        }
        let found = match told {
            Some(Self::Windows1252 | Self::Latin1) if has_sequences(head) => Self::Utf8,
            Some(told) => told,
            None => match head {
                [one, 0, other, 0, ..] if *one > 0 && *other > 0 => Self::Utf16Le,
                [0, one, 0, other, ..] if *one > 0 && *other > 0 => Self::Utf16Be,
                _ => Self::Utf8,
            },
        };
        Ok((found, 0))
    }

    /// The length of decoded text in the file.
    pub(super) fn file_bytes(self, text: &[u8]) -> u64 {
        match self {
            Self::Utf8 => text.len() as u64,
            Self::Windows1252 | Self::Latin1 => {
                text.iter().filter(|byte| !matches!(byte, 0x80..=0xbf)).count() as u64
            }
            // By bytes: a piece of text may end within a character.
            Self::Utf16Le | Self::Utf16Be => text
                .iter()
                .map(|byte| match byte {
                    0x80..=0xbf => 0,
                    0xf0..=0xf4 => 4,
                    _ => 2,
                })
                .sum(),
        }
    }
}

/// Whether a text has sequences of UTF-8, and nothing else beyond ASCII. It may be cut off.
pub(super) fn has_sequences(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(_) => head,
        Err(error) if error.error_len().is_none() => {
            head.get(..error.valid_up_to()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_detected_by_their_mark() {
        assert_eq!(Encoding::of(b"a;b").unwrap(), (Encoding::Utf8, 0));
        assert_eq!(Encoding::of(b"\xef\xbb\xbfa").unwrap(), (Encoding::Utf8, 3));
        assert_eq!(Encoding::of(b"\xff\xfea\0").unwrap(), (Encoding::Utf16Le, 2));
        for unknown in [&b""[..], b"a\0b\0", b"\xff\xfe\0\0"] {
            assert!(Encoding::of(unknown).is_err());
        }
    }

    #[test]
    fn a_mapping_tells_the_encoding_of_files_without_a_mark() {
        let of = |head: &[u8], told| Encoding::of_mapped(head, told).unwrap();
        assert_eq!(of(b"a\0b\0", None), (Encoding::Utf16Le, 0));
        assert_eq!(of(b"\0a\0b", None), (Encoding::Utf16Be, 0));
        assert_eq!(of(b"a;b", None), (Encoding::Utf8, 0));
        let ansi = Some(Encoding::Windows1252);
        assert_eq!(of(b"caf\xe9", ansi), (Encoding::Windows1252, 0));
        assert_eq!(of("café".as_bytes(), ansi), (Encoding::Utf8, 0), "no text in windows-1252");
        assert_eq!(of(b"\xef\xbb\xbfa", ansi), (Encoding::Utf8, 3));
        assert_eq!(of(b"\xff\xfea\0", Some(Encoding::Utf16Be)), (Encoding::Utf16Le, 2));
        assert_eq!(of(b"a\0b\0", Some(Encoding::Utf16Le)), (Encoding::Utf16Le, 0));
        assert!(Encoding::of_mapped(b"", ansi).is_err());
    }
}
