//! Units of length by name.

/// Nanometres of a unit, by its name or symbol (OME-Zarr's UDUNITS-2 names, SI symbols); `None` for an unknown one.
pub(super) fn nm_per_unit(unit: &str) -> Option<f64> {
    Some(match unit {
        "\u{e5}ngstr\u{f6}m" | "angstrom" | "\u{c5}" | "\u{212b}" => 0.1,
        "nanometer" | "nanometre" | "nm" => 1.0,
        "micrometer" | "micrometre" | "micron" | "um" | "\u{b5}m" | "\u{3bc}m" => 1e3,
        "millimeter" | "millimetre" | "mm" => 1e6,
        "centimeter" | "centimetre" | "cm" => 1e7,
        "decimeter" | "decimetre" | "dm" => 1e8,
        "meter" | "metre" | "m" => 1e9,
        "kilometer" | "kilometre" | "km" => 1e12,
        "picometer" | "picometre" | "pm" => 1e-3,
        "femtometer" | "femtometre" | "fm" => 1e-6,
        "inch" | "in" => 2.54e7,
        "foot" | "ft" => 3.048e8,
        "yard" | "yd" => 9.144e8,
        _ => return None,
    })
}
