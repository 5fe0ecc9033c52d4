//! The neurites that compete in one brick of voxels: who owns each voxel, and how far it lies from the boundary.
//!
//! Distances are taken at lattice points and interpolated; each boundary's distance is how far a neurite leads over a
//! rival, divided by how fast that lead changes. Rivals add up, so that corners between three neurites are rounded.

use glam::{Vec3, Vec4};

use super::capsule::{Points, in_fours};
use super::lattice::{Expand, Layout, small};
use super::organelle::{Mitochondrion, SHOWS_NM};
use super::tile::{Leads, RIVAL_NM, Segment};

/// The lead changes by no less than this along the steepest way, so that a boundary stays thin.
const LEAST_SLOPE: f32 = 0.8;
/// No neurite competes: farther than any membrane shows.
pub(super) const FAR_NM: f32 = 120.0;

/// What shows in a brick, x fastest. Kept from brick to brick for its memory.
#[derive(Debug, Default)]
pub(super) struct Brick {
    points: Vec<Points>,
    /// The neurons that compete.
    pub(super) rivals: Vec<u32>,
    /// Per rival: gradient (x, y, z) and metric, at lattice points.
    leads: Vec<f32>,
    /// Per rival: how fast its lag behind the nearest other changes, squared, and its metric, at lattice points.
    lags: Vec<f32>,
    /// The same at voxels.
    fine: Vec<f32>,
    /// Index in `rivals` of each voxel's owner.
    pub(super) owner: Vec<f32>,
    /// Distance to the boundary of its owner, nm.
    pub(super) edge_nm: Vec<f32>,
    /// Mitochondria that show, and their distances at each voxel in turn.
    pub(super) mitochondria: Vec<u32>,
    pub(super) depths: Vec<f32>,
    /// The neuron of each, and the distances before they share what they overlap in.
    hosts: Vec<u32>,
    whole: Vec<f32>,
    coarse: Vec<f32>,
    expand: Expand,
}

impl Brick {
    /// Voxels of a brick, rounded up to fours.
    pub(super) fn voxels(layout: &Layout) -> usize {
        layout.brick.iter().product::<usize>().next_multiple_of(4)
    }

    /// `places` are the warped lattice points, `candidates` all segments that may matter, sorted by neuron.
    pub(super) fn fill(&mut self, layout: &Layout, places: &[Vec3], candidates: &[Segment], mitochondria: &[(u32, &Mitochondrion)]) {
        self.points.clear();
        self.points.extend(in_fours(places));
        self.compete(candidates);
        let voxels = Self::voxels(layout);
        self.owner.resize(voxels, 0.0);
        self.edge_nm.resize(voxels, FAR_NM);
        if self.rivals.len() > 1 {
            self.measure();
            let lattice = 4 * self.points.len();
            self.fine.resize(2 * voxels * self.rivals.len(), 0.0);
            for (coarse, fine) in self.lags.chunks_exact(lattice).zip(self.fine.chunks_exact_mut(voxels)) {
                self.expand.run(&coarse[..places.len()], layout.points(), layout.step, layout.brick, fine);
            }
            self.settle(voxels);
        }
        self.find_mitochondria(layout, places.len(), mitochondria, voxels);
    }

    /// The metric of each neuron at each lattice point; neurons that can never show are dropped.
    fn compete(&mut self, candidates: &[Segment]) {
        let fours = self.points.len();
        self.rivals.clear();
        self.leads.clear();
        let mut best = [Vec4::MAX; 256];
        for group in candidates.chunk_by(|a, b| a.neuron == b.neuron) {
            let start = self.leads.len();
            self.leads.resize(start + 16 * fours, 0.0);
            let mut shows = false;
            for (i, (at, best)) in self.points.iter().zip(&mut best).enumerate() {
                let mut least: Leads = [Vec4::MAX; 4];
                for segment in group {
                    segment.lead(at, &mut least);
                }
                shows |= least[3].cmple(*best + RIVAL_NM).any();
                *best = best.min(least[3]);
                for (part, value) in least.iter().enumerate() {
                    value.write_to_slice(&mut self.leads[start + 4 * (part * fours + i)..]);
                }
            }
            if shows {
                self.rivals.push(group[0].neuron);
            } else {
                self.leads.truncate(start);
            }
        }
        let mut kept = 0;
        for k in 0..self.rivals.len() {
            let metric = &self.leads[16 * fours * k + 12 * fours..][..4 * fours];
            let mut fours_of = metric.chunks_exact(4).map(Vec4::from_slice).zip(&best);
            if fours_of.any(|(m, b)| m.cmple(*b + RIVAL_NM).any()) {
                self.rivals[kept] = self.rivals[k];
                self.leads.copy_within(16 * fours * k..16 * fours * (k + 1), 16 * fours * kept);
                kept += 1;
            }
        }
        self.rivals.truncate(kept);
        self.leads.truncate(16 * fours * kept);
    }

    /// Finds, at each lattice point, how fast the lag of each neurite behind the nearest other changes.
    fn measure(&mut self) {
        let lattice = 4 * self.points.len();
        let count = self.rivals.len();
        self.lags.resize(2 * lattice * count, 0.0);
        for i in (0..lattice).step_by(4) {
            let load = |k: usize, part: usize| Vec4::from_slice(&self.leads[(4 * k + part) * lattice + i..]);
            // The nearest and the second, each with its gradient.
            let (mut best, mut second) = ([Vec4::MAX; 4], [Vec4::MAX; 4]);
            for k in 0..count {
                let lead = [0, 1, 2, 3].map(|part| load(k, part));
                let (first, next) = (lead[3].cmplt(best[3]), lead[3].cmplt(second[3]));
                for part in 0..4 {
                    second[part] = Vec4::select(first, best[part], Vec4::select(next, lead[part], second[part]));
                    best[part] = Vec4::select(first, lead[part], best[part]);
                }
            }
            for k in 0..count {
                let metric = load(k, 3);
                let own = metric.cmpeq(best[3]);
                let [x, y, z] = [0, 1, 2].map(|part| load(k, part) - Vec4::select(own, second[part], best[part]));
                let slope = (x * x + y * y + z * z).max(Vec4::splat(LEAST_SLOPE * LEAST_SLOPE));
                slope.write_to_slice(&mut self.lags[2 * k * lattice + i..]);
                metric.write_to_slice(&mut self.lags[(2 * k + 1) * lattice + i..]);
            }
        }
    }

    /// Owner and distance to the boundary of each voxel.
    fn settle(&mut self, voxels: usize) {
        const CUT: f32 = 1.0 / (RIVAL_NM * RIVAL_NM);
        let rivals = &self.fine[..2 * voxels * self.rivals.len()];
        for i in (0..voxels).step_by(4) {
            let (mut best, mut owner) = (Vec4::MAX, Vec4::ZERO);
            for (k, rival) in rivals.chunks_exact(2 * voxels).enumerate() {
                let metric = Vec4::from_slice(&rival[voxels + i..]);
                owner = Vec4::select(metric.cmplt(best), Vec4::splat(small(k)), owner);
                best = best.min(metric);
            }
            let mut near = Vec4::splat(1.0 / (FAR_NM * FAR_NM));
            for (k, rival) in rivals.chunks_exact(2 * voxels).enumerate() {
                let (slope, lag) = (Vec4::from_slice(&rival[i..]), Vec4::from_slice(&rival[voxels + i..]) - best);
                let closeness = slope * ((lag * lag + 0.01).recip() - CUT).max(Vec4::ZERO);
                near += Vec4::select(owner.cmpeq(Vec4::splat(small(k))), Vec4::ZERO, closeness);
            }
            owner.write_to_slice(&mut self.owner[i..]);
            near.sqrt().recip().write_to_slice(&mut self.edge_nm[i..]);
        }
    }

    fn find_mitochondria(&mut self, layout: &Layout, points: usize, candidates: &[(u32, &Mitochondrion)], voxels: usize) {
        self.mitochondria.clear();
        self.depths.clear();
        self.hosts.clear();
        for &(item, it) in candidates {
            self.coarse.clear();
            for at in &self.points {
                self.coarse.extend(it.metric(at).to_array());
            }
            if self.coarse.iter().any(|&depth| depth < SHOWS_NM) {
                let start = self.depths.len();
                self.depths.resize(start + voxels, 0.0);
                let fine = &mut self.depths[start..];
                self.expand.run(&self.coarse[..points], layout.points(), layout.step, layout.brick, fine);
                self.mitochondria.push(item);
                self.hosts.push(it.neuron);
            }
        }
        self.part(voxels);
    }

    /// Where mitochondria of a neurite overlap, each keeps what lies deeper in it than in the others.
    fn part(&mut self, voxels: usize) {
        if self.hosts.len() < 2 {
            return;
        }
        self.whole.clone_from(&self.depths);
        let bodies = || self.hosts.iter().zip(self.whole.chunks_exact(voxels)).enumerate();
        for ((k, (host, own)), parted) in bodies().zip(self.depths.chunks_exact_mut(voxels)) {
            for (_, (_, other)) in bodies().filter(|&(other, (its, _))| other != k && its == host) {
                for ((depth, own), other) in parted.iter_mut().zip(own).zip(other) {
                    *depth = depth.max(own - other);
                }
            }
        }
    }
}
