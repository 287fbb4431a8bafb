//! Looks at the machine this process runs on.
//!
//! It reports plain facts and makes no choice. Only the CPU is looked for; [`crate::gpu`] looks for a GPU.

use std::fs;
use std::thread;

use motet_core::limits::WORKERS_MAX;
use motet_core::machine::Machine;
use motet_core::profile::Fingerprint;
use motet_engine::Cpu;

/// Assumed where the operating system does not say how much memory there is: 1 GiB.
pub const MEMORY_BYTES_ASSUMED: u64 = 1 << 30;

/// Returns the CPU of this machine with this many workers, or as many as the process may use at once.
///
/// Its memory is the smaller of what `/proc/meminfo` reports as installed and what the control group allows;
/// [`MEMORY_BYTES_ASSUMED`] where neither can be read.
pub fn local_machine(workers: Option<u32>) -> Machine {
    let available = || thread::available_parallelism().map_or(1, |count| count.get());
    let workers = workers
        .map_or_else(available, |count| count as usize)
        .clamp(1, WORKERS_MAX);
    let installed = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| installed_bytes(&text));
    let allowed = fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| allowed_bytes(&text));
    let memory_bytes = [installed, allowed]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(MEMORY_BYTES_ASSUMED);
    Machine::cpu(u32::try_from(workers).unwrap_or(1), memory_bytes)
}

/// What tells this machine from another as far as times are concerned, with the workers of a plan and the instructions
/// that kernels are allowed.
pub fn fingerprint(machine: &Machine, instructions: Cpu) -> Fingerprint {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut devices = machine.devices();
    let workers = devices.next().map_or(1, |(_, cpu)| cpu.workers);
    let mut features: Vec<String> = devices.map(|(_, device)| device.name.clone()).collect();
    let sets = instructions.to_string();
    features.extend(sets.split_whitespace().map(str::to_owned));
    features.sort();
    Fingerprint {
        cpu: processor(&info).unwrap_or("unknown").to_owned(),
        workers,
        features,
    }
}

/// Reads the line `model name : AMD EPYC`.
fn processor(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start().strip_prefix(':')?.trim())
}

/// The load average of the last minute, where the system tells it.
pub fn load_average() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// The largest resident memory of this process so far, in bytes, where the system tells it.
pub fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim()
        .strip_suffix("kB")?
        .trim_end()
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

/// Reads the line `MemTotal:  24689764 kB`.
fn installed_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim()
        .strip_suffix("kB")?
        .trim_end()
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

/// Reads the limit of a control group: a number of bytes, or `max` for none.
fn allowed_bytes(limit: &str) -> Option<u64> {
    limit.trim().parse().ok().filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use motet_engine::Most;

    use super::*;

    #[test]
    fn memory_is_read_from_what_the_operating_system_writes() {
        let meminfo = "MemTotal:       24689764 kB\nMemFree:          123456 kB\n";
        assert_eq!(installed_bytes(meminfo), Some(24_689_764 * 1024));
        assert_eq!(installed_bytes("MemFree: 1 kB\n"), None);
        assert_eq!(installed_bytes("MemTotal: many kB\n"), None);
        assert_eq!(allowed_bytes("536870912\n"), Some(512 << 20));
        assert_eq!(allowed_bytes("max\n"), None);
    }

    #[test]
    fn a_processor_is_named_as_the_operating_system_names_it() {
        let info = "processor\t: 0\nmodel name\t: AMD EPYC\nmodel name\t: other\n";
        assert_eq!(processor(info), Some("AMD EPYC"));
        assert_eq!(processor("processor : 0\n"), None);
        let here = |most| fingerprint(&local_machine(Some(3)), Cpu::detect().at_most(most));
        assert_eq!(here(Most::All).workers, 3);
        assert_eq!(here(Most::All), here(Most::All));
        let is_plain = Cpu::detect() == Cpu::PORTABLE;
        assert!(
            is_plain || here(Most::All) != here(Most::Portable),
            "fewer instructions are slower"
        );
    }

    #[test]
    fn the_number_of_workers_is_taken_or_found_and_stays_within_bounds() {
        let count = |workers| {
            local_machine(workers)
                .devices()
                .next()
                .map(|(_, device)| device.workers)
        };
        assert_eq!(count(Some(3)), Some(3));
        assert_eq!(count(Some(0)), Some(1));
        assert_eq!(count(Some(1_000_000)), Some(256));
        assert!(count(None) >= Some(1));
        let machine = local_machine(None);
        assert!(machine.devices().all(|(_, device)| device.memory_bytes > 0));
    }
}
