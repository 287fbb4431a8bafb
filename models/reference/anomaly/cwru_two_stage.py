"""Two stages: Hotelling test on levels (normal only), then element from order features."""
import numpy as np, warnings; warnings.filterwarnings('ignore')
from cwru_eval import *
from scipy.stats import f as fdist
EL = ['inner_race', 'outer_race', 'ball']
LINES_ = ('bpfo', 'bpfi', '2bsf', 'ftf', '1x', 'bpfi_sb', '2bsf_sb'); BN = ('cpw', 'low', 'mid', 'high', 'kurt')
def ofeat(which):
    A = np.stack([[X0[:, names.index(f'{b}_{l}')] for l in LINES_] for b in BN]).transpose(2, 0, 1)   # n, band, line
    A = np.clip(A, 0, 30)
    q = {l: i for i, l in enumerate(LINES_)}
    if which == 'all35': return A.reshape(len(A), -1)
    mean, mx = A.mean(1), A.max(1)
    if which == 'mean7': return mean
    if which == 'max7': return mx
    if which == 'mean+max14': return np.hstack([mean, mx])
    if which == 'mean4': return mean[:, [q['bpfo'], q['bpfi'], q['2bsf'], q['2bsf_sb']]]
    if which == 'mean2': return mean[:, [q['bpfo'], q['bpfi']]]
    if which == 'mean+max4': return np.hstack([mean[:, :2], mx[:, :2]])
    if which in BN: return A[:, BN.index(which)]
    if which == 'top2': s = np.sort(A, 1); return s[:, -2:].mean(1)
def stage2(which, model, tr, te, seed, C=.1):
    X = ofeat(which); t = tr & (Y > 0); mu, sd = X[t].mean(0), X[t].std(0)+1e-9; Z = (X-mu)/sd; rng = np.random.default_rng(seed)
    if model == 'lr': m = LogisticRegression(C=C, class_weight='balanced', max_iter=2000).fit(Z[t], Y[t])
    if model == 'rf': m = RandomForestClassifier(200, class_weight='balanced', random_state=seed, n_jobs=1).fit(Z[t], Y[t])
    if model == 'mlp':
        idx = np.flatnonzero(t); n = max(np.bincount(Y[t])); idx = np.concatenate([rng.choice(idx[Y[idx] == c], n) for c in np.unique(Y[t])])
        m = MLPClassifier((16,), alpha=1.0, max_iter=400, random_state=seed).fit(Z[idx], Y[idx])
    return m.predict(Z[te]), m, (mu, sd)
DENS = ('rms', 'band1', 'band2', 'band3', 'kurtosis')
def stage1(tr, cols=('band1', 'band2', 'band3'), per_day=86400, shrink=.1, floor=.05):
    nm = tr & (Y == 0) & (aug == 0) & (t0 % 1 == 0); X = X0[:, col(*cols)]; n, d = nm.sum(), len(cols)
    mu = X[nm].mean(0); S = np.atleast_2d(np.cov(X[nm].T)); S = (1-shrink)*S+shrink*np.diag(np.diag(S))+floor**2*np.eye(d)
    t2 = np.einsum('ij,jk,ik->i', X-mu, np.linalg.inv(S), X-mu)
    lim = d*(n*n-1)/(n*(n-d))*fdist.isf(1/per_day, d, n-d)
    return t2, lim
if __name__ == '__main__':
    for cols in (('rms',), ('rms','kurtosis'), ('band1','band2','band3'), ('band2','band3'), DENS, ('band0','band1','band2','band3','kurtosis')):
        nm = (split == 'train'); t2, lim = stage1(nm, cols)
        fl = whole & (Y > 0); va = whole & (Y == 0) & (split == 'valid'); trn = whole & (Y == 0) & (split == 'train')
        print('stage1', cols, 'limit %.0f' % lim, 'recall %.2f' % (100*np.mean(t2[fl] > lim)), 'min fault/lim %.2f' % (t2[fl].min()/lim), '1%% quantile/lim %.2f' % (np.quantile(t2[fl], .01)/lim), 'valid normal max/lim %.3f' % (t2[va].max()/lim), 'worst', name[fl][np.argmin(t2[fl])])
    for which in ('all35','mean+max14','mean7','max7','top2','mean4','mean+max4','mean2')+BN:
        for model in ('lr', 'mlp', 'rf'):
            line = []
            for fn, tr, te in folds():
                t3 = te & (Y > 0); acc = [np.mean(stage2(which, model, tr, t3, s)[0] == Y[t3]) for s in range(3 if model != 'lr' else 1)]
                line.append(f'{fn} {100*np.mean(acc):5.1f} ({100*min(acc):.1f}-{100*max(acc):.1f})')
            print(f'stage2 {which:11s} {model:4s}', ' | '.join(line), flush=True)
