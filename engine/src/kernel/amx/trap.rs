//! Tile instructions on CPUs without them: the signal that the CPU raises is caught, and what the instruction would
//! have done is done in plain Rust. So tests run the assembly of [`super::Amx`] itself, operands and order included.
//!
//! What this cannot show: that a CPU does what the manual says, and how fast.
//!
//! # Source
//! Intel, "Intel 64 and IA-32 Architectures Software Developer's Manual", volume 2: 2.3 (VEX prefix), 2.1.5 (addressing
//! forms), and the opcodes of each instruction; glibc, `sysdeps/unix/sysv/linux/x86/sys/ucontext.h`.

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};
use std::sync::Once;

use crate::cpu::Cpu;
use crate::kernel::tiles::{SIDE, Tile, add_bf16, add_bytes};

const SIGILL: c_int = 4;
const SA_SIGINFO: c_int = 4;

/// `struct sigaction` of glibc on x86-64.
#[repr(C)]
struct Action {
    handler: usize,
    mask: [u64; 16],
    flags: c_int,
    restorer: usize,
}

unsafe extern "C" {
    fn sigaction(signal: c_int, action: *const Action, old: *mut Action) -> c_int;
}

/// Index of the instruction pointer in the general registers of a context.
const RIP: usize = 16;
/// Where the registers of instructions, by their number, stand there: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 ...
const PLACES: [usize; 16] = [13, 14, 12, 11, 15, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7];
/// Bytes in a context before its general registers: flags, link, and the signal stack.
const BEFORE: usize = 8 + 8 + 24;

/// Tile registers of a thread.
struct Registers {
    rows: [usize; 8],
    tiles: [Tile; 8],
}

const EMPTY: Registers = Registers {
    rows: [0; 8],
    tiles: [[[0; SIDE]; SIDE]; 8],
};

thread_local! {
    static REGISTERS: UnsafeCell<Registers> = const { UnsafeCell::new(EMPTY) };
}

/// This CPU with AMX, of which this process plays what is missing; none where vectors for what follows are missing too.
pub(crate) fn cpu() -> Option<Cpu> {
    static CATCH: Once = Once::new();
    let cpu = Cpu::detect();
    if cpu.has_amx() || !cpu.has_bf16() || !cpu.has_int8() {
        return None;
    }
    CATCH.call_once(|| {
        let action = Action {
            handler: caught as *const () as usize,
            mask: [0; 16],
            flags: SA_SIGINFO,
            restorer: 0,
        };
        // SAFETY: the action is laid out as the C library expects, and its handler has the signature of `SA_SIGINFO`.
        let answer = unsafe { sigaction(SIGILL, &raw const action, std::ptr::null_mut()) };
        assert_eq!(answer, 0);
    });
    Some(cpu.with_amx())
}

/// Registers of all tiles of this thread are empty, as a release leaves them.
pub(crate) fn are_released() -> bool {
    // SAFETY: the handler, which alone writes to them, does not run while they are read.
    REGISTERS.with(|registers| unsafe { (*registers.get()).rows } == [0; 8])
}

extern "C" fn caught(_signal: c_int, _info: *const c_void, context: *mut c_void) {
    // SAFETY: the kernel hands over a context with 23 general registers at this place.
    let general = unsafe { &mut *context.byte_add(BEFORE).cast::<[u64; 23]>() };
    // SAFETY: the thread is stopped inside an instruction of a tile, so nothing else uses its registers.
    let length = REGISTERS.with(|registers| unsafe { play(&mut *registers.get(), general) });
    match length {
        Some(length) => general[RIP] += length,
        // Another instruction: it raises the signal again, now without a handler.
        None => reset(),
    }
}

fn reset() {
    let default = Action {
        handler: 0,
        mask: [0; 16],
        flags: 0,
        restorer: 0,
    };
    // SAFETY: as in `cpu`; 0 is the default action.
    unsafe { sigaction(SIGILL, &raw const default, std::ptr::null_mut()) };
}

/// A tile instruction taken apart.
struct Instruction {
    opcode: u8,
    /// The prefix that VEX stands for: none, 66, F3 or F2.
    prefix: u8,
    /// `reg` of the ModRM byte, `rm` and `vvvv`: tile registers.
    reg: usize,
    rm: usize,
    vvvv: usize,
    memory: Option<Memory>,
    length: u64,
}

/// An operand in memory: its address without the index, and the index.
struct Memory {
    base: u64,
    index: u64,
}

/// Does what the instruction at the instruction pointer does; returns its length.
///
/// # Safety
/// The registers are those of a thread that is stopped at an instruction.
unsafe fn play(registers: &mut Registers, general: &[u64; 23]) -> Option<u64> {
    // SAFETY: as the caller vouches.
    let instruction = unsafe { decode(general) }?;
    let Instruction { reg, rm, vvvv, .. } = instruction;
    match (instruction.opcode, instruction.prefix, &instruction.memory) {
        (0x49, 0x00, Some(config)) => {
            // SAFETY: the program gave this address for 64 bytes to be read.
            let config = unsafe { *(config.base as *const [u8; 64]) };
            let rest = [&config[1..16], &config[32..48], &config[56..]].concat();
            let is_valid = config[0] == 1 && rest.iter().all(|byte| *byte == 0);
            assert!(is_valid && config[16..32].chunks(2).all(|bytes| bytes == [64, 0]));
            *registers = EMPTY;
            for (rows, byte) in registers.rows.iter_mut().zip(&config[48..56]) {
                *rows = usize::from(*byte);
            }
            assert!(registers.rows.iter().all(|rows| (1..=SIDE).contains(rows)));
        }
        (0x49, 0x00, None) if reg == 0 && rm == 0 => *registers = EMPTY,
        (0x4b, 0xf2, Some(memory)) => {
            assert!(registers.rows[reg] > 0);
            registers.tiles[reg] = [[0; SIDE]; SIDE];
            for row in 0..registers.rows[reg] {
                // SAFETY: the program gave these addresses for 64 bytes each to be read.
                registers.tiles[reg][row] = unsafe { memory.row(row).read_unaligned() };
            }
        }
        (0x4b, 0xf3, Some(memory)) => {
            assert!(registers.rows[reg] > 0);
            for row in 0..registers.rows[reg] {
                // SAFETY: the program gave these addresses for 64 bytes each to be written.
                unsafe { memory.row(row).write_unaligned(registers.tiles[reg][row]) };
            }
        }
        (0x5c, 0xf3, None) => registers.multiply((reg, rm, vvvv), add_bf16),
        (0x5e, 0x66, None) => registers.multiply((reg, rm, vvvv), add_bytes),
        _ => return None,
    }
    Some(instruction.length)
}

impl Registers {
    fn multiply(&mut self, (c, a, b): (usize, usize, usize), add: fn(&mut [u32; SIDE], &[u32; SIDE], &Tile)) {
        assert!(c != a && c != b && a != b);
        assert!(self.rows[c] > 0 && self.rows[a] == self.rows[c] && self.rows[b] == SIDE);
        let (rows, columns) = (self.tiles[a], self.tiles[b]);
        for (sums, row) in self.tiles[c].iter_mut().zip(&rows).take(self.rows[c]) {
            add(sums, row, &columns);
        }
    }
}

impl Memory {
    fn row(&self, row: usize) -> *mut [u32; SIDE] {
        self.base.wrapping_add(self.index.wrapping_mul(row as u64)) as *mut [u32; SIDE]
    }
}

/// # Safety
/// As of `play`.
unsafe fn decode(general: &[u64; 23]) -> Option<Instruction> {
    let code = general[RIP] as *const u8;
    // SAFETY: the instruction pointer is in the program's code; later bytes are read only where earlier ones say that
    // the instruction has them.
    let byte = |at: usize| unsafe { *code.add(at) };
    if byte(0) != 0xc4 || byte(1) & 0x1f != 2 || byte(2) & 0x84 != 0 {
        return None;
    }
    let (first, second, opcode, modrm) = (byte(1), byte(2), byte(3), byte(4));
    let extended = |bit: u8, low: u8| usize::from(low) | if first & bit == 0 { 8 } else { 0 };
    let register = |number: usize| general[PLACES[number]];
    let mut instruction = Instruction {
        opcode,
        prefix: [0x00, 0x66, 0xf3, 0xf2][usize::from(second & 3)],
        reg: usize::from(modrm >> 3 & 7),
        rm: usize::from(modrm & 7),
        vvvv: usize::from(!second >> 3 & 15),
        memory: None,
        length: 5,
    };
    let mode = modrm >> 6;
    if mode == 3 {
        return Some(instruction);
    }
    let mut memory = Memory { base: 0, index: 0 };
    let mut at = 5;
    let mut low = modrm & 7;
    if low == 4 {
        let sib = byte(5);
        at = 6;
        low = sib & 7;
        // Bit X extends the index; 4 without it is none.
        match extended(0x40, sib >> 3 & 7) {
            4 => (),
            index => memory.index = register(index) << (sib >> 6),
        }
    }
    // Neither the instruction pointer nor a place without a base is used by this crate.
    if mode == 0 && low == 5 {
        return None;
    }
    memory.base = register(extended(0x20, low));
    let moved = match mode {
        0 => 0,
        1 => i64::from(byte(at).cast_signed()),
        _ => i64::from(i32::from_le_bytes(std::array::from_fn(|n| byte(at + n)))),
    };
    at += [0, 1, 4][usize::from(mode)];
    memory.base = memory.base.wrapping_add_signed(moved);
    instruction.memory = Some(memory);
    instruction.length = at as u64;
    Some(instruction)
}
