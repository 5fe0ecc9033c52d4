//! The neuropil against real electron microscopy: greys, spectrum, membranes and sections.
//!
//! The images are read where they are present; of the real segmentation, which is stored as HDF5, the figures are
//! written down here, as numpy and scipy measured them.
#![cfg(all(feature = "phantom", not(target_arch = "wasm32")))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and its numbers are small"
)]

use std::f64::consts::TAU;
use std::fs::File;
use std::path::Path;

use neurolume::phantom::{Phantom, PhantomParams};

const EDGE: usize = 250;
const PLANES: usize = 8;
/// Voxel edge of the real volume, nm.
const VOXEL_NM: f64 = 10.0;
/// Share of voxels of a section with a 4-neighbour of another body (fib25-training2, all three axes, every 10th plane).
const REAL_BOUNDARY: f64 = 0.109;
/// Areas of 4-connected sections of at least 0.002 µm² (the same planes, 5504 sections), µm².
const REAL_AREA_MEAN: f64 = 0.0849;
const REAL_AREA_MEDIAN: f64 = 0.0214;
const LEAST_AREA: f64 = 0.002;

struct Plane {
    image: Vec<u8>,
    labels: Vec<u64>,
}

fn planes() -> &'static [Plane] {
    static SHARED: std::sync::OnceLock<Vec<Plane>> = std::sync::OnceLock::new();
    SHARED.get_or_init(|| {
        let phantom = Phantom::new(PhantomParams { seed: 1, voxel_size_nm: [VOXEL_NM; 3] }).unwrap();
        let draw = |i: usize| {
            let (mut image, mut labels) = (vec![0; EDGE * EDGE], vec![0; EDGE * EDGE]);
            phantom.fill([20, 20, 8 + 50 * i as i64], [EDGE as u32, EDGE as u32, 1], &mut image, &mut labels).unwrap();
            Plane { image, labels: without_gaps(labels) }
        };
        (0..PLANES).map(draw).collect()
    })
}

/// Every voxel of extracellular space takes a neighbour's label, as in the real segmentation, which has no gaps.
fn without_gaps(mut labels: Vec<u64>) -> Vec<u64> {
    while labels.contains(&0) {
        let before = labels.clone();
        for i in (0..labels.len()).filter(|&i| before[i] == 0) {
            labels[i] = neighbours(i).map(|n| before[n]).find(|&l| l != 0).unwrap_or(0);
        }
    }
    labels
}

fn neighbours(i: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (i % EDGE, i / EDGE);
    let candidates = [(x > 0).then(|| i - 1), (x + 1 < EDGE).then(|| i + 1), (y > 0).then(|| i - EDGE), (y + 1 < EDGE).then(|| i + EDGE)];
    candidates.into_iter().flatten()
}

fn real_planes() -> Option<Vec<Vec<u8>>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/em/fib25-training2/grayscale");
    if !dir.exists() {
        eprintln!("SKIPPED: {} is not there, so the phantom is not compared with real images", dir.display());
        return None;
    }
    let read = |i: usize| {
        let file = File::open(dir.join(format!("iso.{}.png", 2610 + 30 * i))).unwrap();
        let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
        let mut plane = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut plane).unwrap();
        plane
    };
    Some((0..PLANES).map(read).collect())
}

#[test]
fn greys_are_those_of_real_images() {
    let Some(real) = real_planes() else { return };
    let count = |planes: &mut dyn Iterator<Item = &Vec<u8>>| {
        let mut counts = [0.0; 256];
        planes.flatten().for_each(|&g| counts[usize::from(g)] += 1.0 / (PLANES * EDGE * EDGE) as f64);
        counts
    };
    let (real, ours) = (count(&mut real.iter()), count(&mut planes().iter().map(|p| &p.image)));
    let (mut lead, mut distance) = (0.0f64, 0.0);
    for (r, o) in real.iter().zip(&ours) {
        lead += r - o;
        distance += lead.abs();
    }
    println!("earth mover's distance {distance:.2}");
    assert!(distance < 12.0, "earth mover's distance {distance:.2} grey levels");
}

#[test]
fn spectrum_is_that_of_real_images() {
    let Some(real) = real_planes() else { return };
    let real = spectrum(real.iter());
    let ours = spectrum(planes().iter().map(|p| &p.image));
    let ratios: Vec<f64> = ours.iter().zip(&real).map(|(o, r)| o / r).collect();
    println!("power against real, 20 nm to 1 µm: {ratios:.2?}");
    assert!(ratios.iter().all(|r| (0.5..2.0).contains(r)), "power against real, 20 nm to 1 µm: {ratios:.2?}");
}

/// Mean power in ten bands of equal width in log wavelength from 20 nm to 1 µm, of windowed planes.
fn spectrum<'a>(planes: impl Iterator<Item = &'a Vec<u8>>) -> Vec<f64> {
    const BANDS: usize = 10;
    let window: Vec<f64> = (0..EDGE).map(|i| 0.5 - 0.5 * (TAU * i as f64 / (EDGE - 1) as f64).cos()).collect();
    let turn: Vec<(f64, f64)> = (0..EDGE).map(|i| (TAU * i as f64 / EDGE as f64).sin_cos()).collect();
    let (mut power, mut count) = ([0.0; BANDS], [0.0; BANDS]);
    for plane in planes {
        let mean = plane.iter().map(|&g| f64::from(g)).sum::<f64>() / plane.len() as f64;
        // Rows, then columns of the upper half of the frequencies.
        let mut rows = vec![(0.0, 0.0); EDGE * (EDGE / 2)];
        for y in 0..EDGE {
            for k in 0..EDGE / 2 {
                let mut sum = (0.0, 0.0);
                for x in 0..EDGE {
                    let value = (f64::from(plane[y * EDGE + x]) - mean) * window[x] * window[y];
                    let (sin, cos) = turn[k * x % EDGE];
                    sum = (sum.0 + value * cos, sum.1 - value * sin);
                }
                rows[y * (EDGE / 2) + k] = sum;
            }
        }
        for k in 0..EDGE / 2 {
            for l in 0..EDGE {
                let signed = if l < EDGE / 2 { l as f64 } else { l as f64 - EDGE as f64 };
                let wavelength = EDGE as f64 * VOXEL_NM / (k as f64).hypot(signed).max(1e-9);
                let band = (wavelength / 20.0).ln() / 50.0f64.ln() * BANDS as f64;
                if !(0.0..BANDS as f64).contains(&band) {
                    continue;
                }
                let mut sum = (0.0, 0.0);
                for y in 0..EDGE {
                    let (re, im) = rows[y * (EDGE / 2) + k];
                    let (sin, cos) = turn[l * y % EDGE];
                    sum = (sum.0 + re * cos + im * sin, sum.1 + im * cos - re * sin);
                }
                power[band as usize] += sum.0 * sum.0 + sum.1 * sum.1;
                count[band as usize] += 1.0;
            }
        }
    }
    power.iter().zip(&count).map(|(p, c)| p / f64::max(*c, 1.0)).collect()
}

#[test]
fn membranes_are_as_frequent_as_real_ones() {
    let boundary = |labels: &[u64]| (0..labels.len()).filter(|&i| neighbours(i).any(|n| labels[n] != labels[i])).count();
    let share = planes().iter().map(|p| boundary(&p.labels)).sum::<usize>() as f64 / (PLANES * EDGE * EDGE) as f64;
    println!("boundary {share:.4}, real {REAL_BOUNDARY}");
    assert!((REAL_BOUNDARY / 1.5..REAL_BOUNDARY * 1.5).contains(&share), "boundary {share:.4}, real {REAL_BOUNDARY}");
}

#[test]
fn sections_are_as_large_as_real_ones() {
    let mut areas: Vec<f64> = planes().iter().flat_map(|p| sections(&p.labels)).filter(|&a| a >= LEAST_AREA).collect();
    areas.sort_by(f64::total_cmp);
    let (mean, median) = (areas.iter().sum::<f64>() / areas.len() as f64, areas[areas.len() / 2]);
    println!("{} sections, mean {mean:.4} (real {REAL_AREA_MEAN}), median {median:.4} (real {REAL_AREA_MEDIAN}) µm²", areas.len());
    assert!((REAL_AREA_MEAN / 1.5..REAL_AREA_MEAN * 1.5).contains(&mean), "mean {mean:.4} µm²");
    assert!((REAL_AREA_MEDIAN / 1.5..REAL_AREA_MEDIAN * 1.5).contains(&median), "median {median:.4} µm²");
}

/// Areas of the 4-connected parts of a plane, µm².
fn sections(labels: &[u64]) -> Vec<f64> {
    let mut seen = vec![false; labels.len()];
    let mut areas = Vec::new();
    for start in 0..labels.len() {
        let (mut stack, mut voxels) = (vec![start], 0.0);
        while let Some(i) = stack.pop() {
            if !std::mem::replace(&mut seen[i], true) {
                voxels += 1.0;
                stack.extend(neighbours(i).filter(|&n| labels[n] == labels[i] && !seen[n]));
            }
        }
        if voxels > 0.0 {
            areas.push(voxels * VOXEL_NM * VOXEL_NM / 1e6);
        }
    }
    areas
}
