//! `audio/speak`: a text as speech.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, PortType, TensorType};

const TEXT: &str = "text";
const VOICE: &str = "voice";
const SPEED: &str = "speed";
const PITCH: &str = "pitch";
const LONGEST: &str = "longest";
/// The program that speaks.
const ENGINE: &str = "espeak-ng";
/// Its sample rate.
const RATE_HZ: u32 = 22_050;
/// Bytes before the samples: the header of a WAV file, whose lengths are not known when it is written.
const HEADER_BYTES: usize = 44;
/// Longest text that is spoken, in bytes.
const TEXT_BYTES: u32 = 4 << 10;
/// Longest sound.
const LONGEST_MAX_S: f64 = 120.0;
/// How long the program may take for a text.
const PATIENCE: Duration = Duration::from_secs(10);
/// Memory of the program, about: it is a process of its own, and not in the arena.
const ENGINE_BYTES: u64 = 16 << 20;

/// The kind `audio/speak`.
pub struct Speak;

impl NodeKind for Speak {
    fn name(&self) -> &str {
        "audio/speak"
    }

    fn about(&self) -> &str {
        "Speaks a text, with espeak-ng on this machine: a program that is started for each text, gets it over a pipe and \
         gives the sound back over another, so that nothing is written to a disk and nothing leaves the machine. It must be \
         installed, as with `apt-get install espeak-ng`. `voice` is one of `espeak-ng --voices`, `speed` in words a minute, \
         `pitch` from 0 to 99. Output: mono sound at 22.05 kHz, absent for a text without a letter; what is longer than \
         `longest` is cut. The memory of the program, about 16 MiB, is planned as that of the node."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let integer = |name, (min, max), default, about| ParamSpec {
            name,
            param_type: ParamType::Integer { min, max },
            default: Some(ParamValue::Integer(default)),
            about,
        };
        vec![
            ParamSpec {
                name: VOICE,
                param_type: ParamType::Text,
                default: Some(ParamValue::Text("en-us".to_owned())),
                about: "the voice, as `espeak-ng --voices` lists them",
            },
            integer(SPEED, (80, 450), 165, "words a minute"),
            integer(PITCH, (0, 99), 50, "how high the voice is"),
            ParamSpec {
                name: LONGEST,
                param_type: ParamType::Duration,
                default: Some(ParamValue::Duration(Duration::from_secs(20))),
                about: "longest sound, at most two minutes",
            },
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let text = Accepts::Type(TensorType::text(TEXT_BYTES).into());
        Ok(InputSpecs {
            named: vec![InputSpec::required(TEXT, text, "what is said")],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let samples = samples_max(params)?;
        let voice = params.text(VOICE).unwrap_or_default();
        if !is_voice(voice) {
            let place = FaultPlace::Param(VOICE.to_owned(), None);
            let fault = KindFault::new(place, format!("`{voice}` is no name of a voice"));
            return Err(vec![
                fault.help("`espeak-ng --voices` lists them, as `en-us` or `en-us+f3`"),
            ]);
        }
        let sound = TensorType::new(Element::F32, vec![Dim::at_most("T", samples)]);
        let sound = sound.at_rate(u64::from(RATE_HZ) * 1_000).within(-1.0, 1.0);
        Ok(vec![OutputSpec {
            may_be_absent: true,
            ..OutputSpec::new("sound", PortType::Tensor(sound))
        }])
    }

    fn cost(&self, params: &Params, _: &Signature, _: &Placement) -> Cost {
        let samples = u64::from(samples_max(params).unwrap_or(0));
        Cost {
            // A formant synthesiser: some hundred operations for a sample.
            flops: 300 * samples,
            workspace_bytes: 2 * samples + HEADER_BYTES as u64 + ENGINE_BYTES,
            ..Cost::default()
        }
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let failed = |faults: Vec<KindFault>| BuildError::Failed(crate::first_message(&faults));
        let whole = |name: &str| params.integer(name).unwrap_or_default();
        let node = SpeakNode {
            voice: params.text(VOICE).unwrap_or_default().to_owned(),
            speed: whole(SPEED),
            pitch: whole(PITCH),
            samples_max: samples_max(params).map_err(failed)? as usize,
            bytes: Vec::with_capacity(HEADER_BYTES + 2 * samples_max(params).map_or(0, |most| most as usize)),
        };
        node.try_out()?;
        Ok(Box::new(node))
    }
}

/// Most samples of a sound.
fn samples_max(params: &Params) -> Result<u32, Vec<KindFault>> {
    let seconds = params.duration(LONGEST).unwrap_or_default().as_secs_f64();
    if seconds <= 0.0 || seconds > LONGEST_MAX_S {
        let place = FaultPlace::Param(LONGEST.to_owned(), None);
        let message = format!("a sound is from a moment to {LONGEST_MAX_S} s long, not {seconds} s");
        return Err(vec![KindFault::new(place, message)]);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "two minutes have few samples"
    )]
    Ok((seconds * f64::from(RATE_HZ)).ceil() as u32)
}

/// True for a name that can be nothing else to the program.
fn is_voice(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '+' | '/');
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(is_letter)
        && !name.contains("//")
}

struct SpeakNode {
    voice: String,
    speed: i64,
    pitch: i64,
    samples_max: usize,
    /// What the program gave last.
    bytes: Vec<u8>,
}

/// A program that is ended when nobody waits for it any more.
struct Engine(Child);

impl Drop for Engine {
    fn drop(&mut self) {
        // It has ended already where all went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl SpeakNode {
    /// Sees whether the program is there and has the voice.
    fn try_out(&self) -> Result<(), BuildError> {
        let mut command = self.command();
        command
            .arg("-q")
            .arg("a")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let refused = |reason: String| BuildError::Program {
            program: ENGINE.to_owned(),
            reason,
        };
        let done = command.output().map_err(|error| {
            refused(format!(
                "cannot be started: {error}; install it, as with `apt-get install {ENGINE}`"
            ))
        })?;
        match done.status.success() {
            true => Ok(()),
            false => Err(refused(format!(
                "does not know the voice `{}`: `{ENGINE} --voices` lists them",
                self.voice
            ))),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(ENGINE);
        command
            .args([
                "-v",
                &self.voice,
                "-s",
                &self.speed.to_string(),
                "-p",
                &self.pitch.to_string(),
            ])
            .stderr(Stdio::null());
        command
    }

    /// Speaks a text: samples of 16 bits behind a header, as many as there is room for.
    fn speak(&mut self, text: &str) -> Result<(), NodeError> {
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            NodeError::Failed(format!("`{ENGINE}` {what}: {error}"))
        };
        let mut command = self.command();
        // One line is one utterance, however it is broken; a text is not a document with commands in it.
        command.args(["--stdin", "--stdout", "-b", "1"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut engine = Engine(
            command
                .spawn()
                .map_err(|error| failed("cannot be started", &error))?,
        );
        let mut input = engine.0.stdin.take();
        let output = engine.0.stdout.take();
        let line: String = text
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect();
        if let Some(mut input) = input.take() {
            // At most 4 KiB: the pipe takes them before the program reads.
            input
                .write_all(line.as_bytes())
                .map_err(|error| failed("takes no text", &error))?;
        }
        self.bytes.clear();
        let room = HEADER_BYTES + 2 * self.samples_max;
        let bytes = &mut self.bytes;
        let (ended, end) = std::sync::mpsc::channel();
        // The program ends by itself; one that does not is ended when its time is over, and then its pipe ends.
        let (read, is_late) = std::thread::scope(|scope| {
            let reading = scope.spawn(move || {
                let read = output.map_or(Ok(0), |output| output.take(room as u64).read_to_end(bytes));
                let _ = ended.send(());
                read
            });
            let is_late = end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
            if is_late {
                let _ = engine.0.kill();
            }
            (reading.join(), is_late)
        });
        match read {
            _ if is_late => Err(failed("takes too long", &format!("more than {PATIENCE:?}"))),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failed("gives no sound", &error)),
            Err(_) => Err(failed("gives no sound", &"its reader failed")),
        }
    }
}

impl Node for SpeakNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let text = inputs.require(0)?.text(0)?;
        if !text.contains(char::is_alphanumeric) {
            return Ok(());
        }
        self.speak(text)?;
        let samples = self.bytes.get(HEADER_BYTES..).unwrap_or_default();
        let (samples, _) = samples.as_chunks::<2>();
        if samples.is_empty() {
            return Err(NodeError::Failed(format!(
                "`{ENGINE}` gave no sound for this text"
            )));
        }
        let count = samples.len().min(self.samples_max);
        let sound = outputs.tensor::<f32>(0, &[crate::model::dim(count)])?;
        for (to, sample) in sound.iter_mut().zip(samples) {
            *to = f32::from(i16::from_le_bytes(*sample)) / 32_768.0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Trial, Value};

    /// Whether the program is installed; a test without it says so by name.
    fn is_there(test: &str) -> bool {
        let found = Command::new(ENGINE).arg("--version").output().is_ok();
        if !found {
            eprintln!("skipped {test}: {ENGINE} is not installed");
        }
        found
    }

    fn trial() -> Trial<'static> {
        Trial::of(&Speak).input(TEXT, "utf8[T<=200]")
    }

    #[test]
    fn a_text_is_spoken_and_nothing_is_not() {
        if !is_there("a_text_is_spoken_and_nothing_is_not") {
            return;
        }
        let outputs = trial()
            .run(&[Some(Value::Text("Your coffee is ready."))])
            .unwrap();
        let sound = outputs[0].as_ref().unwrap().tensor::<f32>(0).unwrap();
        let seconds = sound.len() as f32 / RATE_HZ as f32;
        assert!((0.5..5.0).contains(&seconds), "{seconds} s");
        let loudest = sound.iter().fold(0.0_f32, |most, sample| most.max(sample.abs()));
        assert!(loudest > 0.05 && loudest <= 1.0, "{loudest}");
        for silent in ["", " \n", "..."] {
            assert!(
                trial().run(&[Some(Value::Text(silent))]).unwrap()[0].is_none(),
                "{silent:?}"
            );
        }
        // What looks like options and commands is said, not done.
        let outputs = trial().run(&[Some(Value::Text("-w sound.wav --version <break time=\"900s\"/>"))]);
        assert!(outputs.unwrap()[0].is_some());
    }

    #[test]
    fn a_voice_that_the_program_does_not_have_is_refused_when_the_node_is_built() {
        if !is_there("a_voice_that_the_program_does_not_have_is_refused_when_the_node_is_built") {
            return;
        }
        let node = trial().text(VOICE, "nobody");
        let signature = node.signature().unwrap();
        let built = Speak.build(&node.params(), &signature, &Placement::CPU);
        let error = built.err().unwrap();
        assert!(matches!(error, BuildError::Program { .. }), "{error}");
        assert!(
            error.to_string().contains("does not know the voice `nobody`"),
            "{error}"
        );
    }

    #[test]
    fn a_sound_is_cut_where_it_gets_too_long() {
        if !is_there("a_sound_is_cut_where_it_gets_too_long") {
            return;
        }
        let short = trial().with(LONGEST, ParamValue::Duration(Duration::from_millis(200)));
        let outputs = short
            .run(&[Some(Value::Text("one two three four five six seven eight"))])
            .unwrap();
        assert_eq!(
            outputs[0].as_ref().unwrap().tensor::<f32>(0).unwrap().len(),
            4_410
        );
    }

    #[test]
    fn a_voice_that_could_be_an_option_is_a_fault() {
        for voice in ["-w", "", "en us", "../x", "en;ls"] {
            let trial = trial().text(VOICE, voice);
            let fault = &trial.faults()[0];
            assert!(
                matches!(&fault.place, FaultPlace::Param(name, None) if name == VOICE),
                "{voice}: {fault:?}"
            );
        }
        let trial = trial().with(LONGEST, ParamValue::Duration(Duration::from_secs(600)));
        assert!(trial.faults()[0].message.contains("120 s"));
    }
}
