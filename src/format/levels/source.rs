//! A volume with the levels that it lacked: where they are made, kept and read.

use std::cell::RefCell;
use std::rc::Rc;

use futures::future::{FutureExt, LocalBoxFuture, join_all};

use crate::format::{ChunkSource, FormatError, RegionKey, Selection, VolumeSpec};
use crate::geometry::VoxelBox;
use crate::runtime::Cancel;
use crate::store::StoreError;
use crate::store::scratch::{Hold, Scratch};
use crate::store::wrap::ByteLru;
use crate::voxel::{VoxelBlock, paste};

use super::make::make;
use super::plan::{MadeLevel, plan};
use super::region::{self, Index};

/// Memory for indices of regions.
const INDEX_BYTES: usize = 1 << 20;
/// The file that says what an entry is made of; an entry without it is of no use.
const SOURCE_FILE: &str = "source";
/// Files that are looked at together.
const AT_ONCE: usize = 16;

/// A volume and the levels that are made of it. A level can be read once all its regions are made.
pub struct WithLevels {
    inner: Rc<dyn ChunkSource>,
    spec: VolumeSpec,
    made: Vec<MadeLevel>,
    labels: bool,
    scratch: Rc<dyn Scratch>,
    entry: String,
    indices: RefCell<ByteLru<RegionKey, Rc<Index>>>,
    /// For as long as somebody may read.
    _hold: Hold,
}

impl std::fmt::Debug for WithLevels {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("WithLevels").field("entry", &self.entry).field("made", &self.made.len()).finish_non_exhaustive()
    }
}

impl WithLevels {
    /// The volume with its levels in an entry of scratch space, which is held; or the volume as it is, where it lacks none. `labels`: whether
    /// levels hold the mode of voxels and not their mean.
    ///
    /// # Errors
    /// Where the entry cannot be held.
    pub async fn new(inner: Rc<dyn ChunkSource>, scratch: Rc<dyn Scratch>, entry: &str, labels: bool) -> Result<Self, StoreError> {
        let made = plan(inner.spec());
        let mut spec = inner.spec().clone();
        spec.levels.extend(made.iter().map(|level| level.spec.clone()));
        let hold = scratch.hold(entry).await?;
        let indices = RefCell::new(ByteLru::new(INDEX_BYTES));
        Ok(Self { inner, spec, made, labels, scratch, entry: entry.to_owned(), indices, _hold: hold })
    }

    /// The entry's name.
    #[must_use]
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// The levels, finest first.
    pub fn made(&self) -> impl Iterator<Item = &MadeLevel> {
        self.made.iter()
    }

    /// All regions, in the order in which they can be made.
    #[must_use]
    pub fn regions(&self) -> Vec<RegionKey> {
        let mut regions = Vec::new();
        for (level, made) in (0_u32..).zip(&self.made) {
            for selection in 0..selections(&self.spec) {
                regions.extend(made.regions().map(|grid| RegionKey { level, selection, grid }));
            }
        }
        regions
    }

    /// How many regions there are, and how many bytes they hold before they are packed.
    #[must_use]
    pub fn size(&self) -> (u64, u64) {
        let per_selection = |size: u64| size.saturating_mul(u64::from(selections(&self.spec)));
        let regions = self.made.iter().map(|level| {
            let chunks = level.spec.grid_box().max;
            (0..3).map(|axis| chunks[axis].unsigned_abs().div_ceil(u64::from(level.region_chunks[axis]))).product::<u64>()
        });
        let voxels = self.made.iter().map(|level| level.spec.voxel_box.volume());
        let voxel_bytes = self.spec.data_type.size_bytes() as u64;
        (per_selection(regions.sum()), per_selection(voxels.sum()).saturating_mul(voxel_bytes))
    }

    /// Bytes of the voxels that must be read to make the levels.
    #[must_use]
    pub fn source_bytes(&self) -> u64 {
        let coarsest = self.inner.spec().levels.last().map_or(0, |level| level.voxel_box.volume());
        coarsest.saturating_mul(self.spec.data_type.size_bytes() as u64).saturating_mul(u64::from(selections(&self.spec)))
    }

    /// Those of the regions that are not made yet, or damaged. `identity` says what the volume was when they were made: where it was another,
    /// nothing of the entry is of use, and it is removed.
    ///
    /// # Errors
    /// Where scratch space cannot be read.
    pub async fn missing(&self, identity: &str) -> Result<Vec<RegionKey>, StoreError> {
        let files: rustc_hash::FxHashMap<String, u64> = self.scratch.files(&self.entry).await?.into_iter().collect();
        let same = match files.get(SOURCE_FILE) {
            Some(&len) if len == identity.len() as u64 => {
                self.scratch.read(&self.entry, SOURCE_FILE, 0..len).await?.is_some_and(|known| known == identity.as_bytes())
            }
            _ => false,
        };
        let mut regions = self.regions();
        if !same {
            if !files.is_empty() {
                self.scratch.remove(&self.entry, true).await?;
            }
            return Ok(regions);
        }
        let mut missing = Vec::new();
        for group in regions.chunks_mut(AT_ONCE) {
            let known = join_all(group.iter().map(|region| async {
                let size = files.get(&file_of(region))?;
                self.read_index(*region, *size).await.ok().flatten()
            }))
            .await;
            missing.extend(group.iter().zip(known).filter(|(_, index)| index.is_none()).map(|(region, _)| *region));
        }
        Ok(missing)
    }

    /// Says what the levels are made of. Comes before the first region.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn begin(&self, identity: &str) -> Result<(), StoreError> {
        self.scratch.write(&self.entry, SOURCE_FILE, 0, identity.as_bytes()).await
    }

    /// Makes and keeps a region. Those of the level below must have been made. Gives the length of its file.
    ///
    /// # Errors
    /// What it is made of cannot be read, or it cannot be written.
    pub async fn make(&self, key: RegionKey, cancel: &Cancel) -> Result<u64, FormatError> {
        let unknown = || FormatError::BadData { reason: format!("there is no region {key:?}"), url: self.entry.clone() };
        let level = usize::try_from(key.level).ok().and_then(|level| self.made.get(level)).ok_or_else(unknown)?;
        let selection = nth_selection(&self.spec, key.selection).ok_or_else(unknown)?;
        let from = self.inner.spec().levels.len() - 1 + key.level as usize;
        let voxels = level.region_box(key.grid);
        let block = make(self, from, level, voxels, self.labels, &selection, cancel).await?;
        let chunks = self.chunks(level, key.grid, &voxels, &block);
        let file = region::write(chunks.iter().map(Option::as_ref), self.labels);
        // Who has removed the entry wants no more of it.
        if cancel.is_cancelled() || self.scratch.size(&self.entry, SOURCE_FILE).await?.is_none() {
            return Err(StoreError::Cancelled.into());
        }
        self.scratch.write(&self.entry, &file_of(&key), 0, &file).await?;
        self.indices.borrow_mut().remove(&key);
        Ok(file.len() as u64)
    }

    /// The chunks of a region, in the order of their numbers.
    fn chunks(&self, level: &MadeLevel, region: [i64; 3], voxels: &VoxelBox, block: &VoxelBlock) -> Vec<Option<VoxelBlock>> {
        let counts = level.region_chunks.map(i64::from);
        let number = |n: usize| {
            let n = i64::try_from(n).unwrap_or(0);
            let place = [n % counts[0], n / counts[0] % counts[1], n / counts[0] / counts[1]];
            std::array::from_fn(|axis| region[axis] * counts[axis] + place[axis])
        };
        let cut = |n: usize| {
            let chunk_box = level.spec.chunk_box(number(n));
            let shape = shape_of(&chunk_box)?;
            let mut chunk = VoxelBlock::filled(block.data_type, shape, 0)?;
            paste(&mut chunk, &chunk_box, block, voxels);
            Some(chunk)
        };
        (0..level.chunks_per_region()).map(cut).collect()
    }

    /// Removes all that was made.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub async fn discard(&self) -> Result<(), StoreError> {
        self.indices.replace(ByteLru::new(INDEX_BYTES));
        self.scratch.remove(&self.entry, true).await.map(|_| ())
    }

    async fn read_index(&self, key: RegionKey, file_bytes: u64) -> Result<Option<Rc<Index>>, FormatError> {
        let Some(level) = usize::try_from(key.level).ok().and_then(|level| self.made.get(level)) else { return Ok(None) };
        let chunks = level.chunks_per_region();
        let damaged = |reason: &str| self.damaged(&key, reason);
        let start = Index::start(file_bytes, chunks).ok_or_else(|| damaged("it is too short"))?;
        let Some(tail) = self.scratch.read(&self.entry, &file_of(&key), start..file_bytes).await? else { return Ok(None) };
        let index = Rc::new(Index::read(&tail, chunks).map_err(damaged)?);
        self.indices.borrow_mut().insert(key, Rc::clone(&index), tail.len() + 64);
        Ok(Some(index))
    }

    async fn index(&self, key: RegionKey) -> Result<Option<Rc<Index>>, FormatError> {
        let known = self.indices.borrow_mut().get(&key);
        if known.is_some() {
            return Ok(known);
        }
        match self.scratch.size(&self.entry, &file_of(&key)).await? {
            Some(bytes) => self.read_index(key, bytes).await,
            None => Ok(None),
        }
    }

    async fn read_made(&self, level: usize, grid: [i64; 3], selection: &Selection) -> Result<Option<VoxelBlock>, FormatError> {
        let Some(made) = self.made.get(level) else { return Ok(None) };
        let chunk_box = made.spec.chunk_box(grid);
        let Some(shape) = shape_of(&chunk_box).filter(|_| !chunk_box.is_empty()) else { return Ok(None) };
        let (region, number) = made.place(grid);
        let key =
            RegionKey { level: u32::try_from(level).unwrap_or(u32::MAX), selection: selection_number(&self.spec, selection), grid: region };
        let gone = || self.damaged(&key, "it is not there any more");
        let index = self.index(key).await?.ok_or_else(gone)?;
        let (start, len, sum) = index.place(number).ok_or_else(gone)?;
        let end = start.checked_add(u64::from(len)).ok_or_else(gone)?;
        let bytes = self.scratch.read(&self.entry, &file_of(&key), start..end).await?.ok_or_else(gone)?;
        match region::read_chunk(&bytes, sum, self.spec.data_type, shape) {
            Ok(block) => Ok(Some(block)),
            Err(reason) => {
                // An empty file is none: the region is missed, and made again, when the volume is opened the next time.
                let _left_as_it_is = self.scratch.write(&self.entry, &file_of(&key), 0, &[]).await;
                self.indices.borrow_mut().remove(&key);
                Err(self.damaged(&key, &reason))
            }
        }
    }

    fn damaged(&self, key: &RegionKey, reason: &str) -> FormatError {
        FormatError::DamagedLevels { reason: reason.to_owned(), file: format!("{}/{}", self.entry, file_of(key)) }
    }
}

impl ChunkSource for WithLevels {
    fn spec(&self) -> &VolumeSpec {
        &self.spec
    }

    fn chunk<'a>(
        &'a self,
        level: usize,
        grid: [i64; 3],
        selection: &'a Selection,
        cancel: &'a Cancel,
    ) -> LocalBoxFuture<'a, Result<Option<VoxelBlock>, FormatError>> {
        match level.checked_sub(self.inner.spec().levels.len()) {
            None => self.inner.chunk(level, grid, selection, cancel),
            Some(made) => async move {
                if cancel.is_cancelled() {
                    return Err(StoreError::Cancelled.into());
                }
                self.read_made(made, grid, selection).await
            }
            .boxed_local(),
        }
    }
}

fn file_of(key: &RegionKey) -> String {
    let [x, y, z] = key.grid;
    format!("{}-{}-{x}-{y}-{z}", key.level, key.selection)
}

fn shape_of(voxels: &VoxelBox) -> Option<[u32; 3]> {
    let [x, y, z] = voxels.shape();
    Some([u32::try_from(x).ok()?, u32::try_from(y).ok()?, u32::try_from(z).ok()?]).filter(|_| !voxels.is_empty())
}

/// Channels times places along the other axes.
fn selections(spec: &VolumeSpec) -> u32 {
    let places = spec.other_axes.iter().fold(u64::from(spec.channels), |product, axis| product.saturating_mul(axis.size));
    u32::try_from(places).unwrap_or(u32::MAX)
}

/// The channel is the fastest, then the axes in order.
fn nth_selection(spec: &VolumeSpec, number: u32) -> Option<Selection> {
    let channel = number % spec.channels.max(1);
    let mut rest = u64::from(number / spec.channels.max(1));
    let mut at = std::collections::BTreeMap::new();
    for axis in &spec.other_axes {
        at.insert(axis.name.clone(), rest % axis.size.max(1));
        rest /= axis.size.max(1);
    }
    (rest == 0).then_some(Selection { channel, at })
}

/// The inverse; axes left out are at 0.
fn selection_number(spec: &VolumeSpec, selection: &Selection) -> u32 {
    let mut number = u64::from(selection.channel);
    let mut stride = u64::from(spec.channels.max(1));
    for axis in &spec.other_axes {
        let at = selection.at.get(&axis.name).copied().unwrap_or(0);
        number = number.saturating_add(at.saturating_mul(stride));
        stride = stride.saturating_mul(axis.size.max(1));
    }
    u32::try_from(number).unwrap_or(u32::MAX)
}
