//! The bridge between an arena buffer and a Burn tensor: the only file that knows both.
//!
//! A tensor is made *on* the buffer, not from it: Burn reads the bytes where they lie, and the lease inside
//! the tensor is given back when the last tensor that shares it is dropped. Burn copies before it writes into
//! memory it does not own alone, so no net can change a value that somebody else reads. It is *not* a way to
//! let Burn write into the arena: results are copied out once, by [`read_into`].
//!
//! Invariant: a buffer stays leased exactly as long as a tensor on it lives.

use burn::backend::Flex;
use burn::tensor::{AllocationProperty, Bytes, DType, Device, Shape, Tensor, TensorData};
use motet_core::arena::{ReadLease, ValueError};
use motet_core::node::NodeError;
use motet_core::port::Element;

/// Returns a tensor that lies on a field of a published value; nothing is copied.
///
/// # Shapes
/// The actual sizes of the field, which must have `D` dimensions and at least one element.
///
/// # Errors
/// [`NodeError::Value`] when the field is missing, does not hold `f32` or has another number of dimensions;
/// [`NodeError::Failed`] when it is empty or Burn refuses it.
pub fn tensor_on<const D: usize>(
    lease: &ReadLease,
    field: usize,
    device: &Device,
) -> Result<Tensor<D>, NodeError> {
    let found = lease.element(field)?;
    if found != Element::F32 {
        return Err(ValueError::Element {
            wanted: Element::F32,
            found,
        }
        .into());
    }
    let dims = lease.dims(field)?;
    let sizes: [usize; D] = sizes(dims).ok_or_else(|| ValueError::Shape {
        found: dims.to_vec(),
        planned: vec![u32::MAX; D],
    })?;
    if sizes.contains(&0) {
        return Err(NodeError::Failed(
            "an empty value cannot become a tensor".to_owned(),
        ));
    }
    // The projection makes `as_ref` of the lease show this field alone.
    let shared = bytes::Bytes::from_owner(lease.project(field)?);
    let bytes = Bytes::from_shared(shared, AllocationProperty::Other);
    let data = TensorData::try_from_bytes(bytes, Shape::from(sizes), DType::F32).map_err(refused)?;
    Ok(Tensor::from_data(data, device))
}

/// Copies the elements of a tensor, in row-major order, into a slice of exactly their number.
///
/// # Errors
/// [`NodeError::Failed`] when the numbers differ, the tensor does not hold `f32`, or the device fails.
pub fn read_into<const D: usize>(tensor: Tensor<D>, out: &mut [f32]) -> Result<(), NodeError> {
    // A tensor on the CPU is read where it lies; any other is fetched from its device.
    if let Ok(primitive) = tensor.clone().try_into_primitive::<Flex>()
        && primitive.dtype() == DType::F32
        && primitive.is_contiguous()
    {
        let start = primitive.layout().start_offset();
        let count = primitive.layout().num_elements();
        let values = primitive
            .storage::<f32>()
            .get(start..start + count)
            .unwrap_or(&[]);
        return copy(values, out);
    }
    let data = tensor.try_into_data().map_err(refused)?;
    copy(data.as_slice::<f32>().map_err(refused)?, out)
}

fn sizes<const D: usize>(dims: &[u32]) -> Option<[usize; D]> {
    let dims: &[u32; D] = dims.try_into().ok()?;
    Some(dims.map(|size| size as usize))
}

fn copy(values: &[f32], out: &mut [f32]) -> Result<(), NodeError> {
    if values.len() != out.len() {
        let message = format!("a tensor of {} values was read as {}", values.len(), out.len());
        return Err(NodeError::Failed(message));
    }
    out.copy_from_slice(values);
    Ok(())
}

fn refused(fault: impl std::fmt::Display) -> NodeError {
    NodeError::Failed(format!("the tensor library refused: {fault}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use motet_core::arena::{Arena, BufferId};
    use motet_core::port::{Layout, PortType};

    use super::*;

    /// An arena of one buffer and a value published in it.
    fn published(port: &str, field: usize, dims: &[u32], values: &[f32]) -> (Arc<Arena>, ReadLease) {
        let layout = Arc::new(Layout::of(&PortType::parse(port).unwrap()));
        let arena = Arena::allocate([layout.bytes]);
        let mut lease = arena.lease(BufferId(0), &layout).unwrap();
        lease.tensor::<f32>(field, dims).unwrap().copy_from_slice(values);
        let lease = lease.publish(Duration::ZERO);
        (arena, lease)
    }

    fn address<const D: usize>(tensor: &Tensor<D>) -> *const f32 {
        tensor
            .clone()
            .try_into_primitive::<Flex>()
            .unwrap()
            .storage::<f32>()
            .as_ptr()
    }

    #[test]
    fn a_tensor_lies_at_the_address_of_the_buffer() {
        let (_arena, lease) = published("f32[T<=4, 2]", 0, &[2, 2], &[1.0, 2.0, 3.0, 4.0]);
        let tensor = tensor_on::<2>(&lease, 0, &Device::flex()).unwrap();
        assert_eq!(address(&tensor), lease.tensor::<f32>(0).unwrap().as_ptr());
        assert_eq!(tensor.dims(), [2, 2]);
        let data = { tensor }.try_into_data().unwrap();
        assert_eq!(
            data.as_slice::<f32>().unwrap().as_ptr(),
            lease.tensor::<f32>(0).unwrap().as_ptr()
        );
    }

    #[test]
    fn a_field_of_a_record_is_read_where_it_lies() {
        let (_arena, lease) = published("record{score: f32, all: f32[3]}", 1, &[3], &[1.0, 2.0, 3.0]);
        let tensor = tensor_on::<1>(&lease, 1, &Device::flex()).unwrap();
        assert_eq!(address(&tensor), lease.tensor::<f32>(1).unwrap().as_ptr());
    }

    #[test]
    fn the_buffer_comes_back_when_the_last_tensor_is_dropped_and_not_before() {
        let (arena, lease) = published("f32[4]", 0, &[4], &[1.0; 4]);
        let tensor = tensor_on::<1>(&lease, 0, &Device::flex()).unwrap();
        drop(lease);
        assert_eq!(arena.busy_count(), 1);
        let view = tensor.clone().reshape([2, 2]);
        drop(tensor);
        assert_eq!(arena.busy_count(), 1);
        drop(view);
        assert_eq!(arena.busy_count(), 0);
    }

    #[test]
    fn computing_on_a_tensor_leaves_the_buffer_as_it_was() {
        let (_arena, lease) = published("f32[4]", 0, &[4], &[1.0, -2.0, 3.0, -4.0]);
        let tensor = tensor_on::<1>(&lease, 0, &Device::flex()).unwrap();
        let mut found = [0.0; 4];
        read_into(tensor.add_scalar(0.5).abs(), &mut found).unwrap();
        assert_eq!(found.as_slice(), [1.5, 1.5, 3.5, 3.5]);
        assert_eq!(lease.tensor::<f32>(0).unwrap(), [1.0, -2.0, 3.0, -4.0]);
    }

    #[test]
    fn views_are_read_in_their_own_order() {
        let (_arena, lease) = published("f32[2, 3]", 0, &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let tensor = tensor_on::<2>(&lease, 0, &Device::flex()).unwrap();
        let mut turned = [0.0; 6];
        read_into(tensor.clone().transpose(), &mut turned).unwrap();
        assert_eq!(turned.as_slice(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let mut row = [0.0; 3];
        read_into(tensor.slice([1..2, 0..3]), &mut row).unwrap();
        assert_eq!(row.as_slice(), [4.0, 5.0, 6.0]);
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_gives_the_buffer_back() {
        let device = Device::flex();
        let (arena, lease) = published("f32[T<=4]", 0, &[0], &[]);
        assert!(matches!(
            tensor_on::<1>(&lease, 0, &device),
            Err(NodeError::Failed(_))
        ));
        assert!(matches!(
            tensor_on::<2>(&lease, 0, &device),
            Err(NodeError::Value(ValueError::Shape { .. }))
        ));
        assert!(matches!(
            tensor_on::<1>(&lease, 1, &device),
            Err(NodeError::Value(ValueError::NoField { .. }))
        ));
        drop(lease);
        assert_eq!(arena.busy_count(), 0);
        let tensor = Tensor::<1>::from_data([1.0_f32, 2.0], &device);
        assert!(matches!(
            read_into(tensor, &mut [0.0; 3]),
            Err(NodeError::Failed(_))
        ));
    }
}
