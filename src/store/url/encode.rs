//! Percent-encoding (RFC 3986).

use std::fmt::Write as _;

/// What a path segment may hold as it is, but for `+`, which some object stores read as a space.
fn is_segment_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*,;=:@".contains(&byte)
}

fn push_encoded(out: &mut String, byte: u8) {
    // Writing to a string does not fail.
    let _ok = write!(out, "%{byte:02X}");
}

/// Raw text as one path segment.
pub(super) fn segment(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for byte in raw.bytes() {
        if is_segment_byte(byte) { out.push(char::from(byte)) } else { push_encoded(&mut out, byte) }
    }
    out
}

/// A path as typed or copied: what is encoded already stays so, the rest is made legal.
pub(super) fn typed_path(path: &str, encode_plus: bool) -> String {
    let mut out = String::with_capacity(path.len());
    for (at, byte) in path.bytes().enumerate() {
        let keep = match byte {
            b'/' => true,
            b'+' => !encode_plus,
            b'%' => is_escape(path.as_bytes(), at),
            _ => is_segment_byte(byte),
        };
        if keep { out.push(char::from(byte)) } else { push_encoded(&mut out, byte) }
    }
    out
}

/// A query as typed: spaces, quotes and what is not ASCII are encoded.
pub(super) fn query(typed: &str) -> String {
    let mut out = String::with_capacity(typed.len());
    for byte in typed.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>#'".contains(&byte) { out.push(char::from(byte)) } else { push_encoded(&mut out, byte) }
    }
    out
}

/// Raw bytes as one component, `/` included (JavaScript's `encodeURIComponent`, but stricter: only RFC 3986's unreserved bytes stay).
pub(super) fn component(raw: &[u8]) -> String {
    let mut out = String::with_capacity(raw.len());
    for &byte in raw {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) { out.push(char::from(byte)) } else { push_encoded(&mut out, byte) }
    }
    out
}

/// The bytes an encoded text stands for.
pub(super) fn decode(encoded: &str) -> Vec<u8> {
    let bytes = encoded.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match escape(bytes, at) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

fn is_escape(bytes: &[u8], at: usize) -> bool {
    escape(bytes, at).is_some()
}

fn escape(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |offset: usize| char::from(*bytes.get(at + offset)?).to_digit(16);
    if bytes.get(at) != Some(&b'%') {
        return None;
    }
    u8::try_from(digit(1)? * 16 + digit(2)?).ok()
}
