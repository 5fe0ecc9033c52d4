//! Where the voxels of a NIfTI file lie in the world.
//!
//! NIfTI maps the indices of a voxel's centre to x (to the right), y (to the front) and z (upwards). These become the world's x, y, z, in
//! nanometres. Voxels keep their own indices: how their axes lie in the world is the volume's orientation.

use super::header::{Header, Qform};
use crate::format::files::linear::Placement;
use crate::geometry::{DAffine3, DMat3, DQuat, DVec3};

/// Below it, a part of a direction is what single precision leaves of 0: a voxel's breadth in a million.
const NOTHING: f64 = 1e-6;

/// The nanometres of a unit of space. Where none is given, millimetres are meant, as everywhere in that field.
fn nm_per_unit(units: u8) -> f64 {
    match units & 7 {
        1 => 1e9,
        3 => 1e3,
        _ => 1e6,
    }
}

/// The unit along t.
pub(super) fn time_unit(units: u8) -> Option<String> {
    let name = match units & 56 {
        8 => "s",
        16 => "ms",
        24 => "µs",
        32 => "Hz",
        40 => "ppm",
        48 => "rad/s",
        _ => return None,
    };
    Some(name.to_owned())
}

/// Of the header's ways to say where voxels lie, the first that says something: `sform`, `qform`, and the sizes of a voxel, with which the
/// centre of voxel 0 is the origin.
pub(super) fn placement(header: &Header) -> Placement {
    let world_from_index = header.sform.map(affine).filter(can_be_inverted);
    let world_from_index = world_from_index.or_else(|| header.qform.map(|qform| rotated(&qform, header)).filter(can_be_inverted));
    let world_from_index = world_from_index.unwrap_or_else(|| DAffine3::from_scale(voxel_size(header)));
    let DAffine3 { matrix3, translation } = world_from_index;
    let size = DVec3::new(matrix3.x_axis.length(), matrix3.y_axis.length(), matrix3.z_axis.length());
    let orientation = exact(matrix3 * DMat3::from_diagonal(size.recip()));
    let nm = nm_per_unit(header.units);
    let offset = orientation.inverse() * translation - 0.5 * size;
    let is_turned = orientation != DMat3::IDENTITY;
    Placement {
        voxel_size_nm: (nm * size).to_array(),
        offset_nm: (nm * offset).to_array(),
        orientation: is_turned.then(|| orientation.transpose().to_cols_array_2d()),
    }
}

fn affine([x, y, z]: [[f64; 4]; 3]) -> DAffine3 {
    let rows = [x, y, z].map(|[a, b, c, _]| DVec3::new(a, b, c));
    DAffine3::from_mat3_translation(DMat3::from_cols(rows[0], rows[1], rows[2]).transpose(), DVec3::new(x[3], y[3], z[3]))
}

fn rotated(qform: &Qform, header: &Header) -> DAffine3 {
    let [b, c, d] = qform.quaternion;
    // Rounding may leave b² + c² + d² above 1: half a turn, then.
    let a = (1.0 - (b * b + c * c + d * d)).max(0.0).sqrt();
    let rotation = DMat3::from_quat(DQuat::from_xyzw(b, c, d, a).normalize());
    let handed = DVec3::new(1.0, 1.0, if header.pixdim[0] < 0.0 { -1.0 } else { 1.0 });
    DAffine3::from_mat3_translation(rotation * DMat3::from_diagonal(handed * voxel_size(header)), DVec3::from_array(qform.offset))
}

/// The sizes of a voxel; 1 where one is not given.
fn voxel_size(header: &Header) -> DVec3 {
    let [_, x, y, z, ..] = header.pixdim;
    DVec3::from_array([x, y, z].map(|size| if size.is_normal() { size.abs() } else { 1.0 }))
}

fn can_be_inverted(map: &DAffine3) -> bool {
    let inverse = map.inverse();
    map.is_finite() && inverse.is_finite() && map.matrix3.determinant() != 0.0
}

/// Directions that lie along axes lie exactly along them.
fn exact(directions: DMat3) -> DMat3 {
    let exact = |n: f64| if (n - n.round()).abs() < NOTHING { n.round() + 0.0 } else { n };
    DMat3::from_cols_array(&directions.to_cols_array().map(exact))
}
