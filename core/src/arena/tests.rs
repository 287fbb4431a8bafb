//! The tests of buffers and leases.

use super::*;
use crate::port::PortType;

fn layout(text: &str) -> Arc<Layout> {
    Arc::new(Layout::of(&PortType::parse(text).unwrap()))
}

#[test]
fn a_buffer_is_lent_to_one_writer_or_to_readers_and_comes_back() {
    let layout = layout("f32[T<=4]");
    let arena = Arena::allocate([layout.bytes]);
    let mut lease = arena.lease(BufferId(0), &layout).unwrap();
    assert_eq!(
        arena.lease(BufferId(0), &layout).err(),
        Some(Busy { buffer: BufferId(0) })
    );
    lease
        .tensor::<f32>(0, &[3])
        .unwrap()
        .copy_from_slice(&[1.0, 2.0, 3.0]);
    let reader = lease.publish(Duration::ZERO);
    let other = reader.clone();
    drop(reader);
    assert!(arena.lease(BufferId(0), &layout).is_err());
    assert_eq!(other.tensor::<f32>(0).unwrap(), [1.0, 2.0, 3.0]);
    drop(other);
    drop(arena.lease(BufferId(0), &layout).unwrap());
    assert_eq!(arena.busy_count(), 0);
}

#[test]
fn a_field_is_read_as_it_was_written_and_stands_on_a_line_of_its_own() {
    let layout = layout("record{label: utf8[T<=32], score: f32, frames: f32[T<=3, 2]}");
    let arena = Arena::allocate([layout.bytes]);
    let mut lease = arena.lease(BufferId(0), &layout).unwrap();
    lease.text(0, "stop").unwrap();
    lease.tensor::<f32>(1, &[]).unwrap()[0] = 0.5;
    assert_eq!(lease.unwritten(), Some(2));
    lease
        .tensor::<f32>(2, &[1, 2])
        .unwrap()
        .copy_from_slice(&[7.0, 8.0]);
    let value = lease.publish(Duration::from_millis(3));
    assert_eq!(value.text(0).unwrap(), "stop");
    assert_eq!(value.tensor::<f32>(1).unwrap(), [0.5]);
    let frames = value.project(2).unwrap();
    assert_eq!(
        (frames.dims(0).unwrap(), frames.tensor::<f32>(0).unwrap()),
        (&[1, 2][..], &[7.0, 8.0][..])
    );
    assert_eq!(frames.as_ref().as_ptr().align_offset(64), 0);
    assert_eq!(frames.stamp(), Duration::from_millis(3));
}

#[test]
fn a_value_that_breaks_its_type_is_refused() {
    let layout = layout("record{label: utf8[T<=4], pair: f32[2]}");
    let arena = Arena::allocate([layout.bytes]);
    let mut lease = arena.lease(BufferId(0), &layout).unwrap();
    assert!(matches!(lease.text(0, "stops"), Err(ValueError::Shape { .. })));
    assert!(matches!(
        lease.tensor::<f32>(1, &[1]),
        Err(ValueError::Shape { .. })
    ));
    assert!(matches!(
        lease.tensor::<i32>(1, &[2]),
        Err(ValueError::Element { .. })
    ));
    assert!(matches!(
        lease.tensor::<f32>(2, &[2]),
        Err(ValueError::NoField { index: 2 })
    ));
    lease
        .tensor::<u8>(0, &[2])
        .unwrap()
        .copy_from_slice(&[b'a', 0xff]);
    lease.tensor::<f32>(1, &[2]).unwrap();
    let value = lease.publish(Duration::ZERO);
    assert_eq!(value.text(0), Err(ValueError::Utf8 { at: 1 }));
}

#[test]
fn what_stays_on_a_device_is_not_read_here_and_goes_with_its_last_lease() {
    let layout = layout("record{error: f32, restored: f32[T<=3, 2]}");
    let arena = Arena::allocate([layout.bytes]);
    let lease = || arena.lease(BufferId(0), &layout).unwrap();
    let there: Resident = Arc::new("on the device");
    let left = lease().leave::<f32>(1, &[2, 2], Arc::clone(&there));
    assert_eq!(
        left,
        Err(ValueError::Elsewhere { index: 1 }),
        "the plan does not allow it"
    );
    let mut lease = lease().leavable(1 << 1);
    assert!(lease.may_leave(1) && !lease.may_leave(0));
    lease.tensor::<f32>(0, &[]).unwrap()[0] = 0.5;
    lease.leave::<f32>(1, &[2, 2], Arc::clone(&there)).unwrap();
    assert_eq!(lease.unwritten(), None);
    let value = lease.publish(Duration::ZERO);
    assert_eq!(value.tensor::<f32>(0).unwrap(), [0.5]);
    assert_eq!(value.tensor::<f32>(1), Err(ValueError::Elsewhere { index: 1 }));
    let restored = value.project(1).unwrap();
    assert_eq!(restored.dims(0).unwrap(), [2, 2]);
    assert_eq!(restored.bytes(0), Err(ValueError::Elsewhere { index: 0 }));
    let text = restored
        .resident(0)
        .and_then(|resident| resident.downcast_ref::<&str>());
    assert_eq!(text, Some(&"on the device"));
    assert!(value.resident(0).is_none());
    drop((value, restored));
    assert_eq!(Arc::strong_count(&there), 1);
}
