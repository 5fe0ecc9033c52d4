//! The procedural neuropil: boxes agree, and the ground truth is true of the voxels.
#![cfg(feature = "phantom")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and its numbers are small"
)]

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
    fn boxes_agree(corner in (470i64..500, 90i64..130, -40i64..-10).prop_map(<[i64; 3]>::from), inner in prop::array::uniform3(0i64..24), shape in prop::array::uniform3(1u32..20)) {
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

#[test]
fn another_voxel_size_is_the_same_whether_neurites_are_shared() {
    let size = [16.0, 16.0, 40.0];
    let alone = Phantom::new(PhantomParams { voxel_size_nm: size, ..PhantomParams::default() }).unwrap();
    let sharing = phantom().at_voxel_size(size).unwrap();
    assert_eq!(filled(&sharing, [3, 3, 3], [20; 3]), filled(&alone, [3, 3, 3], [20; 3]));
}

fn seen_from_afar(voxel_nm: f64, min: [i64; 3], shape: [u32; 3]) -> (Vec<u8>, Vec<u64>) {
    let voxels = shape.iter().map(|&n| n as usize).product();
    let (mut image, mut labels) = (vec![0; voxels], vec![0; voxels]);
    phantom().fill_from_afar(voxel_nm, min, shape, &mut image, &mut labels).unwrap();
    (image, labels)
}

/// At voxels of every kind: neurites settled, neurites as they grow, none.
#[test]
fn boxes_from_afar_agree() {
    for voxel_nm in [32.0, 256.0, 4096.0] {
        let outer = seen_from_afar(voxel_nm, [-9, 20, 300], [40, 41, 42]);
        let (image, labels) = seen_from_afar(voxel_nm, [1, 25, 320], [20, 10, 15]);
        for (i, inner) in image.into_iter().zip(labels).enumerate() {
            let at = [10 + i % 20, 5 + i / 20 % 10, 20 + i / 200];
            let o = at[0] + 40 * (at[1] + 41 * at[2]);
            assert_eq!(inner, (outer.0[o], outer.1[o]), "{voxel_nm} nm, {at:?}");
        }
        assert_eq!(outer.1.iter().any(|&label| label != 0), voxel_nm < 1000.0);
    }
}

#[test]
fn wrong_requests_from_afar_are_refused() {
    let ask = |voxel_nm, min, length| {
        let (mut image, mut labels) = (vec![0; length], vec![0; length]);
        phantom().fill_from_afar(voxel_nm, min, [2; 3], &mut image, &mut labels)
    };
    assert!(ask(32.0, [0; 3], 8).is_ok());
    assert!(ask(32.0, [0; 3], 7).is_err());
    assert!(ask(f64::NAN, [0; 3], 8).is_err());
    assert!(ask(0.5, [0; 3], 8).is_err());
    assert!(ask(32.0, [i64::MAX, 0, 0], 8).is_err());
    assert!(ask(32.0, [1 << 46, 0, 0], 8).is_err());
}

/// Ground truth of a box that crosses blocks.
struct Truth {
    min: [i64; 3],
    shape: [u32; 3],
    labels: Vec<u64>,
    mitochondria: Vec<u64>,
    clefts: Vec<u64>,
}

impl Truth {
    fn new() -> Self {
        let (min, shape) = ([-20, 30, 40], [160u32; 3]);
        let voxels = shape.iter().map(|&n| n as usize).product();
        let mut truth = Self { min, shape, labels: vec![0; voxels], mitochondria: vec![0; voxels], clefts: vec![0; voxels] };
        let mut buffers =
            Buffers { labels: &mut truth.labels, mitochondria: &mut truth.mitochondria, clefts: &mut truth.clefts, ..Buffers::default() };
        phantom().fill_all(min, shape, &mut buffers).unwrap();
        truth
    }

    /// Index of the voxel that holds a place, where it is in the box.
    fn at(&self, nm: [f64; 3]) -> Option<usize> {
        let mut index = 0;
        for axis in [2, 1, 0] {
            let voxel = (nm[axis] / 8.0).floor() as i64 - self.min[axis];
            if voxel < 0 || voxel >= i64::from(self.shape[axis]) {
                return None;
            }
            index = index * self.shape[axis] as usize + voxel as usize;
        }
        Some(index)
    }
}

#[test]
fn ground_truth_is_true_of_the_voxels() {
    let truth = Truth::new();
    let (min, shape) = (truth.min, truth.shape);

    let skeletons = phantom().skeletons(min, shape).unwrap();
    let nodes: usize = skeletons.iter().map(|s| s.nodes.len()).sum();
    assert!(nodes > 100, "{nodes} nodes");
    for skeleton in &skeletons {
        for node in &skeleton.nodes {
            let voxel = truth.at(node.at_nm).expect("nodes lie in the box");
            assert_eq!(truth.labels[voxel], skeleton.neuron, "a node of {} nm radius at {:?} nm", node.radius_nm, node.at_nm);
        }
        for parent in skeleton.nodes.iter().filter_map(|n| n.parent) {
            assert!((parent as usize) < skeleton.nodes.len());
        }
    }

    let synapses = phantom().synapses(min, shape).unwrap();
    assert!(!synapses.is_empty());
    let mut clefts = 0;
    for synapse in &synapses {
        assert!(!synapse.post.is_empty());
        for partner in std::iter::once(&synapse.pre).chain(&synapse.post) {
            if let Some(voxel) = truth.at(partner.at_nm) {
                assert_eq!(truth.labels[voxel], partner.neuron, "a partner at {:?} nm", partner.at_nm);
            }
        }
        assert!(synapse.post.iter().all(|p| p.neuron != synapse.pre.neuron));
        clefts += usize::from(truth.clefts.contains(&synapse.id));
    }
    assert!(clefts * 10 >= synapses.len() * 9, "{clefts} of {} synapses have a cleft", synapses.len());

    let mitochondria = phantom().mitochondria(min, shape).unwrap();
    let drawn: std::collections::BTreeSet<u64> = truth.mitochondria.iter().copied().filter(|&id| id != 0).collect();
    assert!(!drawn.is_empty());
    for (&id, &label) in truth.mitochondria.iter().zip(&truth.labels).filter(|(id, _)| **id != 0) {
        let shape = mitochondria.iter().find(|m| m.id == id).expect("every one drawn is listed");
        assert_eq!(shape.neuron, label, "mitochondrion {id}");
    }
    assert!(truth.labels.contains(&0), "there is extracellular space");
    assert!(truth.labels.iter().any(|&l| l > u64::from(u32::MAX)), "ids need 64 bits");
}

/// Filling in release on one core: `cargo test --release --test phantom -- --ignored --nocapture speed`.
#[test]
#[ignore = "a measurement, not a check"]
fn speed() {
    // Grows the neurites of the box.
    phantom().voxel([0; 3]).unwrap();
    let start = (std::time::Instant::now(), thread_seconds());
    filled(phantom(), [0; 3], [256; 3]);
    let wall = start.0.elapsed().as_secs_f64();
    let busy = start.1.zip(thread_seconds()).map_or(wall, |(from, to)| to - from);
    println!("{:.1} Mvoxel/s of the core's time, {:.1} by the clock", 16.777_216 / busy, 16.777_216 / wall);
}

/// How long this thread has run on a core, where Linux tells: other programs do not count.
fn thread_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}
