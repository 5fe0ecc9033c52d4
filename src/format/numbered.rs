//! Names of files that count: `slice_{0000..0123}.png` stands for `slice_0000.png` to `slice_0123.png`.

/// The most names that one stands for.
#[cfg(feature = "files")]
const MOST_NAMES: u64 = 1 << 17;

/// A name that stands for one of each number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbered<'a> {
    before: &'a str,
    after: &'a str,
    first: u64,
    last: u64,
    /// Numbers are filled up with zeros to so many digits.
    digits: usize,
}

impl<'a> Numbered<'a> {
    /// Reads a name, also as it stands in an address; `None` where it stands for itself. Numbers may go down. They are filled up with zeros
    /// where one of the two begins with one.
    pub(super) fn parse(name: &'a str) -> Option<Self> {
        let (before, rest) = split(name, '{', "%7B")?;
        let (range, after) = split(rest, '}', "%7D")?;
        let (first, last) = range.split_once("..")?;
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok())?;
        let is_filled = [first, last].iter().any(|text| text.len() > 1 && text.starts_with('0'));
        let digits = if is_filled { first.len().max(last.len()) } else { 0 };
        Some(Self { before, after, first: number(first)?, last: number(last)?, digits })
    }

    /// How many names it stands for; `None` for more than are read.
    #[cfg(feature = "files")]
    fn count(&self) -> Option<u64> {
        self.first.abs_diff(self.last).checked_add(1).filter(|count| *count <= MOST_NAMES)
    }

    /// The names it stands for.
    ///
    /// # Errors
    /// A clause for more than are read.
    #[cfg(feature = "files")]
    pub(super) fn names(&self) -> Result<Vec<String>, String> {
        let &Self { before, after, first, last, digits } = self;
        let count = self.count().ok_or_else(|| format!("it stands for the numbers {first} to {last}; {MOST_NAMES} files are read"))?;
        let number = |step| if first <= last { first + step } else { first - step };
        Ok((0..count).map(|step| format!("{before}{:0digits$}{after}", number(step))).collect())
    }
}

fn split<'a>(text: &'a str, mark: char, encoded: &str) -> Option<(&'a str, &'a str)> {
    text.split_once(mark).or_else(|| text.split_once(encoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "files")]
    #[test]
    fn a_name_stands_for_one_of_each_number() {
        let names = |name: &str| Numbered::parse(name).unwrap().names().unwrap();
        assert_eq!(names("s_{0008..0010}.png"), ["s_0008.png", "s_0009.png", "s_0010.png"]);
        assert_eq!(names("s_{8..10}.png"), ["s_8.png", "s_9.png", "s_10.png"]);
        assert_eq!(names("%7B08..10%7D"), ["08", "09", "10"]);
        assert_eq!(names("{2..0}.tif"), ["2.tif", "1.tif", "0.tif"]);
        assert_eq!(names("{00..1}"), ["00", "01"]);
        assert!(Numbered::parse("{0..18446744073709551615}").unwrap().names().is_err());
    }

    #[test]
    fn other_braces_are_part_of_a_name() {
        for name in ["a.png", "a{1}.png", "a{1..}.png", "a{..2}.png", "a{x..y}.png", "a{1..2.png", "a}1..2{", "a{1..99999999999999999999}"]
        {
            assert_eq!(Numbered::parse(name), None, "{name}");
        }
    }
}
