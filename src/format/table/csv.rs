//! CSV: a line of names, then rows. Separated by commas, tabs or semicolons, whichever the first line has most of (RFC 4180 else).
//!
//! A column's type is what all of its cells are: 64-bit integers, numbers, lists of as many numbers each (`[1, 2, 3]`, `(1 2 3)`), or texts. Integers
//! that a double does not hold are never made one: beside fractions, they are texts.

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::MOST_TABLE_BYTES;
use crate::format::column::{Column, Values};
use crate::format::content::Table;

const MOST_COLUMNS: usize = 1 << 12;
/// The most numbers of a list.
const MOST_COMPONENTS: usize = 16;
/// Up to here, a double holds every integer.
const EXACT: u64 = 1 << 53;

/// Reads a table, or some of its columns.
///
/// # Errors
/// One clause that names the line and the column.
pub(super) fn parse(text: &[u8], wanted: Option<&[String]>) -> Result<Table, String> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let names = reader(text).byte_headers().map_err(said)?.clone();
    if names.is_empty() || names.len() > MOST_COLUMNS {
        return Err(format!("its first line has {} names of columns; 1 to {MOST_COLUMNS} can be read", names.len()));
    }
    if text.trim_ascii_start().starts_with(b"<") {
        return Err("it is an HTML page where a table was expected".to_owned());
    }
    let mut columns = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let name = std::str::from_utf8(name).map_err(|_| format!("the name of column {} is no UTF-8", at + 1))?.trim();
        if wanted.is_none_or(|wanted| wanted.iter().any(|one| one == name)) {
            columns.push((at, name.to_owned(), Seen::default()));
        }
    }
    let rows = each_row(text, |_, record| {
        for (at, _, seen) in &mut columns {
            seen.see(record.get(*at).unwrap_or_default());
        }
        Ok(())
    })?;
    let bytes = columns.iter().map(|(_, _, seen)| seen.size_bytes(rows)).fold(0, usize::saturating_add);
    if bytes > MOST_TABLE_BYTES {
        return Err(format!(
            "{rows} rows of {} columns take {bytes} bytes, more than {MOST_TABLE_BYTES}: read fewer columns",
            columns.len()
        ));
    }
    let mut made: Vec<(usize, Kind, Column)> = columns.into_iter().map(|(at, name, seen)| (at, seen.kind(), seen.column(name))).collect();
    each_row(text, |row, record| {
        for (at, kind, column) in &mut made {
            let cell = record.get(*at).unwrap_or_default();
            push(column, *kind, row, cell).ok_or_else(|| format!("line {}: \"{}\" is no UTF-8", line_of(record), column.name))?;
        }
        Ok(())
    })?;
    Ok(Table { rows, columns: made.into_iter().map(|(_, _, column)| column).collect(), left_out: Vec::new() })
}

fn reader(text: &[u8]) -> Reader<&[u8]> {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| first.iter().filter(|byte| **byte == separator).count();
    let separator = [b',', b'\t', b';'].into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(b',');
    ReaderBuilder::new().delimiter(separator).from_reader(text)
}

/// Gives every row to `take` and counts them.
fn each_row(text: &[u8], mut take: impl FnMut(u32, &ByteRecord) -> Result<(), String>) -> Result<u32, String> {
    let mut reader = reader(text);
    let mut record = ByteRecord::new();
    let mut row = 0_u32;
    while reader.read_byte_record(&mut record).map_err(said)? {
        take(row, &record)?;
        row = row.checked_add(1).ok_or("it has more than 2³² rows")?;
    }
    Ok(row)
}

fn said(error: csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} has {len} cells instead of {expected_len}")
        }
        _ => error.to_string(),
    }
}

fn line_of(record: &ByteRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unsigned,
    Signed,
    Number,
    List,
    Text,
}

/// What the cells of a column could all be, so far.
struct Seen {
    any: bool,
    unsigned: bool,
    signed: bool,
    number: bool,
    /// Numbers in each list; 0 until there is one; `None`: they differ, or are no lists.
    list: Option<usize>,
    text_bytes: usize,
}

impl Default for Seen {
    fn default() -> Self {
        Self { any: false, unsigned: true, signed: true, number: true, list: Some(0), text_bytes: 0 }
    }
}

impl Seen {
    fn see(&mut self, cell: &[u8]) {
        self.text_bytes = self.text_bytes.saturating_add(cell.len());
        if is_missing(cell) {
            return;
        }
        self.any = true;
        let text = std::str::from_utf8(cell).unwrap_or("?").trim();
        let integer = integer(text);
        self.unsigned &= matches!(integer, Some(Integer::Unsigned(_)));
        self.signed &= match integer {
            Some(Integer::Negative(_)) => true,
            Some(Integer::Unsigned(n)) => i64::try_from(n).is_ok(),
            None => false,
        };
        self.number &= match integer {
            Some(Integer::Unsigned(n)) => n <= EXACT,
            Some(Integer::Negative(n)) => n.unsigned_abs() <= EXACT,
            // "007" is a name, not a number.
            None => !looks_whole(text) && text.parse::<f64>().is_ok(),
        };
        if let Some(length) = self.list {
            let own = list(text).map(Iterator::count).filter(|count| (1..=MOST_COMPONENTS).contains(count));
            self.list =
                own.filter(|own| length == 0 || *own == length && list(text).is_some_and(|mut numbers| numbers.all(|n| n.is_some())));
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self { any: false, .. } => Kind::Text,
            Self { unsigned: true, .. } => Kind::Unsigned,
            Self { signed: true, .. } => Kind::Signed,
            Self { number: true, .. } => Kind::Number,
            Self { list: Some(_), .. } => Kind::List,
            _ => Kind::Text,
        }
    }

    fn components(&self) -> usize {
        self.list.filter(|_| self.kind() == Kind::List).unwrap_or(1)
    }

    fn size_bytes(&self, rows: u32) -> usize {
        let each = if self.kind() == Kind::Text { size_of::<String>() } else { 8 * self.components() };
        (rows as usize).saturating_mul(each).saturating_add(if self.kind() == Kind::Text { self.text_bytes } else { 0 })
    }

    fn column(&self, name: String) -> Column {
        let values = match self.kind() {
            Kind::Unsigned => Values::Uint64(Vec::new()),
            Kind::Signed => Values::Int64(Vec::new()),
            Kind::Number | Kind::List => Values::Float64(Vec::new()),
            Kind::Text => Values::Text(Vec::new()),
        };
        Column { name, components: u32::try_from(self.components()).unwrap_or(1), values, missing: Vec::new() }
    }
}

/// Appends a cell; `None` where a text is no UTF-8. The others were seen before.
fn push(column: &mut Column, kind: Kind, row: u32, cell: &[u8]) -> Option<()> {
    let text = std::str::from_utf8(cell).ok();
    if kind != Kind::Text && is_missing(cell) {
        column.missing.push(row);
    }
    let trimmed = text.unwrap_or_default().trim();
    match &mut column.values {
        Values::Uint64(values) => values.push(trimmed.parse().unwrap_or(0)),
        Values::Int64(values) => values.push(trimmed.parse().unwrap_or(0)),
        Values::Float64(values) if kind == Kind::Number => values.push(trimmed.parse().unwrap_or(f64::NAN)),
        Values::Float64(values) => {
            let numbers = list(trimmed).into_iter().flatten().map(|number| number.unwrap_or(f64::NAN));
            values.extend(numbers.chain(std::iter::repeat(f64::NAN)).take(column.components as usize));
        }
        Values::Text(values) => values.push(text?.to_owned()),
        _ => {}
    }
    Some(())
}

/// What stands for nothing in columns of numbers.
fn is_missing(cell: &[u8]) -> bool {
    let cell = cell.trim_ascii();
    [&b""[..], b"nan", b"na", b"null", b"none", b"<na>"].iter().any(|nothing| cell.eq_ignore_ascii_case(nothing))
}

enum Integer {
    Unsigned(u64),
    Negative(i64),
}

/// An integer as it is written back: without a leading zero or plus.
fn integer(text: &str) -> Option<Integer> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !looks_whole(digits) || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    if digits.len() < text.len() { text.parse().ok().map(Integer::Negative) } else { text.parse().ok().map(Integer::Unsigned) }
}

/// Whether it is written with digits alone, perhaps after a sign.
fn looks_whole(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The numbers of a list in brackets; one that is no number is `None`.
fn list(text: &str) -> Option<impl Iterator<Item = Option<f64>>> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let inner = inner.or_else(|| text.strip_prefix('(').and_then(|text| text.strip_suffix(')')))?;
    let parts = inner.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|part| !part.is_empty());
    Some(parts.map(|part| part.parse().ok()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column(text: &str, name: &str) -> Column {
        parse(text.as_bytes(), None).unwrap().columns.into_iter().find(|column| column.name == name).unwrap()
    }

    #[test]
    fn ids_stay_whole() {
        let text = "id,mixed,signed\n18446744073709551615,9007199254740993,-9223372036854775808\n3,0.5,5\n";
        assert_eq!(column(text, "id").values, Values::Uint64(vec![u64::MAX, 3]));
        assert_eq!(column(text, "mixed").values, Values::Text(vec!["9007199254740993".to_owned(), "0.5".to_owned()]));
        assert_eq!(column(text, "signed").values, Values::Int64(vec![i64::MIN, 5]));
    }

    #[test]
    fn types_are_what_all_cells_are() {
        let text = "n,code,where,half,empty\n1.5,007,\"[1, 2, 3]\",1,\n,01,(4 5. 6e0),x,\nnan,2,[],2,\n";
        let n = column(text, "n");
        assert_eq!(n.missing, [1, 2]);
        assert!(matches!(&n.values, Values::Float64(values) if values[0] == 1.5 && values[1].is_nan()));
        assert!(matches!(column(text, "code").values, Values::Text(_)), "leading zeros are kept");
        assert!(matches!(column(text, "where").values, Values::Text(_)), "lists of different lengths");
        assert!(matches!(column(text, "half").values, Values::Text(_)));
        assert_eq!(column(text, "empty").values, Values::Text(vec![String::new(); 3]));
        let lists = column("p\n\"[1, 2, 3]\"\n\n(4 5. 6e0)\n\"\"\n", "p");
        assert_eq!((lists.components, &lists.missing[..]), (3, &[2][..]));
        assert!(matches!(&lists.values, Values::Float64(values) if values[..6] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] && values[6].is_nan()));
    }

    #[test]
    fn reads_what_is_quoted_and_separated_otherwise() {
        let table = parse("\u{feff}a\tb\r\n\"x\"\"y\n\tz\"\t2\r\n".as_bytes(), None).unwrap();
        assert_eq!(table.columns[0].values, Values::Text(vec!["x\"y\n\tz".to_owned()]));
        assert_eq!(table.columns[1].values, Values::Uint64(vec![2]));
        let wanted = ["c".to_owned()];
        let some = parse(b"a;b;c\n1;2;3\n", Some(&wanted)).unwrap();
        assert_eq!((some.columns.len(), &some.columns[0].values), (1, &Values::Uint64(vec![3])));
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let fails = |text: &[u8]| parse(text, None).unwrap_err();
        assert_eq!(fails(b"a,b\n1,2\n3\n"), "line 3 has 1 cells instead of 2");
        assert_eq!(fails(b"a,b\n1,2\n3,\xff\xfe\n"), "line 3: \"b\" is no UTF-8");
        assert!(fails(b"").contains("0 names"));
        assert!(fails(b"<html><body>").contains("HTML"));
    }

    proptest! {
        #[test]
        fn never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200), text in "[0-9a-z,\"\\n\\[\\] .-]{0,80}") {
            _ = parse(&noise, None);
            if let Ok(table) = parse(text.as_bytes(), None) {
                for column in table.columns {
                    prop_assert_eq!(column.values.len(), table.rows as usize * column.components as usize);
                }
            }
        }

        #[test]
        fn every_integer_is_kept(ids in proptest::collection::vec(any::<u64>(), 1..20)) {
            let text: String = std::iter::once("id".to_owned()).chain(ids.iter().map(u64::to_string)).collect::<Vec<_>>().join("\n");
            prop_assert_eq!(column(&text, "id").values, Values::Uint64(ids));
        }
    }
}
