"""Writes metrics.json: figures of classifiers and taggers computed by scikit-learn, scipy and numpy, which the
functions of `models/src/metrics` must reproduce.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python metrics.py

The examples are drawn with a fixed seed. Scores are rounded to two digits so that there are ties; logits are numbers
that float32 holds exactly. Each class is
there and found at least once, so that every figure exists.

  classification  confusion matrix, accuracy, macro-F1, and per class precision, recall, F1, support
  spans           conlleval's reading of BIO tags, written out below, counted by exact type and ends
  ranking         area under the ROC curve, average precision, the curve itself, FPR at 95 % TPR
  calibration     negative log-likelihood, Brier score (sum over the classes), 15 bins of equal size (numpy.array_split
                  of what is sorted by confidence), the temperature by scipy's bounded scalar minimiser
  risk            error of what is answered, by falling confidence, ties answered together
  bootstrap       quantiles by linear interpolation; those of the binomial distribution over its size
  mcnemar         [b, c, p] by the two-sided binomial test
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.stats import binom, binomtest
from sklearn import metrics

BINS = 15


def classification(rng):
    classes, count = 5, 120
    gold = np.concatenate([np.arange(classes), rng.integers(0, classes, count)])
    found = np.where(rng.random(len(gold)) < 0.6, gold, rng.integers(0, classes, len(gold)))
    found[:classes] = np.arange(classes)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(gold, found)
    return dict(classes=classes, gold=gold.tolist(), found=found.tolist(),
                confusion=metrics.confusion_matrix(gold, found).tolist(),
                accuracy=metrics.accuracy_score(gold, found), macro_f1=metrics.f1_score(gold, found, average="macro"),
                precision=precision.tolist(), recall=recall.tolist(), f1=f1.tolist(), support=support.tolist())


def entities(tags):
    """The spans of a sentence as conlleval.pl sees them, by its rules for where a chunk starts and ends."""
    found, start, before = [], None, ("O", "")
    for place, tag in enumerate([*tags, "O"]):
        now = tuple(tag.split("-", 1)) if "-" in tag else ("O", "")
        if before[0] != "O" and (now[0] in "BO" or now[1] != before[1]):
            found.append((before[1], start, place))
        if now[0] != "O" and (now[0] == "B" or before[0] == "O" or now[1] != before[1]):
            start = place
        before = now
    return found


def scores(right, found, gold):
    return [right / found, right / gold, 2 * right / (found + gold)]


def spans(rng):
    tags = ["O", "B-city", "I-city", "B-time", "I-time"]
    lines = [rng.choice(tags, rng.integers(1, 9), p=[0.4, 0.2, 0.15, 0.15, 0.1]) for _ in range(60)]
    noisy = [np.where(rng.random(len(line)) < 0.85, line, rng.choice(tags, len(line))) for line in lines]
    gold = {(i, *span) for i, line in enumerate(lines) for span in entities(line)}
    found = {(i, *span) for i, line in enumerate(noisy) for span in entities(line)}
    precision, recall, f1 = scores(len(gold & found), len(found), len(gold))
    kinds = {}
    for kind in ("city", "time"):
        one, other = ({span for span in side if span[1] == kind} for side in (gold, found))
        kinds[kind] = scores(len(one & other), len(other), len(one))
    equal = [list(a) == list(b) for a, b in zip(lines, noisy)]
    return dict(gold=[" ".join(line) for line in lines], found=[" ".join(line) for line in noisy],
                precision=precision, recall=recall, f1=f1, kinds=kinds, all_right=float(np.mean(equal)),
                tag_accuracy=float(np.mean(np.concatenate(lines) == np.concatenate(noisy))))


def ranking(rng):
    accepted, others = np.round(rng.normal(1, 1, 90), 2), np.round(rng.normal(-0.5, 1, 60), 2)
    truth, score = np.repeat([1, 0], [90, 60]), np.concatenate([accepted, others])
    precision, recall, thresholds = metrics.precision_recall_curve(truth, score)
    false, true, cuts = metrics.roc_curve(truth, score, drop_intermediate=False)
    at = int(np.argmax(true >= 0.95))
    return dict(accepted=accepted.tolist(), others=others.tolist(), auroc=metrics.roc_auc_score(truth, score),
                average_precision=metrics.average_precision_score(truth, score),
                thresholds=thresholds[::-1].tolist(), precision=precision[:-1][::-1].tolist(),
                recall=recall[:-1][::-1].tolist(), fpr_at_95_tpr=false[at], threshold_at_95_tpr=cuts[at])


def bins(probability, outcome):
    order = np.lexsort((outcome, probability))
    parts = np.array_split(order, min(BINS, len(order)))
    return [[float(probability[part].mean()), float(outcome[part].mean()), len(part)] for part in parts]


def gap(rows):
    confidence, accuracy, count = np.array(rows).T
    return float(np.sum(count * np.abs(confidence - accuracy)) / count.sum())


def calibration(rng):
    classes, count = 4, 200
    gold = rng.integers(0, classes, count)
    logits = rng.normal(0, 2, (count, classes))
    logits[np.arange(count), gold] += 2
    logits = np.round(logits * 64) / 64
    log = log_softmax(logits, axis=1)
    probability, truth = np.exp(log), np.eye(classes)[gold]

    def nll(temperature):
        return float(-log_softmax(logits / temperature, axis=1)[np.arange(count), gold].mean())

    fitted = minimize_scalar(nll, bounds=(0.05, 20), method="bounded", options=dict(xatol=1e-10))
    rows = bins(probability.max(axis=1), (probability.argmax(axis=1) == gold).astype(float))
    classwise = [gap(bins(probability[:, k], truth[:, k])) for k in range(classes)]
    return dict(classes=classes, logits=logits.ravel().tolist(), gold=gold.tolist(),
                nll=metrics.log_loss(gold, probability), brier=float(((probability - truth) ** 2).sum(axis=1).mean()),
                bins=rows, ece=gap(rows), classwise_ece=float(np.mean(classwise)), temperature=float(fitted.x),
                nll_after=float(fitted.fun))


def risk(rng):
    confidences = np.round(rng.random(80), 2)
    right = rng.random(80) < confidences
    points, area = [], 0.0
    for confidence in sorted(set(confidences), reverse=True):
        answered = confidences >= confidence
        error = float(1 - right[answered].mean())
        points.append([float(answered.mean()), error])
        area += float((confidences == confidence).mean()) * error
    return dict(confidences=confidences.tolist(), is_right=right.tolist(), points=points, area=area)


def bootstrap(rng):
    values = np.sort(rng.normal(0, 1, 40))
    shares = [0.0, 0.025, 0.1, 0.5, 0.77, 0.975, 1.0]
    examples, right = 5000, 4321
    limits = binom.ppf([0.025, 0.975], examples, right / examples) / examples
    return dict(values=values.tolist(), quantiles=[[share, float(np.quantile(values, share))] for share in shares],
                examples=examples, right=right, binomial=limits.tolist(),
                deviation=float(binom.std(examples, right / examples) / examples))


def mcnemar():
    pairs = [(0, 0), (1, 0), (3, 9), (10, 10), (25, 50), (121, 59), (900, 1100), (5000, 5200)]
    return [[b, c, binomtest(b, b + c).pvalue if b + c else 1.0] for b, c in pairs]


def main():
    rng = np.random.default_rng(20)
    cases = dict(classification=classification(rng), spans=spans(rng), ranking=ranking(rng),
                 calibration=calibration(rng), risk=risk(rng), bootstrap=bootstrap(rng), mcnemar=mcnemar())
    text = json.dumps(cases, separators=(",", ":")).replace('],"', '],\n"').replace('},"', '},\n"')
    Path(__file__).with_suffix(".json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
