"""Leave-one-size-out and unseen-load, 3 seeds."""
import numpy as np, sys, warnings; warnings.filterwarnings('ignore')
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.ensemble import RandomForestClassifier
Z = np.load(__import__('os').environ.get('FEATURES', 'cwru_features.npz'), allow_pickle=True); X0, names, M = Z['X'], list(Z['names']), Z['meta']
split, name, fault, size, load, aug, t0, pos = M.T
size = size.astype(int); load = load.astype(int); aug = aug.astype(int); t0 = t0.astype(float)
CL = ['normal', 'inner_race', 'outer_race', 'ball']; Y = np.array([CL.index(f) for f in fault])
LEVEL = ['rms', 'band0', 'band1', 'band2', 'band3']
def rel(X, tr):
    """levels relative to the asset's normal (median of the training normal windows, log units)"""
    X = X.copy(); nm = tr & (Y == 0) & (aug == 0)
    for l in LEVEL: j = names.index(l); X[:, j] -= np.median(X0[nm, j])
    return X
col = lambda *ks: [names.index(k) for k in ks]
def fset(X, which):
    mx = lambda line, bands=('low','mid','high','kurt','cpw'): np.max([X[:, names.index(f'{b}_{line}')] for b in bands], 0)
    if which == 'all': return X
    if which == 'orders': return X[:, [i for i, n in enumerate(names) if '_' in n and n != 'kurt_K']]
    if which == 'orders+shape': return X[:, [i for i, n in enumerate(names) if n not in LEVEL]]
    if which == 'levels': return X[:, col(*LEVEL, 'kurtosis', 'crest')]
    if which == 'small':
        return np.stack([mx('bpfo'), mx('bpfi'), mx('2bsf'), mx('ftf'), mx('1x'), mx('bpfi_sb'), mx('2bsf_sb'), mx('bpfi')-mx('bpfo')]
                        +[X[:, names.index(k)] for k in LEVEL+['kurtosis', 'crest', 'kurt_K']], 1)
    if which == 'tiny':
        return np.stack([mx('bpfo'), mx('bpfi'), X[:, names.index('rms')], X[:, names.index('band1')], X[:, names.index('band2')]], 1)
    if which == 'mean':
        mn = lambda l: np.mean([X[:, names.index(f'{b}_{l}')] for b in ('low','mid','high','kurt','cpw')], 0)
        return np.stack([mn('bpfo'), mn('bpfi'), mn('2bsf'), mn('2bsf_sb'), mn('1x'), mn('bpfi')-mn('bpfo')]+[X[:, names.index(k)] for k in LEVEL+['kurtosis', 'kurt_K']], 1)
def run(which, model, tr, te, seed, C=.1):
    X = fset(rel(X0, tr), which); mu, sd = X[tr].mean(0), X[tr].std(0)+1e-9; X = (X-mu)/sd
    w = np.array([1/np.sum(Y[tr] == c) for c in Y[tr]]); rng = np.random.default_rng(seed)
    if model == 'lr': m = LogisticRegression(C=C, class_weight='balanced', max_iter=2000).fit(X[tr], Y[tr])
    if model == 'rf': m = RandomForestClassifier(200, class_weight='balanced', random_state=seed, n_jobs=1).fit(X[tr], Y[tr])
    if model == 'mlp':
        idx = np.flatnonzero(tr); n = max(np.bincount(Y[tr])); idx = np.concatenate([rng.choice(idx[Y[idx] == c], n) for c in np.unique(Y[tr])])
        m = MLPClassifier((16,), alpha=1.0, max_iter=400, random_state=seed).fit(X[idx], Y[idx])
    return m.predict(X[te]), m
whole = (t0 % 1 == 0) & (aug == 0)
def folds():
    for s in (7, 21): # train on the other size, loads 0 and 1; test on this size, loads 0, 1 (train) and 2 (valid); normal: valid part
        oth = 28-s
        yield f'size {s} left out', (split == 'train') & ((size == oth) | (size == 0)), whole & ((size == s) | ((size == 0) & (split == 'valid')))
    yield 'unseen load 2', split == 'train', whole & (split == 'valid')
if __name__ == '__main__':
    for which in ('levels', 'orders', 'orders+shape', 'all', 'small', 'mean', 'tiny'):
        for model in ('rf', 'lr', 'mlp'):
            line = []
            for fn, tr, te in folds():
                acc = []; f1s = []
                for seed in range(3 if model != 'lr' else 1):
                    p, _ = run(which, model, tr, te, seed); y = Y[te]
                    acc.append(np.mean(p == y)); f1s.append(np.mean([np.mean(p[y == c] == c) for c in range(4)]))
                line.append(f'{fn}: {100*np.mean(acc):5.1f} ({100*min(acc):.1f}-{100*max(acc):.1f}) bal {100*np.mean(f1s):.1f}')
            print(f'{which:13s} {model:4s}', ' | '.join(line), flush=True)
