//! Reading members of a metadata document: every mistake says which member it is and what it should be.

use serde_json::Value;

use super::FormatError;

/// A JSON object, its place in the document and the document's address.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) value: &'a Value,
    pub(super) place: &'a str,
    pub(super) url: &'a str,
}

impl<'a> Object<'a> {
    /// The object at a member; its place is `place`.
    pub(super) fn object(&self, value: &'a Value, place: &'a str) -> Self {
        Self { value, place, url: self.url }
    }

    /// A member that is there and not `null`.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.value.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, FormatError> {
        self.get(name).map(|value| value.as_str().ok_or_else(|| self.wrong(name, Some(value), "a text"))).transpose()
    }

    /// Three integers of a range.
    pub(super) fn three_integers(&self, name: &str, value: &Value, least: i64, most: i64) -> Result<[i64; 3], FormatError> {
        three(value, |value| integer(value, least, most))
            .ok_or_else(|| self.wrong(name, Some(value), &format!("three integers from {least} to {most}")))
    }

    /// Three positive numbers.
    pub(super) fn three_sizes(&self, name: &str) -> Result<[f64; 3], FormatError> {
        let value = self.get(name);
        value
            .and_then(|value| three(value, |value| value.as_f64().filter(|n| n.is_normal() && *n > 0.0)))
            .ok_or_else(|| self.wrong(name, value, "three positive numbers"))
    }

    pub(super) fn integer(&self, name: &str, default: i64, least: i64, most: i64) -> Result<i64, FormatError> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        integer(value, least, most).ok_or_else(|| self.wrong(name, Some(value), &format!("an integer from {least} to {most}")))
    }

    pub(super) fn bad(&self, reason: impl std::fmt::Display) -> FormatError {
        FormatError::BadMetadata { reason: format!("{}{reason}", self.place), url: self.url.to_owned() }
    }

    pub(super) fn unsupported(&self, what: &'static str, name: impl Into<String>) -> FormatError {
        FormatError::Unsupported { what, name: name.into(), url: self.url.to_owned() }
    }

    /// A member that is missing or not what it should be.
    pub(super) fn wrong(&self, name: &str, value: Option<&Value>, expected: &str) -> FormatError {
        const MOST_SHOWN: usize = 80;
        match value {
            None => self.bad(format_args!("\"{name}\" is missing: {expected} expected")),
            Some(value) => {
                let shown: String = value.to_string().chars().take(MOST_SHOWN).collect();
                self.bad(format_args!("\"{name}\" is {shown} instead of {expected}"))
            }
        }
    }
}

fn three<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<[T; 3]> {
    let [x, y, z] = value.as_array()?.as_slice() else {
        return None;
    };
    Some([read(x)?, read(y)?, read(z)?])
}

/// An integer of a range; some writers put `100.0`.
fn integer(value: &Value, least: i64, most: i64) -> Option<i64> {
    /// Beyond it a double does not hold every integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "an integer within the exact range of a double")]
    let whole = |n: f64| (n.fract() == 0.0 && n.abs() <= EXACT).then_some(n as i64);
    let n = value.as_i64().or_else(|| value.as_f64().and_then(whole))?;
    (least..=most).contains(&n).then_some(n)
}
