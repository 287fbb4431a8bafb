"""Winning CWRU method: all reported figures, ablations and exported weights -> cwru_final.json"""
import json, sys
from cwru_two_stage import *
import bearing as B, data_cwru as D
LN = ('bpfo', 'bpfi', '2bsf', '2bsf_sb'); COLS = ('band1', 'band2', 'band3')
def fit(tr, bands=BN, lines=LN, C=.1):
    A = np.clip(np.stack([[X0[:, names.index(f'{b}_{l}')] for l in lines] for b in bands]), 0, 30).mean(0).T
    t = tr & (Y > 0); mu, sd = A[t].mean(0), A[t].std(0); m = LogisticRegression(C=C, class_weight='balanced', max_iter=5000, tol=1e-8).fit((A[t]-mu)/sd, Y[t])
    return A, mu, sd, m
out = {}
for fn, tr, te in folds():
    t2, lim = stage1(tr, COLS); A, mu, sd, m = fit(tr)
    pred = np.where(t2 > lim, m.predict((A-mu)/sd), 0); y, p = Y[te], pred[te]
    cm = [[int(((y == a) & (p == b)).sum()) for b in range(4)] for a in range(4)]
    pr = m.predict_proba((A-mu)/sd); marg = pr.max(1)
    rng = np.random.default_rng(0); t3 = te & (Y > 0); imp = {}
    for j, l in enumerate(LN):
        d = []
        for _ in range(20): Q = A[t3].copy(); Q[:, j] = rng.permutation(Q[:, j]); d.append(np.mean(m.predict((Q-mu)/sd) == Y[t3]))
        imp[l] = round(100*(np.mean(m.predict((A[t3]-mu)/sd) == Y[t3])-np.mean(d)), 1)
    fl = te & (Y > 0)
    print(fn, 'n', len(y), 'accuracy %.2f' % (100*np.mean(y == p)), 'confusion (rows true: normal inner outer ball)', cm, '\n   permutation drop', imp, 'min prob %.2f' % marg[t3].min(), 'coef', np.round(m.coef_, 2).tolist(), '\n   stage 1 recall %.2f limit %.1f min fault/limit %.1f normal max/limit %.3f' % (100*np.mean(t2[fl] > lim), lim, t2[fl].min()/lim, (t2[te & (Y == 0)]/lim).max()))
    out[fn] = dict(n=int(len(y)), accuracy=float(np.mean(y == p)), confusion=cm, importance=imp)
print('ablation of bands and lines (3 classes, LR):')
for bands in (BN, BN[:4], ('cpw',), ('low','mid','high'), ('cpw','mid'), ('kurt',), ('cpw','kurt')):
    for lines in (LN, ('bpfo','bpfi')):
        print('  ', bands, lines, ' '.join('%.1f' % (100*np.mean((lambda A, mu, sd, m: m.predict((A[te & (Y > 0)]-mu)/sd))(*fit(tr, bands, lines)) == Y[te & (Y > 0)])) for _, tr, te in folds()))
print('without augmentation:', ' '.join('%.1f' % (100*np.mean((lambda A, mu, sd, m: m.predict((A[te & (Y > 0)]-mu)/sd))(*fit(tr & (aug == 0))) == Y[te & (Y > 0)])) for _, tr, te in folds()))
print('regularisation C:', {C: ' '.join('%.1f' % (100*np.mean((lambda A, mu, sd, m: m.predict((A[te & (Y > 0)]-mu)/sd))(*fit(tr, C=C)) == Y[te & (Y > 0)])) for _, tr, te in folds()) for C in (.01, .1, 1, 10)})
# robustness: the model of each leave-one-size-out fold, test windows disturbed
def mean4(w, fr, fs=12000):
    d = {l: [] for l in LN}; o = B.ORDERS
    for b, lo, hi in B.BANDS:
        if b == 'kurt': _, lo, hi = B.kurtogram(w, fs)
        s, f = B.ses(B.envelope2(B.cpw(w) if b == 'cpw' else w, lo, hi, fs), fs); df = f[1]
        for l, c, off, nh in (('bpfo', o['bpfo'], 0, 3), ('bpfi', o['bpfi'], 0, 3), ('2bsf', 2*o['bsf'], 0, 3), ('2bsf_sb', 2*o['bsf'], o['ftf'], 2)):
            d[l].append(B.comb(s, df, c*fr, (0.0,) if not off else (-off*fr, off*fr), nh))
    return [float(np.clip(d[l], 0, 30).mean()) for l in LN]
if 'fast' not in sys.argv:
    rec = D.load('train')+D.load('valid'); rng = np.random.default_rng(1)
    dist = {'none': lambda w, fr: (w, fr), 'rpm +1 %': lambda w, fr: (w, fr*1.01), 'rpm -1 %': lambda w, fr: (w, fr*.99), 'rpm +2 %': lambda w, fr: (w, fr*1.02),
            'noise 10 dB': lambda w, fr: (w+rng.normal(0, w.std()*10**-.5, len(w)), fr), 'noise 0 dB': lambda w, fr: (w+rng.normal(0, w.std(), len(w)), fr),
            '0.5 s window': lambda w, fr: (w[:6000], fr), 'clipped at 2 rms': lambda w, fr: (np.clip(w, -2*w.std(), 2*w.std()), fr)}
    for dn, g in dist.items():
        ok = {7: [], 21: []}
        ms = {s: fit(tr)[1:] for s, (fn, tr, te) in zip((7, 21), folds())}
        for r in rec:
            if r['size_mil'] == 0: continue
            for w in D.windows(r['x'])[1::4]:
                q = np.array([mean4(*g(w, r['rpm']/60))]); mu, sd, m = ms[r['size_mil']]; ok[r['size_mil']].append(m.predict((q-mu)/sd)[0] == CL.index(r['fault']))
        print('disturbance', dn, {k: '%.1f %% of %d' % (100*np.mean(v), len(v)) for k, v in ok.items()}, flush=True)
    nm = (split == 'train') & (Y == 0) & (aug == 0) & (t0 % 1 == 0); Q = X0[:, col(*COLS)]; mu = Q[nm].mean(0); S = np.cov(Q[nm].T); S = .9*S+.1*np.diag(np.diag(S))+.05**2*np.eye(3); Si = np.linalg.inv(S); lim = stage1(split == 'train', COLS)[1]
    # rule: inner if bpfi >= bpfo and >= t, outer if bpfo > bpfi and >= t, else ball; t chosen on the other size
    def rule(A, t): return np.where(np.maximum(A[:, 0], A[:, 1]) < t, 3, np.where(A[:, 1] >= A[:, 0], 1, 2))
    for fn, tr, te in folds():
        A = fit(tr)[0]; g = tr & (Y > 0); h = te & (Y > 0); ts = np.arange(2, 20, .5); acc = [np.mean(rule(A[g], t) == Y[g]) for t in ts]; best = ts[np.flatnonzero(np.array(acc) >= max(acc)-1e-12)]; t = best[len(best)//2]
        print('rule on the same two features,', fn, 't = %.1f dB' % t, 'accuracy %.1f' % (100*np.mean(rule(A[h], t) == Y[h])))
    trn = split == 'train'; A, m0, s0, m = fit(trn)
    json.dump(dict(lines=LN, bands=[b for b in B.BANDS], clip_db=[0, 30], mean=m0.tolist(), sd=s0.tolist(), classes=EL, coef=m.coef_.tolist(), intercept=m.intercept_.tolist(),
        stage1=dict(columns=COLS, mean=mu.tolist(), cov=S.tolist(), inv=Si.tolist(), n=int(nm.sum()), limit=float(lim)), folds=out), open('cwru_final.json', 'w'), indent=1)
