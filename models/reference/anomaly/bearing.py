"""Signal-processing features for rolling bearings. numpy/scipy only; every step is a formula in REPORT.md."""
import numpy as np
from scipy import signal
ORDERS = dict(bpfo=3.5848, bpfi=5.4152, bsf=4.7135/2, ftf=0.39828)
def geometry(n=9, d=7.94, D=39.04, phi=0.0):
    """Defect orders of shaft speed: n balls, ball diameter d mm, pitch diameter D mm, contact angle phi rad."""
    r = d/D*np.cos(phi)
    return dict(bpfo=n/2*(1-r), bpfi=n/2*(1+r), bsf=D/(2*d)*(1-r*r), ftf=(1-r)/2)
def cpw(x):
    """Cepstrum pre-whitening: all spectral magnitudes set to one, phase kept (Borghesani et al., 2013)."""
    X = np.fft.rfft(x-x.mean()); m = np.abs(X); m[m < 1e-12*m.max()] = 1e-12*m.max()
    return np.fft.irfft(X/m, len(x))
def envelope2(x, lo, hi, fs):
    """Squared envelope of the band lo..hi by the FFT analytic signal (ideal band), mean removed."""
    n = len(x); X = np.fft.fft(x-x.mean()); f = np.fft.fftfreq(n, 1/fs)
    H = np.where((f >= lo) & (f < hi), 2.0, 0.0)
    a = np.fft.ifft(X*H); e = np.abs(a)**2
    return e
def ses(e, fs, window=True):
    """Amplitude spectrum of the squared envelope, normalised by its mean (so unit-free), Hann window."""
    m = e.mean(); w = np.hanning(len(e)+1)[:-1] if window else np.ones(len(e))
    return np.abs(np.fft.rfft((e/m-1)*w))*2/w.sum(), np.fft.rfftfreq(len(e), 1/fs)
def kurtogram(x, fs, bandwidths=(2, 3, 4, 6, 8)):
    """Kurtogram on ideal (rectangular) analytic bands: the half spectrum is cut into k equal bands for each k of
    `bandwidths` (2, 3, 4, 6, 8: the 1/3-binary tree of Antoni 2007 down to level 3); excess kurtosis of the complex
    envelope K = <|a|^4>/<|a|^2>^2 - 2. Returns (K, lo, hi) of the best band (first in order on a tie)."""
    best = (-9.0, 0.0, fs/2); X = np.fft.fft(x-x.mean()); n = len(x); f = np.fft.fftfreq(n, 1/fs)
    for k in bandwidths:
        for b in range(k):
            lo, hi = b*fs/2/k, (b+1)*fs/2/k
            e = np.abs(np.fft.ifft(np.where((f >= lo) & (f < hi), 2.0, 0.0)*X))**2
            K = np.mean(e*e)/np.mean(e)**2-2
            if K > best[0]: best = (K, lo, hi)
    return best
def comb(s, df, centre, offsets=(0.0,), nh=3, slip=0.015, step=0.001, half=1):
    """Mean over harmonics of the peak-to-background ratio in dB, with ONE relative slip for all harmonics:
    max over delta in [-slip, slip] of mean_h 20 log10(max s[c-half..c+half] / median s[c-B..c+B]), c = round(h*centre*(1+delta)/df),
    B = 20 Hz. `offsets` (Hz) instead of (0,) measures sidebands h*centre + offset."""
    B = int(round(20/df)); best = -99.0
    for d in np.arange(-slip, slip+step/2, step):
        v = []
        for h in range(1, nh+1):
            for o in offsets:
                c = int(np.floor((h*centre*(1+d)+o)/df+0.5))
                if c-half < 1 or c+half >= len(s): continue
                bg = np.median(s[max(1, c-B):c+B+1]); v.append(20*np.log10(max(s[c-half:c+half+1].max(), 1e-12)/max(bg, 1e-12)))
        if v: best = max(best, float(np.mean(v)))
    return best
BANDS = (('cpw', 200.0, 5900.0), ('low', 500.0, 2000.0), ('mid', 2000.0, 4000.0), ('high', 4000.0, 5900.0), ('kurt', None, None))
LINES = ('bpfo', 'bpfi', '2bsf', 'ftf', '1x', 'bpfi_sb', '2bsf_sb')
LEVEL_BANDS = ((0, 500), (500, 2000), (2000, 4000), (4000, 6000))
def order_features(w, fs, fr, orders=ORDERS):
    out = {}; o = orders
    for b, lo, hi in BANDS:
        if b == 'kurt':
            K, lo, hi = kurtogram(w, fs); out['kurt_K'] = float(np.log1p(max(K, 0)))
        s, f = ses(envelope2(cpw(w) if b == 'cpw' else w, lo, hi, fs), fs); df = f[1]
        out[f'{b}_bpfo'] = comb(s, df, o['bpfo']*fr); out[f'{b}_bpfi'] = comb(s, df, o['bpfi']*fr)
        out[f'{b}_2bsf'] = comb(s, df, 2*o['bsf']*fr); out[f'{b}_ftf'] = comb(s, df, o['ftf']*fr)
        out[f'{b}_1x'] = comb(s, df, fr, slip=0.003)
        out[f'{b}_bpfi_sb'] = comb(s, df, o['bpfi']*fr, (-fr, fr), nh=2)
        out[f'{b}_2bsf_sb'] = comb(s, df, 2*o['bsf']*fr, (-o['ftf']*fr, o['ftf']*fr), nh=2)
    return out
def level_features(w, fs):
    """Absolute levels (to be compared with the asset's own normal) and shape statistics."""
    x = w-w.mean(); f, p = signal.welch(x, fs, window='hann', nperseg=2048, noverlap=1024, detrend='constant', scaling='density')
    df = f[1]; out = {'rms': float(np.log(np.sqrt(np.mean(x*x))))}
    for i, (lo, hi) in enumerate(LEVEL_BANDS):
        out[f'band{i}'] = float(0.5*np.log(np.sum(p[(f >= lo) & (f < hi)])*df))
    m2 = np.mean(x*x); out['kurtosis'] = float(np.log(np.mean(x**4)/m2**2)); out['crest'] = float(np.log(np.abs(x).max()/np.sqrt(m2)))
    return out
def features(w, fs, fr, orders=ORDERS):
    return {**order_features(w, fs, fr, orders), **level_features(w, fs)}
