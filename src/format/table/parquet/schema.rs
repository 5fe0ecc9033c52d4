//! What a Parquet file holds: its columns, and where their chunks lie. Source: `parquet.thrift` of Apache Parquet's format 2.11.

use super::thrift::Struct;

const MOST_ELEMENTS: usize = 1 << 14;
const MOST_GROUPS: usize = 1 << 20;

/// How values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Physical {
    Bool,
    Int32 { signed: bool },
    Int64 { signed: bool },
    Float,
    Double,
    Text,
}

/// A column that is read: of single values, or of lists of them.
#[derive(Debug, PartialEq)]
pub(super) struct Leaf {
    pub(super) name: String,
    /// Among all leaves.
    pub(super) number: usize,
    pub(super) physical: Physical,
    /// The definition level of a value that is there.
    pub(super) full: u32,
    /// Of lists: the definition level from which a place in one is there.
    pub(super) place: Option<u32>,
}

/// The columns of one file.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) rows: u32,
    pub(super) leaves: Vec<Leaf>,
    /// Sentences on columns that are not read, and their names.
    pub(super) left_out: Vec<(String, String)>,
    pub(super) groups: Vec<Vec<Chunk>>,
}

/// A part of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) start: u64,
    pub(super) len: u64,
    pub(super) codec: i64,
    pub(super) values: usize,
}

struct Element<'a> {
    name: &'a str,
    children: usize,
    /// 0 required, 1 optional, 2 repeated.
    repetition: i64,
    physical: Result<Physical, String>,
}

impl Schema {
    /// # Errors
    /// One clause.
    pub(super) fn parse(footer: &[u8]) -> Result<Self, String> {
        let file = Struct::read(&mut { footer }).ok_or("its footer cannot be read")?;
        let rows = file.int(3).and_then(|rows| u32::try_from(rows).ok());
        let rows = rows.ok_or_else(|| format!("its footer counts {:?} rows; at most 2³² can be read", file.int(3)))?;
        let elements: Option<Vec<Element<'_>>> =
            file.structures(2).and_then(|list| list.take(MOST_ELEMENTS + 1).map(|element| Element::parse(element?)).collect());
        let elements = elements.filter(|elements| elements.len() <= MOST_ELEMENTS).ok_or("its schema cannot be read")?;
        let mut schema = Self { rows, leaves: Vec::new(), left_out: Vec::new(), groups: Vec::new() };
        let leaf_count = schema.add_columns(&elements)?;
        for group in file.structures(4).ok_or("its footer has no row groups")?.take(MOST_GROUPS) {
            let chunks: Option<Vec<Chunk>> =
                group.and_then(|group| group.structures(1)).and_then(|list| list.map(|chunk| Chunk::parse(chunk?)).collect());
            let chunks = chunks.filter(|chunks| chunks.len() == leaf_count);
            schema.groups.push(chunks.ok_or_else(|| format!("a row group has not the {leaf_count} column chunks of the schema"))?);
        }
        Ok(schema)
    }

    /// Adds the columns below the root and counts their leaves.
    fn add_columns(&mut self, elements: &[Element<'_>]) -> Result<usize, String> {
        let (root, mut rest) = elements.split_first().ok_or("its schema is empty")?;
        let mut number = 0;
        for _ in 0..root.children {
            let before = rest;
            let leaves = skip(&mut rest).ok_or("its schema ends too early")?;
            let own = before.get(..before.len() - rest.len()).unwrap_or_default();
            let name = own.first().map_or("", |element| element.name);
            match leaf_of(own) {
                Ok((physical, full, place)) => self.leaves.push(Leaf { name: name.to_owned(), number, physical, full, place }),
                Err(reason) => self.left_out.push((name.to_owned(), format!("The column \"{name}\" {reason} and is not read."))),
            }
            number += leaves;
        }
        if rest.is_empty() { Ok(number) } else { Err(format!("{} elements of its schema are left over", rest.len())) }
    }
}

/// Takes an element and all below it, and counts its leaves. Not by recursion: a schema may be deep.
fn skip(rest: &mut &[Element<'_>]) -> Option<usize> {
    let (mut open, mut leaves) = (1_usize, 0);
    while open > 0 {
        let element = rest.split_off_first()?;
        leaves += usize::from(element.children == 0);
        open = open.checked_sub(1)?.checked_add(element.children).filter(|open| *open <= MOST_ELEMENTS)?;
    }
    Some(leaves)
}

/// The one leaf of a column: how it is stored, and its levels.
fn leaf_of(elements: &[Element<'_>]) -> Result<(Physical, u32, Option<u32>), String> {
    let (Some(leaf), true) = (elements.last(), elements.iter().rev().skip(1).all(|element| element.children == 1)) else {
        return Err("is a structure".to_owned());
    };
    match elements.iter().filter(|element| element.repetition == 2).count() {
        0 if elements.len() == 1 => {}
        // A list is a group that holds a repeated value, or a repeated group of one value; very old ones are a repeated value alone.
        1 if elements.len() <= 3 => {}
        0 | 1 => return Err("is a structure".to_owned()),
        _ => return Err("holds lists in lists".to_owned()),
    }
    let (mut level, mut place) = (0, None);
    for element in elements {
        level += u32::from(element.repetition != 0);
        if element.repetition == 2 {
            place = Some(level);
        }
    }
    Ok((leaf.physical.clone()?, level, place))
}

impl<'a> Element<'a> {
    fn parse(element: &Struct<'a>) -> Option<Self> {
        let children = element.count(5).unwrap_or(0);
        Some(Self { name: element.text(4)?, children, repetition: element.int(3).unwrap_or(0), physical: physical(element) })
    }
}

fn physical(element: &Struct<'_>) -> Result<Physical, String> {
    let logical = element.structure(10);
    let has = |number: i16| logical.is_some_and(|logical| logical.structure(number).is_some());
    let converted = element.int(6);
    if converted == Some(5) || has(5) {
        return Err("holds decimal numbers".to_owned());
    }
    // An integer's sign: of the newer annotation, or the older.
    let integer = logical.and_then(|logical| logical.structure(10));
    let signed = integer.map_or(!matches!(converted, Some(11..=14)), |integer| integer.bool(2).unwrap_or(true));
    match element.int(1) {
        Some(0) => Ok(Physical::Bool),
        Some(1) => Ok(Physical::Int32 { signed }),
        Some(2) => Ok(Physical::Int64 { signed }),
        Some(4) => Ok(Physical::Float),
        Some(5) => Ok(Physical::Double),
        Some(6) => Ok(Physical::Text),
        Some(3) => Err("holds 96-bit times".to_owned()),
        Some(7) => Err("holds bytes of a fixed number".to_owned()),
        _ => Err("has no known type".to_owned()),
    }
}

impl Chunk {
    fn parse(chunk: &Struct<'_>) -> Option<Self> {
        // A chunk in another file is none that is here.
        if chunk.text(1).is_some_and(|path| !path.is_empty()) {
            return None;
        }
        let meta = chunk.structure(3)?;
        let data = u64::try_from(meta.int(9)?).ok()?;
        // Some writers say 0 where there is no dictionary.
        let dictionary = meta.int(11).and_then(|at| u64::try_from(at).ok()).filter(|at| *at > 0);
        let len = u64::try_from(meta.int(7)?).ok()?;
        let start = dictionary.map_or(data, |dictionary| dictionary.min(data));
        start.checked_add(len)?;
        Some(Self { start, len, codec: meta.int(4)?, values: meta.count(5)? })
    }
}
