//! What a hand can do: pointer, wheel and keys become [`command::ViewCommand`]s, and those that move the view become view
//! states. Plain data and synchronous functions; the engine executes the commands. Nothing here knows the DOM, layers or GPU.
//!
//! Every action is declared once, in [`actions`]; menus, palette, help, remapping and `docs/keys.md` are made from that list.

pub mod actions;
pub mod animation;
pub mod command;
pub mod gestures;
pub mod key;
pub mod keymap;
pub mod keys_doc;
pub mod layouts;
pub mod navigate;
pub mod wheel;
