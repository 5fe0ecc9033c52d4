//! Reproducible randomness and arithmetic for the neuropil.
//!
//! Everything is built from integer mixing and the operations that IEEE 754 rounds exactly (`+ − × ÷ √ floor`), so
//! that native and wasm builds give the same volume bit for bit; the platform's `exp` and `sin` are not used.

use glam::{DVec3, Vec3};

/// Mixes 64 bits (the finalizer of SplitMix64).
pub(super) fn mix(value: u64) -> u64 {
    let a = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let b = (a ^ (a >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let c = (b ^ (b >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    c ^ (c >> 31)
}

/// Hashes a lattice position under a seed.
pub(super) fn mix_cell(seed: u64, cell: [i64; 3]) -> u64 {
    cell.iter().fold(seed, |hash, &c| mix(hash ^ c.cast_unsigned()))
}

/// A sequence of random numbers, a pure function of its seed.
#[derive(Debug, Clone)]
pub(super) struct Stream(u64);

impl Stream {
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x5851_f42d_4c95_7f2d))
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Uniform in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        unit_of(self.bits())
    }

    pub(super) fn range(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Mean 0, variance 1, bounded by ±2√3 (the sum of four uniforms).
    pub(super) fn normal(&mut self) -> f64 {
        const SQRT_3: f64 = 1.732_050_807_568_877_2;
        let sum = self.unit() + self.unit() + self.unit() + self.unit();
        (sum - 2.0) * SQRT_3
    }

    pub(super) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * exp(sigma * self.normal())
    }

    /// Uniform on the unit sphere.
    pub(super) fn direction(&mut self) -> DVec3 {
        loop {
            let p = DVec3::new(self.range(-1.0, 1.0), self.range(-1.0, 1.0), self.range(-1.0, 1.0));
            let square = p.length_squared();
            if square > 0.01 && square < 1.0 {
                return p / square.sqrt();
            }
        }
    }
}

/// The upper 53 bits as a number in [0, 1).
pub(super) fn unit_of(bits: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
    let mantissa = (bits >> 11) as f64;
    mantissa / 9_007_199_254_740_992.0
}

/// eˣ to about 1 % for |x| ≤ 3, by squaring.
pub(super) fn exp(x: f64) -> f64 {
    let mut value = 1.0 + x / 256.0;
    for _ in 0..8 {
        value *= value;
    }
    value
}

/// The integer below, for |x| far inside the range of `i64`. (`f64::floor` is a call on plain x86-64.)
pub(super) fn floor(x: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "an integer part; `as` saturates")]
    let whole = x as i64;
    whole - i64::from(real(whole) > x)
}

/// Exact below 2⁵³, which `PhantomParams` guarantees for positions.
pub(super) fn real(x: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "positions are bounded by 2^50")]
    let value = x as f64;
    value
}

/// A non-negative number that is known to be small, as an index.
pub(super) fn index(x: i64) -> usize {
    usize::try_from(x).unwrap_or(0)
}

/// An index that is known to be small, as 32 bits.
pub(super) fn short(x: usize) -> u32 {
    u32::try_from(x).unwrap_or(u32::MAX)
}

pub(super) fn narrow(v: DVec3) -> Vec3 {
    v.as_vec3()
}

pub(super) fn narrow1(x: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounding to f32 is meant")]
    let value = x as f32;
    value
}

/// Smooth noise with three independent channels of amplitude about ±1; `at` is in units of its lattice.
pub(super) fn noise3(seed: u64, at: DVec3) -> Vec3 {
    let cell = at.to_array().map(floor);
    let base = DVec3::from_array(cell.map(real));
    let f = narrow(at - base);
    let w = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
    let mut sum = Vec3::ZERO;
    for z in 0..2 {
        let wz = if z == 0 { 1.0 - w.z } else { w.z };
        for y in 0..2 {
            let wy = if y == 0 { 1.0 - w.y } else { w.y };
            let row = mix(seed
                ^ (cell[1] + y).cast_unsigned().wrapping_mul(0xd6e8_feb8_6659_fd93)
                ^ (cell[2] + z).cast_unsigned().wrapping_mul(0xa076_1d64_78bd_642f));
            for x in 0..2 {
                let wx = if x == 0 { 1.0 - w.x } else { w.x };
                let bits = mix(row ^ (cell[0] + x).cast_unsigned());
                sum += vector_of(bits) * (wx * wy * wz);
            }
        }
    }
    sum * 1.6
}

/// Three numbers in [−1, 1] from 63 bits.
fn vector_of(bits: u64) -> Vec3 {
    let part = |shift: u32| {
        #[expect(clippy::cast_precision_loss, reason = "21 bits fit an f32 exactly")]
        let value = ((bits >> shift) & 0x1f_ffff) as f32;
        value / 1_048_575.5 - 1.0
    };
    Vec3::new(part(0), part(21), part(42))
}
