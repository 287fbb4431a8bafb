"""Extract clean and augmented windows once -> cwru_features.npz"""
import sys, numpy as np
from bearing import *; import data_cwru as D
import time
def resample_speed(x, a): # plays the signal a times faster (linear interpolation)
    t = np.arange(int(len(x)/a))*a; return np.interp(t, np.arange(len(x)), x)
if __name__ == '__main__':
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0; rng = np.random.default_rng(seed); rows = []; names = None; meta = []
    t0 = time.time()
    for m in D.load('train')+D.load('valid'):
        fr = m['rpm']/60; x = m['x']; sd = x.std()
        clean = [(w, fr, 0) for w in D.windows(x, hop=0.5)]
        aug = []
        if m['split'] == 'train':
            for w in D.windows(x, hop=0.5):
                n = len(w); start = 0
                a = rng.uniform(.97, 1.03); v = resample_speed(np.concatenate([w, w[:600]]), a)[:n]  # tail wraps 50 ms at most
                if len(v) < n: v = np.concatenate([v, v[:n-len(v)]])
                v = v+rng.normal(0, sd*10**(-rng.uniform(10, 30)/20), n)      # 10 to 30 dB signal to noise
                v = v*np.exp(rng.normal(0, .3))
                aug.append((v, fr*a*(1+rng.normal(0, .002)), 1))
        for k, (w, f, au) in enumerate(clean+aug):
            d = features(w, 12000, f); names = names or list(d); rows.append([d[q] for q in names])
            meta.append((m['split'], m['name'], m['fault'], m['size_mil'], m['load_hp'], au, (k if not au else k-len(clean))*0.5, m['position'] or 0))
    np.savez('cwru_features.npz' if not seed else f'cwru_features_{seed}.npz', X=np.array(rows), names=np.array(names), meta=np.array(meta, dtype=object))
    print(len(rows), time.time()-t0)
