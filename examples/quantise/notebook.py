"""From a float network to numbers to choose by: quantise, build, compare.

Cells begin with `# %%`: VS Code, PyCharm and Jupyter (with jupytext) run them one by one, and
`python notebook.py` all of them. Needs scikit-learn for its pictures of digits.
"""

# %% A float network, trained for a few seconds (../digits/train.py says how)
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx

import tinycc

sys.path.insert(0, str(Path(__file__).parent.parent / "digits"))
import train

pixels, digits = train.pictures()
x = (pixels[:, None] / np.float32(255)).astype(np.float32)
held_out, learned = slice(0, 200), slice(200, None)
network = train.Network(np.random.default_rng(1))
train.train(network, x[learned], digits[learned], epochs=8)

folder = Path(tempfile.mkdtemp(prefix="tinycc-notebook-"))
model = folder / "digits.onnx"
onnx.save(train.float_model(network), model)
float_accuracy = network.accuracy(x[held_out], digits[held_out])
print(f"float: {float_accuracy:.3f}")

# %% Quantise it with pictures it was trained on; the accuracy is that of the compiled C
calibration = x[learned][:200]
accuracies = {}
for effort in ("standard", "best"):
    built = tinycc.build(model, calibration=calibration, quantize=effort)
    scores = built.run(x[held_out])["scores"]
    accuracies[effort] = float(np.mean(scores.argmax(1) == digits[held_out]))
    print(f"int8, {effort}: {accuracies[effort]:.3f}")

# %% Which layer costs most: its signal-to-noise ratio when it alone is quantised
for layer in built.report["quantization"]["layers"][:3]:
    print(f"{layer['alone_db']:6.1f} dB  {layer['op']} {layer['nodes'][0]}")

# %% Small or fast, on which core: instructions are predicted, sizes measured
choices = {}
for target in ("cortex-m0", "cortex-m55"):
    for goal in ("ram", "speed"):
        built = tinycc.build(model, target=target, calibration=calibration, optimize=goal)
        memory, compute = built.report["memory"], built.report["compute"]
        choices[target, goal] = compute["instructions_predicted"]
        print(
            f"{target}, {goal}: {memory['sram']['arena']:,} B of arena, "
            f"{memory['flash']['total'] or 0:,} B of flash, {choices[target, goal]:,} instructions"
        )

# %% The one to take, as a library for the Arduino IDE
built.write(folder / "library", package="arduino")
print("wrote", *sorted(path.name for path in (folder / "library").iterdir()))

# %% What a test of yours could hold it to
assert float_accuracy - max(accuracies.values()) <= 0.02
assert choices["cortex-m55", "speed"] < choices["cortex-m0", "speed"]
