//! Meshes of segments, of one level or of several. Source: `meshes.md` of Neuroglancer.

mod legacy;
mod multilod;

use std::rc::Rc;

use super::folder::{Folder, InfoSize};
use super::keyed::Keyed;
use super::parse_url;
use super::shard::Indices;
use super::sharding::parse_sharding;
use crate::format::FormatError;
use crate::format::content::Mesh;
use crate::format::object::Object;
use crate::runtime::Cancel;
use crate::store::{Provider, ResourceKind};

use multilod::Multilod;

/// The most bytes of one mesh, as stored and decoded.
const MOST_BYTES: usize = 512 << 20;

/// The meshes of one folder.
pub(in crate::format) struct MeshSource {
    keyed: Keyed,
    /// `None`: a manifest in JSON, and fragments of one level.
    multilod: Option<Multilod>,
}

impl MeshSource {
    /// Opens the meshes in the folder at `url`; one without `info` holds meshes of one level.
    ///
    /// # Errors
    /// [`FormatError::BadMetadata`] for an `info` that makes no sense, [`FormatError::Unsupported`] for one that describes something else.
    pub(in crate::format) async fn open(provider: &Rc<dyn Provider>, url: &str, cancel: &Cancel) -> Result<Self, FormatError> {
        let indices = Rc::new(Indices::default());
        let Some(folder) = Folder::find(provider, url, InfoSize::Small, cancel).await? else {
            let store = provider.store(&parse_url(url)?.to_string())?;
            return Ok(Self { keyed: Keyed::new(store, None, 0, &indices, ResourceKind::Mesh), multilod: None });
        };
        let info = Object { value: &folder.info, place: "", url: &folder.shown };
        let multilod = match info.text("@type")? {
            Some("neuroglancer_legacy_mesh") | None => None,
            Some("neuroglancer_multilod_draco") => Some(Multilod::parse(&info)?),
            Some(name) => return Err(info.unsupported("as meshes, the type", name)),
        };
        let sharding = match &multilod {
            Some(_) => info.get("sharding").map(|value| parse_sharding(&info, value)).transpose()?,
            None => None,
        };
        let store = provider.store(&folder.url.to_string())?;
        Ok(Self { keyed: Keyed::new(store, sharding, 0, &indices, ResourceKind::Mesh), multilod })
    }

    /// The mesh of a segment at a level, 0 the finest, or the coarsest there is; `None` where the segment has none.
    ///
    /// # Errors
    /// [`FormatError::BadData`] where it is damaged.
    pub(in crate::format) async fn read(&self, id: u64, level: u32, cancel: &Cancel) -> Result<Option<Mesh>, FormatError> {
        match &self.multilod {
            Some(multilod) => multilod.read(&self.keyed, id, level, cancel).await,
            None => legacy::read(&self.keyed, id, cancel).await,
        }
    }
}

/// Positions and triangles of one part after the other.
#[derive(Default)]
struct Parts {
    positions_nm: Vec<f32>,
    triangles: Vec<u32>,
}

impl Parts {
    /// Appends a part; its triangles count its own vertices.
    ///
    /// # Errors
    /// One clause, where the mesh becomes too large.
    fn push(&mut self, positions_nm: impl Iterator<Item = [f32; 3]>, triangles: &[u32]) -> Result<(), String> {
        let too_large = || format!("it takes more than {MOST_BYTES} bytes");
        let before = u32::try_from(self.positions_nm.len() / 3).map_err(|_| too_large())?;
        self.positions_nm.extend(positions_nm.flatten());
        self.triangles.extend(triangles.iter().map(|vertex| vertex.saturating_add(before)));
        if (self.positions_nm.len() + self.triangles.len()).saturating_mul(4) > MOST_BYTES {
            return Err(too_large());
        }
        Ok(())
    }
}
