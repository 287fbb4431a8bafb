//! Layers as training passes through them: forwards with what the way back needs, and back.
//!
//! Not here: graphs, parameters and what becomes of a gradient. Unlike a [`crate::Program`], whose weights never change
//! and are packed for it, a pass takes matrices as they lie, and returns memory of its own. Kernels are tested here against
//! slow references and finite differences, layers in `motet-models` against Burn.

mod attention;
mod linear;
mod norm;

pub use attention::{Attention, AttentionGradient};
pub use linear::{LinearGradient, gelu, linear, linear_back, linear_gelu};
pub use norm::{NormGradient, Normal, norm, norm_back};

pub use crate::kernel::strided::{Before, View, ViewMut, product};
