"""The four order features of one window (mean over five bands of the clipped comb ratio), with the local median computed once per spectrum."""
import numpy as np
from scipy.ndimage import median_filter
import bearing as B
LN = ('bpfo', 'bpfi', '2bsf', '2bsf_sb')
def comb_fast(s, med, df, centre, offsets=(0.0,), nh=3, slip=0.015, step=0.001):
    d = np.arange(-slip, slip+step/2, step); v = []
    for h in range(1, nh+1):
        for o in offsets:
            c = np.floor((h*centre*(1+d)+o)/df+.5).astype(int); v.append(20*np.log10(np.maximum(np.maximum(s[c-1], s[c]), s[c+1])/med[c]))
    return float(np.mean(v, 0).max())
def mean4(w, fr, fs=12000):
    d = {l: [] for l in LN}; o = B.ORDERS
    for b, lo, hi in B.BANDS:
        if b == 'kurt': _, lo, hi = B.kurtogram(w, fs)
        s, f = B.ses(B.envelope2(B.cpw(w) if b == 'cpw' else w, lo, hi, fs), fs); df = f[1]; k = int(round(20/df)); s = s[:int(1000/df)]; med = median_filter(s, 2*k+1)
        for l, c, off, nh in (('bpfo', o['bpfo'], 0, 3), ('bpfi', o['bpfi'], 0, 3), ('2bsf', 2*o['bsf'], 0, 3), ('2bsf_sb', 2*o['bsf'], o['ftf'], 2)):
            d[l].append(comb_fast(s, med, df, c*fr, (0.0,) if not off else (-off*fr, off*fr), nh))
    return [float(np.clip(d[l], 0, 30).mean()) for l in LN]
if __name__ == '__main__':
    import json; import data_cwru as D
    r = [q for q in D.load('train') if q['name'] == 'load1_inner_race_7mil'][0]; print(mean4(r['x'][24000:36000], r['rpm']/60), json.load(open('bearing_vectors.json'))['windows']['load1_inner_race_7mil']['mean4'])
