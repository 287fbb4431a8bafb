//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(unix)]
mod audit;

#[cfg(unix)]
pub(crate) use audit::{AuditArguments, AuditCommand};

const EXAMPLES: &str = "\
Examples:
  motet check pipelines/keyword                     find every fault in a pipeline
  motet plan pipelines/keyword                      see devices, memory and deadlines before anything runs
  motet run pipelines/keyword                       answer the pipeline's own samples
  motet run pipelines/keyword --in mic=clip.flac    answer a recording
  motet test pipelines/keyword                      hold the answers against what they should be
  motet explain MT0214                              what a code means and how to mend it
  motet explain audio/log-mel                       what a node kind takes and gives

Exit codes:
  0  it is as it should be
  1  the answer is no: a test failed, an output failed, a training was stopped, or with --strict
     a deadline was missed
  2  bad input: the arguments, a file, or faults in the pipeline
  3  an error inside motet";

/// Compile and run pipelines of small specialised models, offline.
///
/// A pipeline is a folder with a `pipeline.yaml`: a graph of signal processing, small
/// nets and rules. Motet checks it like a program, prints what it will take before
/// anything runs, and then runs it within that.
#[derive(Debug, Parser)]
#[command(name = "motet", version, verbatim_doc_comment, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,

    /// Log to standard error: error, warn, info, debug, trace, or a filter.
    /// The variable MOTET_LOG does the same.
    #[arg(long, global = true, value_name = "LEVEL", verbatim_doc_comment)]
    pub(crate) log: Option<String>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object, or one per line.
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether to use colours on a stream that is or is not a terminal.
    pub(crate) fn is_wanted(self, on_terminal: bool) -> bool {
        match self {
            Color::Auto => on_terminal,
            Color::Always => true,
            Color::Never => false,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find every fault in a pipeline, without running it.
    Check(CheckArguments),
    /// Print devices, order, memory and deadlines, and the verdict on the contract.
    Plan(PlanArguments),
    /// Answer requests: the pipeline's own samples, values from the command line, or lines of JSON.
    #[command(after_help = RUN_HELP)]
    Run(RunArguments),
    /// Run the `tests:` of a pipeline.
    Test(TestArguments),
    /// Measure latency, CPU time and memory against the plan.
    Bench(BenchArguments),
    /// Measure each node in every placement it may have, for plans by measured times.
    Profile(ProfileArguments),
    /// List the devices of this machine and what each can run.
    Devices,
    /// Try a GPU out and answer in JSON; the program calls itself so.
    #[cfg(feature = "gpu")]
    #[command(hide = true, name = "probe-gpu")]
    ProbeGpu {
        /// Its number; without one all are listed.
        adapter: Option<usize>,
    },
    /// Explain a code such as MT0214, or a node kind such as audio/log-mel.
    Explain {
        /// The code or the kind.
        topic: String,
    },
    /// List the node kinds.
    Kinds,
    /// Draw a pipeline with its ports, devices and agents.
    Graph(GraphArguments),
    /// Train a model from a recipe and examples, or fine-tune one, and write it with its card.
    ///
    /// The state is kept after every epoch and every half minute: Ctrl-C ends after the step at work, `--resume` goes on
    /// from there.
    Train(TrainArguments),
    /// Measure a model on examples it never saw, with the classical baseline beside it.
    Eval(EvalArguments),
    /// The models in a folder: their cards, and whether their weights are those of their cards.
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Logs of who asked what of which models.
    #[cfg(unix)]
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print a script that completes commands in your shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

const RUN_HELP: &str = "\
Values for --in: the name of a .wav, .flac or .json file, numbers or nested lists in JSON, or text for a text input
(@file reads it from a file). Recordings are decoded and resampled to the rate of the input; a waveform of several axes may
be a .csv. `null` says that an input does not come.

With --stdin each line is a request and gets one line back:
  {\"id\": 1, \"inputs\": {\"mic\": \"clip.flac\"}}
  {\"id\": 1, \"outputs\": {\"answer\": {\"action\": \"listen\"}}, \"latency_us\": 4100}
  {\"id\": 2, \"error\": {\"code\": \"MT0401\", \"message\": \"input `mic`: there is no file `clip.flac`\"}}
`inputs` may also hold {\"file\": \"name\"}, numbers, nested lists, text, and objects for records.";

/// A pipeline and the values of its parameters.
#[derive(Clone, Debug, Args)]
pub(crate) struct PipelineArguments {
    /// A folder with a `pipeline.yaml`, or the file itself.
    pub(crate) pipeline: PathBuf,

    /// Set a parameter of the pipeline; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,

    /// Plan for this many CPU workers instead of one per core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) workers: Option<u32>,

    /// Plan by the times of this file, which `motet profile` wrote on such a machine.
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,

    /// Look for the weights of models in this folder, and for cards that are not in `models/` beside the pipeline; may
    /// be repeated.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) models: Vec<PathBuf>,

    #[cfg(unix)]
    #[command(flatten)]
    pub(crate) audit: AuditArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) pipeline: PipelineArguments,

    /// Apply the edits that certainly mend a fault, and say which.
    #[arg(long)]
    pub(crate) fix: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) pipeline: PipelineArguments,

    /// Plan for a machine with this much memory instead of this one, as in `512 MiB`.
    #[arg(long, value_name = "AMOUNT", value_parser = memory)]
    pub(crate) memory: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) pipeline: PipelineArguments,

    /// Give an input its value; may be repeated.
    #[arg(long = "in", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) inputs: Vec<(String, String)>,

    /// Read requests from standard input, one JSON object a line, and answer each with one.
    #[arg(long, conflicts_with_all = ["inputs", "repeat"])]
    pub(crate) stdin: bool,

    /// Write an output, or a field of one, to a file: text as it is, sound as WAV where the file is called so, anything else
    /// as JSON; may be repeated. Of several requests, the last stays.
    #[arg(long, value_name = "NAME=FILE", value_parser = pair, conflicts_with = "stdin")]
    pub(crate) save: Vec<(String, String)>,

    /// Answer each request this many times.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) repeat: u32,

    /// Ask for each response within this time, as in `80 ms`.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) deadline: Option<std::time::Duration>,

    /// Who does the work.
    #[arg(long, value_enum, default_value_t = ExecutorArgument::Parallel)]
    pub(crate) executor: ExecutorArgument,

    /// Decides the order of the simulated executor.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Print latencies, critical paths and memory afterwards.
    #[arg(long)]
    pub(crate) report: bool,

    /// Write what happened when, for chrome://tracing or Perfetto.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,

    /// Exit with 1 when a chain of the contract missed its deadline.
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Who does the work of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExecutorArgument {
    /// One thread: the reference.
    Sequential,
    /// One thread per worker.
    Parallel,
    /// Made-up timing from a seed; the same answers.
    Simulated,
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    #[command(flatten)]
    pub(crate) pipeline: PipelineArguments,

    /// Run only tests whose sentence holds this text.
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
}

/// How often to measure.
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    #[command(flatten)]
    pub(crate) pipeline: PipelineArguments,

    /// Give an input its value, instead of the pipeline's own samples; may be repeated.
    #[arg(long = "in", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) inputs: Vec<(String, String)>,

    /// Requests before anything is measured.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(crate) warm_up: u32,

    /// Requests in a round.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) repeat: u32,

    /// Rounds; the ways to run take turns in each.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) rounds: u32,
}

/// How often to measure, and where the times go.
#[derive(Debug, Args)]
pub(crate) struct ProfileArguments {
    #[command(flatten)]
    pub(crate) pipeline: PipelineArguments,

    /// Give an input its value, instead of the pipeline's own samples; may be repeated.
    #[arg(long = "in", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) inputs: Vec<(String, String)>,

    /// The file to write.
    #[arg(short, long, value_name = "FILE", default_value = "profile.json")]
    pub(crate) out: PathBuf,

    /// Requests before anything is measured, for each placement.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(crate) warm_up: u32,

    /// Requests of a placement in a round.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) repeat: u32,

    /// Rounds over all placements.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) rounds: u32,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArguments {
    #[command(flatten)]
    pub(crate) pipeline: PipelineArguments,

    /// The language of the drawing.
    #[arg(long = "as", value_enum, default_value_t = Drawing::Mermaid)]
    pub(crate) drawing: Drawing,

    /// Write it to a file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// The language of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Drawing {
    /// A picture that stands alone.
    Svg,
    /// For Markdown pages.
    Mermaid,
    /// For Graphviz.
    Dot,
    /// Boxes, edges and clusters.
    Json,
}

/// Where recordings lie.
#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    /// The folder that the files of the recipe lie in; or a file of one's own examples.
    #[arg(long, value_name = "PATH", default_value = "../shared/data")]
    pub(crate) data: PathBuf,

    /// For keywords: the folder with synthetic speech made by models/reference/synthesise_speech.py.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) synthetic: Option<PathBuf>,

    /// Threads that share the work.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) threads: u32,
}

#[derive(Debug, Args)]
pub(crate) struct TrainArguments {
    /// The name of a recipe that comes with Motet, or a file with one.
    pub(crate) recipe: Option<String>,

    /// List the recipes that come with Motet, and the tasks and settings for recipes of your own.
    #[arg(long)]
    pub(crate) list: bool,

    #[command(flatten)]
    pub(crate) data: DataArguments,

    /// A file of examples to judge by, instead of the recipe's.
    #[arg(long, value_name = "FILE")]
    pub(crate) valid: Option<PathBuf>,

    /// The folder for checkpoints, weights and card; that of the recipe's name when left out.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,

    /// Begin with the weights of this model, or of this file, instead of random ones.
    #[arg(long, value_name = "PATH")]
    pub(crate) from: Option<PathBuf>,

    /// Learn from a teacher as well: a folder with what it says of the examples; docs/models.md has its files.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) teacher: Option<PathBuf>,

    /// Train low-rank changes of matrices, and the heads, instead of all weights.
    #[arg(long, value_name = "RANK", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) lora: Option<u32>,

    /// Leave a part of the net as it is: `encoder`, or a path such as `table`; may be repeated.
    #[arg(long, value_name = "PART")]
    pub(crate) freeze: Vec<String>,

    /// Seeds to train, one after the other; those of the recipe when left out.
    #[arg(long = "seed", alias = "seeds", value_name = "N", value_delimiter = ',')]
    pub(crate) seeds: Vec<u64>,

    /// Passes over the data; those of the recipe when left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) epochs: Option<u32>,

    /// Most time for each seed, as in `20min`: the number of passes is cut to what fits.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) budget: Option<std::time::Duration>,

    /// Go on from the checkpoints in the folder.
    #[arg(long)]
    pub(crate) resume: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EvalArguments {
    /// A folder with weights and card.
    pub(crate) model: PathBuf,

    #[command(flatten)]
    pub(crate) data: DataArguments,

    /// A file of examples that the baseline learns from; without it there is no baseline.
    #[arg(long, value_name = "FILE")]
    pub(crate) train: Option<PathBuf>,

    /// For texts: judge by rows with this field alone, as in `source=para`, instead of those of the recipe.
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) only: Option<String>,

    /// Write a page with tables and pictures to this HTML file.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Write the figures, sizes and times of each precision into the card of the model.
    #[arg(long)]
    pub(crate) record: bool,

    /// Seed of the bootstrap.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// One line for each model in a folder.
    List(ModelsArguments),
    /// The card of a model.
    Show {
        /// The folder of the model, or its card.
        model: PathBuf,
    },
    /// Compare the weights of every model in a folder with its card.
    Verify(ModelsArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ModelsArguments {
    /// A folder with models, each in a folder of its own or as NAME.card.yaml.
    #[arg(default_value = "models")]
    pub(crate) folder: PathBuf,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err(format!("expected NAME=VALUE, found `{text}`")),
    }
}

fn duration(text: &str) -> Result<std::time::Duration, String> {
    motet_core::quantity::duration(text).map_err(|fault| fault.to_string())
}

fn memory(text: &str) -> Result<u64, String> {
    motet_core::quantity::bytes(text).map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
