//! Blocks of voxels as typed arrays.

use js_sys::{
    BigInt64Array, BigUint64Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Object, Reflect, Uint8Array, Uint16Array,
    Uint32Array,
};
use wasm_bindgen::JsValue;

use crate::voxel::{DataType, VoxelBlock};

/// `{ shape, level, data }`, x fastest.
///
/// # Errors
/// None that a caller can cause.
pub fn block_to_js(block: &VoxelBlock, level: usize) -> Result<JsValue, JsValue> {
    // wasm is little-endian, as blocks are: the bytes are the array.
    let buffer = Uint8Array::from(block.data.as_slice()).buffer();
    let data: JsValue = match block.data_type {
        DataType::Uint8 => Uint8Array::new(&buffer).into(),
        DataType::Int8 => Int8Array::new(&buffer).into(),
        DataType::Uint16 => Uint16Array::new(&buffer).into(),
        DataType::Int16 => Int16Array::new(&buffer).into(),
        DataType::Uint32 => Uint32Array::new(&buffer).into(),
        DataType::Int32 => Int32Array::new(&buffer).into(),
        DataType::Uint64 => BigUint64Array::new(&buffer).into(),
        DataType::Int64 => BigInt64Array::new(&buffer).into(),
        DataType::Float32 => Float32Array::new(&buffer).into(),
        DataType::Float64 => Float64Array::new(&buffer).into(),
    };
    let object = Object::new();
    let shape: js_sys::Array = block.shape.iter().map(|&n| JsValue::from(n)).collect();
    Reflect::set(&object, &"shape".into(), &shape)?;
    #[expect(clippy::cast_precision_loss, reason = "at most 255 levels")]
    Reflect::set(&object, &"level".into(), &JsValue::from(level as f64))?;
    Reflect::set(&object, &"data".into(), &data)?;
    Ok(object.into())
}
