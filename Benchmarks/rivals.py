"""Each rival runtime: load one model folder, then `run()`, which computes one whole batch.

Every rival gets fp32 arithmetic, the given threads, its own best layout and graph
optimisations, and an input already in its hands: `feed()` gives another of the same shape,
and `output()` is what the last run left.
"""

import numpy as np


class ONNXRuntime:
    package = "onnxruntime"

    def __init__(self, folder, batch, threads):
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        session = ort.InferenceSession(
            folder / "model.onnx", options, providers=["CPUExecutionProvider"])
        self.binding = session.io_binding()
        # Bound once, so that a run neither copies the input nor goes through a dictionary.
        self.input = ort.OrtValue.ortvalue_from_numpy(batch)
        self.binding.bind_ortvalue_input(session.get_inputs()[0].name, self.input)
        self.binding.bind_output(session.get_outputs()[0].name)
        self.session = session

    def feed(self, batch):
        self.input.update_inplace(batch)

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def output(self):
        return self.binding.copy_outputs_to_cpu()[0]


class OpenVINO:
    package = "openvino"

    def __init__(self, folder, batch, threads):
        import openvino as ov

        core = ov.Core()
        model = core.read_model(folder / "model.onnx")
        model.reshape(list(batch.shape))
        compiled = core.compile_model(model, "CPU", {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
        })
        self.request = compiled.create_infer_request()
        # Kept, as the tensor only borrows the array.
        self.batch = batch.copy()
        self.request.set_input_tensor(ov.Tensor(self.batch, shared_memory=True))

    def feed(self, batch):
        self.batch[...] = batch

    def run(self):
        # Not `start_async`, whose hand-over to another thread costs small networks dear.
        self.request.infer(share_outputs=True)

    def output(self):
        return self.request.get_output_tensor().data.copy()


class NCNN:
    package = "ncnn"

    def __init__(self, folder, batch, threads):
        import ncnn

        net = ncnn.Net()
        options = net.opt
        options.num_threads = threads
        options.use_packing_layout = True
        options.use_winograd_convolution = True
        options.use_sgemm_convolution = True
        for name in (
            "use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_packed",
            "use_bf16_storage", "use_int8_inference", "use_vulkan_compute",
        ):
            setattr(options, name, False)
        for load, file in ((net.load_param, "param"), (net.load_model, "bin")):
            if load(str(folder / f"model.ncnn.{file}")) != 0:
                raise SystemExit(f"ncnn: {folder}/model.ncnn.{file}: expected a network")
        self.mat = ncnn.Mat
        self.net = net
        self.feed(batch)

    def feed(self, batch):
        # ncnn has no batch axis: its pictures are run one by one.
        self.pictures = [self.mat(np.ascontiguousarray(picture)).clone() for picture in batch]
        self.results = [None] * len(batch)

    def run(self):
        for index, picture in enumerate(self.pictures):
            extractor = self.net.create_extractor()
            extractor.input("in0", picture)
            _, self.results[index] = extractor.extract("out0")

    def output(self):
        return np.stack([np.array(result) for result in self.results])


class PyTorch:
    package = "torch"

    def __init__(self, folder, batch, threads):
        import torch

        torch.set_num_threads(threads)
        self.mode = torch.inference_mode()
        self.mode.__enter__()
        module = torch.load(folder / "model.pt", weights_only=False, mmap=True)
        self.module = module.to(memory_format=torch.channels_last)
        self.input = torch.from_numpy(batch.copy()).to(memory_format=torch.channels_last)

    def feed(self, batch):
        import torch

        self.input.copy_(torch.from_numpy(batch))

    def run(self):
        self.result = self.module(self.input)

    def output(self):
        return self.result.numpy()


RIVALS = {
    "ONNX Runtime": ONNXRuntime,
    "OpenVINO": OpenVINO,
    "ncnn": NCNN,
    "PyTorch": PyTorch,
}
