//! The levels that a volume lacks: finding out what there is of them, making them, removing them.

use std::rc::Rc;

use futures::future::FutureExt;

use crate::codec::deflate::crc32;
use crate::format::levels::WithLevels;
use crate::format::{ChunkSource, FormatError, MadeLevels};
use crate::runtime::Cancel;
use crate::store::Provider;
use crate::store::scratch::{Scratch, make_room, used_bytes};

use super::runner::{Failure, JobRunner, Source, Volume};
use super::{LevelsWork, Outcome};

/// Of more regions no list is kept: that volume is for a machine of its own.
const MOST_REGIONS: u64 = 1 << 16;
/// Changes with how regions are kept, or what is put into them.
const VERSION: u32 = 1;

impl Source {
    /// A volume and the levels that are in an entry of scratch space.
    pub(super) async fn with_levels(
        chunks: Rc<dyn ChunkSource>,
        scratch: Rc<dyn Scratch>,
        entry: &str,
        labels: bool,
    ) -> Result<Self, FormatError> {
        let levels = Rc::new(WithLevels::new(chunks, scratch, entry, labels).await?);
        Ok(Self { chunks: Rc::clone(&levels) as Rc<dyn ChunkSource>, levels: Some(levels) })
    }
}

impl JobRunner {
    pub(super) async fn levels(&self, number: u32, work: LevelsWork, cancel: &Cancel) -> Result<Outcome, Failure> {
        let volume = self.volume(number)?;
        let Some(scratch) = self.scratch.clone() else { return Ok(Outcome::Levels(None)) };
        if matches!(work, LevelsWork::Find) {
            return self.find(number, volume, scratch, cancel).await;
        }
        let levels = volume.source.await?.levels;
        let levels = levels.ok_or_else(|| Failure::Internal(format!("volume {number} has no levels in this worker")))?;
        let bytes = match work {
            LevelsWork::Find => 0,
            LevelsWork::Begin { identity, bytes, budget } => {
                let others = make_room(&*scratch, levels.entry(), bytes, budget).await.map_err(FormatError::from)?;
                levels.begin(&identity).await.map_err(FormatError::from)?;
                others
            }
            LevelsWork::Region(region) => levels.make(region, cancel).await?,
            LevelsWork::Discard => {
                levels.discard().await.map_err(FormatError::from)?;
                used_bytes(&*scratch).await.map_err(FormatError::from)?
            }
        };
        Ok(Outcome::Scratch { bytes })
    }

    async fn find(&self, number: u32, volume: Volume, scratch: Rc<dyn Scratch>, cancel: &Cancel) -> Result<Outcome, Failure> {
        let source = volume.source.clone().await?;
        // Found before, by this worker for another page's sake or for a volume opened twice.
        let levels = match source.levels {
            Some(levels) => levels,
            None if !source.chunks.spec().lacks_levels() => return Ok(Outcome::Levels(None)),
            None => {
                let address = address(&volume.open.url);
                let entry = entry_name(&format!("{address} {}", volume.open.labels));
                let opened = Source::with_levels(source.chunks, scratch, &entry, volume.open.labels).await?;
                let levels = opened.levels.clone();
                let known = Volume { source: async move { Ok(opened) }.boxed_local().shared(), ..volume.clone() };
                self.volumes.borrow_mut().insert(number, known);
                levels.ok_or_else(|| Failure::Internal("a volume lost its levels".to_owned()))?
            }
        };
        let (regions, bytes) = levels.size();
        if regions > MOST_REGIONS {
            return Ok(Outcome::Levels(None));
        }
        let identity = identity(&volume, &levels, cancel).await?;
        let missing = levels.missing(&identity).await.map_err(FormatError::from)?;
        Ok(Outcome::Levels(Some(Box::new(MadeLevels {
            entry: levels.entry().to_owned(),
            identity,
            levels: levels.made().map(|level| level.spec.clone()).collect(),
            missing,
            regions,
            bytes,
            source_bytes: levels.source_bytes(),
            is_local: volume.open.url.starts_with("local:"),
        }))))
    }

    pub(super) async fn clear_scratch(&self) -> Result<Outcome, Failure> {
        let Some(scratch) = self.scratch.clone() else { return Ok(Outcome::Scratch { bytes: 0 }) };
        for entry in scratch.entries().await.map_err(FormatError::from)? {
            scratch.remove(&entry.name, true).await.map_err(FormatError::from)?;
        }
        Ok(Outcome::Scratch { bytes: used_bytes(&*scratch).await.map_err(FormatError::from)? })
    }
}

/// What a volume is: where it lies, what it says of itself, and when that was changed.
async fn identity(volume: &Volume, levels: &WithLevels, cancel: &Cancel) -> Result<String, FormatError> {
    let mut lines = vec![format!("levels {VERSION} {}", address(&volume.open.url)), format!("labels {}", volume.open.labels)];
    lines.push(format!("{:?} {:?} {:?}", levels.spec().data_type, levels.spec().channels, levels.spec().other_axes));
    lines.extend(levels.spec().levels.iter().map(|level| format!("{level:?}")));
    let mut documents: Vec<(String, u32)> = Vec::new();
    for (url, document) in volume.provider.documents() {
        documents.extend(document.map(|document| (url, crc32(&document))));
    }
    if documents.is_empty() {
        documents.push((volume.open.url.clone(), 0));
    }
    for (url, sum) in documents {
        let stamp = volume.provider.stamp(&url, cancel).await?.unwrap_or_default();
        lines.push(format!("{} {sum:08x} {stamp}", address(&url)));
    }
    Ok(lines.join("\n"))
}

/// An address that is the same at the next visit: chosen files get another number then, and signatures change.
fn address(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.strip_prefix("local://").and_then(|rest| rest.split_once('/')).map_or_else(|| path.to_owned(), |(_, rest)| format!("local:{rest}"))
}

/// A short name for a text (FNV-1a of 64 bits). What two texts share is told apart by the entry's identity.
fn entry_name(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("levels-{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_found_again_at_the_next_visit() {
        assert_eq!(address("local://17/a/b.tif"), address("local://4/a/b.tif"));
        assert_eq!(address("https://h/a?token=1"), "https://h/a");
        // Of the FNV reference: the hash of "a".
        assert_eq!(entry_name("a"), "levels-af63dc4c8601ec8c");
    }
}
