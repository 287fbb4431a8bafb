//! Which values stay on the device of the node that writes them.
//!
//! A value of which nobody on the CPU reads a field needs no way there: the node may leave that field where it is. The
//! plan only allows it; a node that does not care writes its values as ever.

use super::place::Placed;
use super::{Slot, SlotOwner};
use crate::graph::{Feed, Graph, GraphNode, Producer};

/// Every field of a value.
const ALL: u64 = u64::MAX;

/// Sets for each slot which of its fields may stay.
pub(super) fn settle(graph: &Graph, placed: &[Placed], slots: &mut [Slot]) {
    for slot in slots {
        slot.leavable = match slot.owner {
            SlotOwner::Output(writer, output) if placed[writer.index()].keeps && slot.keep.is_none() => {
                let from = Producer::Node(writer, output);
                let given_out = graph.outputs.iter().filter(|output| output.feed.producer == from);
                let read = given_out.fold(0, |fields, output| fields | shown(&output.feed));
                feeds_from(graph, from).fold(ALL & !read, |fields, (reader, node, feed)| {
                    fields & !read_here(placed, (writer.index(), reader), node, feed)
                })
            }
            SlotOwner::Output(..) | SlotOwner::Input(_) | SlotOwner::Scratch(_) => 0,
        };
    }
}

/// The edges that leave an output, with the nodes that they lead to.
fn feeds_from(graph: &Graph, from: Producer) -> impl Iterator<Item = (usize, &GraphNode, &Feed)> {
    let nodes = graph.nodes.iter().enumerate();
    nodes.flat_map(move |(index, node)| {
        let feeds = node.feeds.iter().flatten();
        feeds
            .filter(move |feed| feed.producer == from)
            .map(move |feed| (index, node, feed))
    })
}

/// The fields that a reader wants on the CPU: none where it is on the writer's device and takes values there. A
/// condition is evaluated on the CPU.
fn read_here(placed: &[Placed], (writer, reader): (usize, usize), node: &GraphNode, feed: &Feed) -> u64 {
    let stays = placed[reader].keeps && placed[reader].device == placed[writer].device;
    if stays && node.when.is_none() {
        return 0;
    }
    shown(feed)
}

/// The fields that an edge carries.
fn shown(feed: &Feed) -> u64 {
    feed.field.map_or(ALL, |field| 1 << field)
}
