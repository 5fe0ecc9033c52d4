//! Huffman codes of a JPEG scan and the bits they are read from (ITU T.81, annexes C and F).
//!
//! The invariant that makes it fast: [`Bits`] reads data in which no byte is escaped and which zeros follow, so taking bits needs no
//! look at single bytes; and one look into a table gives most coefficients whole, their length, run and value.

/// Bits that one look into a table covers.
const LOOK_BITS: u32 = 11;
const LOOKS: usize = 1 << LOOK_BITS;
/// Bits that are there after [`Bits::refill`].
const REFILLED: u32 = 56;
/// How many looks need no refill between them.
pub(super) const LOOKS_PER_REFILL: u32 = REFILLED / LOOK_BITS;
/// Bytes that follow the data: what a refill may read past its last bit.
pub(super) const PADDING: usize = 16;

/// What a code's symbols mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// The size of a difference.
    Dc,
    /// A run of zeros and the size of the coefficient that ends it.
    Ac,
}

/// One coefficient, or what stands in place of one: 16 bits its value, 4 its run, 4 the size of a value that is yet to be read, 8 how
/// many bits to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look(u32);

impl Look {
    /// The next bits are no code, or the beginning of a longer one.
    const UNKNOWN: Self = Self(0);

    /// What a look finds whose first `len` bits are the code of a symbol, and whose other bits are `rest`.
    fn new(symbol: u8, len: u32, rest: u32) -> Self {
        let size = u32::from(symbol & 15);
        let run = u32::from(symbol >> 4) << 12;
        match (LOOK_BITS - len).checked_sub(size) {
            Some(unused) => Self(u32::from(extend(rest >> unused, size).cast_unsigned()) << 16 | run | (len + size)),
            None => Self(run | size << 8 | len),
        }
    }

    /// Not 0 where a coefficient is known whole.
    #[inline(always)]
    pub(super) fn value(self) -> i16 {
        (self.0 >> 16) as i16
    }

    /// Zeros before it.
    #[inline(always)]
    pub(super) fn run(self) -> usize {
        (self.0 >> 12 & 15) as usize
    }

    /// Bits of the value, where they are not among those looked at.
    #[inline(always)]
    pub(super) fn size(self) -> u32 {
        self.0 >> 8 & 15
    }

    /// Bits to take; 0 where the code is not known.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        self.0 & 63
    }
}

/// A Huffman code.
#[derive(Debug)]
pub(super) struct Code {
    looks: Box<[Look; LOOKS]>,
    /// By length less one: the first 16 bits that are past the codes of this length, and what to add to a code of this length to
    /// get its symbol's number.
    lengths: [(u32, i32); 16],
    symbols: [u8; 256],
}

impl Code {
    /// From how many codes there are of each length, and their symbols; `None` where no code is like that.
    pub(super) fn new(counts: &[u8; 16], listed: &[u8], class: Class) -> Option<Self> {
        let mut symbols = [0; 256];
        symbols.get_mut(..listed.len())?.copy_from_slice(listed);
        // 15 bits are the most that a difference has, whatever the process.
        if class == Class::Dc && listed.iter().any(|&symbol| symbol > 15) {
            return None;
        }
        let mut code = Self { looks: Box::new([Look::UNKNOWN; LOOKS]), lengths: [(0, 0); 16], symbols };
        let (mut next, mut number) = (0_u32, 0_u32);
        for ((bits, &count), length) in (1_u32..).zip(counts).zip(&mut code.lengths) {
            let first = next;
            next += u32::from(count);
            if next > 1 << bits {
                return None;
            }
            *length = (next << (16 - bits), number.cast_signed() - first.cast_signed());
            for prefix in first..next {
                let &symbol = listed.get(number as usize)?;
                number += 1;
                if bits <= LOOK_BITS {
                    let from = (prefix as usize) << (LOOK_BITS - bits);
                    let range = code.looks.get_mut(from..from + (1 << (LOOK_BITS - bits)))?;
                    (0_u32..).zip(range).for_each(|(rest, look)| *look = Look::new(symbol, bits, rest));
                }
            }
            next <<= 1;
        }
        Some(code)
    }

    /// What the next bits are, where few enough tell.
    #[inline(always)]
    pub(super) fn look(&self, bits: &Bits<'_>) -> Look {
        self.looks.get((bits.buffer >> (64 - LOOK_BITS)) as usize).copied().unwrap_or(Look::UNKNOWN)
    }

    /// Takes a run and a value bit by bit; `None` where the code has none that begins like this.
    #[cold]
    #[inline(never)]
    pub(super) fn take(&self, bits: &mut Bits<'_>) -> Option<(usize, i16)> {
        bits.refill()?;
        let next = bits.peek(16);
        let (len, &(_, offset)) = (1_u32..).zip(&self.lengths).find(|(_, (past, _))| next < *past)?;
        let number = (next >> (16 - len)).cast_signed().checked_add(offset)?;
        let &symbol = self.symbols.get(usize::try_from(number).ok()?)?;
        bits.skip(len);
        Some((usize::from(symbol >> 4), bits.value(u32::from(symbol & 15))))
    }
}

/// The value of a size that these bits stand for (figure F.12): those without the leading one are negative.
#[expect(clippy::cast_possible_truncation, reason = "a size of at most 15 bits")]
const fn extend(bits: u32, size: u32) -> i16 {
    let negative = size > 0 && bits >> (size - 1) == 0;
    (bits.cast_signed() - if negative { (1 << size) - 1 } else { 0 }) as i16
}

/// Bits of a scan, the first one uppermost.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    /// Without escapes, followed by [`PADDING`] zeros.
    data: &'a [u8],
    /// Of the first byte that is not counted as being in the buffer.
    at: usize,
    buffer: u64,
    /// How many of the buffer's bits are there; those below are either the next ones as well or zeros.
    held: u32,
}

impl<'a> Bits<'a> {
    /// The last [`PADDING`] bytes are no data.
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, buffer: 0, held: 0 }
    }

    /// Makes at least 56 bits be there; `None` where the data ended long ago.
    #[inline(always)]
    pub(super) fn refill(&mut self) -> Option<()> {
        let next = self.data.get(self.at..)?.first_chunk()?;
        self.buffer |= u64::from_be_bytes(*next) >> self.held;
        self.at += ((63 - self.held) >> 3) as usize;
        self.held |= REFILLED;
        Some(())
    }

    /// The next bits, at most 16, of those that are there.
    #[inline(always)]
    fn peek(&self, count: u32) -> u32 {
        // In two steps: a shift by 64 would be one by 0.
        (self.buffer >> 32 >> (32 - count)) as u32
    }

    /// Takes a value of this size.
    #[inline(always)]
    pub(super) fn value(&mut self, size: u32) -> i16 {
        let value = extend(self.peek(size), size);
        self.skip(size);
        value
    }

    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.buffer <<= count;
        self.held = self.held.wrapping_sub(count);
    }

    /// Bits that are left of the data; negative where padding was read.
    pub(super) fn left(&self) -> i64 {
        let [len, at] = [self.data.len().saturating_sub(PADDING), self.at].map(|bytes| bytes as i64 * 8);
        len - at + i64::from(self.held)
    }
}
