//! Kinds whose inputs state what no kind of this version states: units, ranges, dimensions of one size.

use motet_core::catalog::{
    Accepts, BuildError, Catalog, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, Params, Signature,
};
use motet_core::node::Node;
use motet_core::placement::{Placement, Precision, PrecisionOffer};
use motet_core::port::PortType;

/// A kind that takes and gives fixed types.
struct Fixed {
    name: &'static str,
    inputs: &'static [(&'static str, &'static str)],
    output: &'static str,
}

/// All kinds of Motet and four stand-ins.
pub(super) fn catalog() -> Catalog {
    let mut catalog = motet_nodes::catalog();
    let kinds = [
        Fixed {
            name: "test/spectrum",
            inputs: &[("signal", "f32[T<=48000] rate=12kHz unit=g range=-16..16")],
            output: "f32[64]",
        },
        Fixed {
            name: "test/sum",
            inputs: &[("a", "f32[N<=1000]"), ("b", "f32[N<=1000]")],
            output: "f32[N<=1000]",
        },
        Fixed {
            name: "test/score",
            inputs: &[("value", "f32")],
            output: "f32",
        },
        Fixed {
            name: "test/scale",
            inputs: &[("value", "f32")],
            output: "f32",
        },
    ];
    for kind in kinds {
        catalog.register(kind).expect("names of stand-ins are their own");
    }
    catalog
}

fn port(text: &str) -> PortType {
    PortType::parse(text).expect("a type")
}

impl NodeKind for Fixed {
    fn name(&self) -> &str {
        self.name
    }

    fn about(&self) -> &str {
        "Stands in for a kind of which only the ports matter."
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn inputs(&self, _: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let named = self.inputs.iter();
        let named =
            named.map(|(name, takes)| InputSpec::required(name, Accepts::Type(port(takes)), "a value"));
        Ok(InputSpecs {
            named: named.collect(),
            further: None,
        })
    }

    fn outputs(&self, _: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        Ok(vec![OutputSpec::new("result", port(self.output))])
    }

    /// `test/score` has a net whose accuracy in 8 bits is too low.
    fn precisions(&self, _: &Params) -> Vec<PrecisionOffer> {
        let offer = |precision, admissible, why: &str| PrecisionOffer {
            precision,
            admissible,
            why: why.to_owned(),
        };
        let mut offers = vec![PrecisionOffer::f32()];
        if self.name == "test/score" {
            offers.push(offer(
                Precision::Int8,
                false,
                "macro-F1 0.81, below the card's floor of 0.90",
            ));
        }
        offers
    }

    fn cost(&self, _: &Params, _: &Signature, _: &Placement) -> Cost {
        Cost::default()
    }

    fn build(&self, _: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        Err(BuildError::Failed("a stand-in does not run".to_owned()))
    }
}
