//! How much memory, network and time a context may use.

use serde::{Deserialize, Serialize};

use crate::error::{ErrorCode, ViewerError};

/// The limits of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Graphics memory for bricks.
    pub gpu_bytes: u64,
    /// Decoded bricks in memory.
    pub cpu_bytes: u64,
    /// Levels made of volumes that lack them, on disk. 0: none are made.
    pub disk_bytes: u64,
    /// Chunks under way at once.
    pub max_concurrent_requests: u32,
    /// Bricks sent to the graphics device per frame.
    pub max_upload_bytes_per_frame: u64,
    /// Workers.
    pub workers: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            gpu_bytes: 512 << 20,
            cpu_bytes: 1 << 30,
            disk_bytes: 2 << 30,
            max_concurrent_requests: 48,
            max_upload_bytes_per_frame: 16 << 20,
            workers: 2,
        }
    }
}

/// The limits that a page sets; the others stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "as in Limits")]
pub struct LimitsPatch {
    pub gpu_bytes: Option<u64>,
    pub cpu_bytes: Option<u64>,
    pub disk_bytes: Option<u64>,
    pub max_concurrent_requests: Option<u32>,
    pub max_upload_bytes_per_frame: Option<u64>,
    pub workers: Option<u32>,
}

impl Limits {
    /// The most workers: each has a wasm of its own, and beyond the machine's cores they only cost memory.
    pub const MOST_WORKERS: u32 = 32;

    /// These limits with the page's in place of their own.
    ///
    /// # Errors
    /// A limit that nothing could work with.
    pub fn patched(self, patch: LimitsPatch) -> Result<Self, ViewerError> {
        let limits = Self {
            gpu_bytes: patch.gpu_bytes.unwrap_or(self.gpu_bytes),
            cpu_bytes: patch.cpu_bytes.unwrap_or(self.cpu_bytes),
            disk_bytes: patch.disk_bytes.unwrap_or(self.disk_bytes),
            max_concurrent_requests: patch.max_concurrent_requests.unwrap_or(self.max_concurrent_requests),
            max_upload_bytes_per_frame: patch.max_upload_bytes_per_frame.unwrap_or(self.max_upload_bytes_per_frame),
            workers: patch.workers.unwrap_or(self.workers),
        };
        let least = |key: &str, value: u64, least: u64| {
            if value >= least {
                return Ok(());
            }
            Err(ViewerError::new(ErrorCode::InvalidOptions, format!("limits.{key} is {value}; at least {least} is needed"))
                .with_detail("key", key))
        };
        least("gpuBytes", limits.gpu_bytes, 1 << 20)?;
        least("cpuBytes", limits.cpu_bytes, 1 << 20)?;
        least("maxConcurrentRequests", u64::from(limits.max_concurrent_requests), 1)?;
        least("maxUploadBytesPerFrame", limits.max_upload_bytes_per_frame, 1 << 16)?;
        least("workers", u64::from(limits.workers), 1)?;
        if limits.workers > Self::MOST_WORKERS {
            let message = format!("limits.workers is {}; at most {} can be started", limits.workers, Self::MOST_WORKERS);
            return Err(ViewerError::new(ErrorCode::InvalidOptions, message).with_detail("key", "workers"));
        }
        Ok(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_nothing_can_work_with_names_its_key() {
        let refused = |patch| Limits::default().patched(patch).unwrap_err();
        for (patch, key) in [
            (LimitsPatch { workers: Some(0), ..LimitsPatch::default() }, "workers"),
            (LimitsPatch { workers: Some(33), ..LimitsPatch::default() }, "workers"),
            (LimitsPatch { gpu_bytes: Some(1), ..LimitsPatch::default() }, "gpuBytes"),
        ] {
            let error = refused(patch);
            assert_eq!((error.code, error.detail.get("key").map(String::as_str)), (ErrorCode::InvalidOptions, Some(key)));
        }
        assert_eq!(Limits::default().patched(LimitsPatch { workers: Some(32), ..LimitsPatch::default() }).unwrap().workers, 32);
    }
}
