"""CWRU reader: list of dicts with 'x' in g."""
import json, numpy as np, soundfile as sf
from pathlib import Path
ROOT = Path(__file__).resolve().parents[3] / '../shared/data/cwru_bearing'
def load(split):
    out = []
    for line in open(ROOT / f'{split}.jsonl'):
        m = json.loads(line); v, fs = sf.read(ROOT / m['file'], dtype='int16'); assert fs == m['sample_rate']
        m['x'] = v.astype(float)*m['scale']; m['name'] = Path(m['file']).stem; m['split'] = split; out.append(m)
    return out
def windows(x, fs=12000, length=1.0, hop=1.0):
    n = int(length*fs); return [x[a:a+n] for a in range(0, len(x)-n+1, int(hop*fs))]
if __name__ == '__main__':
    for s in ('train','valid'):
        for m in load(s): print(s, m['name'], m['fault'], m['size_mil'], m['position'], m['load_hp'], m['rpm'], len(m['x']), 'rms %.4f'%np.sqrt(np.mean(m['x']**2)), 'max %.2f'%abs(m['x']).max())
