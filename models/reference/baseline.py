"""Writes baseline.json: rows and margins computed by scikit-learn, which `models/src/baseline` must reproduce.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python baseline.py

  tf_idf  texts to learn from and texts to weigh; the rows as [is a run of characters, term, value], by term
  svm     dense rows, labels, and the margins of LinearSVC, trained to the end, for each class
  balanced  the same with class_weight="balanced" and classes of unequal size: four classes, and two, of which LinearSVC
          gives one margin, which is that of the second class, and the other way round that of the first
"""

import json
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

TRAIN = ["Play the Beatles, please", "play a song by a_ha", "What's the weather in Zürich?", "weather 4 tomorrow",
         "set an alarm at 7:30", "is it an alarm?  the ALARM!", "x y z", "naïve Straße \u4eca\u65e5 \u0130zmir"]
TEST = ["play the song", "the the the weather, please play", "unknown qq", "x", "Zürich \u4eca\u65e5"]


def tf_idf():
    rows, columns = [[] for _ in TEST], 0
    for is_run, options in enumerate([dict(ngram_range=(1, 2)), dict(analyzer="char_wb", ngram_range=(2, 5))]):
        learnt = TfidfVectorizer(sublinear_tf=True, **options).fit(TRAIN)
        names = learnt.get_feature_names_out()
        columns += len(names)
        table = learnt.transform(TEST).tocsr()
        for row, found in enumerate(rows):
            part = slice(table.indptr[row], table.indptr[row + 1])
            terms = sorted(zip(names[table.indices[part]], table.data[part]), key=lambda pair: pair[0].encode())
            found.extend([bool(is_run), str(term), float(value)] for term, value in terms)
    return dict(train=TRAIN, test=TEST, columns=columns, rows=rows)


def svm(rng):
    classes, columns, cost = 3, 6, 0.7
    labels = rng.integers(0, classes, 60)
    rows = np.round((rng.normal(0, 1, (60, columns)) + np.eye(classes, columns)[labels]) * 64) / 64
    machine = LinearSVC(C=cost, tol=1e-10, max_iter=1_000_000).fit(rows, labels)
    return dict(classes=classes, columns=columns, cost=cost, labels=labels.tolist(), rows=rows.ravel().tolist(),
                margins=np.round(machine.decision_function(rows), 7).ravel().tolist())


def balanced(rng, classes):
    columns, cost = 5, 0.3
    labels = np.minimum(rng.geometric(0.5, 80) - 1, classes - 1)
    rows = np.round((rng.normal(0, 1, (80, columns)) + np.eye(classes, columns)[labels]) * 64) / 64
    machine = LinearSVC(C=cost, class_weight="balanced", tol=1e-10, max_iter=1_000_000).fit(rows, labels)
    margins = machine.decision_function(rows)
    margins = np.stack([-margins, margins], axis=1) if classes == 2 else margins
    return dict(classes=classes, columns=columns, cost=cost, labels=labels.tolist(), rows=rows.ravel().tolist(),
                margins=np.round(margins, 7).ravel().tolist())


def main():
    cases = dict(tf_idf=tf_idf(), svm=svm(np.random.default_rng(21)),
                 balanced=[balanced(np.random.default_rng(22), classes) for classes in (4, 2)])
    text = json.dumps(cases, separators=(",", ":"), ensure_ascii=False).replace('],"', '],\n"')
    Path(__file__).with_suffix(".json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
