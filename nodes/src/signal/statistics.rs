//! `signal/statistics`: the moments of a waveform.

use motet_core::catalog::{
    BuildError, ConnectedInput, Cost, InputSpecs, KindFault, NodeKind, OutputSpec, ParamSpec, Params,
    Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Field, PortType};
use motet_models::vibration::Statistics;

use super::waveform::{Waveform, narrow, widen};
use super::welch::waveform_input;

/// The kind `signal/statistics`.
pub struct Moments;

impl NodeKind for Moments {
    fn name(&self) -> &str {
        "signal/statistics"
    }

    fn about(&self) -> &str {
        "What a waveform is like, axis by axis: `mean`; about it `rms`, the root of the mean square, and `peak`, the largest \
         magnitude; `crest_factor`, peak over rms (1.41 for a sine, large for single knocks); and `kurtosis`, the fourth \
         moment over the square of the second (1.5 for a sine, 3 for normal noise, large for knocks). A constant has 0 for \
         the last two."
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        Ok(InputSpecs {
            named: vec![waveform_input()],
            further: None,
        })
    }

    fn outputs(
        &self,
        _params: &Params,
        inputs: &[ConnectedInput],
    ) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let waveform = Waveform::read(inputs)?;
        let field = |name: &str, has_unit: bool| {
            let mut tensor = waveform.per_axis(Vec::new());
            tensor.unit = waveform.unit.clone().filter(|_| has_unit);
            Field::new(name, tensor)
        };
        let fields = vec![
            field("mean", true),
            field("rms", true),
            field("peak", true),
            field("crest_factor", false),
            field("kurtosis", false),
        ];
        Ok(vec![OutputSpec::new("moments", PortType::Record(fields))])
    }

    fn cost(&self, _params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok(waveform) = Waveform::read(&signature.inputs) else {
            return Cost::default();
        };
        let length = u64::from(waveform.length.max);
        Cost {
            flops: 7 * length * u64::from(waveform.axes),
            workspace_bytes: 8 * length,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        _params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let waveform = Waveform::read(&signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        Ok(Box::new(MomentsNode {
            samples: Vec::with_capacity(waveform.length.max as usize),
            found: Vec::with_capacity(waveform.axes as usize),
            waveform,
        }))
    }
}

struct MomentsNode {
    waveform: Waveform,
    samples: Vec<f64>,
    found: Vec<Statistics>,
}

impl Node for MomentsNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        self.found.clear();
        for samples in self.waveform.axes(inputs.require(0)?)? {
            widen(samples, &mut self.samples);
            self.found.push(Statistics::of(&self.samples));
        }
        self.found
            .resize(self.waveform.axes as usize, Statistics::default());
        let sizes = self.waveform.sizes(&[]);
        let out = outputs.record(0)?;
        let fields: [fn(&Statistics) -> f64; 5] = [
            |found| found.mean,
            |found| found.rms,
            |found| found.peak,
            |found| found.crest_factor,
            |found| found.kurtosis,
        ];
        for (index, field) in fields.into_iter().enumerate() {
            let values = out.tensor::<f32>(index, &sizes)?;
            values
                .iter_mut()
                .zip(&self.found)
                .for_each(|(out, found)| *out = narrow(field(found)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Trial, Value};

    #[test]
    fn a_square_wave_and_a_constant_have_their_moments() {
        let trial = Trial::of(&Moments).input("waveform", "f32[2, T<=100] rate=1kHz unit=g");
        assert_eq!(
            trial.types(),
            [
                "moments: record{mean: f32[2] unit=g, rms: f32[2] unit=g, peak: f32[2] unit=g, crest_factor: f32[2], kurtosis: f32[2]}"
            ]
        );
        let square = [3.0_f32, -1.0].repeat(50);
        let both = [square, vec![7.0; 100]].concat();
        let outputs = trial.run(&[Some(Value::F32(vec![2, 100], both))]).unwrap();
        let found = outputs[0].as_ref().unwrap();
        // A square wave of height 2 about 1 has mean, rms and peak 1, 2 and 2; its other moments are 1.
        for (field, expected) in [[1.0, 7.0], [2.0, 0.0], [2.0, 0.0], [1.0, 0.0], [1.0, 0.0]]
            .into_iter()
            .enumerate()
        {
            assert_eq!(found.tensor::<f32>(field).unwrap(), expected, "{field}");
        }
    }

    #[test]
    fn one_axis_has_single_numbers_and_an_empty_chunk_zeros() {
        let trial = Trial::of(&Moments).input("waveform", "f32[T<=100] rate=1kHz");
        let outputs = trial.run(&[Some(Value::samples(&[]))]).unwrap();
        assert_eq!(outputs[0].as_ref().unwrap().tensor::<f32>(1).unwrap(), [0.0]);
    }
}
