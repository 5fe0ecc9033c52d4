//! What is to be drawn, as plain data: layers and view state become a [`draw::DrawList`]. No GPU types, no IO.

pub mod draw;
pub mod layer;
pub mod panels;
pub mod plan;
pub mod resolve;
pub mod segment_color;
