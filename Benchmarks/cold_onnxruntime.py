# The shortest script that answers what `ferry run MODEL PICTURE` answers.
import sys
import numpy as np
import onnxruntime
from PIL import Image

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[3])
session = onnxruntime.InferenceSession(sys.argv[1], options)
picture = Image.open(sys.argv[2]).convert("RGB")
width, height = (256 * side // min(picture.size) for side in picture.size)
left, top = round((width - 224) / 2), round((height - 224) / 2)
picture = picture.resize((width, height), Image.BILINEAR)
picture = picture.crop((left, top, left + 224, top + 224))
pixels = np.asarray(picture, np.float32) / 255
pixels = (pixels - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])
logits = session.run(None, {session.get_inputs()[0].name: pixels.transpose(2, 0, 1)[None]})[0][0]
exponentials = np.exp(logits - logits.max())
for index in np.argsort(-logits)[:5]:
    print(f"{100 * exponentials[index] / exponentials.sum():.2f} % {index}")
