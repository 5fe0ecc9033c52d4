//! How keys are written: `ctrl+shift+z`, `space`, `arrowleft`, `ctrl+=`. Modifiers in the order ctrl, alt, shift, meta.
//!
//! Letters go by what the key types, so that they follow the layout; digits by where the key lies, because some layouts type
//! them with shift. Other characters stand for themselves without shift, which went into typing them. `+` is `plus`.

/// Modifier keys, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modifiers(pub u32);

impl Modifiers {
    /// No modifier.
    pub const NONE: Self = Self(0);
    /// Shift.
    pub const SHIFT: Self = Self(1);
    /// Control.
    pub const CTRL: Self = Self(2);
    /// Alt, option.
    pub const ALT: Self = Self(4);
    /// Command, the Windows key.
    pub const META: Self = Self(8);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the command of the system's shortcuts is held: ctrl, or command on a Mac.
    #[must_use]
    pub const fn command(self) -> bool {
        self.has(Self::CTRL) || self.has(Self::META)
    }

    /// Without the bits of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// With the bits of `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

const WRITTEN: [(Modifiers, &str); 4] =
    [(Modifiers::CTRL, "ctrl"), (Modifiers::ALT, "alt"), (Modifiers::SHIFT, "shift"), (Modifiers::META, "meta")];

/// The written form of a DOM keyboard event; `None` for a modifier alone and for keys in the middle of a composition.
#[must_use]
pub fn written(code: &str, key: &str, modifiers: Modifiers) -> Option<String> {
    let (name, modifiers) = name_of(code, key, modifiers)?;
    Some(joined(&name, modifiers))
}

/// The canonical form of a key that a person wrote, or `None` where it is none.
#[must_use]
pub fn canonical(text: &str) -> Option<String> {
    let lower = text.trim().to_lowercase();
    // A trailing plus is the key of that name.
    let lower = lower.strip_suffix("++").map_or_else(|| lower.clone(), |rest| format!("{rest}+plus"));
    let mut parts: Vec<&str> = if lower == "+" { vec!["plus"] } else { lower.split('+').map(str::trim).collect() };
    let name = match parts.pop()? {
        "esc" => "escape",
        "return" => "enter",
        "left" => "arrowleft",
        "right" => "arrowright",
        "up" => "arrowup",
        "down" => "arrowdown",
        "spacebar" => "space",
        name => name,
    };
    let mut modifiers = Modifiers::NONE;
    for part in parts {
        modifiers = modifiers.with(match part {
            "ctrl" | "control" => Modifiers::CTRL,
            "alt" | "option" => Modifiers::ALT,
            "shift" => Modifiers::SHIFT,
            "meta" | "cmd" | "command" => Modifiers::META,
            _ => return None,
        });
    }
    let is_key = name.chars().count() == 1 || (name.len() <= 16 && name.bytes().all(|b| b.is_ascii_alphanumeric()) && name.len() > 1);
    let is_modifier = ["ctrl", "control", "alt", "shift", "meta"].contains(&name);
    (is_key && !is_modifier).then(|| joined(name, modifiers))
}

fn joined(name: &str, modifiers: Modifiers) -> String {
    let mut text = String::new();
    for (modifier, word) in WRITTEN {
        if modifiers.has(modifier) {
            text.push_str(word);
            text.push('+');
        }
    }
    text + name
}

fn name_of(code: &str, key: &str, modifiers: Modifiers) -> Option<(String, Modifiers)> {
    let mut chars = key.chars();
    let typed = chars.next().filter(|_| chars.next().is_none());
    if let Some(digit) = code.strip_prefix("Digit").filter(|_| typed.is_some()) {
        return Some((digit.to_owned(), modifiers));
    }
    match typed {
        Some(' ') => Some(("space".to_owned(), modifiers)),
        Some(letter) if letter.is_ascii_alphabetic() => Some((letter.to_ascii_lowercase().to_string(), modifiers)),
        Some('+') => Some(("plus".to_owned(), modifiers.without(Modifiers::SHIFT))),
        Some(digit) if digit.is_ascii_digit() => Some((digit.to_string(), modifiers)),
        Some(sign) if sign.is_ascii_graphic() => Some((sign.to_string(), modifiers.without(Modifiers::SHIFT))),
        // Another script, or a letter that option turned into a sign: where the key lies is the best there is.
        Some(other) => match code.strip_prefix("Key") {
            Some(letter) if letter.len() == 1 => Some((letter.to_ascii_lowercase(), modifiers)),
            _ => Some((other.to_lowercase().to_string(), modifiers)),
        },
        None if matches!(
            key,
            "Shift" | "Control" | "Alt" | "AltGraph" | "Meta" | "CapsLock" | "Dead" | "Process" | "Unidentified" | ""
        ) =>
        {
            None
        }
        None => Some((key.to_lowercase(), modifiers)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_written_as_the_layout_types_them() {
        let none = Modifiers::NONE;
        for (code, key, modifiers, expected) in [
            ("KeyZ", "z", none, "z"),
            ("KeyW", "z", none, "z"),
            ("KeyZ", "Z", Modifiers::SHIFT, "shift+z"),
            ("KeyL", "L", none, "l"),
            ("KeyZ", "я", none, "z"),
            ("KeyT", "†", Modifiers::ALT, "alt+t"),
            ("Digit1", "&", none, "1"),
            ("Digit1", "!", Modifiers::SHIFT, "shift+1"),
            ("Numpad7", "7", none, "7"),
            ("Space", " ", Modifiers::SHIFT, "shift+space"),
            ("ArrowLeft", "ArrowLeft", Modifiers::SHIFT, "shift+arrowleft"),
            ("Equal", "=", Modifiers::CTRL, "ctrl+="),
            ("Equal", "+", Modifiers::CTRL.with(Modifiers::SHIFT), "ctrl+plus"),
            ("NumpadAdd", "+", Modifiers::CTRL, "ctrl+plus"),
            ("Slash", "-", Modifiers::CTRL, "ctrl+-"),
            ("Comma", ",", none, ","),
            ("KeyS", "S", Modifiers(15), "ctrl+alt+shift+meta+s"),
        ] {
            assert_eq!(written(code, key, modifiers).as_deref(), Some(expected), "{code} {key}");
        }
        for key in ["Shift", "Control", "Dead", "Process", ""] {
            assert_eq!(written("ShiftLeft", key, Modifiers::SHIFT), None);
        }
    }

    #[test]
    fn what_people_write_is_put_in_order() {
        for (text, expected) in [
            ("Shift + Ctrl + Z", Some("ctrl+shift+z")),
            ("cmd+o", Some("meta+o")),
            ("+", Some("plus")),
            ("ctrl++", Some("ctrl+plus")),
            ("Esc", Some("escape")),
            ("left", Some("arrowleft")),
            ("=", Some("=")),
            ("", None),
            ("hyper+x", None),
            ("ctrl", None),
            ("ctrl+shift", None),
            ("two words", None),
        ] {
            assert_eq!(canonical(text).as_deref(), expected, "{text}");
        }
    }
}
