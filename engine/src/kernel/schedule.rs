//! Which part of the memory a step may touch, and when: the plan of a program's memory, and its execution.
//!
//! Steps run in segments. Within a segment several workers may run the same steps side by side, each on its own
//! block of rows and without waiting for the others; between segments all of them meet.
//!
//! Invariants, upheld by [`Schedule::new`] and relied upon by every `unsafe` block here:
//! - values that live in one segment do not overlap in memory;
//! - a value that is written in a segment is read there by [`Access::Rows`] only, so a worker sees no row of it but
//!   those of its own block;
//! - a step whose rows cannot be split is a segment of its own and runs on one worker.

use std::marker::PhantomData;
use std::ops::Range;

use rayon::ThreadPool;

use super::matmul::RowsMut;
use crate::step::{Call, Numbers, Read, Step, StepError};

/// Most outputs of a program.
pub(crate) const OUTPUTS_MAX: usize = 8;
/// Most values that a step reads.
pub(crate) const READS_MAX: usize = 4;

/// Where a value comes from or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is given.
    Input(usize),
    /// It is taken; no step reads it.
    Output(usize),
    /// It lives in the scratch.
    Inner,
}

/// A value: `height * width` rows of `columns` numbers.
#[derive(Clone, Debug)]
pub(crate) struct ValueSpec {
    pub(crate) name: String,
    pub(crate) height_max: usize,
    pub(crate) width: usize,
    pub(crate) columns: usize,
    /// Numbers from row to row.
    pub(crate) stride: usize,
    pub(crate) place: Place,
    /// True where the numbers are ids; only inputs can be.
    pub(crate) is_ids: bool,
}

impl ValueSpec {
    fn words_max(&self) -> usize {
        (self.height_max * self.width * self.stride).next_multiple_of(16)
    }
}

/// How a step reads a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// The rows that it writes.
    Rows,
    /// Any row.
    Whole,
}

/// A value, or some of its columns, as a step reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// Which of the program's values.
    pub(crate) value: usize,
    pub(crate) first_column: usize,
    pub(crate) columns: usize,
    pub(crate) access: Access,
}

/// What a step reads and writes.
#[derive(Clone, Debug)]
pub(crate) struct Touch {
    pub(crate) reads: Vec<Reading>,
    pub(crate) write: usize,
    /// True when blocks of rows can be written one by one.
    pub(crate) splits: bool,
    /// Words a worker needs beside.
    pub(crate) scratch: usize,
}

#[derive(Clone, Debug)]
struct Segment {
    steps: Range<usize>,
    splits: bool,
}

/// A program's memory, planned for a number of workers.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    values: Vec<ValueSpec>,
    touches: Vec<Touch>,
    segments: Vec<Segment>,
    /// First word of each inner value.
    offsets: Vec<usize>,
    workers: usize,
    /// Where the words of the first worker begin.
    beside: usize,
    /// Words of each worker.
    each: usize,
}

/// Fewest rows that are worth a worker.
const ROWS_MIN: usize = 8;

impl Schedule {
    /// Plans memory for so many workers. Steps are in order: none reads what a later one writes, and none writes
    /// what another writes.
    pub(crate) fn new(values: Vec<ValueSpec>, touches: Vec<Touch>, workers: usize) -> Schedule {
        let segments = segments(&touches, workers);
        let lives = lives(&values, &touches, &segments);
        let (offsets, beside) = offsets(&values, &lives);
        let each = touches.iter().map(|touch| touch.scratch).max().unwrap_or(0);
        Schedule {
            each: each.next_multiple_of(16),
            values,
            touches,
            segments,
            offsets,
            workers,
            beside,
        }
    }

    pub(crate) fn values(&self) -> &[ValueSpec] {
        &self.values
    }

    pub(crate) fn touches(&self) -> &[Touch] {
        &self.touches
    }

    pub(crate) fn workers(&self) -> usize {
        self.workers
    }

    /// Words of scratch that a run needs beside the heights.
    pub(crate) fn words(&self) -> usize {
        self.beside + self.each * self.workers
    }

    /// Words in front of the scratch that the heights of all values take.
    pub(crate) fn height_words(&self) -> usize {
        self.values.len().next_multiple_of(16)
    }

    /// What all inner values would take side by side.
    pub(crate) fn words_unshared(&self) -> usize {
        let inner = self.values.iter().filter(|value| value.place == Place::Inner);
        inner.map(ValueSpec::words_max).sum()
    }

    /// Runs all steps. The pool is entered once, and only where there is something to split: to hand work over to it costs
    /// some microseconds, and now and then a block of its queue.
    ///
    /// # Errors
    /// The index of the first step that could not do its work, and why.
    ///
    /// # Panics
    /// A slice is shorter than the heights say.
    pub(crate) fn run<'a>(
        &'a self,
        steps: &[Box<dyn Step>],
        memory: Memory<'a, '_>,
        pool: Option<&ThreadPool>,
    ) -> Result<(), (usize, StepError)> {
        self.check(&memory);
        let shared = Shared::new(self, memory);
        let run = |may_fork: bool| {
            self.segments.iter().try_for_each(|segment| {
                let blocks = shared.blocks(segment);
                if may_fork && blocks > 1 {
                    return shared.fork(steps, segment, 0..blocks, blocks);
                }
                (0..blocks).try_for_each(|block| shared.block(steps, segment, block, blocks))
            })
        };
        let is_split = |segment: &Segment| shared.blocks(segment) > 1;
        match pool.filter(|_| self.segments.iter().any(is_split)) {
            Some(pool) => pool.install(|| run(true)),
            None => run(false),
        }
    }

    /// Looks at a value as it is before a step runs, for each step, while they run one after the other.
    pub(crate) fn observe<'a>(
        &'a self,
        steps: &[Box<dyn Step>],
        memory: Memory<'a, '_>,
        look: &mut dyn FnMut(usize, &Read<'_>),
    ) -> Result<(), (usize, StepError)> {
        self.check(&memory);
        let shared = Shared::new(self, memory);
        for segment in &self.segments {
            for index in segment.steps.clone() {
                // SAFETY: one step runs at a time, alone.
                let mut call = unsafe { shared.call(index, 0, 1) };
                if let Some(read) = call.reads.first() {
                    look(index, read);
                }
                steps[index].run(&mut call).map_err(|error| (index, error))?;
            }
        }
        Ok(())
    }

    fn check(&self, memory: &Memory<'_, '_>) {
        assert!(memory.scratch.len() >= self.words());
        assert!(memory.heights.len() == self.values.len() && memory.outputs.len() <= OUTPUTS_MAX);
        for (value, height) in self.values.iter().zip(memory.heights) {
            let height = *height as usize;
            assert!(height <= value.height_max);
            let numbers = height * value.width * value.columns;
            let enough = match value.place {
                Place::Input(index) => memory.inputs[index].count() >= numbers,
                Place::Output(index) => memory.outputs[index].len() >= numbers,
                Place::Inner => true,
            };
            assert!(enough, "`{}` is shorter than its height", value.name);
        }
        for touch in &self.touches {
            for read in &touch.reads {
                let same = memory.heights[read.value] == memory.heights[touch.write]
                    && self.values[read.value].width == self.values[touch.write].width;
                assert!(read.access == Access::Whole || same);
            }
        }
    }
}

/// Steps that need not wait for each other's blocks, as far as they go.
fn segments(touches: &[Touch], workers: usize) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut written: Vec<usize> = Vec::new();
    for (index, touch) in touches.iter().enumerate() {
        let splits = touch.splits && workers > 1;
        let waits = touch
            .reads
            .iter()
            .any(|read| read.access == Access::Whole && written.contains(&read.value));
        match segments.last_mut().filter(|last| last.splits && splits && !waits) {
            Some(last) => last.steps.end = index + 1,
            None => {
                written.clear();
                segments.push(Segment {
                    steps: index..index + 1,
                    splits,
                });
            }
        }
        written.push(touch.write);
    }
    segments
}

/// First and last segment in which each value is needed.
fn lives(values: &[ValueSpec], touches: &[Touch], segments: &[Segment]) -> Vec<Range<usize>> {
    let mut lives: Vec<Option<Range<usize>>> = vec![None; values.len()];
    for (index, segment) in segments.iter().enumerate() {
        for touch in &touches[segment.steps.clone()] {
            for value in touch.reads.iter().map(|read| read.value).chain([touch.write]) {
                let start = lives[value].as_ref().map_or(index, |life| life.start);
                lives[value] = Some(start..index + 1);
            }
        }
    }
    lives.into_iter().map(Option::unwrap_or_default).collect()
}

/// A place for each inner value, largest first, at the lowest offset where no value of the same time lies.
///
/// # Source
/// Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference", section 5.1.
fn offsets(values: &[ValueSpec], lives: &[Range<usize>]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..values.len())
        .filter(|value| values[*value].place == Place::Inner)
        .collect();
    order.sort_by_key(|value| (std::cmp::Reverse(values[*value].words_max()), *value));
    let mut offsets = vec![0; values.len()];
    let mut end = 0;
    let mut placed: Vec<usize> = Vec::new();
    for value in order {
        let meets = |other: &&usize| {
            lives[**other].start < lives[value].end && lives[value].start < lives[**other].end
        };
        let mut taken: Vec<Range<usize>> = placed
            .iter()
            .filter(meets)
            .map(|other| offsets[*other]..offsets[*other] + values[*other].words_max())
            .collect();
        taken.sort_by_key(|range| range.start);
        let words = values[value].words_max();
        let mut at = 0;
        for range in taken {
            if range.start >= at + words {
                break;
            }
            at = at.max(range.end);
        }
        offsets[value] = at;
        end = end.max(at + words);
        placed.push(value);
    }
    (offsets, end)
}

/// What one run works on.
pub(crate) struct Memory<'a, 'o> {
    pub(crate) inputs: &'a [Numbers<'a>],
    pub(crate) outputs: &'a mut [&'o mut [f32]],
    pub(crate) scratch: &'a mut [u32],
    /// The height of every value in this run.
    pub(crate) heights: &'a [u32],
}

/// The memory of a run as its workers see it.
struct Shared<'a> {
    schedule: &'a Schedule,
    inputs: &'a [Numbers<'a>],
    heights: &'a [u32],
    outputs: [*mut f32; OUTPUTS_MAX],
    scratch: *mut u32,
    life: PhantomData<&'a mut [u32]>,
}

// SAFETY: workers get disjoint parts of the memory behind the pointers, by the invariants of this module; the rest
// is only read.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    fn new(schedule: &'a Schedule, memory: Memory<'a, '_>) -> Shared<'a> {
        let mut outputs = [std::ptr::null_mut(); OUTPUTS_MAX];
        for (pointer, output) in outputs.iter_mut().zip(memory.outputs) {
            *pointer = output.as_mut_ptr();
        }
        Shared {
            schedule,
            inputs: memory.inputs,
            heights: memory.heights,
            outputs,
            scratch: memory.scratch.as_mut_ptr(),
            life: PhantomData,
        }
    }

    /// Blocks that a segment is worth, at most one a worker.
    fn blocks(&self, segment: &Segment) -> usize {
        if !segment.splits {
            return 1;
        }
        let touches = &self.schedule.touches[segment.steps.clone()];
        let rows = touches
            .iter()
            .map(|touch| self.rows(touch.write, 0, 1).len())
            .max();
        (rows.unwrap_or(0) / ROWS_MIN).clamp(1, self.schedule.workers)
    }

    /// Runs a range of blocks, halves of it side by side.
    fn fork(
        &self,
        steps: &[Box<dyn Step>],
        segment: &Segment,
        range: Range<usize>,
        of: usize,
    ) -> Result<(), (usize, StepError)> {
        if range.len() == 1 {
            return self.block(steps, segment, range.start, of);
        }
        let middle = range.start + range.len() / 2;
        let (first, second) = rayon::join(
            || self.fork(steps, segment, range.start..middle, of),
            || self.fork(steps, segment, middle..range.end, of),
        );
        first.and(second)
    }

    fn block(
        &self,
        steps: &[Box<dyn Step>],
        segment: &Segment,
        block: usize,
        of: usize,
    ) -> Result<(), (usize, StepError)> {
        for index in segment.steps.clone() {
            // SAFETY: `of` is more than one in segments that split only, and each block runs once.
            let mut call = unsafe { self.call(index, block, of) };
            steps[index].run(&mut call).map_err(|error| (index, error))?;
        }
        Ok(())
    }

    /// Rows of a value that belong to a block.
    fn rows(&self, value: usize, block: usize, of: usize) -> Range<usize> {
        let height = self.heights[value] as usize;
        let width = self.schedule.values[value].width;
        height * block / of * width..height * (block + 1) / of * width
    }

    /// Everything a step needs for one block.
    ///
    /// # Safety
    /// Blocks that run at the same time are of the same segment and of the same `of`, and no two are equal.
    unsafe fn call(&self, index: usize, block: usize, of: usize) -> Call<'_> {
        let touch = &self.schedule.touches[index];
        let rows = self.rows(touch.write, block, of);
        let mut call = Call::new(rows.clone());
        for read in &touch.reads {
            let rows = match read.access {
                Access::Rows => rows.clone(),
                Access::Whole => self.rows(read.value, 0, 1),
            };
            // SAFETY: the value is not written in this segment, or only this block's rows of it are read, which this
            // worker wrote itself.
            let numbers = unsafe { self.read(read.value, rows, read.first_column) };
            let spec = &self.schedule.values[read.value];
            call.push(Read {
                numbers,
                stride: spec.stride,
                height: self.heights[read.value] as usize,
                width: spec.width,
            });
        }
        let spec = &self.schedule.values[touch.write];
        let (base, _) = self.place(touch.write);
        let length = reach(rows.len(), spec.stride, spec.columns);
        // SAFETY: the rows belong to this block alone, and lie within the value: its length has been checked
        // (`check`) or it was planned for its largest height.
        let values = unsafe { std::slice::from_raw_parts_mut(base.add(rows.start * spec.stride), length) };
        call.out = RowsMut {
            values,
            stride: spec.stride,
        };
        let scratch = self.schedule.beside + block * self.schedule.each;
        // SAFETY: these words belong to this block alone; `check` has seen that they are there.
        call.scratch = unsafe { std::slice::from_raw_parts_mut(self.scratch.add(scratch), touch.scratch) };
        call
    }

    /// # Safety
    /// Nobody writes these rows while the slice is in use.
    unsafe fn read(&self, value: usize, rows: Range<usize>, first_column: usize) -> Numbers<'_> {
        let spec = &self.schedule.values[value];
        let length = reach(rows.len(), spec.stride, spec.columns).saturating_sub(first_column);
        let start = rows.start * spec.stride + first_column;
        if let Place::Input(index) = spec.place {
            return self.inputs[index].part(start..start + length);
        }
        let (base, _) = self.place(value);
        // SAFETY: as the caller vouches; the rows lie within the value.
        Numbers::F32(unsafe { std::slice::from_raw_parts(base.add(start), length) })
    }

    fn place(&self, value: usize) -> (*mut f32, usize) {
        match self.schedule.values[value].place {
            Place::Output(index) => (self.outputs[index], 0),
            Place::Inner => {
                let offset = self.schedule.offsets[value];
                // SAFETY: `check` has seen that the scratch reaches beyond every offset.
                (unsafe { self.scratch.add(offset) }.cast(), offset)
            }
            Place::Input(_) => unreachable!("inputs are only read"),
        }
    }
}

/// Numbers from the start of the first row to the end of the last.
pub(crate) fn reach(rows: usize, stride: usize, columns: usize) -> usize {
    rows.checked_sub(1).map_or(0, |last| last * stride + columns)
}
