//! Draws a [`crate::scene::draw::DrawList`].
