//! Where a window that slides over an image stands, and which of its taps fall on the image.

use std::ops::Range;

/// Windows along one axis of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    /// Numbers of the image along this axis.
    pub(crate) size: usize,
    /// Taps of a window.
    pub(crate) kernel: usize,
    /// From one window to the next; at least 1.
    pub(crate) stride: usize,
    /// From one tap to the next; at least 1.
    pub(crate) dilation: usize,
    /// Padding before the image.
    pub(crate) before: usize,
    /// Padding behind the image.
    pub(crate) after: usize,
}

impl Axis {
    /// An axis of size 1 with windows of one tap: frames have no width.
    #[cfg(test)]
    pub(crate) const ONE: Axis = Axis {
        size: 1,
        kernel: 1,
        stride: 1,
        dilation: 1,
        before: 0,
        after: 0,
    };

    /// Windows that fit on the padded image; none where the window is larger.
    pub(crate) fn outputs(&self) -> usize {
        let room = (self.size + self.before + self.after).checked_sub(self.span());
        room.map_or(0, |room| room / self.stride + 1)
    }

    /// The least size, from 1 on, on which a window fits.
    pub(crate) fn size_min(&self) -> usize {
        self.span().saturating_sub(self.before + self.after).max(1)
    }

    /// From the first to the last tap, both counted.
    fn span(&self) -> usize {
        self.kernel.saturating_sub(1) * self.dilation + 1
    }

    /// The taps of window `output` that fall on the image.
    #[inline(always)]
    pub(super) fn taps(&self, output: usize) -> Range<usize> {
        let start = output * self.stride;
        let mut first = self.before.saturating_sub(start);
        let mut end = (self.size + self.before).saturating_sub(start);
        // Most kernels have no gaps, and a division for each of their windows would be felt.
        if self.dilation > 1 {
            first = first.div_ceil(self.dilation);
            end = end.div_ceil(self.dilation);
        }
        let end = end.min(self.kernel);
        first.min(end)..end
    }

    /// Where a tap that falls on the image falls.
    #[inline(always)]
    pub(super) fn place(&self, output: usize, tap: usize) -> usize {
        output * self.stride + tap * self.dilation - self.before
    }

    /// The windows all of whose taps fall on the image.
    pub(super) fn inner(&self) -> Range<usize> {
        let first = self.before.div_ceil(self.stride);
        let room = (self.size + self.before).checked_sub(self.span());
        let end = room.map_or(0, |room| room / self.stride + 1).min(self.outputs());
        first.min(end)..end
    }

    fn check(&self) {
        assert!(self.stride > 0 && self.dilation > 0 && self.kernel > 0);
    }
}

/// Windows over an image `[height, width, channels]`. Frames stand along the height; their width is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) height: Axis,
    pub(crate) width: Axis,
}

impl Windows {
    /// Positions of the window, row by row: the rows of what is computed from them.
    pub(crate) fn positions(&self) -> usize {
        self.height.outputs() * self.width.outputs()
    }

    /// Taps of a window.
    pub(crate) fn taps(&self) -> usize {
        self.height.kernel * self.width.kernel
    }

    /// Pixels of the image.
    pub(crate) fn pixels(&self) -> usize {
        self.height.size * self.width.size
    }

    /// Where positions stand, in turn: row and column.
    #[inline(always)]
    pub(super) fn places(&self, positions: Range<usize>) -> impl Iterator<Item = (usize, usize)> {
        let width = self.width.outputs().max(1);
        let mut next = (positions.start / width, positions.start % width);
        positions.map(
            #[inline(always)]
            move |_| {
                let place = next;
                next = if next.1 + 1 < width {
                    (next.0, next.1 + 1)
                } else {
                    (next.0 + 1, 0)
                };
                place
            },
        )
    }

    /// # Panics
    /// The positions are not all there, or a stride, a dilation or a kernel is 0.
    pub(super) fn check(&self, positions: &Range<usize>) {
        self.height.check();
        self.width.check();
        assert!(positions.start <= positions.end && positions.end <= self.positions());
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn axis() -> impl Strategy<Value = Axis> {
        let sizes = (1usize..20, 1usize..6, 1usize..4, 1usize..4, 0usize..6, 0usize..6);
        sizes.prop_map(|(size, kernel, stride, dilation, before, after)| Axis {
            size,
            kernel,
            stride,
            dilation,
            before,
            after,
        })
    }

    /// Windows of any kind of which there is at least one.
    pub(in crate::kernel) fn windows() -> impl Strategy<Value = Windows> {
        let one = prop_oneof![axis(), Just(Axis::ONE)];
        (axis(), one)
            .prop_map(|(height, width)| Windows { height, width })
            .prop_filter("a window fits", |windows| windows.positions() > 0)
    }

    /// Pixels under each position, tap by tap; none beside the image.
    pub(in crate::kernel) fn pixels(windows: &Windows) -> Vec<Vec<Option<usize>>> {
        let along = |axis: &Axis, output: usize, tap: usize| {
            let place = (output * axis.stride + tap * axis.dilation).checked_sub(axis.before)?;
            (place < axis.size).then_some(place)
        };
        let Windows { height, width } = windows;
        let places = (0..height.outputs()).flat_map(|y| (0..width.outputs()).map(move |x| (y, x)));
        let taps = || (0..height.kernel).flat_map(|y| (0..width.kernel).map(move |x| (y, x)));
        let pixel =
            |(y, x), (tap_y, tap_x)| Some(along(height, y, tap_y)? * width.size + along(width, x, tap_x)?);
        places
            .map(|at| taps().map(|tap| pixel(at, tap)).collect())
            .collect()
    }

    proptest! {
        #[test]
        fn taps_and_inner_windows_are_those_found_one_by_one(axis in axis()) {
            let windows = Windows { height: axis, width: Axis::ONE };
            let found = pixels(&windows);
            let padded = axis.size + axis.before + axis.after;
            let fit = (0..padded).filter(|start| {
                start % axis.stride == 0 && start + (axis.kernel - 1) * axis.dilation < padded
            });
            prop_assert_eq!(found.len(), fit.count());
            for (output, found) in found.iter().enumerate() {
                let on: Vec<usize> = (0..axis.kernel).filter(|tap| found[*tap].is_some()).collect();
                prop_assert_eq!(axis.taps(output).collect::<Vec<_>>(), on.clone());
                prop_assert_eq!(axis.inner().contains(&output), on.len() == axis.kernel);
                prop_assert!(on.iter().all(|tap| Some(axis.place(output, *tap)) == found[*tap]));
            }
            let least = (1..).find(|size| Axis { size: *size, ..axis }.outputs() > 0);
            prop_assert_eq!(Some(axis.size_min()), least);
        }
    }

    #[test]
    fn sizes_are_those_of_the_reference_stem() {
        // 49 x 10 features under 10 x 4 taps, stride 2, padding 4, 5 and 1, 1 give 25 x 5 positions.
        let axis = |size, kernel, before, after| Axis {
            size,
            kernel,
            stride: 2,
            dilation: 1,
            before,
            after,
        };
        let stem = Windows {
            height: axis(49, 10, 4, 5),
            width: axis(10, 4, 1, 1),
        };
        assert_eq!((stem.height.outputs(), stem.width.outputs()), (25, 5));
        assert_eq!((stem.taps(), stem.pixels()), (40, 490));
        let larger_than_the_image = Axis {
            kernel: 9,
            ..Axis::ONE
        };
        assert_eq!(larger_than_the_image.outputs(), 0);
    }
}
