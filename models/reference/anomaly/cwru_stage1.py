"""Normal against fault at one false alarm a day: Hotelling limit on log band levels, with and without a repeatability floor;
tone-preserving surrogate day; baselines isolation forest and RMS rule. Writes cwru_stage1.log"""
import numpy as np
from cwru_two_stage import *
import bearing as B, data_cwru as D
COLS = ('band1', 'band2', 'band3'); PER_DAY = 86400
def fit1(Q, floor, shrink=.1):
    n, d = Q.shape; mu = Q.mean(0); S = np.cov(Q.T); S = (1-shrink)*S+shrink*np.diag(np.diag(S))+floor**2*np.eye(d)
    return mu, S, d*(n*n-1)/(n*(n-d))*fdist.isf(1/PER_DAY, d, n-d)
def t2(q, mu, S): return np.einsum('ij,jk,ik->i', q-mu, np.linalg.inv(S), q-mu)
def tones(x, keep=6.0, half=25):
    """Spectrum split: bins above keep x local median (and 2 neighbours) are tones and keep their phase; the rest is noise."""
    X = np.fft.rfft(x); m = np.abs(X); from scipy.ndimage import median_filter, binary_dilation
    t = binary_dilation(m > keep*median_filter(m, 2*half+1), iterations=2); return X, t
if __name__ == '__main__':
    nm = (split == 'train') & (Y == 0) & (aug == 0) & whole; Q = X0[:, col(*COLS)]; fl = whole & (Y > 0); va = whole & (Y == 0) & (split == 'valid')
    x = [r for r in D.load('train') if r['name'] == 'load0_normal'][0]['x']; X, t = tones(x); rng = np.random.default_rng(0); print('tone bins %.1f %% with %.0f %% of the power' % (100*t.mean(), 100*(np.abs(X[t])**2).sum()/(np.abs(X[1:])**2).sum()))
    sur = {'tones kept': [], 'all phases random': []}
    for k in range(300):
        ph = np.exp(2j*np.pi*rng.random(len(X)))
        for nme, Z in (('tones kept', np.where(t, X, X*ph)), ('all phases random', X*ph)):
            for w in D.windows(np.fft.irfft(Z, len(x))): d = B.level_features(w, 12000); sur[nme].append([d[c] for c in COLS])
    sur = {k: np.array(v) for k, v in sur.items()}
    for floor in (0.0, .02, .05, .1):
        mu, S, lim = fit1(Q[nm], floor); f = t2(Q[fl], mu, S); v = t2(Q[va], mu, S)
        loo = []
        idx = np.flatnonzero(nm)
        for i in idx: m_, S_, l_ = fit1(Q[[j for j in idx if j != i]], floor); loo.append(t2(Q[[i]], m_, S_)[0]/l_)
        print(f'floor {floor}: limit {lim:.0f}; recall {100*np.mean(f > lim):.2f} % of {len(f)}, min fault/limit {f.min()/lim:.1f} ({name[fl][f.argmin()]}); valid normal max/limit {v.max()/lim:.3f}; leave-one-window-out max/limit {max(loo):.3f};', end=' ')
        for nme, q in sur.items():
            s = np.sort(t2(q, mu, S)); lg = np.log(s[-len(s)//50:]); hill = np.exp(lg[0])*(PER_DAY/50)**np.mean(lg-lg[0]); print(f'{nme}: {len(s)} windows, over limit {np.mean(s > lim)*PER_DAY:.0f}/day, max/limit {s[-1]/lim:.2f}, Hill 1/day level/limit {hill/lim:.2f}, recall at that level {100*np.mean(f > max(lim, hill)):.2f}', end='; ')
        print()
    from sklearn.ensemble import IsolationForest
    q = np.delete(Q, [], 1); L = X0[:, col('rms', 'band0', 'band1', 'band2', 'band3', 'kurtosis', 'crest')]; tr2 = (split == 'train') & (Y == 0) & (aug == 0)
    for seed in range(3):
        m = IsolationForest(random_state=seed).fit(L[tr2]); c = -m.score_samples(L); lim = c[tr2].max(); print('isolation forest seed', seed, 'threshold max of normal: recall %.1f' % (100*np.mean(c[fl] > lim)), 'valid normal flagged', int((c[va] > lim).sum()), 'of', va.sum())
    Rn = X0[tr2][:, names.index('rms')]; r = X0[:, names.index('rms')]; lim = Rn.mean()+4.3*Rn.std(ddof=1); print('RMS rule mean+4.3 sd: recall %.1f' % (100*np.mean(r[fl] > lim)), 'valid normal flagged', int((r[va] > lim).sum()))
    print('recall by recording at floor 0.05:', {n_: '%.0f' % (100*np.mean((t2(Q, *fit1(Q[nm], .05)[:2]) > fit1(Q[nm], .05)[2])[fl & (name == n_)])) for n_ in sorted(set(name[fl]))})
