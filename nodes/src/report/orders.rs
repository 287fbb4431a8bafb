//! `report/orders`: what was done to a machine, from its history of maintenance.
//!
//! `read` takes the history apart; `tag` and `alias` say which orders are of the machine, with `around` for what
//! stands beside a name; a net finds what the orders name (`mask` writes them as it knows them), and `relevance` ranks
//! them. It changes no order and guesses no asset: one that is booked on another machine is of that machine, whatever its
//! text says. Invariant: every order that is given is of the asset, at most [`LIST_MAX`] of them, and fits a report.

use std::cmp::Reverse;
use std::ops::Range;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, FaultPlace, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Element, Field, PortType, TensorType};

use super::findings::{FINDINGS_BYTES, Findings};
use super::moment::{Date, Moment};
use super::record::{LIST_MAX, NAME_BYTES_MAX, WorkOrder};
use crate::model::mentions::{Found, MentionReader, Mentions};
use crate::model::{ModelSources, dim, model_param};
use crate::notes::annotate::{text_bytes, text_of};
use crate::notes::spans::Entity;

mod alias;
mod around;
mod mask;
mod read;
mod relevance;
mod snippet;
mod tag;
#[cfg(test)]
mod tests;

pub use read::{ORDER_TEXT_BYTES_MAX, ORDERS_BYTES, ORDERS_MAX, Order, OrdersError, read};

use alias::{ALIAS_WORDS_MAX, Alias};
use mask::Masked;
use relevance::{ACTIVITY, OBJECT, parts_of, relevance};
use snippet::snippet;
use tag::Tag;

const ORDERS: &str = "orders";
const CAUSE: &str = "cause";
const AT: &str = "at";
const ASSET: &str = "asset";
const ALIASES: &str = "aliases";
const PARTS: &str = "parts";
const LEAST: &str = "least";
/// Most names of one asset beside its own, and most names of parts.
const NAMES_MAX: usize = 64;
/// Fewest bytes of an order in a history.
const ORDER_BYTES_MIN: usize = 40;
/// Operations for each byte of a history and each name of the asset: reading, comparing.
const FLOPS_PER_BYTE: u64 = 50;

/// The kind `report/orders`. All its nodes share the weights of a model in one precision.
pub struct Orders {
    mentions: Mentions,
}

impl Orders {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Orders {
        Orders {
            mentions: Mentions::new(sources),
        }
    }

    fn names(&self, params: &Params) -> Result<Names, Vec<KindFault>> {
        let kinds = self.mentions.kinds(params)?;
        if let Some(kind) = [OBJECT, ACTIVITY]
            .into_iter()
            .find(|kind| !kinds.iter().any(|known| known == kind))
        {
            let message = format!("the model finds no mention of the kind `{kind}`");
            let fault = KindFault::new(FaultPlace::Param("model".to_owned(), None), message);
            return Err(vec![fault.help("`maintie@1` does")]);
        }
        Names::of(params)
    }
}

impl NodeKind for Orders {
    fn name(&self) -> &str {
        "report/orders"
    }

    fn about(&self) -> &str {
        "Finds in a history of maintenance what was done to one machine. `orders` has a JSON object a line, `{id, date, text, \
         asset?}`; a line that is anything else is an error with its number. An order is of the machine where it is booked on \
         `asset`, or, booked on nothing, where its text names it: by its tag in the usual spellings (`P-101`, `P101`, `p 101`) \
         or by one of `aliases`, in which one long word may be misspelt. It is not where the name is a part of a longer one, a \
         measured value, or only compared with. The model finds what an order names. Those come first that name a part that \
         the `cause` of the findings there is about, or one of `parts`, then those that tell of work, then the latest; none \
         after the day of `at`, in Unix milliseconds. Output: `findings`, at most 8 work orders as a part of a report; \
         `count`, how many orders are of the machine; `read`, how many there were; `partial`, 1 where there were more than 8."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let texts = |name, about| ParamSpec {
            name,
            param_type: ParamType::Texts,
            default: Some(ParamValue::Texts(Vec::new())),
            about,
        };
        vec![
            model_param(),
            ParamSpec {
                name: ASSET,
                param_type: ParamType::Text,
                default: None,
                about: "the name of the machine, as the report has it",
            },
            texts(ALIASES, "what people call it, as in `hydraulic pump 2`"),
            texts(
                PARTS,
                "parts of it whose orders come first, beside those of the cause",
            ),
            ParamSpec {
                name: LEAST,
                param_type: ParamType::Number { min: 0.0, max: 1.0 },
                default: Some(ParamValue::Number(0.5)),
                about: "the least confidence of what is found in an order",
            },
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let text = |name, bytes| Accepts::Type(text_of(name, bytes).into());
        Ok(InputSpecs {
            named: vec![
                InputSpec::required(
                    ORDERS,
                    text(ORDERS, ORDERS_BYTES),
                    "the history, an order a line as JSON",
                ),
                InputSpec::optional(
                    CAUSE,
                    text(CAUSE, FINDINGS_BYTES),
                    "findings with what probably is the matter",
                ),
                InputSpec::optional(
                    AT,
                    Accepts::Type(TensorType::scalar(Element::I64).into()),
                    "the end of the report, in Unix milliseconds",
                ),
            ],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        self.names(params)?;
        let whole = || TensorType::scalar(Element::I32);
        let answer = PortType::Record(vec![
            Field::new("findings", TensorType::text(dim(FINDINGS_BYTES))),
            Field::new("count", whole()),
            Field::new("read", whole()),
            Field::new("partial", TensorType::scalar(Element::U8).within(0.0, 1.0)),
        ]);
        Ok(vec![OutputSpec::new("history", answer)])
    }

    fn precisions(&self, params: &Params) -> Vec<PrecisionOffer> {
        self.mentions.offers(params)
    }

    fn width_max(&self, params: &Params, _: &Signature) -> u16 {
        self.mentions.width_max(params)
    }

    fn cost(&self, params: &Params, signature: &Signature, placement: &Placement) -> Cost {
        let bytes = text_bytes(&signature.inputs).min(ORDERS_BYTES);
        let orders = (bytes / ORDER_BYTES_MIN).min(ORDERS_MAX);
        let longest = self.mentions.cost(params, ORDER_TEXT_BYTES_MAX, placement);
        // Each order is a piece at least, and long ones are several.
        let all = self.mentions.cost(params, bytes, placement).flops;
        let pieces = self.mentions.cost(params, 1, placement).flops * orders as u64;
        let names = self.names(params).map_or(1, |names| names.aliases.len() + 1);
        // The history once more, order by order, with a node of a tree for each, and the findings twice.
        let held = 2 * bytes + orders * (size_of::<Order>() + size_of::<Ranked>() + 128) + 2 * FINDINGS_BYTES;
        let scanned = 64 * ORDER_TEXT_BYTES_MAX;
        Cost {
            flops: all + pieces + FLOPS_PER_BYTE * bytes as u64 * names as u64,
            workspace_bytes: longest.workspace_bytes + (held + scanned) as u64,
            ..longest
        }
    }

    fn build(
        &self,
        params: &Params,
        _: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let names = self
            .names(params)
            .map_err(|faults| BuildError::Failed(crate::first_message(&faults)))?;
        let least = params.number(LEAST).unwrap_or_default();
        Ok(Box::new(OrdersNode {
            mentions: self.mentions.open(params, placement, least)?,
            parts: lower(params, PARTS),
            names,
        }))
    }
}

/// A list of texts in small letters.
fn lower(params: &Params, name: &str) -> Vec<String> {
    match params.get(name) {
        Some(ParamValue::Texts(texts)) => texts.iter().map(|text| text.to_lowercase()).collect(),
        Some(_) | None => Vec::new(),
    }
}

/// What one machine is called.
#[derive(Clone, Debug)]
struct Names {
    asset: String,
    tag: Option<Tag>,
    aliases: Vec<Alias>,
}

/// Where an order names the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mention {
    /// It is booked on it, and its text does not name it.
    Booked,
    /// By its tag.
    Tag(Range<usize>),
    /// By its words; only if these are not the end of a longer name.
    Words(Range<usize>),
}

impl Names {
    fn of(params: &Params) -> Result<Names, Vec<KindFault>> {
        let asset = params.text(ASSET).unwrap_or_default().to_owned();
        let fault =
            |name: &str, message: String| KindFault::new(FaultPlace::Param(name.to_owned(), None), message);
        let mut faults = Vec::new();
        if !is_name(&asset) {
            let message = format!(
                "`{asset}` is no name of 1 to {NAME_BYTES_MAX} bytes of letters, digits, single spaces and `_-/#.`"
            );
            faults.push(fault(ASSET, message));
        }
        let tag = Tag::of(&asset);
        let given = lower(params, ALIASES);
        if given.len().max(lower(params, PARTS).len()) > NAMES_MAX {
            faults.push(fault(ALIASES, format!("there are more than {NAMES_MAX} names")));
        }
        let mut aliases = Vec::new();
        if let (None, Some(own)) = (&tag, Alias::of(&asset)) {
            aliases.push(own);
        }
        for alias in given.iter().take(NAMES_MAX) {
            match Alias::of(alias) {
                Some(alias) => aliases.push(alias),
                None => {
                    let message = format!(
                        "`{alias}` is no name of 1 to {ALIAS_WORDS_MAX} words, one of letters at least"
                    );
                    faults.push(fault(ALIASES, message));
                }
            }
        }
        match faults.is_empty() {
            true => Ok(Names { asset, tag, aliases }),
            false => Err(faults),
        }
    }

    /// Where an order names the machine; none for an order of another one.
    fn mention(&self, order: &Order) -> Option<Mention> {
        let by_tag = || {
            self.tag
                .as_ref()
                .and_then(|tag| tag.find(&order.text))
                .map(Mention::Tag)
        };
        let by_words = || {
            self.aliases
                .iter()
                .find_map(|alias| alias.find(&order.text))
                .map(Mention::Words)
        };
        let Some(booked) = &order.asset else {
            return by_tag().or_else(by_words);
        };
        let is_own = self.asset.eq_ignore_ascii_case(booked)
            || self.tag.as_ref().is_some_and(|tag| tag.is(booked))
            || self.aliases.iter().any(|alias| alias.is(booked));
        is_own.then(|| by_tag().unwrap_or(Mention::Booked))
    }
}

/// True for what a report carries as a name.
pub(super) fn is_name(name: &str) -> bool {
    let is_letter =
        |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '_' | '-' | '/' | '#' | '.');
    let edges = [name.chars().next(), name.chars().next_back()];
    let has_edges = edges.iter().all(|edge| edge.is_some_and(char::is_alphanumeric));
    let has_single = !["  ", ". ", " ."].iter().any(|pair| name.contains(pair));
    name.len() <= NAME_BYTES_MAX && has_edges && has_single && name.chars().all(is_letter)
}

struct OrdersNode {
    mentions: MentionReader,
    names: Names,
    parts: Vec<String>,
}

/// An order of the machine, and how much it has to do with the cause.
struct Ranked {
    order: Order,
    relevance: u8,
    /// What of its text is cited.
    wanted: Option<Range<usize>>,
}

impl Node for OrdersNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let failed = |error: &dyn std::fmt::Display| NodeError::Failed(error.to_string());
        let orders = read(inputs.require(0)?.text(0)?).map_err(|error| failed(&error))?;
        let mut parts = self.parts.clone();
        if let Some(cause) = inputs.get(1) {
            let findings = Findings::from_json(cause.text(0)?).map_err(|error| failed(&error))?;
            let of_cause = findings.cause.map_or(&[][..], |cause| parts_of(cause.fault));
            parts.extend(of_cause.iter().map(|part| (*part).to_owned()));
        }
        let last = match inputs.get(2) {
            Some(at) => last_day(at.tensor::<i64>(0)?)?,
            None => None,
        };
        let whole = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let read = whole(orders.len());
        let (mut split, scratch) = outputs.split();
        let out = split.record(0)?;
        let scratch = bytemuck::cast_slice_mut(scratch.into_slice::<i32>());
        let mut ranked = Vec::new();
        for order in orders
            .into_iter()
            .filter(|order| last.is_none_or(|last| order.date <= last))
        {
            ranked.extend(self.ranked(order, &parts, scratch)?);
        }
        ranked.sort_by(|left, right| {
            let key = |it: &Ranked| (Reverse(it.relevance), Reverse(it.order.date));
            key(left)
                .cmp(&key(right))
                .then_with(|| left.order.id.cmp(&right.order.id))
        });
        let findings = Findings {
            work_orders: ranked
                .iter()
                .filter_map(|order| self.told(order))
                .take(LIST_MAX)
                .collect(),
            ..Findings::default()
        };
        out.text(0, &findings.to_json().map_err(|error| failed(&error))?)?;
        out.tensor::<i32>(1, &[])?.fill(whole(ranked.len()));
        out.tensor::<i32>(2, &[])?.fill(read);
        out.tensor::<u8>(3, &[])?
            .fill(u8::from(ranked.len() > findings.work_orders.len()));
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.mentions.remarks()
    }
}

/// The day of a time in Unix milliseconds.
fn last_day(at: &[i64]) -> Result<Option<Date>, NodeError> {
    let seconds = at.first().map_or(0, |at| at.div_euclid(1_000));
    match Moment::from_seconds(seconds) {
        Some(moment) => Ok(Some(moment.date())),
        None => Err(NodeError::Failed("`at` is no time from 1970 to 9999".to_owned())),
    }
}

impl OrdersNode {
    /// An order with its relevance, if it is of the machine.
    fn ranked(
        &mut self,
        order: Order,
        parts: &[String],
        scratch: &mut [u32],
    ) -> Result<Option<Ranked>, NodeError> {
        let Some(mention) = self.names.mention(&order) else {
            return Ok(None);
        };
        let found = self.found(&order.text, &mention, scratch)?;
        let is_longer = |words: &Range<usize>| {
            let objects = found
                .iter()
                .filter(|entity| entity.kind == OBJECT)
                .map(Entity::range);
            objects
                .into_iter()
                .any(|object| object.start < words.start && words.start < object.end)
        };
        let place = match mention {
            Mention::Words(words) if order.asset.is_none() && is_longer(&words) => return Ok(None),
            Mention::Booked => None,
            Mention::Tag(place) | Mention::Words(place) => Some(place),
        };
        let (relevance, part) = relevance(&order.text, &found, parts);
        Ok(Some(Ranked {
            order,
            relevance,
            wanted: part.or(place),
        }))
    }

    /// What the net finds in an order.
    fn found(
        &mut self,
        text: &str,
        mention: &Mention,
        scratch: &mut [u32],
    ) -> Result<Vec<Entity>, NodeError> {
        let tag = match mention {
            Mention::Tag(tag) => Some(tag.clone()),
            Mention::Booked | Mention::Words(_) => None,
        };
        let masked = Masked::of(text, tag);
        let mut found = Found::default();
        let all = 0..masked.text.len();
        self.mentions.read(&masked.text, all, scratch, &mut found)?;
        for entity in &mut found.entities {
            let range = masked.original(entity.range());
            entity.start = dim(range.start);
            entity.end = dim(range.end);
        }
        Ok(found.entities)
    }

    fn told(&self, ranked: &Ranked) -> Option<WorkOrder> {
        Some(WorkOrder {
            id: ranked.order.id.clone(),
            date: ranked.order.date,
            snippet: snippet(&ranked.order.text, ranked.wanted.clone())?,
            asset: self.names.asset.clone(),
        })
    }
}
