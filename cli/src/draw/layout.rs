//! Finds places for the boxes of a picture, top to bottom.
//!
//! # Source
//! The layered method of Sugiyama, Tagawa and Toda 1981, "Methods for visual understanding of hierarchical system
//! structures": layers by longest path, dummy points where an edge passes a layer, order within a layer by
//! barycentres. Ours keeps each agent in a band of its own, side by side, so that clusters never overlap.

use super::Picture;

/// Between two boxes of a layer, in pixels.
const GAP: f64 = 28.0;
/// Between the bottom of a layer and the top of the next.
const LAYER_GAP: f64 = 54.0;
/// Inside a cluster's border.
const PADDING: f64 = 18.0;
/// Room for a cluster's name above its boxes.
const HEADER: f64 = 24.0;
/// What an edge takes of a layer that it passes.
const PASS_WIDTH: f64 = 12.0;
const SWEEPS: usize = 12;

/// A rectangle, in pixels from the top left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    pub(super) fn middle(&self) -> f64 {
        self.x + self.width / 2.0
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

/// Where everything goes.
pub(super) struct Layout {
    pub(super) boxes: Vec<Rect>,
    pub(super) clusters: Vec<Rect>,
    /// For each edge, the points it passes between its ends: one rectangle without width per layer.
    pub(super) passes: Vec<Vec<Rect>>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A box or a dummy point.
struct Item {
    layer: usize,
    band: usize,
    rect: Rect,
    above: Vec<usize>,
    below: Vec<usize>,
}

/// Places boxes of these sizes, `(width, height)` in pixels.
pub(super) fn layout(picture: &Picture, sizes: &[(f64, f64)]) -> Layout {
    let bands = bands(picture);
    let (mut items, passes) = items(picture, sizes, &bands);
    let layer_count = items.iter().map(|item| item.layer + 1).max().unwrap_or(0);
    let band_count = bands.order.len();
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); layer_count];
    (0..items.len()).for_each(|item| rows[items[item].layer].push(item));
    sort_rows(&items, &mut rows);
    let edges = columns(&mut items, &rows, band_count);
    align(&mut items, &rows, &edges);
    let height = place_layers(&mut items, &rows, !picture.clusters.is_empty());
    let boxes: Vec<Rect> = items[..sizes.len()].iter().map(|item| item.rect).collect();
    let clusters = clusters(picture, &bands, &items, &edges);
    let passes = passes
        .into_iter()
        .map(|edge| edge.into_iter().map(|item| items[item].rect).collect())
        .collect();
    Layout {
        boxes,
        clusters,
        passes,
        width: edges.last().copied().unwrap_or(0.0) + GAP,
        height,
    }
}

/// Columns of the picture: the pipeline's own boxes first, then each agent followed by the agents within it.
struct Bands {
    /// The cluster of each band.
    order: Vec<Option<usize>>,
}

impl Bands {
    fn of(&self, cluster: Option<usize>) -> usize {
        self.order.iter().position(|found| *found == cluster).unwrap_or(0)
    }
}

fn bands(picture: &Picture) -> Bands {
    fn visit(picture: &Picture, within: Option<usize>, order: &mut Vec<Option<usize>>) {
        order.push(within);
        for (index, _) in picture
            .clusters
            .iter()
            .enumerate()
            .filter(|(_, found)| found.parent == within)
        {
            visit(picture, Some(index), order);
        }
    }
    let mut order = Vec::new();
    visit(picture, None, &mut order);
    Bands { order }
}

fn items(picture: &Picture, sizes: &[(f64, f64)], bands: &Bands) -> (Vec<Item>, Vec<Vec<usize>>) {
    let mut layers = vec![0usize; sizes.len()];
    // Boxes stand in an order they can run, but outputs come last: one pass suffices.
    let mut edges: Vec<_> = picture.edges.iter().collect();
    edges.sort_by_key(|edge| edge.to);
    edges
        .iter()
        .for_each(|edge| layers[edge.to] = layers[edge.to].max(layers[edge.from] + 1));
    let item = |layer, band, (width, height)| Item {
        layer,
        band,
        rect: Rect {
            width,
            height,
            ..Rect::default()
        },
        above: Vec::new(),
        below: Vec::new(),
    };
    let boxes = picture.boxes.iter().zip(sizes).zip(&layers);
    let mut items: Vec<Item> = boxes
        .map(|((found, size), layer)| item(*layer, bands.of(found.cluster), *size))
        .collect();
    let mut passes = Vec::with_capacity(picture.edges.len());
    for edge in &picture.edges {
        let band = items[edge.from].band.min(items[edge.to].band);
        let mut before = edge.from;
        let mut pass = Vec::new();
        for layer in layers[edge.from] + 1..layers[edge.to] {
            let dummy = items.len();
            items.push(item(layer, band, (PASS_WIDTH, 0.0)));
            join(&mut items, before, dummy);
            pass.push(dummy);
            before = dummy;
        }
        join(&mut items, before, edge.to);
        passes.push(pass);
    }
    (items, passes)
}

fn join(items: &mut [Item], above: usize, below: usize) {
    items[above].below.push(below);
    items[below].above.push(above);
}

/// Sorts each layer by band, then by the mean place of its neighbours, downwards and upwards in turn.
#[expect(clippy::cast_precision_loss, reason = "a place in a row is far below 2^52")]
fn sort_rows(items: &[Item], rows: &mut [Vec<usize>]) {
    let mut place = vec![0.0; items.len()];
    for sweep in 0..SWEEPS {
        let downwards = sweep % 2 == 0;
        for step in 0..rows.len() {
            let layer = if downwards { step } else { rows.len() - 1 - step };
            let mut keyed: Vec<(usize, f64, usize)> = rows[layer]
                .iter()
                .enumerate()
                .map(|(at, item)| {
                    let found = &items[*item];
                    let near = if downwards { &found.above } else { &found.below };
                    let sum: f64 = near.iter().map(|other| place[*other]).sum();
                    (
                        found.band,
                        if near.is_empty() {
                            at as f64
                        } else {
                            sum / near.len() as f64
                        },
                        *item,
                    )
                })
                .collect();
            keyed.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            rows[layer] = keyed.into_iter().map(|(_, _, item)| item).collect();
            rows[layer]
                .iter()
                .enumerate()
                .for_each(|(at, item)| place[*item] = at as f64);
        }
    }
}

/// Gives each band a column as wide as its widest layer; returns the columns' borders.
fn columns(items: &mut [Item], rows: &[Vec<usize>], band_count: usize) -> Vec<f64> {
    let mut edges = vec![0.0];
    for band in 0..band_count {
        let of_band = |row: &Vec<usize>| -> Vec<usize> {
            row.iter()
                .copied()
                .filter(|item| items[*item].band == band)
                .collect()
        };
        let widths = rows.iter().map(|row| {
            let row = of_band(row);
            row.iter().map(|item| items[*item].rect.width + GAP).sum::<f64>()
        });
        let inner = widths.fold(0.0, f64::max);
        let border = if band > 0 { 2.0 * PADDING } else { 0.0 };
        let left = edges.last().copied().unwrap_or(0.0);
        edges.push(left + inner + border);
    }
    for row in rows {
        for band in 0..band_count {
            let inside: Vec<usize> = row
                .iter()
                .copied()
                .filter(|item| items[*item].band == band)
                .collect();
            let total: f64 = inside.iter().map(|item| items[*item].rect.width + GAP).sum();
            let mut x = f64::midpoint(edges[band], edges[band + 1]) - total / 2.0 + GAP / 2.0;
            for item in inside {
                items[item].rect.x = x;
                x += items[item].rect.width + GAP;
            }
        }
    }
    edges
}

/// Moves boxes below the mean of those above, then above the mean of those below, and so on, as far as order, gaps
/// and bands allow.
#[expect(
    clippy::cast_precision_loss,
    reason = "a number of neighbours is far below 2^52"
)]
fn align(items: &mut [Item], rows: &[Vec<usize>], edges: &[f64]) {
    // Odd, so that the last sweep goes downwards: a chain then hangs straight below its first box.
    for sweep in 0..=SWEEPS {
        let downwards = sweep % 2 == 0;
        for step in 0..rows.len() {
            let row = &rows[if downwards { step } else { rows.len() - 1 - step }];
            let wish = |item: &usize| {
                let found = &items[*item];
                let near = if downwards { &found.above } else { &found.below };
                let mean =
                    near.iter().map(|other| items[*other].rect.middle()).sum::<f64>() / near.len() as f64;
                if near.is_empty() {
                    found.rect.x
                } else {
                    mean - found.rect.width / 2.0
                }
            };
            let wished: Vec<f64> = row.iter().map(wish).collect();
            let placed = spread(items, row, &wished, edges);
            row.iter()
                .zip(placed)
                .for_each(|(item, x)| items[*item].rect.x = x);
        }
    }
}

/// Places for the boxes of a row, in order and with gaps, near those wished for.
fn spread(items: &[Item], row: &[usize], wished: &[f64], edges: &[f64]) -> Vec<f64> {
    let width = |at: usize| items[row[at]].rect.width;
    let packed_right = |from: &[f64], within: bool| {
        let mut low = 0.0;
        let place = |(at, wish): (usize, &f64)| {
            let left = if within {
                inside(items[row[at]].band, edges).0
            } else {
                f64::NEG_INFINITY
            };
            let x = wish.max(low).max(left);
            low = x + width(at) + GAP;
            x
        };
        from.iter().enumerate().map(place).collect::<Vec<f64>>()
    };
    let packed_left = |from: &[f64], within: bool| {
        let mut high = f64::INFINITY;
        let place = |(at, wish): (usize, &f64)| {
            let right = if within {
                inside(items[row[at]].band, edges).1
            } else {
                f64::INFINITY
            };
            let x = wish.min(high - width(at)).min(right - width(at));
            high = x - GAP;
            x
        };
        let mut placed: Vec<f64> = from.iter().enumerate().rev().map(place).collect();
        placed.reverse();
        placed
    };
    // The mean of both packings keeps every gap and shares the shift between the boxes that meet.
    let both = packed_right(wished, false)
        .into_iter()
        .zip(packed_left(wished, false));
    let shared: Vec<f64> = both.map(|(right, left)| f64::midpoint(right, left)).collect();
    packed_left(&packed_right(&shared, true), true)
}

/// Where boxes of a band may lie.
fn inside(band: usize, edges: &[f64]) -> (f64, f64) {
    let padding = GAP / 2.0 + if band > 0 { PADDING } else { 0.0 };
    (edges[band] + padding, edges[band + 1] - padding)
}

fn place_layers(items: &mut [Item], rows: &[Vec<usize>], has_clusters: bool) -> f64 {
    let mut y = GAP + if has_clusters { HEADER } else { 0.0 };
    for row in rows {
        let height = row
            .iter()
            .map(|item| items[*item].rect.height)
            .fold(0.0, f64::max);
        for item in row {
            let own = items[*item].rect.height;
            // A dummy point spans the layer, so that edges pass it straight.
            let height_or_own = if own > 0.0 { own } else { height };
            items[*item].rect.y = y + (height - height_or_own) / 2.0;
            items[*item].rect.height = height_or_own;
        }
        y += height + LAYER_GAP;
    }
    (y - LAYER_GAP + GAP).max(2.0 * GAP)
}

/// The borders of the clusters: all boxes of their own and of the clusters within.
fn clusters(picture: &Picture, bands: &Bands, items: &[Item], edges: &[f64]) -> Vec<Rect> {
    let within = |inner: usize, outer: usize| {
        let mut at = Some(inner);
        while let Some(cluster) = at {
            if cluster == outer {
                return true;
            }
            at = picture.clusters[cluster].parent;
        }
        false
    };
    let depth = |cluster: usize| {
        (0..picture.clusters.len())
            .filter(|outer| within(cluster, *outer))
            .count()
    };
    let deepest = (0..picture.clusters.len()).map(depth).max().unwrap_or(0);
    let rect = |cluster: usize| {
        let members: Vec<usize> = (0..picture.clusters.len())
            .filter(|inner| within(*inner, cluster))
            .collect();
        let columns: Vec<usize> = members.iter().map(|member| bands.of(Some(*member))).collect();
        let boxes = picture
            .boxes
            .iter()
            .zip(items)
            .filter(|(found, _)| found.cluster.is_some_and(|own| members.contains(&own)));
        let (top, bottom) = boxes.fold((f64::INFINITY, 0.0_f64), |(top, bottom), (_, item)| {
            (top.min(item.rect.y), bottom.max(item.rect.bottom()))
        });
        #[expect(clippy::cast_precision_loss, reason = "agents nest only a few levels deep")]
        let extra = (deepest - depth(cluster)) as f64 * PADDING / 2.0;
        let left = columns.iter().min().map_or(0.0, |column| edges[*column]) + PADDING / 2.0;
        let right = columns.iter().max().map_or(0.0, |column| edges[*column + 1]) - PADDING / 2.0;
        let top = if top.is_finite() { top } else { GAP };
        let y = top - HEADER - PADDING / 2.0 - extra;
        Rect {
            x: left,
            y,
            width: right - left,
            height: (bottom - y + PADDING + extra).max(HEADER),
        }
    };
    (0..picture.clusters.len()).map(rect).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::draw::{PictureBox, PictureCluster, PictureEdge, Role};

    fn picture(clusters: &[Option<usize>], owners: &[Option<usize>], edges: &[(usize, usize)]) -> Picture {
        let cluster = |parent: &Option<usize>| PictureCluster {
            name: "agent".to_owned(),
            parent: *parent,
        };
        let found = |cluster: &Option<usize>| PictureBox {
            role: Role::Node,
            name: "node".to_owned(),
            kind: String::new(),
            device: String::new(),
            cluster: *cluster,
            ports: Vec::new(),
        };
        let edge = |(from, to): &(usize, usize)| PictureEdge {
            from: *from,
            to: *to,
            input: String::new(),
            carries: String::new(),
        };
        Picture {
            name: "test".to_owned(),
            clusters: clusters.iter().map(cluster).collect(),
            boxes: owners.iter().map(found).collect(),
            edges: edges.iter().map(edge).collect(),
        }
    }

    fn overlap(a: &Rect, b: &Rect) -> bool {
        let apart = a.x + a.width <= b.x + 1e-6
            || b.x + b.width <= a.x + 1e-6
            || a.bottom() <= b.y + 1e-6
            || b.bottom() <= a.y + 1e-6;
        !apart
    }

    #[test]
    fn a_chain_stands_in_one_straight_line() {
        let sizes = [(100.0, 40.0), (180.0, 60.0), (60.0, 30.0)];
        let placed = layout(&picture(&[], &[None; 3], &[(0, 1), (1, 2)]), &sizes);
        let middles: Vec<f64> = placed.boxes.iter().map(Rect::middle).collect();
        assert!(
            middles.iter().all(|middle| (middle - middles[0]).abs() < 1e-6),
            "{middles:?}"
        );
        assert!(placed.boxes[0].bottom() < placed.boxes[1].y);
    }

    proptest! {
        #[test]
        fn no_two_boxes_overlap_and_clusters_hold_their_own_boxes_only(
            owners in prop::collection::vec(prop::option::of(0usize..3), 1..24),
            raw_edges in prop::collection::vec((0usize..24, 0usize..24), 0..40),
            sizes in prop::collection::vec((20.0..300.0f64, 20.0..120.0f64), 24),
        ) {
            let edges: Vec<(usize, usize)> = raw_edges
                .into_iter()
                .filter(|(from, to)| from < to && *to < owners.len())
                .collect();
            let picture = picture(&[None, Some(0), None], &owners, &edges);
            let placed = layout(&picture, &sizes[..owners.len()]);
            for (index, one) in placed.boxes.iter().enumerate() {
                prop_assert!(one.x >= 0.0 && one.x + one.width <= placed.width);
                prop_assert!(one.y >= 0.0 && one.bottom() <= placed.height);
                for other in &placed.boxes[..index] {
                    prop_assert!(!overlap(one, other), "{one:?} {other:?}");
                }
                for (cluster, border) in placed.clusters.iter().enumerate() {
                    let inner = owners[index] == Some(cluster) || (cluster == 0 && owners[index] == Some(1));
                    prop_assert!(inner || !overlap(one, border), "{one:?} lies in cluster {cluster}");
                    let held = one.x >= border.x && one.x + one.width <= border.x + border.width;
                    prop_assert!(!inner || held, "{one:?} leaves {border:?}");
                }
            }
        }
    }
}
