"""Pointwise, event-wise and range metrics. Never point-adjusted."""
import numpy as np
def pointwise(pairs):
    """pairs: list of (y, flag) over scored rows. Returns F1, FAR %, MAR %."""
    y = np.concatenate([a for a, _ in pairs]); p = np.concatenate([b for _, b in pairs]).astype(int)
    tp = int((y & p).sum()); fp = int(((1-y) & p).sum()); fn = int((y & (1-p)).sum()); tn = int(((1-y) & (1-p)).sum())
    f1 = 2*tp/max(1, 2*tp+fp+fn)
    return f1, 100*fp/max(1, fp+tn), 100*fn/max(1, fn+tp)
def runs(v):
    """Half-open [start, end) runs of ones."""
    d = np.diff(np.concatenate([[0], np.asarray(v, int), [0]]))
    return list(zip(np.flatnonzero(d == 1), np.flatnonzero(d == -1)))
def eventwise(pairs):
    """An anomaly run is found if any flagged run overlaps it; a flagged run that overlaps no anomaly run is a false alarm.
    Delay: rows from the anomaly start to the first flagged row at or after it (found events only).
    Returns precision, recall, F1, median delay s, mean delay s, false alarms, normal rows, false alarms per day (1 Hz rows, normal time)."""
    found = total = fa = good = normal = 0; delays = []
    for y, p in pairs:
        a, f = runs(y), runs(p)
        normal += int((y == 0).sum()); total += len(a)
        for s, e in a:
            hit = [max(s, s2) for s2, e2 in f if s2 < e and e2 > s]
            if hit: found += 1; delays.append(min(hit) - s)
        for s2, e2 in f:
            if any(s2 < e and e2 > s for s, e in a): good += 1
            else: fa += 1
    pr = good/max(1, good+fa); rc = found/max(1, total); f1 = 2*pr*rc/max(1e-12, pr+rc)
    return dict(precision=pr, recall=rc, f1=f1, delay_median=float(np.median(delays)) if delays else None,
                delay_mean=float(np.mean(delays)) if delays else None, false_alarms=fa, normal_rows=normal,
                per_day=fa*86400/max(1, normal))
def vus_pr(y, s, max_window=50, steps=11, thresholds=200):
    """Volume under the range-PR surface (Paparrizos et al., 2022): labels get square-root ramps of width l on both
    sides, recall is multiplied by the share of anomaly runs touched; mean over l of the area under precision-recall."""
    y = np.asarray(y); s = np.asarray(s, float)
    cuts = np.unique(np.quantile(s, np.linspace(0, 1, thresholds)))[::-1]
    areas = []
    rr = runs(y)
    for l in np.linspace(0, max_window, steps).astype(int):
        soft = y.astype(float).copy()
        for a, e in rr:
            for k in range(1, l//2+1):
                w = np.sqrt(1-k/(l+1e-9)) if l else 0
                if e-1+k < len(y): soft[e-1+k] = max(soft[e-1+k], w)
                if a-k >= 0: soft[a-k] = max(soft[a-k], w)
        grown = [(max(0, a-l//2), min(len(y), e+l//2)) for a, e in rr]
        pos = (y.sum()+soft.sum())/2
        rec, pre = [0.0], [1.0]
        for c in cuts:
            p = s >= c
            tp = (soft*p).sum()
            exist = np.mean([p[a:e].any() for a, e in grown]) if grown else 0
            rec.append(min(tp/pos, 1)*exist); pre.append(tp/max(1, p.sum()))
        rec, pre = np.array(rec), np.array(pre)
        areas.append(float(np.sum(np.diff(rec)*pre[1:])))
    return float(np.mean(areas))
