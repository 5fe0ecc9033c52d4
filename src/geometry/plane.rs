//! The plane that a panel shows, as a map from pixels to the world.

use super::{DAffine3, DVec2, DVec3};

/// A plane in the world with a pixel grid on it: `world = origin + u * du + v * dv`, nanometres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelPlane {
    /// The world point of pixel coordinates (0, 0): the upper left corner of the upper left pixel.
    pub origin: DVec3,
    /// The step to the right by one device pixel.
    pub du: DVec3,
    /// The step down by one device pixel.
    pub dv: DVec3,
    /// Device pixels along u and v.
    pub size: DVec2,
}

impl PixelPlane {
    /// The world point under pixel coordinates (u, v).
    #[must_use]
    pub fn world_from_plane(&self, pixel: DVec2) -> DVec3 {
        self.origin + self.du * pixel.x + self.dv * pixel.y
    }

    /// The world point in the middle.
    #[must_use]
    pub fn centre(&self) -> DVec3 {
        self.world_from_plane(self.size * 0.5)
    }

    /// The same plane seen in another space.
    #[must_use]
    pub fn transformed(&self, other_from_world: &DAffine3) -> Self {
        Self {
            origin: other_from_world.transform_point3(self.origin),
            du: other_from_world.transform_vector3(self.du),
            dv: other_from_world.transform_vector3(self.dv),
            size: self.size,
        }
    }
}
