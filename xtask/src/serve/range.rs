//! The Range header (RFC 9110 §14): one range of bytes, of a resource whose length is known.

/// What a Range header asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ranged {
    /// Send everything: no range, several, or one that is not understood.
    Whole,
    /// Send `start..end`, which is not empty and lies inside.
    Part { start: u64, end: u64 },
    /// Nothing of what was asked for exists: 416.
    Unsatisfiable,
}

/// Reads a Range header for a resource of `len` bytes.
pub(super) fn parse(header: Option<&str>, len: u64) -> Ranged {
    let Some((first, last)) = header.and_then(|value| value.trim().strip_prefix("bytes=")).and_then(|set| set.split_once('-')) else {
        return Ranged::Whole;
    };
    let (start, end) = match (number(first), number(last)) {
        // The last `n` bytes, or all there are.
        (Number::None, Number::Some(n)) => (len.saturating_sub(n), len),
        (Number::Some(start), Number::None) => (start, len),
        (Number::Some(start), Number::Some(last)) if start <= last => (start, last.saturating_add(1).min(len)),
        _ => return Ranged::Whole,
    };
    if start < end { Ranged::Part { start, end } } else { Ranged::Unsatisfiable }
}

enum Number {
    None,
    Some(u64),
    Invalid,
}

fn number(text: &str) -> Number {
    let text = text.trim();
    if text.is_empty() {
        Number::None
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        Number::Some(text.parse().unwrap_or(u64::MAX))
    } else {
        Number::Invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, len: u64, expected: Ranged) {
        assert_eq!(parse(Some(header), len), expected, "{header} of {len}");
    }

    #[test]
    fn inclusive_last_byte_becomes_exclusive_end() {
        check("bytes=0-0", 10, Ranged::Part { start: 0, end: 1 });
        check("bytes=2-5", 10, Ranged::Part { start: 2, end: 6 });
        check("bytes=9-9", 10, Ranged::Part { start: 9, end: 10 });
    }

    #[test]
    fn open_and_suffix_ranges() {
        check("bytes=7-", 10, Ranged::Part { start: 7, end: 10 });
        check("bytes=-3", 10, Ranged::Part { start: 7, end: 10 });
        check("bytes=-30", 10, Ranged::Part { start: 0, end: 10 });
    }

    #[test]
    fn the_end_is_cut_to_the_length() {
        check("bytes=5-99999999999999999999999", 10, Ranged::Part { start: 5, end: 10 });
    }

    #[test]
    fn outside_is_unsatisfiable() {
        check("bytes=10-", 10, Ranged::Unsatisfiable);
        check("bytes=10-20", 10, Ranged::Unsatisfiable);
        check("bytes=-0", 10, Ranged::Unsatisfiable);
        check("bytes=0-0", 0, Ranged::Unsatisfiable);
    }

    #[test]
    fn what_is_not_one_range_is_ignored() {
        for header in ["bytes=0-1,4-5", "bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=", "bytes=-", "0-4", "bytes=+1-2"] {
            check(header, 10, Ranged::Whole);
        }
        assert_eq!(parse(None, 10), Ranged::Whole);
    }
}
