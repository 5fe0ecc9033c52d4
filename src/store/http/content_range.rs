//! The header `Content-Range` (RFC 9110 §14.4).

use std::ops::Range;

/// What `Content-Range` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    /// The bytes that came, end exclusive; `None` with status 416.
    pub(super) range: Option<Range<u64>>,
    /// The length of the whole file, where the server tells.
    pub(super) size: Option<u64>,
}

impl ContentRange {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (unit, rest) = text.trim().split_once(' ')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (range, size) = rest.trim().split_once('/')?;
        let size = match size {
            "*" => None,
            size => Some(size.parse().ok()?),
        };
        let range = match range {
            "*" => None,
            range => {
                let (first, last) = range.split_once('-')?;
                let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
                (first <= last).then_some(())?;
                Some(first..last.checked_add(1)?)
            }
        };
        Some(Self { range, size })
    }
}

#[cfg(test)]
mod tests {
    use super::ContentRange;

    #[test]
    fn reads_the_forms_of_the_rfc() {
        let parsed = |range, size| Some(ContentRange { range, size });
        let cases = [
            ("bytes 42-1233/1234", parsed(Some(42..1234), Some(1234))),
            ("bytes 42-1233/*", parsed(Some(42..1234), None)),
            ("bytes */1234", parsed(None, Some(1234))),
            ("bytes 5-4/10", None),
            ("bytes 0-18446744073709551615/*", None),
            ("pages 1-2/3", None),
            ("bytes 0-1", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(ContentRange::parse(text), expected, "{text}");
        }
    }
}
