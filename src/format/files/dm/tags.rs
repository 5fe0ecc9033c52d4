//! The tree of tags of a DM3 or DM4 file: walked once from its beginning, past the voxels, keeping what is said of images.
//!
//! A file begins with a version (3 or 4), its length and the byte order of its values. A group of tags is two flags and a count; a tag is a kind
//! (20: group, 21: value), a name and what it holds. A value begins with "%%%%" and the description of its type; then come its bytes. Counts
//! and lengths are big-endian, of 4 bytes in version 3 and 8 in version 4; values have the byte order that the file says.
//!
//! Source: the descriptions of the formats by Chris Boothroyd (DM3) and in RosettaSciIO (DM4).

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;

use crate::format::FormatError;
use crate::format::files::File;
use crate::format::files::fields::Fields;
use crate::runtime::Cancel;
use crate::store::ResourceKind;

/// Bytes that are read at once.
const WINDOW_BYTES: u64 = 64 << 10;
/// Tags of a file; real ones have a few thousand.
const MOST_TAGS: u64 = 1 << 18;
/// Groups within groups; real files have fewer than 10.
const MOST_DEPTH: usize = 64;
/// Numbers that describe the type of a value: a struct has two for each of its fields.
const MOST_TYPE_NUMBERS: u64 = 2048;
/// Values that are kept.
const MOST_KEPT: usize = 4096;
/// Letters of a name that are kept, and of a text.
const MOST_LETTERS: u64 = 64;

/// What a tag holds, where it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Text(String),
    /// Where the elements of an array lie in the file.
    Array(Range<u64>),
}

/// What a file says of its images.
#[derive(Debug)]
pub(super) struct Tags {
    pub(super) little_endian: bool,
    /// By path: names, and numbers from 0 of what has no name, between slashes.
    pub(super) values: BTreeMap<String, Value>,
}

impl Tags {
    pub(super) fn number(&self, path: &str) -> Option<f64> {
        if let Value::Number(number) = self.values.get(path)? { Some(*number) } else { None }
    }

    /// A number that is a whole one and not negative.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number within the exact range of a double")]
    pub(super) fn whole(&self, path: &str) -> Option<u64> {
        let number = self.number(path)?;
        (number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number)).then_some(number as u64)
    }
}

/// What to keep of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Nothing,
    /// A number, or where the elements of an array lie.
    Value,
    Text,
}

/// What is of use: images' sizes, types, places and units, and which of them are thumbnails.
fn kept(path: &str) -> Keep {
    let mut parts = path.split('/');
    match (parts.next(), parts.nth(1), parts.next(), parts.next()) {
        (Some("ImageList"), Some("ImageData"), Some("Calibrations"), Some("Dimension")) if path.ends_with("/Units") => Keep::Text,
        (Some("ImageList"), Some("ImageData"), Some("Calibrations"), Some("Dimension")) => Keep::Value,
        (Some("ImageList"), Some("ImageData"), Some("Data" | "DataType" | "Dimensions"), _) => Keep::Value,
        (Some("Thumbnails"), Some("ImageIndex"), None, None) => Keep::Value,
        _ => Keep::Nothing,
    }
}

/// A group that is being walked.
struct Group {
    path: String,
    left: u64,
    /// The number of the next tag.
    next: u64,
}

/// Walks the tree.
///
/// # Errors
/// [`FormatError::BadMetadata`] for anything that is no such file, with the place where that shows.
pub(super) async fn read(file: &File, cancel: &Cancel) -> Result<Tags, FormatError> {
    let mut reader = Reader { file, cancel, at: 0, window: Bytes::new(), window_at: 0, long: false };
    let version = reader.u32().await?;
    if version != 3 && version != 4 {
        return Err(file.bad(format!("it begins with {version} instead of 3 or 4, the version of its format")));
    }
    reader.long = version == 4;
    let _length = reader.count().await?;
    let little_endian = match reader.u32().await? {
        0 => false,
        1 => true,
        other => return Err(file.bad(format!("its byte order is {other} instead of 0 or 1"))),
    };
    let mut tags = Tags { little_endian, values: BTreeMap::new() };
    let mut groups = vec![reader.group(String::new()).await?];
    let mut seen = 0;
    while let Some(group) = groups.last_mut() {
        if group.left == 0 {
            groups.pop();
            continue;
        }
        group.left -= 1;
        seen += 1;
        if seen > MOST_TAGS {
            return Err(file.bad(format!("it has more than {MOST_TAGS} tags")));
        }
        let kind = reader.u8().await?;
        let name_len = u64::from(reader.u16().await?);
        let name = reader.text(name_len).await?;
        let name = if name_len == 0 { group.next.to_string() } else { name };
        group.next += 1;
        let path = if group.path.is_empty() { name } else { format!("{}/{name}", group.path) };
        if reader.long {
            // How long the tag is: its parts say so, too.
            reader.skip(8)?;
        }
        match kind {
            20 if groups.len() < MOST_DEPTH => groups.push(reader.group(path).await?),
            20 => return Err(file.bad(format!("its groups of tags are more than {MOST_DEPTH} deep"))),
            21 => {
                let value = reader.value(little_endian, kept(&path)).await?;
                if let Some(value) = value.filter(|_| tags.values.len() < MOST_KEPT) {
                    tags.values.insert(path, value);
                }
            }
            other => return Err(file.bad(format!("the tag before byte {} is of kind {other} instead of 20 or 21", reader.at))),
        }
    }
    Ok(tags)
}

/// Reads a file from its beginning, by windows.
struct Reader<'a> {
    file: &'a File,
    cancel: &'a Cancel,
    at: u64,
    window: Bytes,
    window_at: u64,
    /// Whether counts have 8 bytes.
    long: bool,
}

impl Reader<'_> {
    fn early(&self) -> FormatError {
        self.file.bad(format!("it ends within its tags, at byte {}", self.at))
    }

    /// The next bytes; `len` is small.
    async fn take(&mut self, len: u64) -> Result<Bytes, FormatError> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.file.size_bytes).ok_or_else(|| self.early())?;
        if self.at < self.window_at || end > self.window_at + self.window.len() as u64 {
            let window_end = self.at.saturating_add(WINDOW_BYTES.max(len)).min(self.file.size_bytes);
            self.window = self.file.read(self.at..window_end, ResourceKind::Index, self.cancel).await?;
            self.window_at = self.at;
        }
        let within = |at: u64| usize::try_from(at - self.window_at).ok();
        let range = within(self.at).zip(within(end)).filter(|(_, end)| *end <= self.window.len());
        let (start, stop) = range.ok_or_else(|| self.early())?;
        self.at = end;
        Ok(self.window.slice(start..stop))
    }

    fn skip(&mut self, len: u64) -> Result<(), FormatError> {
        self.at = self.at.checked_add(len).filter(|end| *end <= self.file.size_bytes).ok_or_else(|| self.early())?;
        Ok(())
    }

    async fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let bytes = self.take(N as u64).await?;
        bytes.first_chunk().copied().ok_or_else(|| self.early())
    }

    async fn u8(&mut self) -> Result<u8, FormatError> {
        Ok(self.array::<1>().await?[0])
    }

    async fn u16(&mut self) -> Result<u16, FormatError> {
        Ok(u16::from_be_bytes(self.array().await?))
    }

    async fn u32(&mut self) -> Result<u32, FormatError> {
        Ok(u32::from_be_bytes(self.array().await?))
    }

    /// A count or a length.
    async fn count(&mut self) -> Result<u64, FormatError> {
        if self.long { Ok(u64::from_be_bytes(self.array().await?)) } else { Ok(u64::from(self.u32().await?)) }
    }

    /// The beginning of a text of so many letters.
    async fn text(&mut self, len: u64) -> Result<String, FormatError> {
        let kept = self.take(len.min(MOST_LETTERS)).await?;
        self.skip(len.saturating_sub(MOST_LETTERS))?;
        Ok(String::from_utf8_lossy(&kept).into_owned())
    }

    async fn group(&mut self, path: String) -> Result<Group, FormatError> {
        // Whether it is sorted and open.
        self.skip(2)?;
        Ok(Group { path, left: self.count().await?, next: 0 })
    }

    /// A value, kept or passed by.
    async fn value(&mut self, little_endian: bool, keep: Keep) -> Result<Option<Value>, FormatError> {
        if &self.array::<4>().await? != b"%%%%" {
            return Err(self.file.bad(format!("the value before byte {} does not begin with %%%%", self.at)));
        }
        let numbers = self.count().await?;
        if !(1..=MOST_TYPE_NUMBERS).contains(&numbers) {
            return Err(self.file.bad(format!("the type of the value before byte {} has {numbers} numbers", self.at)));
        }
        let mut description = Vec::new();
        for _ in 0..numbers {
            description.push(self.count().await?);
        }
        let start = self.at;
        let unknown = || {
            self.file.bad(format!("the value at byte {start} has an unknown type, {:?}", description.iter().take(8).collect::<Vec<_>>()))
        };
        let len = len_bytes(&description).ok_or_else(unknown)?;
        let kind = description.first().copied().unwrap_or(0);
        if keep == Keep::Nothing || kind == 15 {
            self.skip(len)?;
            return Ok(None);
        }
        if kind == 20 {
            // Texts are arrays of 16-bit letters.
            if keep == Keep::Text && description.get(1) == Some(&4) && len <= 2 * MOST_LETTERS {
                let bytes = self.take(len).await?;
                let fields = Fields { bytes: &bytes, little_endian };
                let letters: Vec<u16> = (0..bytes.len() / 2).filter_map(|at| fields.u16(2 * at)).collect();
                let text = String::from_utf16_lossy(&letters);
                return Ok(Some(Value::Text(text.trim_end_matches('\0').to_owned())));
            }
            self.skip(len)?;
            return Ok(Some(Value::Array(start..self.at)));
        }
        if kind == 18 {
            return Ok(Some(Value::Text(self.text(len).await?)));
        }
        let bytes = self.take(len).await?;
        Ok(number(kind, Fields { bytes: &bytes, little_endian }).map(Value::Number))
    }
}

/// How many bytes a value of this type takes; `None` where that cannot be said.
fn len_bytes(description: &[u64]) -> Option<u64> {
    let (kind, rest) = description.split_first()?;
    match kind {
        15 => struct_bytes(rest),
        18 => rest.first().copied(),
        20 => {
            let (count, element) = rest.split_last()?;
            len_bytes(element)?.checked_mul(*count)
        }
        kind => number_bytes(*kind),
    }
}

/// A struct: the length of its name, how many fields it has, and of each the length of its name and its type.
fn struct_bytes(description: &[u64]) -> Option<u64> {
    let [_, count, fields @ ..] = description else { return None };
    let fields = fields.get(..usize::try_from(count.checked_mul(2)?).ok()?)?;
    fields.chunks_exact(2).try_fold(0_u64, |sum, field| sum.checked_add(number_bytes(*field.get(1)?)?))
}

fn number_bytes(kind: u64) -> Option<u64> {
    Some(match kind {
        8..=10 => 1,
        2 | 4 => 2,
        3 | 5 | 6 => 4,
        7 | 11 | 12 => 8,
        _ => return None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "what is counted here stays far below 2^53, and what does not is refused as no axis")]
fn number(kind: u64, fields: Fields<'_>) -> Option<f64> {
    Some(match kind {
        2 => f64::from(fields.i16(0)?),
        3 => f64::from(fields.i32(0)?),
        4 => f64::from(fields.u16(0)?),
        5 => f64::from(fields.u32(0)?),
        6 => f64::from(fields.f32(0)?),
        7 => fields.f64(0)?,
        8 | 10 => f64::from(*fields.bytes.first()?),
        9 => f64::from(fields.bytes.first()?.cast_signed()),
        11 => fields.i64(0)? as f64,
        12 => fields.u64(0)? as f64,
        _ => return None,
    })
}
