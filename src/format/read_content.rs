//! Reads what is no volume. Keeps the sources that were read last, so that the next segment of one costs no metadata.

#[cfg(feature = "objects")]
use std::cell::RefCell;
use std::rc::Rc;

use super::content::{Content, ContentQuery};
use super::{FormatError, precomputed};
use crate::runtime::Cancel;
use crate::store::Provider;
use crate::store::url::parse_source;

#[cfg(feature = "objects")]
use super::table;
#[cfg(feature = "objects")]
use precomputed::{AnnotationSource, MeshSource, SkeletonSource};

/// How many sources are kept.
#[cfg(feature = "objects")]
const MOST_SOURCES: usize = 32;

/// Reads annotations, segment properties, skeletons, meshes and tables.
pub struct ContentReader {
    provider: Rc<dyn Provider>,
    /// By address, last used last.
    #[cfg(feature = "objects")]
    sources: RefCell<Vec<(String, Source)>>,
}

#[cfg(feature = "objects")]
#[derive(Clone)]
enum Source {
    Annotations(Rc<AnnotationSource>),
    Skeletons(Rc<SkeletonSource>),
    Meshes(Rc<MeshSource>),
}

impl std::fmt::Debug for ContentReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ContentReader")
    }
}

impl ContentReader {
    /// A reader through this provider.
    #[must_use]
    pub fn new(provider: Rc<dyn Provider>) -> Self {
        Self {
            provider,
            #[cfg(feature = "objects")]
            sources: RefCell::default(),
        }
    }

    /// Reads what is wanted of the source at `url`: the folder of an `info`, or a table's file. The address may begin with `precomputed://`.
    ///
    /// # Errors
    /// [`FormatError::NotFound`] where there is nothing; [`FormatError::NeedsFullModule`] for anything but segment properties where it is not
    /// compiled in; else what is wrong with what is there.
    pub async fn read(&self, url: &str, query: &ContentQuery, cancel: &Cancel) -> Result<Content, FormatError> {
        let url = parse_source(url, None)?.url;
        if let ContentQuery::SegmentProperties = query {
            return Ok(Content::SegmentProperties(precomputed::read_segment_properties(&self.provider, &url, cancel).await?));
        }
        self.read_other(&url, query, cancel).await
    }

    /// These are read elsewhere.
    #[cfg(not(feature = "objects"))]
    async fn read_other(&self, url: &str, _: &ContentQuery, _: &Cancel) -> Result<Content, FormatError> {
        Err(FormatError::NeedsFullModule { url: url.to_owned() })
    }

    #[cfg(feature = "objects")]
    async fn read_other(&self, url: &str, query: &ContentQuery, cancel: &Cancel) -> Result<Content, FormatError> {
        let kept = self.kept(url, query);
        match query {
            ContentQuery::Annotations(query) => {
                let source = match kept {
                    Some(Source::Annotations(source)) => source,
                    _ => Rc::new(AnnotationSource::open(&self.provider, url, cancel).await?),
                };
                self.keep(url, Source::Annotations(Rc::clone(&source)));
                Ok(Content::Annotations(source.read(query, cancel).await?))
            }
            ContentQuery::Skeleton { id } => {
                let source = match kept {
                    Some(Source::Skeletons(source)) => source,
                    _ => Rc::new(SkeletonSource::open(&self.provider, url, cancel).await?),
                };
                self.keep(url, Source::Skeletons(Rc::clone(&source)));
                Ok(Content::Skeleton(source.read(*id, cancel).await?))
            }
            ContentQuery::Mesh { id, level } => {
                let source = match kept {
                    Some(Source::Meshes(source)) => source,
                    _ => Rc::new(MeshSource::open(&self.provider, url, cancel).await?),
                };
                self.keep(url, Source::Meshes(Rc::clone(&source)));
                Ok(Content::Mesh(source.read(*id, *level, cancel).await?))
            }
            ContentQuery::Table { columns } => Ok(Content::Table(table::read(&self.provider, url, columns.as_deref(), cancel).await?)),
            ContentQuery::SegmentProperties => Err(FormatError::NotFound { url: url.to_owned() }),
        }
    }

    /// Takes a source that is kept, to be given back by `keep`.
    #[cfg(feature = "objects")]
    fn kept(&self, url: &str, query: &ContentQuery) -> Option<Source> {
        let fits = |source: &Source| {
            matches!(
                (source, query),
                (Source::Annotations(_), ContentQuery::Annotations(_))
                    | (Source::Skeletons(_), ContentQuery::Skeleton { .. })
                    | (Source::Meshes(_), ContentQuery::Mesh { .. })
            )
        };
        let sources = self.sources.borrow();
        sources.iter().find(|(known, source)| known == url && fits(source)).map(|(_, source)| source.clone())
    }

    #[cfg(feature = "objects")]
    fn keep(&self, url: &str, source: Source) {
        let mut sources = self.sources.borrow_mut();
        let same = |other: &Source| std::mem::discriminant(other) == std::mem::discriminant(&source);
        sources.retain(|(known, other)| known != url || !same(other));
        sources.push((url.to_owned(), source));
        if sources.len() > MOST_SOURCES {
            sources.remove(0);
        }
    }
}
