//! Thrift's compact protocol, as far as Parquet's metadata use it: into a tree of values, whose members are numbered.

/// How deep structures may lie in each other.
const MOST_DEPTH: usize = 32;

/// A value.
#[derive(Debug, PartialEq)]
pub(super) enum Value<'a> {
    Bool(bool),
    Int(i64),
    /// Doubles, sets and maps, of which Parquet's needed metadata have none.
    Other,
    Bytes(&'a [u8]),
    List(Vec<Value<'a>>),
    Struct(Struct<'a>),
}

/// Members by number.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Struct<'a>(Vec<(i16, Value<'a>)>);

impl<'a> Struct<'a> {
    /// Reads a structure from the front of `input`; `None` where it is none.
    pub(super) fn read(input: &mut &'a [u8]) -> Option<Self> {
        read_struct(input, MOST_DEPTH)
    }

    fn get(&self, number: i16) -> Option<&Value<'a>> {
        self.0.iter().find(|(own, _)| *own == number).map(|(_, value)| value)
    }

    pub(super) fn int(&self, number: i16) -> Option<i64> {
        if let Value::Int(n) = self.get(number)? { Some(*n) } else { None }
    }

    /// A number that counts something.
    pub(super) fn count(&self, number: i16) -> Option<usize> {
        usize::try_from(self.int(number)?).ok()
    }

    pub(super) fn bool(&self, number: i16) -> Option<bool> {
        if let Value::Bool(is) = self.get(number)? { Some(*is) } else { None }
    }

    pub(super) fn text(&self, number: i16) -> Option<&'a str> {
        if let Value::Bytes(bytes) = self.get(number)? { std::str::from_utf8(bytes).ok() } else { None }
    }

    pub(super) fn structure(&self, number: i16) -> Option<&Self> {
        if let Value::Struct(structure) = self.get(number)? { Some(structure) } else { None }
    }

    /// The structures of a list.
    pub(super) fn structures(&self, number: i16) -> Option<impl Iterator<Item = Option<&Self>>> {
        let Value::List(list) = self.get(number)? else { return None };
        Some(list.iter().map(|value| if let Value::Struct(structure) = value { Some(structure) } else { None }))
    }
}

fn read_struct<'a>(input: &mut &'a [u8], depth: usize) -> Option<Struct<'a>> {
    let depth = depth.checked_sub(1)?;
    let mut members = Vec::new();
    let mut number = 0_i16;
    loop {
        let head = *input.split_off_first()?;
        if head == 0 {
            return Some(Struct(members));
        }
        number = match head >> 4 {
            0 => i16::try_from(zigzag(varint(input)?)).ok()?,
            step => number.checked_add(i16::from(step))?,
        };
        let value = match head & 15 {
            1 => Value::Bool(true),
            2 => Value::Bool(false),
            kind => read_value(input, kind, depth)?,
        };
        members.push((number, value));
    }
}

fn read_value<'a>(input: &mut &'a [u8], kind: u8, depth: usize) -> Option<Value<'a>> {
    Some(match kind {
        // In lists, a truth is a byte of its own.
        1 | 2 => Value::Bool(*input.split_off_first()? == 1),
        3 => Value::Int(i64::from(input.split_off_first()?.cast_signed())),
        4..=6 => Value::Int(zigzag(varint(input)?)),
        7 => {
            input.split_off(..8)?;
            Value::Other
        }
        8 => {
            let len = usize::try_from(varint(input)?).ok()?;
            Value::Bytes(input.split_off(..len)?)
        }
        9 | 10 => Value::List(read_list(input, depth)?),
        11 => {
            let count = varint(input)?;
            if count > 0 {
                let kinds = *input.split_off_first()?;
                let depth = depth.checked_sub(1)?;
                for _ in 0..count {
                    read_value(input, kinds >> 4, depth)?;
                    read_value(input, kinds & 15, depth)?;
                }
            }
            Value::Other
        }
        12 => Value::Struct(read_struct(input, depth)?),
        _ => return None,
    })
}

fn read_list<'a>(input: &mut &'a [u8], depth: usize) -> Option<Vec<Value<'a>>> {
    let depth = depth.checked_sub(1)?;
    let head = *input.split_off_first()?;
    let count = if head >> 4 == 15 { varint(input)? } else { u64::from(head >> 4) };
    // Every value takes a byte at least.
    let count = usize::try_from(count).ok().filter(|count| *count <= input.len())?;
    (0..count).map(|_| read_value(input, head & 15, depth)).collect()
}

/// Seven bits a byte, the lowest first.
pub(super) fn varint(input: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *input.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// A number whose lowest bit is its sign.
pub(super) fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_members_by_number() {
        // 1: -3 (zigzag), 3: true, 20: "ab", 21: [5, 6], 22: { 1: 7 }
        let bytes = [0x15, 0x05, 0x21, 0x08, 0x28, 0x02, b'a', b'b', 0x19, 0x25, 0x0a, 0x0c, 0x1c, 0x15, 0x0e, 0x00, 0x00, 0xff];
        let mut input = &bytes[..];
        let read = Struct::read(&mut input).unwrap();
        assert_eq!(input, [0xff], "no further than its end");
        assert_eq!((read.int(1), read.bool(3), read.text(20)), (Some(-3), Some(true), Some("ab")));
        assert_eq!(read.get(21), Some(&Value::List(vec![Value::Int(5), Value::Int(6)])));
        assert_eq!(read.structure(22).unwrap().int(1), Some(7));
        assert_eq!(read.int(2), None);
    }

    #[test]
    fn lists_and_depths_are_bounded() {
        // A list of 2³⁵ values in no bytes.
        assert!(Struct::read(&mut &[0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x00][..]).is_none());
        assert!(Struct::read(&mut &[0x1c; 10_000][..]).is_none());
        assert!(Struct::read(&mut &[0x19; 10_000][..]).is_none());
    }

    proptest! {
        #[test]
        fn never_panics(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
            _ = Struct::read(&mut &noise[..]);
        }
    }
}
