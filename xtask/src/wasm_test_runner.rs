//! Runs one wasm test binary in a browser: wasm-bindgen's own runner, of the version that Cargo.lock names.
//!
//! `cargo test --target wasm32-unknown-unknown` calls it with the binary; `cargo xtask test` builds and names it.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os())
}
