"""Other engines on the workload `trio`, one process each.

    python peers.py ENGINE DATA [WORKERS]

ENGINE: ort, openvino-f32 or openvino-bf16.  DATA: the folder with *.onnx and ref_io.safetensors.
Reads lines `run N` from standard input; after N requests writes one line of JSON: wall time of each request and CPU
time of the whole process per request, in microseconds, and the peak of its resident memory.  With WORKERS 2 NOTES runs on a
second thread beside the rest.  Every answer is held against the reference record.
"""
import importlib
import json
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

START = time.time()


def load(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    kinds = {"F32": np.float32, "F64": np.float64, "I64": np.int64}
    return {
        name: np.frombuffer(data[a["data_offsets"][0]:a["data_offsets"][1]], kinds[a["dtype"]]).reshape(a["shape"])
        for name, a in header.items()
        if name != "__metadata__"
    }


def ort_runs(data):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("INTRA", "1"))
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")

    def session(name):
        opened = onnxruntime.InferenceSession(f"{data}/{name}.onnx", options, providers=["CPUExecutionProvider"])
        source = opened.get_inputs()[0].name
        return lambda value: opened.run(None, {source: value})[0]

    return {name: session(name) for name in ("kws", "notes", "anom")}, onnxruntime.__version__


def openvino_runs(data, precision):
    import openvino

    core = openvino.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": int(os.environ.get("INTRA", "1")),
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
    }

    def session(name):
        compiled = core.compile_model(f"{data}/{name}.onnx", "CPU", settings)
        request = compiled.create_infer_request()
        return lambda value: request.infer([value], share_inputs=True)[0]

    return {name: session(name) for name in ("kws", "notes", "anom")}, openvino.__version__


def main():
    engine, data = sys.argv[1], sys.argv[2]
    workers = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    # The definition of the workload stands beside the data.
    sys.path.insert(0, os.environ["TRIO"])
    trio = importlib.import_module("trio")
    io = load(f"{data}/ref_io.safetensors")
    names = ("kws", "kws_p", "note", "note_conf", "anom", "score")
    reference = dict(zip(names, (float(value) for value in io["record"])))
    if engine == "ort":
        runs, version = ort_runs(data)
    else:
        runs, version = openvino_runs(data, {"openvino-f32": "f32", "openvino-bf16": "bf16"}[engine])
    audio, ids, feats = io["audio"].copy(), io["ids"].copy(), io["feats"].copy()
    beside = ThreadPoolExecutor(1)
    bound = 3e-2 if engine.endswith("bf16") else 1e-3

    def whole():
        if workers == 1:
            notes = runs["notes"](ids)
            prob, recon = runs["kws"](trio.mfcc(audio)), runs["anom"](feats)
        else:
            later = beside.submit(runs["notes"], ids)
            prob, recon = runs["kws"](trio.mfcc(audio)), runs["anom"](feats)
            notes = later.result()
        return trio.join(prob, notes, recon, feats)

    features = trio.mfcc(audio)
    parts = {
        "trio": whole,
        "kws": lambda: runs["kws"](features),
        "notes": lambda: runs["notes"](ids),
        "anom": lambda: runs["anom"](feats),
    }
    for name in ("kws", "anom", "notes"):
        parts[name]()
    record = whole()
    for name, value in reference.items():
        scale = max(1.0, abs(value)) if name == "anom" else 1.0
        assert abs(record[name] - value) <= bound * scale, (name, record, reference)
    print(json.dumps({"engine": engine, "version": version, "cold_s": time.time() - START}), flush=True)
    for line in sys.stdin:
        _, part, count = line.split()
        run, walls = parts[part], []
        before = time.process_time()
        for _ in range(int(count)):
            start = time.perf_counter()
            run()
            walls.append((time.perf_counter() - start) * 1e6)
        cpu = (time.process_time() - before) * 1e6 / int(count)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"wall_us": walls, "cpu_us": cpu, "peak_mib": peak}), flush=True)


if __name__ == "__main__":
    main()
