"""Vectors that need no data set: rows by a formula, what class Shift of skab_final.py says of them, and VUS-PR of scores by
a formula. Writes shift_vectors.json."""
import json
import numpy as np
from metrics import vus_pr
from skab_final import FROZEN, K, Shift
ROWS = 700
def noise(i, j):
    """A whole number from 0 to 1000 for a row and a sensor, without a pattern: xorshift of a product."""
    v = (i*2654435761+j*40503+12345) & 0xFFFFFFFF
    v ^= (v << 13) & 0xFFFFFFFF; v ^= v >> 17; v ^= (v << 5) & 0xFFFFFFFF
    return v % 1001
def rows():
    """Eight sensors: two levels of vibration, white noise, coarse, slow, constant, drifting; from row 520 on one changes."""
    x = np.zeros((ROWS, 8))
    for i in range(ROWS):
        for j in range(8): x[i, j] = noise(i, j)/1000
        x[i, 0] = 0.2+0.01*x[i, 0]; x[i, 1] = 0.3+0.02*x[i, 1]+(0.05 if i >= 520 else 0)
        x[i, 3] = np.floor(8*x[i, 3])/4+(0.5 if 560 <= i < 640 else 0); x[i, 4] = 60+0.005*i+0.1*x[i, 4]
        x[i, 5] = 1.5; x[i, 6] = 230+4*x[i, 6]-(3 if i >= 600 else 0); x[i, 7] = 76+0.5*(i // 37 % 3)+0.2*x[i, 7]
    return x
def f32(a): return np.asarray(a, float).tolist()
if __name__ == '__main__':
    x = rows(); q = Shift(x[:400], **FROZEN); first = dict(tau=f32(q.tau), nu=f32(q.nu), mean=f32(q.mu), scale=f32(q.scale), z_freeze=f32(q.z_freeze))
    at = [0, 7, 39, 399, 400, 450, 520, 524, 530, 559, 570, 600, 650, ROWS-1]; score = []; z = []
    for i, r in enumerate(x):
        s, d = q.step(r, i >= 400)
        if i in at: score.append(f32(s)); z.append(f32(d))
    checks = [[i, j, float(x[i, j])] for i in (0, 399, 530, ROWS-1) for j in range(8)]
    gold = [int(30 <= i < 45 or 90 <= i < 93) for i in range(150)]; v = []
    for shift in (0, 2, 7): s = [noise(i, 9)/1000+(0.6 if gold[max(0, i-shift)] else 0) for i in range(150)]; v.append(dict(gold=gold, scores=s, value=vus_pr(np.array(gold), s)))
    v.append(dict(gold=gold, scores=[1.0]*150, value=vus_pr(np.array(gold), [1.0]*150)))
    json.dump(dict(config={**FROZEN, 'k': K}, rows=at, values=checks, **first, score=score, z=z, end_mean=f32(q.mu), vus_pr=v), open('shift_vectors.json', 'w'), indent=1)
