//! `signal/scale`: values by how far they are from what is usual.
//!
//! What is usual is learnt when the pipeline is opened, from a table of normal rows beside it: nobody has to write medians by
//! hand, and the table that shows them is the one that taught them.

use std::ops::Range;
use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, Params, Signature,
};
use motet_core::diagnostic::{Code, Diagnostic, Diagnostics, Source, Span};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Element, PortType, TensorType};
use motet_models::vibration::RobustScale;

use super::waveform::narrow;
use crate::files::Files;
use crate::model::ModelSources;

const VALUES: &str = "values";
const NORMAL: &str = "normal";

/// The kind `signal/scale`.
pub struct Scale {
    normal: Files<Vec<RobustScale>>,
}

impl Scale {
    /// The kind with files beside the pipelines of these sources.
    pub fn new(sources: ModelSources) -> Scale {
        Scale {
            normal: Files::new(sources, NORMAL),
        }
    }

    fn read(
        &self,
        params: &Params,
        inputs: &[ConnectedInput],
    ) -> Result<(TensorType, Arc<Vec<RobustScale>>), Vec<KindFault>> {
        let port = inputs.first().and_then(|input| input.port.as_ref());
        let at_input = |message: String| vec![KindFault::new(FaultPlace::Input(VALUES.to_owned()), message)];
        let tensor = match port {
            Some(PortType::Tensor(tensor))
                if tensor.element == Element::F32 && (1..=2).contains(&tensor.dims.len()) =>
            {
                tensor
            }
            Some(port) => {
                return Err(at_input(format!(
                    "`{port}` arrives here, but rows of numbers are due: `f32[F]` or `f32[R, F]`"
                )));
            }
            None => {
                return Err(at_input(
                    "nothing arrives here, but rows of numbers are due".to_owned(),
                ));
            }
        };
        let scales = self.normal.get(params, learn)?;
        let columns = tensor
            .dims
            .last()
            .filter(|columns| columns.exact)
            .map(|columns| columns.max as usize);
        if columns != Some(scales.len()) {
            return Err(at_input(format!(
                "`{tensor}` arrives here, but the table `{}` has {} columns",
                params.text(NORMAL).unwrap_or_default(),
                scales.len(),
                tensor = PortType::Tensor(tensor.clone())
            )));
        }
        Ok((tensor.clone(), scales))
    }
}

impl NodeKind for Scale {
    fn name(&self) -> &str {
        "signal/scale"
    }

    fn about(&self) -> &str {
        "Turns numbers into distances from what is usual: each less its median, over the distance of its quartiles. Both are learnt \
         when the pipeline is opened, from `normal`, a table of normal rows beside the pipeline: CSV with a header and one column \
         for each number, four rows or more, better hundreds. Output: as many numbers, without a unit; -0.5 to 0.5 is the \
         middle half of what is normal. A column that never changes is divided by 1."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![ParamSpec {
            name: NORMAL,
            param_type: ParamType::Text,
            default: None,
            about: "the table of normal rows, a file beside the pipeline",
        }]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let about = "numbers, as many in a row as the table has columns";
        Ok(InputSpecs {
            named: vec![InputSpec::required(VALUES, Accepts::Any, about)],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let (tensor, _) = self.read(params, inputs)?;
        let scaled = TensorType {
            unit: None,
            range: None,
            ..tensor
        };
        Ok(vec![OutputSpec::new("scaled", scaled)])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok((tensor, scales)) = self.read(params, &signature.inputs) else {
            return Cost::default();
        };
        Cost {
            flops: 2 * tensor.elements_max(),
            workspace_bytes: 16 * scales.len() as u64,
            ..Cost::default()
        }
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        _: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let (_, scales) = self
            .read(params, &signature.inputs)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        Ok(Box::new(ScaleNode { scales }))
    }
}

/// Learns each column of a table.
fn learn(source: &Arc<Source>) -> Result<Vec<RobustScale>, Diagnostics> {
    let mut offset = 0;
    let lines = source.text.split_inclusive('\n').map(|line| {
        let range = offset..offset + line.trim_end().len();
        offset += line.len();
        (range, line.trim())
    });
    let mut lines = lines.filter(|(_, line)| !line.is_empty());
    let (header, columns) = lines
        .next()
        .map_or((0..0, 0), |(range, line)| (range, line.split(',').count()));
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); columns];
    for (range, line) in lines {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        if cells.len() != columns {
            let message = format!("the row has {} cells, the header {columns}", cells.len());
            return Err(refused(source, range, message));
        }
        for (cell, column) in cells.iter().zip(&mut values) {
            match cell.parse::<f64>() {
                Ok(value) if value.is_finite() => column.push(value),
                Ok(_) | Err(_) => return Err(refused(source, range, format!("`{cell}` is no number"))),
            }
        }
    }
    let learnt = values.iter().map(|column| RobustScale::learn(column));
    learnt
        .collect::<Result<_, _>>()
        .map_err(|error| refused(source, header, error.to_string()))
}

fn refused(source: &Arc<Source>, range: Range<usize>, message: String) -> Diagnostics {
    let mut faults = Diagnostics::new();
    let fault = Diagnostic::error(Code("MT0229"), Span::new(source, range), message);
    faults.push(fault.help("write a header, then four rows or more of numbers, apart by commas"));
    faults
}

struct ScaleNode {
    scales: Arc<Vec<RobustScale>>,
}

impl Node for ScaleNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let lease = inputs.require(0)?;
        let sizes = lease.dims(0)?.to_vec();
        let out = outputs.tensor::<f32>(0, &sizes)?;
        let values = lease.tensor::<f32>(0)?.iter().zip(self.scales.iter().cycle());
        out.iter_mut()
            .zip(values)
            .for_each(|(out, (value, scale))| *out = narrow(scale.scaled(f64::from(*value))));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Trial, Value};

    fn kind(text: &str) -> (tempfile::TempDir, Scale) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("normal.csv"), text).unwrap();
        let mut sources = ModelSources::default();
        sources.folders.files = Some(folder.path().to_owned());
        (folder, Scale::new(sources))
    }

    #[test]
    fn numbers_become_distances_from_the_median_in_quartile_distances() {
        // Quartiles of 1 to 5 are 2 and 4; the other column never changes.
        let (_folder, kind) = kind("a,b\n1,7\n2,7\n3,7\n4,7\n5,7\n");
        let trial = Trial::of(&kind)
            .text(NORMAL, "normal.csv")
            .input(VALUES, "f32[R<=4, 2] unit=g");
        assert_eq!(trial.types(), ["scaled: f32[R<=4, 2]"]);
        let outputs = trial
            .run(&[Some(Value::F32(vec![2, 2], vec![3.0, 7.0, 9.0, 8.5]))])
            .unwrap();
        assert_eq!(
            outputs[0].as_ref().unwrap().tensor::<f32>(0).unwrap(),
            [0.0, 0.0, 3.0, 1.5]
        );
    }

    #[test]
    fn a_table_that_teaches_nothing_is_a_fault() {
        for (text, said) in [
            ("a,b\n1,2\n", "1 samples are too few"),
            ("a,b\n1,2\n3\n", "the row has 1 cells, the header 2"),
            ("a,b\n1,x\n", "`x` is no number"),
            ("a,b,c\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n", "has 3 columns"),
        ] {
            let (_folder, kind) = kind(text);
            let faults = Trial::of(&kind)
                .text(NORMAL, "normal.csv")
                .input(VALUES, "f32[2]")
                .faults();
            assert!(faults[0].message.contains(said), "{}", faults[0].message);
        }
        let (_folder, kind) = kind("a\n");
        let missing = Trial::of(&kind)
            .text(NORMAL, "none.csv")
            .input(VALUES, "f32[1]")
            .faults();
        assert!(missing[0].message.contains("cannot be read"));
    }
}
