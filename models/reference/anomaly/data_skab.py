"""SKAB reader: list of (name, group, X [n,8], y [n], time strings)."""
import json, numpy as np
from pathlib import Path
ROOT = Path(__file__).resolve().parents[3] / '../shared/data/skab'
SENSORS = ['Accelerometer1RMS','Accelerometer2RMS','Current','Pressure','Temperature','Thermocouple','Voltage','FlowRateRMS']
def load(split):
    out = []
    for line in open(ROOT / f'{split}.jsonl'):
        m = json.loads(line)
        rows = [l.rstrip('\n').split(',') for l in open(ROOT / m['file'])]
        assert rows[0] == ['datetime'] + SENSORS + ['anomaly', 'changepoint']
        body = rows[1:]
        x = np.array([[float(v) for v in r[1:9]] for r in body])
        y = np.array([int(float(r[9])) for r in body])
        name = Path(m['file']).stem
        group = name.split('_')[0]
        out.append((name, group, x, y, [r[0] for r in body]))
    return out
if __name__ == '__main__':
    from datetime import datetime
    for s in ('train', 'valid'):
        for n, g, x, y, t in load(s):
            ts = [datetime.fromisoformat(v).timestamp() for v in t]
            d = np.diff(ts)
            print(s, n, g, x.shape, y[:400].sum(), y[400:].sum(), 'dt', np.min(d), np.median(d), np.max(d), (d>2).sum(), (d<=0).sum(), 'nan', np.isnan(x).sum())
