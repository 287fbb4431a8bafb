"""Test vectors of signal-processing steps (numpy/scipy) -> bearing_vectors.json"""
import json, numpy as np
from scipy import signal
from scipy.interpolate import CubicSpline
import bearing as B, data_cwru as D
FS = 12000
def noise(n, seed):
    """Linear congruential generator: s <- (1664525 s + 1013904223) mod 2^32, value s/2^31 - 1; uniform in [-1, 1)."""
    s = seed; out = np.empty(n)
    for i in range(n): s = (1664525*s+1013904223) % 2**32; out[i] = s/2**31-1
    return out
def impacts(n, rate, f0=3000.0, decay=800.0, gain=1.0, modulation=0.0, shaft=29.95):
    """Sum over k = 0.. of gain (1 + m cos(2 pi shaft k/rate)) exp(-decay (t - k/rate)) sin(2 pi f0 (t - k/rate)) for t >= k/rate, cut at 30 ms."""
    t = np.arange(n)/FS; x = np.zeros(n); k = 0
    while k/rate < n/FS:
        a = k/rate; i = np.flatnonzero((t >= a) & (t < a+.03)); u = t[i]-a
        x[i] += gain*(1+modulation*np.cos(2*np.pi*shaft*a))*np.exp(-decay*u)*np.sin(2*np.pi*f0*u); k += 1
    return x
n = 12000; fr = 29.95; t = np.arange(n)/FS; o = B.ORDERS
W = {'synthetic_tone': (np.sin(2*np.pi*fr*t)+.5*np.sin(2*np.pi*2500*t)+.1*noise(n, 1), fr, 'sin(2 pi 29.95 t) + 0.5 sin(2 pi 2500 t) + 0.1 noise(seed 1)'),
     'synthetic_outer': (impacts(n, o['bpfo']*fr)+.2*noise(n, 2), fr, 'impacts(rate 3.5848*29.95) + 0.2 noise(seed 2)'),
     'synthetic_inner': (impacts(n, o['bpfi']*fr, modulation=.5)+.2*noise(n, 3), fr, 'impacts(rate 5.4152*29.95, modulation 0.5) + 0.2 noise(seed 3)')}
for nm, st in (('load0_normal', 12000), ('load1_inner_race_7mil', 24000), ('load0_outer_race_at6_21mil', 36000)):
    r = [q for q in D.load('train') if q['name'] == nm][0]; W[nm] = (r['x'][st:st+n], r['rpm']/60, f"train/{nm}.flac samples {st}..{st+n} x scale {r['scale']!r}")
out = {'conventions': {'fs': FS, 'noise': noise.__doc__, 'impacts': impacts.__doc__, 'defaults': 'f0 3000 Hz, decay 800 1/s, gain 1, modulation 0, shaft 29.95'}, 'windows': {}}
for k, (x, f_r, how) in W.items():
    f, p = signal.welch(x-x.mean(), FS, window='hann', nperseg=2048, noverlap=1024, detrend='constant', scaling='density')
    bins = [0, 1, 5, 50, 100, 427, 512, 700, 1024]
    sosx = B.envelope2(x, 2000.0, 4000.0, FS)
    X = np.fft.rfft(x-x.mean()); fb = np.fft.rfftfreq(n, 1/FS); band = np.fft.irfft(np.where((fb >= 2000) & (fb < 4000), X, 0), n); assert np.allclose(np.abs(signal.hilbert(band))**2, sosx, rtol=1e-8, atol=1e-12)
    s, fz = B.ses(sosx, FS); K = B.kurtogram(x, FS); c = B.cpw(x); lv = B.level_features(x, FS); of = B.order_features(x, FS, f_r)
    ib = [0, 1, 2, 30, 60, 107, 108, 162, 215, 324, 1000]
    m4 = [float(np.clip([of[f'{b}_{l}'] for b, _, _ in B.BANDS], 0, 30).mean()) for l in ('bpfo', 'bpfi', '2bsf', '2bsf_sb')]
    out['windows'][k] = dict(signal=how, shaft_hz=f_r, first_samples=x[:5].tolist(), sum=float(x.sum()), sum_of_squares=float((x*x).sum()),
        welch=dict(nperseg=2048, noverlap=1024, window='hann (periodic)', detrend='constant', bins=bins, density=p[bins].tolist(), total=float(p.sum()*f[1])),
        level={q: float(v) for q, v in lv.items()}, envelope_2000_4000=dict(squared=sosx[[0, 1, 100, 5000, 11999]].tolist(), at=[0, 1, 100, 5000, 11999], spectrum_bins=ib, spectrum=s[ib].tolist()),
        kurtogram=dict(kurtosis=float(K[0]), lo=K[1], hi=K[2]), cpw=dict(at=[0, 1, 100, 5000], value=c[[0, 1, 100, 5000]].tolist()), order_features={q: float(v) for q, v in of.items()}, mean4=m4)
# order tracking
f0, f1, T = 20.0, 40.0, 1.0; speed = f0+(f1-f0)*t/T; ph = np.concatenate([[0], np.cumsum((speed[1:]+speed[:-1])/2/FS)]); exact = f0*t+(f1-f0)*t*t/2/T
x = np.sin(2*np.pi*3.5848*exact)+.3*np.sin(2*np.pi*exact); N = 64; revs = int(np.floor(ph[-1])); grid = np.arange(revs*N)/N; tk = np.interp(grid, ph, t); lin = np.interp(tk, t, x); cub = CubicSpline(t, x)(tk)
w = np.hanning(len(lin)+1)[:-1]; S = np.abs(np.fft.rfft(cub*w))*2/w.sum(); od = np.arange(len(S))/revs
out['order_tracking'] = dict(signal='speed 20 + 20 t Hz, t in [0, 1) at 12 kHz; x = sin(2 pi 3.5848 phi) + 0.3 sin(2 pi phi), phi = 20 t + 10 t^2', samples_per_revolution=N, revolutions=revs, phase='cumulative trapezoid of speed, phi[0] = 0',
    time='linear interpolation of t at phi = k/64', phase_at={str(i): float(ph[i]) for i in (0, 1, 100, 6000, 11999)}, time_at={str(i): float(tk[i]) for i in (0, 1, 64, 640, len(tk)-1)}, linear={str(i): float(lin[i]) for i in (0, 1, 10, 64, 640, 1500)}, cubic_not_a_knot={str(i): float(cub[i]) for i in (0, 1, 10, 64, 640, 1500)},
    peak_order=float(od[S.argmax()]), peak_amplitude=float(S.max()), amplitude_at_order_1=float(S[revs]))
out['defect_orders_6205'] = dict(input=dict(balls=9, ball_diameter_mm=7.94, pitch_diameter_mm=39.04, contact_angle_rad=0.0), computed={k: float(v) for k, v in B.geometry().items()}, used=B.ORDERS, note='used = the manufacturer orders; BSF here is one spin, the ball hits both races: line at 2 x BSF = 4.7135')
json.dump(out, open('bearing_vectors.json', 'w'), indent=1)
for k, v in out['windows'].items(): print(k, 'kurtogram', v['kurtogram'], 'mean4', np.round(v['mean4'], 2))
print(out['order_tracking']['peak_order'], out['order_tracking']['peak_amplitude'])
