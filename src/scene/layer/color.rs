//! Colours as the options write them.

/// Red, green, blue, 0 to 1, of `#rgb` or `#rrggbb`; `None` for anything else.
#[must_use]
pub fn parse_color(text: &str) -> Option<[f32; 3]> {
    let hex = text.strip_prefix('#')?;
    let digits: Vec<u8> = hex.chars().map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok())).collect::<Option<_>>()?;
    let bytes: [u8; 3] = match digits.as_slice() {
        [r, g, b] => [r * 17, g * 17, b * 17],
        [r1, r0, g1, g0, b1, b0] => [r1 * 16 + r0, g1 * 16 + g0, b1 * 16 + b0],
        _ => return None,
    };
    Some(bytes.map(|byte| f32::from(byte) / 255.0))
}

/// `#rrggbb` of red, green, blue, 0 to 1.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
pub fn write_color(color: [f32; 3]) -> String {
    let [r, g, b] = color.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hexadecimal_colours_only() {
        assert_eq!(parse_color("#ff8000"), Some([1.0, 128.0 / 255.0, 0.0]));
        assert_eq!(parse_color("#f80"), Some([1.0, 136.0 / 255.0, 0.0]));
        for wrong in ["red", "#ff80", "", "#gggggg", "#ff80000", "ff8000"] {
            assert_eq!(parse_color(wrong), None, "{wrong}");
        }
        assert_eq!(write_color([1.0, 0.5, 0.0]), "#ff8000");
    }
}
