//! Which dimension of an array is x, y, z, which the channel, and how a box of voxels is cut out of a chunk.

use std::rc::Rc;

/// What a dimension of an array is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// 0: x, 1: y, 2: z.
    Space(usize),
    /// Chosen by number.
    Channel,
    /// Chosen by index, under this name.
    Other(String),
}

/// The roles of the dimensions of an array, in its own order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AxisMap {
    pub(crate) roles: Vec<Role>,
}

/// Names of the spatial axes, by number.
const SPACE: [&str; 3] = ["x", "y", "z"];

impl AxisMap {
    /// The roles in an array of which only the names of some dimensions are known.
    ///
    /// Where one of them is called x, y or z, names decide. Otherwise position does, as in NumPy: the last is x, then y, z;
    /// of the ones before them that have no name, a fourth is the channel and a fifth the time.
    pub(crate) fn from_names(names: &[Option<String>]) -> Self {
        let by_name = names.iter().flatten().any(|name| SPACE.contains(&name.as_str()));
        let count = names.len();
        let role = |(dimension, name): (usize, &Option<String>)| {
            let from_last = count - 1 - dimension;
            let name = name.as_deref().filter(|name| !name.is_empty());
            match name {
                Some(name) if by_name && SPACE.contains(&name) => Role::Space(SPACE.iter().position(|axis| *axis == name).unwrap_or(0)),
                _ if !by_name && from_last < 3 => Role::Space(from_last),
                Some("c" | "channel") => Role::Channel,
                Some(name) => Role::Other(name.to_owned()),
                None if !by_name && from_last == 3 => Role::Channel,
                None if !by_name && from_last == 4 => Role::Other("t".to_owned()),
                None => Role::Other(format!("dim_{dimension}")),
            }
        };
        Self { roles: names.iter().enumerate().map(role).collect() }.without_repeats()
    }

    /// Makes a second axis of the same role an axis of its own, under a name that none has yet.
    fn without_repeats(mut self) -> Self {
        for dimension in 1..self.roles.len() {
            let (before, rest) = self.roles.split_at_mut(dimension);
            if let Some(role) = rest.first_mut()
                && before.contains(role)
            {
                *role = Role::Other(format!("dim_{dimension}"));
            }
        }
        self
    }

    /// The value of x, y, z of a list by dimension; `absent` where there is no such axis.
    pub(crate) fn space<T: Copy>(&self, by_dimension: &[T], absent: T) -> [T; 3] {
        let of = |axis: usize| self.roles.iter().zip(by_dimension).find(|(role, _)| **role == Role::Space(axis)).map(|(_, value)| *value);
        std::array::from_fn(|axis| of(axis).unwrap_or(absent))
    }

    /// The value of the channel axis of a list by dimension.
    pub(crate) fn channel<T: Copy>(&self, by_dimension: &[T]) -> Option<T> {
        self.roles.iter().zip(by_dimension).find(|(role, _)| **role == Role::Channel).map(|(_, value)| *value)
    }

    /// Of a list by dimension, the values of the dimensions that are none of x, y, z.
    pub(crate) fn not_space<T: Copy>(&self, by_dimension: &[T]) -> Vec<T> {
        let roles = self.roles.iter().zip(by_dimension);
        roles.filter(|(role, _)| !matches!(role, Role::Space(_))).map(|(_, value)| *value).collect()
    }
}

/// Copies a box of voxels out of a decoded chunk, x fastest.
///
/// `chunk_shape` is the chunk's, `at` the first voxel of the box in it, by dimension; `box_shape` along x, y, z.
/// `None` where the box does not lie in the chunk.
pub(crate) fn cut(
    chunk: Rc<Vec<u8>>,
    chunk_shape: &[u64],
    at: &[u64],
    axes: &AxisMap,
    box_shape: [u32; 3],
    voxel_size: usize,
) -> Option<Vec<u8>> {
    let mut strides = vec![0; chunk_shape.len()];
    let mut stride = voxel_size;
    for (to, n) in strides.iter_mut().zip(chunk_shape).rev() {
        *to = stride;
        stride = stride.checked_mul(usize::try_from(*n).ok()?)?;
    }
    let first = at.iter().zip(&strides).try_fold(0_usize, |sum, (&at, &stride)| sum.checked_add(usize::try_from(at).ok()? * stride))?;
    let [step_x, step_y, step_z] = axes.space(&strides, 0);
    let [width, height, depth] = box_shape.map(|n| n as usize);
    let row_len = width * voxel_size;
    let is_row = step_x == voxel_size || width == 1;
    if first == 0 && is_row && (step_y == row_len || height == 1) && (step_z == row_len * height || depth == 1) {
        let len = row_len * height * depth;
        // A chunk that nobody else holds is not copied.
        return match Rc::try_unwrap(chunk) {
            Ok(mut chunk) => {
                chunk.truncate(len);
                (chunk.len() == len).then_some(chunk)
            }
            Err(shared) => shared.get(..len).map(<[u8]>::to_vec),
        };
    }
    let mut data = Vec::with_capacity(row_len * height * depth);
    for z in 0..depth {
        for y in 0..height {
            let row = chunk.get(first + z * step_z + y * step_y..)?;
            if is_row {
                data.extend_from_slice(row.get(..row_len)?);
            } else {
                for x in 0..width {
                    data.extend_from_slice(row.get(x * step_x..)?.get(..voxel_size)?);
                }
            }
        }
    }
    Some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<Option<String>> {
        names.iter().map(|name| (!name.is_empty()).then(|| (*name).to_owned())).collect()
    }

    fn other(name: &str) -> Role {
        Role::Other(name.to_owned())
    }

    #[test]
    fn knows_axes_by_name_or_by_position() {
        use Role::{Channel, Space};
        let roles = |list: &[&str]| AxisMap::from_names(&names(list)).roles;
        assert_eq!(roles(&[""]), [Space(0)]);
        assert_eq!(roles(&["", ""]), [Space(1), Space(0)]);
        assert_eq!(roles(&["", "", "", "", ""]), [other("t"), Channel, Space(2), Space(1), Space(0)]);
        assert_eq!(roles(&["x", "y", "z", "c"]), [Space(0), Space(1), Space(2), Channel]);
        assert_eq!(roles(&["lat", "lon"]), [Space(1), Space(0)]);
        assert_eq!(roles(&["time", "", "y", "x"]), [other("time"), other("dim_1"), Space(1), Space(0)]);
        assert_eq!(roles(&["x", "x"]), [Space(0), other("dim_1")]);
    }

    #[test]
    fn cuts_boxes_x_fastest() {
        let axes = AxisMap::from_names(&names(&["x", "y", "z"]));
        // Voxel (x, y, z) of 2×3×4 holds 100x + 10y + z.
        let chunk: Vec<u8> = (0..2).flat_map(|x| (0..3).flat_map(move |y| (0..4).map(move |z| 100 * x + 10 * y + z))).collect();
        assert_eq!(cut(Rc::new(chunk.clone()), &[2, 3, 4], &[0, 1, 2], &axes, [2, 2, 1], 1).unwrap(), [12, 112, 22, 122]);
        assert_eq!(cut(Rc::new(chunk), &[2, 3, 4], &[1, 2, 3], &axes, [2, 1, 1], 1), None);
    }
}
