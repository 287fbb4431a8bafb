"""Winner re-trained with three augmentation seeds (only the four used features are extracted): accuracy per fold. -> cwru_seeds.log"""
import numpy as np
from cwru_final_fit import mean4
import data_cwru as D
from sklearn.linear_model import LogisticRegression
CL = ['inner_race', 'outer_race', 'ball']
def resample_speed(x, a): return np.interp(np.arange(int(len(x)/a))*a, np.arange(len(x)), x)
rec = [r for r in D.load('train')+D.load('valid') if r['size_mil']]
test = [(r['split'], r['size_mil'], CL.index(r['fault']), mean4(w, r['rpm']/60)) for r in rec for w in D.windows(r['x'])]
clean = [(r['size_mil'], CL.index(r['fault']), mean4(w, r['rpm']/60)) for r in rec if r['split'] == 'train' for w in D.windows(r['x'], hop=.5)]
for seed in range(3):
    rng = np.random.default_rng(100+seed); aug = []
    for r in rec:
        if r['split'] != 'train': continue
        for w in D.windows(r['x'], hop=1.0):
            a = rng.uniform(.97, 1.03); v = resample_speed(np.concatenate([w, w[:600]]), a)[:len(w)]; v = np.concatenate([v, v[:len(w)-len(v)]])
            v = (v+rng.normal(0, r['x'].std()*10**(-rng.uniform(10, 30)/20), len(v)))*np.exp(rng.normal(0, .3))
            aug.append((r['size_mil'], CL.index(r['fault']), mean4(v, r['rpm']/60*a*(1+rng.normal(0, .002)))))
    T = clean+aug
    for nme, tr, te in (('size 7 left out', 21, lambda s, z: z == 7), ('size 21 left out', 7, lambda s, z: z == 21), ('unseen load 2', None, lambda s, z: s == 'valid')):
        X = np.array([f for z, y, f in T if tr in (None, z)]); Y = np.array([y for z, y, f in T if tr in (None, z)]); mu, sd = X.mean(0), X.std(0)
        m = LogisticRegression(C=.1, class_weight='balanced', max_iter=5000).fit((X-mu)/sd, Y); Q = np.array([f for s, z, y, f in test if te(s, z)]); y = np.array([y for s, z, y, f in test if te(s, z)])
        print('seed', seed, nme, 'train', len(X), 'test', len(y), 'accuracy %.2f' % (100*np.mean(m.predict((Q-mu)/sd) == y)), flush=True)
