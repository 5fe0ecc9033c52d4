//! The procedural neuropil: boxes agree, and the ground truth is true of the voxels.
#![cfg(feature = "phantom")]

use neurolume::phantom::{Buffers, Phantom, PhantomParams};
use proptest::prelude::*;

fn phantom() -> &'static Phantom {
    static SHARED: std::sync::OnceLock<Phantom> = std::sync::OnceLock::new();
    SHARED.get_or_init(|| Phantom::new(PhantomParams::default()).unwrap())
}

fn filled(phantom: &Phantom, min: [i64; 3], shape: [u32; 3]) -> (Vec<u8>, Vec<u64>) {
    let voxels = shape.iter().map(|&n| n as usize).product();
    let (mut image, mut labels) = (vec![0; voxels], vec![0; voxels]);
    phantom.fill(min, shape, &mut image, &mut labels).unwrap();
    (image, labels)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Any two boxes agree where they overlap, also across the borders of blocks and tiles.
    #[test]
    fn boxes_agree(corner in prop::array::uniform3(470i64..500), inner in prop::array::uniform3(0i64..24), shape in prop::array::uniform3(1u32..20)) {
        let outer = filled(phantom(), corner, [44; 3]);
        let min = [corner[0] + inner[0], corner[1] + inner[1], corner[2] + inner[2]];
        let (image, labels) = filled(phantom(), min, shape);
        let mut i = 0;
        for z in 0..shape[2] as usize {
            for y in 0..shape[1] as usize {
                for x in 0..shape[0] as usize {
                    let o = inner[0] as usize + x + 44 * (inner[1] as usize + y + 44 * (inner[2] as usize + z));
                    prop_assert_eq!((outer.0[o], outer.1[o]), (image[i], labels[i]));
                    i += 1;
                }
            }
        }
    }
}

#[test]
fn one_voxel_equals_its_box() {
    let (image, labels) = filled(phantom(), [-5, -5, -5], [10; 3]);
    for (i, at) in [(0, [-5, -5, -5]), (999, [4, 4, 4]), (5 + 10 * (5 + 10 * 5), [0, 0, 0])] {
        assert_eq!(phantom().voxel(at).unwrap(), (image[i], labels[i]));
    }
}

#[test]
fn wrong_requests_are_refused() {
    let phantom = phantom();
    assert!(phantom.fill([0; 3], [2; 3], &mut [0; 7], &mut [0; 8]).is_err());
    assert!(phantom.voxel([i64::MAX, 0, 0]).is_err());
    assert!(phantom.voxel([i64::MIN, 0, 0]).is_err());
    assert!(Phantom::new(PhantomParams { seed: 1, voxel_size_nm: [8.0, f64::NAN, 8.0] }).is_err());
    assert!(phantom.fill_all([0; 3], [0, 5, 5], &mut Buffers::default()).is_ok());
}
