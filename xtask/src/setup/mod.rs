//! What the other commands need installed. Each part is skipped when it is there, and fails with one sentence that says what
//! to install.

pub(crate) mod apt;
pub(crate) mod browser;
pub(crate) mod npm;
pub(crate) mod python;
pub(crate) mod vulkan;
pub(crate) mod wasm_std;

use anyhow::Result;

use crate::step::done;

/// Everything that `build`, `serve`, `test` and `bench` need.
pub(crate) fn everything() -> Result<()> {
    wasm_std::ensure()?;
    npm::ensure()?;
    for tool in [browser::ensure().map(drop), vulkan::ensure().map(drop)] {
        // Building and serving go without these two; `test` says so again where it misses one.
        if let Err(error) = tool {
            done(format_args!("not there, needed by `test` only: {error:#}"));
        }
    }
    Ok(())
}
