//! Coarser voxels from finer ones: what a level of a pyramid is made with.
//!
//! Numbers are averaged. Whole numbers are rounded to the nearest, halves to even, as TensorStore does: to cut fractions off, as tinybrain
//! does, makes an image darker with every level. Labels take the value that occurs most; of those that occur equally often, the smallest that is not
//! zero, so that thin things do not vanish into what surrounds them. A cell that the block's upper face cuts counts the voxels that it has.

use super::{DataType, VoxelBlock};

/// The most voxels of one cell: sums stay exact.
const MOST_VOXELS: u64 = 1 << 16;

/// A block of one voxel for each cell of `factors` (x, y, z) voxels, from the block's lower corner; with `labels` by their mode, else by their mean.
///
/// `None` for a factor of zero, cells of more than 65 536 voxels, a block that does not hold what its shape says, and where there is no memory.
#[must_use]
pub fn downsample(block: &VoxelBlock, factors: [u32; 3], labels: bool) -> Option<VoxelBlock> {
    let cell = factors.iter().map(|&factor| u64::from(factor)).try_fold(1_u64, u64::checked_mul)?;
    if cell == 0 || cell > MOST_VOXELS || VoxelBlock::byte_len(block.data_type, block.shape)? != block.data.len() {
        return None;
    }
    let shape = std::array::from_fn(|axis| block.shape[axis].div_ceil(factors[axis]));
    let mut out = VoxelBlock::filled(block.data_type, shape, 0)?;
    if out.data.is_empty() {
        return Some(out);
    }
    let grid = Grid { shape: block.shape.map(|n| n as usize), factors: factors.map(|n| n as usize) };
    match (labels, block.data_type) {
        (true, DataType::Uint8 | DataType::Int8) => mode::<u8, 1>(grid, &block.data, &mut out.data),
        (true, DataType::Uint16 | DataType::Int16) => mode::<u16, 2>(grid, &block.data, &mut out.data),
        (true, DataType::Uint32 | DataType::Int32 | DataType::Float32) => mode::<u32, 4>(grid, &block.data, &mut out.data),
        (true, DataType::Uint64 | DataType::Int64 | DataType::Float64) => mode::<u64, 8>(grid, &block.data, &mut out.data),
        (false, DataType::Uint8) => mean::<u8, 1>(grid, &block.data, &mut out.data),
        (false, DataType::Int8) => mean::<i8, 1>(grid, &block.data, &mut out.data),
        (false, DataType::Uint16) => mean::<u16, 2>(grid, &block.data, &mut out.data),
        (false, DataType::Int16) => mean::<i16, 2>(grid, &block.data, &mut out.data),
        (false, DataType::Uint32) => mean::<u32, 4>(grid, &block.data, &mut out.data),
        (false, DataType::Int32) => mean::<i32, 4>(grid, &block.data, &mut out.data),
        (false, DataType::Uint64) => mean::<u64, 8>(grid, &block.data, &mut out.data),
        (false, DataType::Int64) => mean::<i64, 8>(grid, &block.data, &mut out.data),
        (false, DataType::Float32) => mean::<f32, 4>(grid, &block.data, &mut out.data),
        (false, DataType::Float64) => mean::<f64, 8>(grid, &block.data, &mut out.data),
    }
    Some(out)
}

/// Where the cells of a block are.
#[derive(Clone, Copy)]
struct Grid {
    shape: [usize; 3],
    factors: [usize; 3],
}

impl Grid {
    /// For each row of cells along x, in order, the rows of voxels that it covers.
    fn rows(self) -> impl Iterator<Item = impl Iterator<Item = usize> + Clone> {
        let [[_, height, depth], [_, by_y, by_z]] = [self.shape, self.factors];
        (0..depth).step_by(by_z).flat_map(move |z| {
            (0..height).step_by(by_y).map(move |y| {
                let ys = y..(y + by_y).min(height);
                (z..(z + by_z).min(depth)).flat_map(move |z| ys.clone().map(move |y| y + height * z))
            })
        })
    }
}

/// One voxel of `N` bytes.
trait Voxel<const N: usize>: Copy {
    /// What sums of voxels are held in, without loss for whole numbers.
    type Sum: Copy + Default;

    fn from_bytes(bytes: [u8; N]) -> Self;
    fn to_bytes(self) -> [u8; N];
    fn add(self, sum: Self::Sum) -> Self::Sum;
    /// The mean of as many voxels.
    fn mean(sum: Self::Sum, count: u32) -> Self;
}

macro_rules! whole {
    ($($voxel:ty, $bytes:literal, $sum:ty;)*) => {$(
        impl Voxel<$bytes> for $voxel {
            type Sum = $sum;

            fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self::from_le_bytes(bytes)
            }

            fn to_bytes(self) -> [u8; $bytes] {
                self.to_le_bytes()
            }

            #[inline(always)]
            fn add(self, sum: $sum) -> $sum {
                sum + <$sum>::from(self)
            }

            #[inline(always)]
            #[expect(clippy::cast_possible_truncation, reason = "a mean is no greater than the greatest of what it is of")]
            #[allow(clippy::cast_sign_loss, clippy::cast_lossless, clippy::allow_attributes, reason = "of signed types alone")]
            fn mean(sum: $sum, count: u32) -> Self {
                if count.is_power_of_two() {
                    // Halves go to even: the quotient's last bit makes the difference.
                    let shift = count.trailing_zeros();
                    let odd = (sum >> shift) & 1;
                    let half = <$sum>::from(count / 2);
                    return if count == 1 { sum as Self } else { ((sum + half - 1 + odd) >> shift) as Self };
                }
                let count = <$sum>::from(count);
                let (quotient, twice) = (sum.div_euclid(count), sum.rem_euclid(count) * 2);
                (if twice > count || (twice == count && quotient & 1 == 1) { quotient + 1 } else { quotient }) as Self
            }
        }
    )*};
}

whole! {
    u8, 1, u32;
    u16, 2, u32;
    i8, 1, i64;
    i16, 2, i64;
    u32, 4, u64;
    i32, 4, i64;
    u64, 8, u128;
    i64, 8, i128;
}

macro_rules! float {
    ($($voxel:ty, $bytes:literal;)*) => {$(
        impl Voxel<$bytes> for $voxel {
            type Sum = f64;

            fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self::from_le_bytes(bytes)
            }

            fn to_bytes(self) -> [u8; $bytes] {
                self.to_le_bytes()
            }

            #[inline(always)]
            fn add(self, sum: f64) -> f64 {
                sum + f64::from(self)
            }

            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, clippy::allow_attributes, reason = "the nearest float of the voxels' type")]
            fn mean(sum: f64, count: u32) -> Self {
                (sum / f64::from(count)) as Self
            }
        }
    )*};
}

float! {
    f32, 4;
    f64, 8;
}

/// Row of voxels `number`.
fn row<const N: usize>(data: &[u8], width: usize, number: usize) -> &[[u8; N]] {
    let (voxels, _) = data.get(number * width * N..(number + 1) * width * N).unwrap_or_default().as_chunks();
    voxels
}

fn mean<T: Voxel<N>, const N: usize>(grid: Grid, data: &[u8], out: &mut [u8]) {
    let [width, by_x] = [grid.shape[0], grid.factors[0]];
    let cells = width.div_ceil(by_x);
    let mut sums = vec![T::Sum::default(); cells];
    let (out, _) = out.as_chunks_mut::<N>();
    for (out, rows) in out.chunks_exact_mut(cells).zip(grid.rows()) {
        sums.fill(T::Sum::default());
        let mut row_count = 0;
        for number in rows {
            row_count += 1;
            let row = row::<N>(data, width, number);
            // The common case apart, for the compiler to unroll.
            if by_x == 2 {
                let (pairs, last) = row.as_chunks::<2>();
                for (sum, [a, b]) in sums.iter_mut().zip(pairs) {
                    *sum = T::from_bytes(*b).add(T::from_bytes(*a).add(*sum));
                }
                if let ([voxel], Some(sum)) = (last, sums.last_mut()) {
                    *sum = T::from_bytes(*voxel).add(*sum);
                }
            } else {
                for (sum, voxels) in sums.iter_mut().zip(row.chunks(by_x)) {
                    *sum = voxels.iter().fold(*sum, |sum, voxel| T::from_bytes(*voxel).add(sum));
                }
            }
        }
        let count = |voxels: usize| u32::try_from(voxels * row_count).unwrap_or(u32::MAX);
        let (whole, last) = (count(by_x), count(width - (cells - 1) * by_x));
        for (out, sum) in out.iter_mut().zip(&sums) {
            *out = T::mean(*sum, whole).to_bytes();
        }
        if last != whole
            && let (Some(out), Some(sum)) = (out.last_mut(), sums.last())
        {
            *out = T::mean(*sum, last).to_bytes();
        }
    }
}

fn mode<T: Voxel<N> + Ord + Default, const N: usize>(grid: Grid, data: &[u8], out: &mut [u8]) {
    let [width, by_x] = [grid.shape[0], grid.factors[0]];
    let cells = width.div_ceil(by_x);
    let mut values: Vec<T> = Vec::new();
    let (out, _) = out.as_chunks_mut::<N>();
    for (out, rows) in out.chunks_exact_mut(cells).zip(grid.rows()) {
        for (cell, out) in out.iter_mut().enumerate() {
            values.clear();
            for number in rows.clone() {
                let voxels = row::<N>(data, width, number).get(cell * by_x..((cell + 1) * by_x).min(width)).unwrap_or_default();
                values.extend(voxels.iter().map(|bytes| T::from_bytes(*bytes)));
            }
            *out = most_common(&mut values).to_bytes();
        }
    }
}

/// The value that occurs most; of several, the smallest that is not zero.
fn most_common<T: Copy + Ord + Default>(values: &mut [T]) -> T {
    let Some(&first) = values.first() else { return T::default() };
    // Most cells lie inside of one segment.
    if values.iter().all(|value| *value == first) {
        return first;
    }
    values.sort_unstable();
    let mut best = (0, T::default());
    for run in values.chunk_by(|a, b| a == b) {
        let value = run.first().copied().unwrap_or_default();
        if run.len() > best.0 || (run.len() == best.0 && best.1 == T::default()) {
            best = (run.len(), value);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(data_type: DataType, shape: [u32; 3], data: Vec<u8>) -> VoxelBlock {
        VoxelBlock { data_type, shape, data }
    }

    #[test]
    fn halves_go_to_even_whatever_the_sign_and_the_cell() {
        let mean = |values: [i8; 4]| {
            let data = values.map(i8::cast_unsigned).to_vec();
            downsample(&block(DataType::Int8, [2, 2, 1], data), [2, 2, 1], false).unwrap().data[0].cast_signed()
        };
        for (values, expected) in [
            ([0, 0, 1, 1], 0),
            ([1, 1, 2, 2], 2),
            ([0, 1, 1, 1], 1),
            ([0, 0, 0, 1], 0),
            ([0, 0, -1, -1], 0),
            ([-1, -1, -2, -2], -2),
            ([-2, -2, -3, -3], -2),
            ([-128, -128, -128, -128], -128),
            ([127, 127, 127, 127], 127),
        ] {
            assert_eq!(mean(values), expected, "{values:?}");
        }
        // Six voxels, of which three are one more: a half that no shift finds.
        let six = block(DataType::Uint16, [3, 2, 1], [5_u16, 5, 5, 6, 6, 6].iter().flat_map(|n| n.to_le_bytes()).collect());
        assert_eq!(downsample(&six, [3, 2, 1], false).unwrap().data, 6_u16.to_le_bytes());
    }

    #[test]
    fn sums_of_the_greatest_values_do_not_overflow() {
        for (data_type, bits) in [(DataType::Uint16, 0xffff), (DataType::Uint32, 0xffff_ffff), (DataType::Uint64, u64::MAX)] {
            let all = VoxelBlock::filled(data_type, [32, 32, 64], bits).unwrap();
            for factors in [[2; 3], [3; 3], [32, 32, 64]] {
                let out = downsample(&all, factors, false).unwrap();
                assert_eq!(out.bits([0; 3]), Some(bits), "{data_type:?} {factors:?}");
            }
        }
        assert_eq!(downsample(&VoxelBlock::filled(DataType::Uint8, [1; 3], 0).unwrap(), [1 << 10, 1 << 10, 1], false), None);
        assert_eq!(downsample(&VoxelBlock::filled(DataType::Uint8, [1; 3], 0).unwrap(), [1, 0, 1], false), None);
        assert_eq!(downsample(&block(DataType::Uint8, [2; 3], vec![0; 7]), [2; 3], false), None);
    }

    #[test]
    fn a_label_wins_by_count_and_then_by_being_small_but_not_zero() {
        for (values, expected) in
            [([0, 0, 7, 7], 7), ([9, 9, 7, 7], 7), ([0, 0, 0, 7], 0), ([3, 2, 1, 0], 1), ([5, 5, 5, 5], 5), ([0, 0, 9, 9], 9), ([0; 4], 0)]
        {
            let data = values.iter().flat_map(|n: &u64| n.to_le_bytes()).collect();
            let out = downsample(&block(DataType::Uint64, [2, 1, 2], data), [2, 2, 2], true).unwrap();
            assert_eq!((out.shape, out.bits([0; 3])), ([1; 3], Some(expected)), "{values:?}");
        }
    }

    #[test]
    fn cells_that_the_face_cuts_count_what_they_have() {
        let ramp = block(DataType::Uint8, [3, 3, 1], vec![0, 2, 10, 4, 6, 20, 30, 50, 7]);
        let out = downsample(&ramp, [2, 2, 2], false).unwrap();
        assert_eq!((out.shape, out.data), ([2, 2, 1], vec![3, 15, 40, 7]));
    }
}
