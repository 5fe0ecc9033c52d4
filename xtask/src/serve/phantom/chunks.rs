//! Makes chunks when they are asked for, and keeps those asked for last.
//!
//! Up to voxels of 16 nm a chunk is the phantom itself at that voxel size: its value at the centre of each voxel, texture
//! and noise as a microscope with such voxels would have them. Coarser chunks would take it seconds, and are its view from
//! afar: thick neurites over grey up to 256 nm, grey noise beyond (`Phantom::fill_from_afar` says what they show).
//! Image and labels are made together, since they cost no more than one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::{Context, Result, anyhow};
use neurolume::phantom::{Phantom, PhantomParams};

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

#[derive(Debug, Default)]
pub(super) struct Chunks {
    kept: Mutex<Kept>,
    /// Told whenever a chunk has been made, or could not be.
    made: Condvar,
    tissues: Mutex<Vec<Arc<Tissue>>>,
}

#[derive(Debug, Default)]
struct Kept {
    by_key: HashMap<Key, (u64, Arc<Chunk>)>,
    /// Keys by when they were asked for last.
    by_use: BTreeMap<u64, Key>,
    uses: u64,
    bytes: usize,
    /// Chunks that another thread is making.
    making: HashSet<Key>,
}

impl Chunks {
    /// A chunk, kept or made now. Two that ask for the same one wait for one making.
    ///
    /// # Errors
    /// A chunk that cannot be encoded.
    pub(super) fn get(&self, seed: u64, place: Place) -> Result<Arc<Chunk>> {
        let key = (seed, place);
        let mut kept = self.lock();
        loop {
            if let Some(chunk) = kept.find(key) {
                return Ok(chunk);
            }
            if kept.making.insert(key) {
                break;
            }
            kept = self.made.wait(kept).unwrap_or_else(PoisonError::into_inner);
        }
        drop(kept);
        // Also when the making panics, so that nobody waits for ever.
        let _making = Making { chunks: self, key };
        let chunk = Arc::new(self.tissue(seed).make(place)?);
        self.lock().keep(key, Arc::clone(&chunk), KEPT_BYTES);
        Ok(chunk)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The mark that a chunk is being made.
struct Making<'a> {
    chunks: &'a Chunks,
    key: Key,
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        self.chunks.lock().making.remove(&self.key);
        self.chunks.made.notify_all();
    }
}

impl Kept {
    fn find(&mut self, key: Key) -> Option<Arc<Chunk>> {
        let (used, chunk) = self.by_key.get_mut(&key)?;
        self.by_use.remove(used);
        self.uses += 1;
        *used = self.uses;
        self.by_use.insert(self.uses, key);
        Some(Arc::clone(chunk))
    }

    /// Keeps a chunk, and drops those not asked for longest where that is too much.
    fn keep(&mut self, key: Key, chunk: Arc<Chunk>, limit: usize) {
        self.uses += 1;
        self.bytes += chunk.bytes();
        self.by_use.insert(self.uses, key);
        self.by_key.insert(key, (self.uses, chunk));
        while self.bytes > limit
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.bytes -= self.by_key.remove(&oldest).map_or(0, |(_, chunk)| chunk.bytes());
        }
    }
}

impl Chunk {
    fn bytes(&self) -> usize {
        self.image.len() + self.labels.len()
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

    fn chunk(bytes: usize) -> Arc<Chunk> {
        Arc::new(Chunk { image: vec![0; bytes], labels: Vec::new() })
    }

    #[test]
    fn the_chunk_not_asked_for_longest_goes_first() {
        let key = |level| (1, Place { level, min: [0; 3], shape: [64; 3] });
        let mut kept = Kept::default();
        kept.keep(key(0), chunk(40), 100);
        kept.keep(key(1), chunk(40), 100);
        assert!(kept.find(key(0)).is_some());
        kept.keep(key(2), chunk(40), 100);
        assert_eq!([0, 1, 2].map(|level| kept.find(key(level)).is_some()), [true, false, true]);
        assert_eq!((kept.bytes, kept.by_key.len(), kept.by_use.len()), (80, 2, 2));
        kept.keep(key(3), chunk(101), 100);
        assert_eq!((kept.bytes, kept.by_key.len(), kept.by_use.len()), (0, 0, 0));
    }

    #[test]
    fn threads_that_ask_for_one_chunk_get_the_same() {
        let chunks = Chunks::default();
        let place = Place { level: 6, min: [0; 3], shape: [16; 3] };
        let made: Vec<Arc<Chunk>> = std::thread::scope(|scope| {
            [(); 4].map(|()| scope.spawn(|| chunks.get(1, place).unwrap())).map(|it| it.join().unwrap()).to_vec()
        });
        assert!(made.iter().all(|chunk| Arc::ptr_eq(chunk, &made[0])));
        assert!(chunks.lock().making.is_empty());
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
