//! Nodes that decide, write text, prepare sound or run a compiled net allocate nothing while they run.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::System;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use motet_core::arena::{Arena, BufferId, ReadLease, WriteLease};
use motet_core::catalog::{ConnectedInput, NodeKind, ParamValue, Params, Signature};
use motet_core::node::{Inputs, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Layout, PortType};
use motet_nodes::{ModelFolders, ModelSources, audio, control, model, text};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[path = "../../tests/suite/stand_in.rs"]
mod stand_in;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const COMMAND: &str = "record{label: utf8[T<=32], score: f32 range=0..1}";

/// Runs a kind's node twice and returns how often it allocated the second time.
fn allocations(kind: &dyn NodeKind, params: &[(&str, ParamValue)], inputs: &[(&str, &str)]) -> usize {
    let mut entries: Vec<_> = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    for spec in kind.params() {
        if let (Some(default), true) = (spec.default, entries.iter().all(|(name, _)| name != spec.name)) {
            entries.push((spec.name.to_owned(), default));
        }
    }
    let params = Params::new(entries);
    let connect = |(name, port): &(&str, &str)| ConnectedInput {
        name: (*name).to_owned(),
        port: Some(PortType::parse(port).unwrap()),
        optional: true,
    };
    let inputs: Vec<_> = inputs.iter().map(connect).collect();
    let outputs = kind.outputs(&params, &inputs).unwrap();
    let signature = Signature { inputs, outputs };
    let mut node = kind.build(&params, &signature, &Placement::CPU).unwrap();
    let ports = signature.inputs.iter().filter_map(|input| input.port.as_ref());
    let ports: Vec<_> = ports
        .chain(signature.outputs.iter().map(|output| &output.port))
        .collect();
    let layouts: Vec<_> = ports.iter().map(|port| Arc::new(Layout::of(port))).collect();
    let cost = kind.cost(&params, &signature, &Placement::CPU);
    let scratch = Arc::new(Layout::scratch(usize::try_from(cost.scratch_bytes).unwrap()));
    let arena = Arena::allocate(layouts.iter().chain([&scratch]).map(|layout| layout.bytes));
    let lease = |index: usize| {
        arena
            .lease(BufferId(u32::try_from(index).unwrap()), &layouts[index])
            .unwrap()
    };
    let input_count = signature.inputs.len();
    let values: Vec<Option<ReadLease>> = (0..input_count).map(|index| Some(filled(lease(index)))).collect();
    let mut counts = [0; 8];
    for count in &mut counts {
        let mut written: Vec<WriteLease> = (input_count..layouts.len()).map(lease).collect();
        let last = BufferId(u32::try_from(layouts.len()).unwrap());
        let mut scratch = arena.lease_scratch(last, &scratch).unwrap();
        let mut outputs = Outputs::new(&mut written).with_scratch(Some(&mut scratch));
        let region = Region::new(ALLOCATOR);
        node.run(&Inputs::new(&values, Duration::ZERO), &mut outputs)
            .unwrap();
        let change = region.change();
        *count = change.allocations + change.reallocations;
        assert!(
            written.iter().all(WriteLease::is_begun),
            "{} wrote all of its outputs",
            kind.name()
        );
    }
    // The first run may fill tables. The counter sees all threads, and one that compiled or checked the net may still be
    // at its end, so the median counts here; every single request is looked at in `tests/memory.rs`.
    let later = &mut counts[1..];
    later.sort_unstable();
    later[later.len() / 2]
}

/// A value whose whole numbers are 1, whose other numbers are 0.5 and whose texts are `stop`.
fn filled(mut lease: WriteLease) -> ReadLease {
    for field in 0..lease.layout().fields.len() {
        let dims: Vec<u32> = lease.layout().fields[field]
            .dims
            .iter()
            .map(|(max, _)| *max)
            .collect();
        if lease.text(field, "stop").is_ok() {
            continue;
        }
        if let Ok(bytes) = lease.tensor::<u8>(field, &dims) {
            bytes.fill(1);
            continue;
        }
        match lease.tensor::<i32>(field, &dims) {
            Ok(whole) => whole.fill(1),
            Err(_) => lease.tensor::<f32>(field, &dims).unwrap().fill(0.5),
        }
    }
    lease.publish(Duration::ZERO)
}

fn words(text: &str) -> ParamValue {
    ParamValue::Text(text.to_owned())
}

#[test]
fn a_node_allocates_nothing_while_it_runs() {
    // The counter itself is at work.
    let region = Region::new(ALLOCATOR);
    drop(std::hint::black_box(vec![1_u8; 100]));
    assert_eq!(region.change().allocations, 1);

    let rule =
        words("command.label == 'stop' && command.score in 0.2..0.8 || contains(command.label, 'halt')");
    let inputs = [("command", COMMAND), ("alarm", "f32")];
    let rules = [("stop_if", words("alarm > 0.9")), ("slow_down_if", rule.clone())];
    assert_eq!(allocations(&control::Rules, &rules, &inputs), 0);
    assert_eq!(
        allocations(&control::Rules, &[("stop_if", words("alarm > 0.9"))], &inputs),
        0
    );

    let select = [("first_if", words("first.score > 0.9"))];
    assert_eq!(
        allocations(
            &control::Select,
            &select,
            &[("first", COMMAND), ("second", COMMAND)]
        ),
        0
    );

    let template = [(
        "text",
        words("{command.label} at {command.score:.2}, alarm {alarm}"),
    )];
    assert_eq!(allocations(&text::Template, &template, &inputs), 0);

    let rate = [("rate", ParamValue::Frequency(16_000_000))];
    let sound = [("samples", "f32[T<=8820] rate=44.1kHz range=-1..1")];
    assert_eq!(allocations(&audio::Resample, &rate, &sound), 0);

    let sound = [("samples", "f32[T<=16000] rate=16kHz")];
    assert_eq!(allocations(&audio::LogMel, &[], &sound), 0);
    assert_eq!(allocations(&audio::Mfcc, &[], &sound), 0);

    let value = [("value", words("(alarm + command.score) / 2"))];
    assert_eq!(allocations(&control::Number, &value, &inputs), 0);

    let model = [("model", words("wakewords@1"))];
    let frames = [("frames", "f32[F<=400, 40] rate=100Hz")];
    assert_eq!(allocations(&model::Keyword::default(), &model, &frames), 0);

    utterances_allocate_nothing();
    // The counter counts all threads, so there can be no second test beside this one.
    nets_allocate_nothing("a_node_allocates_nothing_while_it_runs");
}

/// The kinds for utterances, with random weights.
fn utterances_allocate_nothing() {
    let folder = tempfile::tempdir().unwrap();
    stand_in::snips(folder.path(), 0.0);
    let folders = ModelFolders {
        cards: vec![folder.path().to_owned()],
        weights: vec![folder.path().to_owned()],
        files: None,
    };
    let sources = ModelSources {
        folders,
        ..ModelSources::default()
    };
    let model = [("model", words("snips@1"))];
    let text = ("text", "utf8[T<=64]");
    let read = "record{ids: i32[W<=32, 27], offsets: i32[W<=32, 2], words: i32, cut: u8}";
    let tokenize = text::Tokenize::new(sources.clone());
    assert_eq!(allocations(&tokenize, &model, &[text]), 0);
    let intent = model::Intent::new(sources.clone());
    assert_eq!(allocations(&intent, &model, &[("words", read)]), 0);
    let slots = model::Slots::new(sources);
    assert_eq!(allocations(&slots, &model, &[("words", read), text]), 0);
}

/// The nets of the reference workload, where their weights lie beside the project.
fn nets_allocate_nothing(test: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the weights are can be told in no other way"
    )]
    let told = std::env::var("MOTET_SHARED").ok().map(PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let weights = told.unwrap_or_else(|| root.join("../shared")).join("bench/data");
    if !weights.is_dir() {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped the nets in `{test}`: there is no shared/bench/data; set MOTET_SHARED");
        }
        return;
    }
    let folders = ModelFolders {
        cards: vec![root.join("pipelines/trio/models")],
        weights: vec![weights],
        files: None,
    };
    let sources = ModelSources {
        folders,
        ..ModelSources::default()
    };
    let named = |name: &str| [("model", words(name))];
    let kws = model::Classifier::new(sources.clone());
    assert_eq!(
        allocations(&kws, &named("kws@1"), &[("features", "f32[49, 10]")]),
        0
    );
    let notes = model::Tagger::new(sources.clone());
    assert_eq!(
        allocations(&notes, &named("notes@1"), &[("ids", "i32[T<=128]")]),
        0
    );
    let anom = model::Autoencoder::new(sources);
    assert_eq!(
        allocations(&anom, &named("anom@1"), &[("features", "f32[R<=196, 640]")]),
        0
    );
}
