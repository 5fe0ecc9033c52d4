//! The fuzzer's entry: the environment says which of the [`targets`] it is for, so that one program serves them all.
#![no_main]

mod targets;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<targets::Target> = LazyLock::new(|| {
    let name = std::env::var("NEUROLUME_FUZZ").unwrap_or_default();
    let target = targets::TARGETS.iter().find(|(known, _)| *known == name);
    target.unwrap_or_else(|| panic!("NEUROLUME_FUZZ={name} names no target")).1
});

fuzz_target!(|data: &[u8]| TARGET(data));
