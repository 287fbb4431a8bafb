//! Memory that a step of training frees, kept for the next.

/// Bytes that are allocated once and freed at once: almost the largest block that glibc learns from.
const LESSON_BYTES: usize = 31 << 20;

/// Has the allocator keep what is freed instead of giving it back to the system, which would have to clear it again at
/// every step.
///
/// Where the allocator is glibc's, it takes the size of the largest block freed so far for that of passing ones, and
/// keeps twice as much at the top of each heap (`mallopt(3)`, `M_MMAP_THRESHOLD`); a block of 31 MiB teaches it that. Any
/// other allocator is not moved.
pub fn keep_memory() {
    drop(std::hint::black_box(vec![0_u8; LESSON_BYTES]));
}
