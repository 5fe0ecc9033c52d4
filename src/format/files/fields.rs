//! Numbers at fixed places of a header, in either byte order.

/// The bytes of a header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) little_endian: bool,
}

macro_rules! numbers {
    ($($name:ident),+) => { $(
        /// The number at this place; `None` where the header ends before it.
        pub(super) fn $name(&self, at: usize) -> Option<$name> {
            let bytes = *self.bytes.get(at..)?.first_chunk()?;
            Some(if self.little_endian { $name::from_le_bytes(bytes) } else { $name::from_be_bytes(bytes) })
        }
    )+ };
}

impl Fields<'_> {
    numbers!(i16, i32, i64, u16, u32, u64, f32, f64);
}
