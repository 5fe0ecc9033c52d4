//! Makes chunks when they are asked for, and keeps those asked for last.
//!
//! Up to voxels of 16 nm a chunk is the phantom itself at that voxel size: its value at the centre of each voxel, texture
//! and noise as a microscope with such voxels would have them. Coarser chunks would take it seconds, and are its view from
//! afar: thick neurites over grey up to 256 nm, grey noise beyond (`Phantom::fill_from_afar` says what they show).
//! Image and labels are made together, since they cost no more than one.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result, anyhow};
use neurolume::phantom::{Phantom, PhantomParams};

use super::made::Made;
use super::pyramid::{Place, voxel_nm};
use crate::neuroglancer::{compressed_segmentation, jpeg};
use crate::volume::Volume;

/// Levels that are the phantom itself.
const EXACT_LEVELS: usize = 2;
const KEPT_BYTES: usize = 256 << 20;
/// Each holds neurites of a hundred megabytes or so.
const KEPT_SEEDS: usize = 2;

/// A chunk, encoded as image and as labels.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) image: Vec<u8>,
    pub(super) labels: Vec<u8>,
}

/// What a chunk is made from. The size of the volume is not part of it, so volumes of one seed share chunks.
type Key = (u64, Place);

#[derive(Debug)]
pub(super) struct Chunks {
    made: Made<Key, Chunk>,
    tissues: Mutex<Vec<Arc<Tissue>>>,
}

impl Default for Chunks {
    fn default() -> Self {
        Self { made: Made::new(KEPT_BYTES, |chunk| chunk.image.len() + chunk.labels.len()), tissues: Mutex::default() }
    }
}

impl Chunks {
    /// A chunk, kept or made now.
    ///
    /// # Errors
    /// A chunk that cannot be encoded.
    pub(super) fn get(&self, seed: u64, place: Place) -> Result<Arc<Chunk>> {
        self.made.get((seed, place), || self.tissue(seed).make(place))
    }

    /// The phantoms of a seed; of others, those asked for last are kept.
    fn tissue(&self, seed: u64) -> Arc<Tissue> {
        let mut tissues = self.tissues.lock().unwrap_or_else(PoisonError::into_inner);
        let tissue = match tissues.iter().position(|tissue| tissue.seed == seed) {
            Some(at) => tissues.remove(at),
            None => Arc::new(Tissue { seed, levels: Default::default() }),
        };
        tissues.insert(0, Arc::clone(&tissue));
        tissues.truncate(KEPT_SEEDS);
        tissue
    }
}

/// The phantoms of a seed, one for each level that is exact.
#[derive(Debug)]
struct Tissue {
    seed: u64,
    levels: [OnceLock<Phantom>; EXACT_LEVELS],
}

impl Tissue {
    fn make(&self, place: Place) -> Result<Chunk> {
        let (image, labels) = self.voxels(place)?;
        Ok(Chunk { image: jpeg(&image)?, labels: compressed_segmentation::encode(&labels)? })
    }

    fn voxels(&self, place: Place) -> Result<(Volume<u8>, Volume<u64>)> {
        let (mut image, mut labels) = (Volume::new(place.shape), Volume::new(place.shape));
        let [x, y, z] = place.min.map(i64::try_from);
        let [w, h, d] = place.shape.map(u32::try_from);
        let (min, shape) = ([x?, y?, z?], [w?, h?, d?]);
        if place.level < EXACT_LEVELS {
            self.phantom(place.level)?.fill(min, shape, &mut image.voxels, &mut labels.voxels)?;
        } else {
            let nm = voxel_nm(place.level);
            self.phantom(0)?.fill_from_afar(nm, min, shape, &mut image.voxels, &mut labels.voxels)?;
        }
        Ok((image, labels))
    }

    /// The phantom of a level, prepared when it is first asked for.
    fn phantom(&self, level: usize) -> Result<&Phantom> {
        let slot = self.levels.get(level).ok_or_else(|| anyhow!("level {level} has no phantom of its own"))?;
        if slot.get().is_none() {
            let voxel_size_nm = [voxel_nm(level); 3];
            let phantom = if level == 0 {
                Phantom::new(PhantomParams { seed: self.seed, voxel_size_nm })?
            } else {
                self.phantom(0)?.at_voxel_size(voxel_size_nm)?
            };
            // Where two threads have prepared one, the first stays.
            let _ = slot.set(phantom);
        }
        slot.get().context("a phantom that was just prepared")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_ask_for_one_chunk_get_the_same() {
        let chunks = Chunks::default();
        let place = Place { level: 6, min: [0; 3], shape: [16; 3] };
        let made: Vec<Arc<Chunk>> = std::thread::scope(|scope| {
            [(); 4].map(|()| scope.spawn(|| chunks.get(1, place).unwrap())).map(|it| it.join().unwrap()).to_vec()
        });
        assert!(made.iter().all(|chunk| Arc::ptr_eq(chunk, &made[0])));
    }

    #[test]
    fn few_seeds_are_kept() {
        let chunks = Chunks::default();
        for seed in [1, 2, 1, 3] {
            chunks.tissue(seed);
        }
        assert_eq!(chunks.tissues.lock().unwrap().iter().map(|tissue| tissue.seed).collect::<Vec<_>>(), [3, 1]);
    }
}
