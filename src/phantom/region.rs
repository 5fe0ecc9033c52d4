//! Walks the blocks of a box, region by region, and narrows down which segments of a tile matter to each.
//!
//! Regions lie at fixed places, so that a block is given the same segments whatever box is walked.

use glam::DVec3;

use super::Phantom;
use super::hash::{floor, narrow, real};
use super::tile::{Segment, Span, TILE_NM, Tile, WARP_NM};

/// Blocks along the edge of a region; a power of two.
const REGION: i64 = 4;

/// Visits the blocks from `first` to `last` (indices, inclusive), each with the tile that holds its centre and the
/// tile's segments that may matter to it.
pub(super) fn each_block(phantom: &Phantom, first: [i64; 3], last: [i64; 3], visit: impl FnMut(&Tile, &[Segment], [i64; 3])) {
    let mut walk = Walk { block_nm: phantom.layout.block_nm(), first, last, visit };
    for region in every(first.map(|b| b.div_euclid(REGION)), last.map(|b| b.div_euclid(REGION))) {
        let low = region.map(|r| r * REGION);
        let bounds = [0, 1, 2].map(|a| (low[a].max(first[a]), (low[a] + REGION - 1).min(last[a])));
        for cell in every(walk.cell(bounds.map(|b| b.0)), walk.cell(bounds.map(|b| b.1))) {
            let tile = phantom.tile(cell);
            let near = tile.candidates(&walk.span(&tile, low, REGION));
            walk.descend(&tile, cell, &near, low, REGION);
        }
    }
}

struct Walk<F> {
    block_nm: DVec3,
    first: [i64; 3],
    last: [i64; 3],
    visit: F,
}

impl<F: FnMut(&Tile, &[Segment], [i64; 3])> Walk<F> {
    /// Visits the blocks of a cube of `span` blocks whose lowest is `low`.
    fn descend(&mut self, tile: &Tile, cell: [i64; 3], near: &[Segment], low: [i64; 3], span: i64) {
        if span == 1 {
            if self.cell(low) == cell {
                (self.visit)(tile, near, low);
            }
            return;
        }
        let half = span / 2;
        for child in every([0; 3], [1; 3]) {
            let low = [0, 1, 2].map(|a| low[a] + half * child[a]);
            if (0..3).all(|a| low[a] <= self.last[a] && low[a] + half > self.first[a]) {
                let near = self.span(tile, low, half).cull(near);
                self.descend(tile, cell, &near, low, half);
            }
        }
    }

    /// A box that holds the warped places of a cube of blocks.
    fn span(&self, tile: &Tile, low: [i64; 3], span: i64) -> Span {
        let size = self.block_nm * real(span);
        let centre = DVec3::from_array(low.map(real)) * self.block_nm + size * 0.5;
        Span { centre: narrow(centre - tile.corner), half: narrow(size * 0.5) + WARP_NM }
    }

    /// The tile that holds the centre of a block.
    fn cell(&self, block: [i64; 3]) -> [i64; 3] {
        ((DVec3::from_array(block.map(real)) + 0.5) * self.block_nm / TILE_NM).to_array().map(floor)
    }
}

/// All indices from `low` to `high`, inclusive, the first axis fastest.
fn every(low: [i64; 3], high: [i64; 3]) -> impl Iterator<Item = [i64; 3]> {
    (low[2]..=high[2]).flat_map(move |z| (low[1]..=high[1]).flat_map(move |y| (low[0]..=high[0]).map(move |x| [x, y, z])))
}
