"""Baselines on SKAB: flag everything, T2, Q, T2+Q (PCA), isolation forest."""
from data_skab import *
from metrics import *
from scipy.stats import f as fdist, norm
def t2q(x, n=400, var=None, alpha=0.99, mode='t2q', ucl='theory'):
    ref = x[:n]; mu = ref.mean(0); sd = ref.std(0, ddof=0); sd = np.where(sd == 0, 1, sd)
    z = (x-mu)/sd; w, v = np.linalg.eigh(np.cov(z[:n].T)); o = np.argsort(-w); w, v = w[o], v[:, o]
    k = int(np.searchsorted(np.cumsum(w)/w.sum(), var)+1) if var else len(w)-1
    k = min(k, 7)
    sc = z@v; t2 = (sc[:, :k]**2/w[:k]).sum(1); q = ((z-sc[:, :k]@v[:, :k].T)**2).sum(1)
    t_lim = k*(n-1)*(n+1)/(n*(n-k))*fdist.ppf(alpha, k, n-k)
    th = [np.sum(w[k:]**i) for i in (1, 2, 3)]; h0 = 1-2*th[0]*th[2]/(3*th[1]**2)
    ca = norm.ppf(alpha); q_lim = th[0]*(1-th[1]*h0*(1-h0)/th[0]**2+ca*np.sqrt(2*th[1]*h0**2)/th[0])**(1/h0)
    if ucl == 'emp': t_lim = np.quantile(t2[:n], alpha); q_lim = np.quantile(q[:n], alpha)
    return t2/t_lim, q/q_lim
if __name__ == '__main__':
    from sklearn.ensemble import IsolationForest
    for split in ('train', 'valid'):
        for free in ((0, 1) if split == 'train' else (0,)):
            fs = [f for f in load(split) if free or f[0] != 'anomaly_free']
            print(split, 'with anomaly_free' if free else '', 'flag all', pointwise([(y[400:], y[400:]*0+1) for *_, x, y, t in fs]))
            for var in (0.8, 0.9, 0.95):
              for ucl in ('theory', 'emp'):
                for sm in (1, 5, 15):
                    p = []
                    for *_, x, y, t in fs:
                        a, b = t2q(x, var=var, ucl=ucl)
                        fl = ((a > 1) | (b > 1)).astype(int)
                        fl = np.array([np.median(fl[max(0, i-sm+1):i+1]) > .5 for i in range(len(fl))])
                        p.append((y[400:], fl[400:]))
                    print('  t2q', var, ucl, sm, np.round(pointwise(p), 3))
            for sd in range(1):
                p = []
                for *_, x, y, t in fs:
                    m = IsolationForest(random_state=sd).fit(x[:400]); p.append((y[400:], (m.predict(x[400:]) == -1)))
                print('  iforest', np.round(pointwise(p), 3))
