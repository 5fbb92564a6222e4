"""Records the ONNX project's own node tests for graphs/imported/onnx.

Needs an environment of its own:

    python3 -m venv .venv/onnx && .venv/onnx/bin/pip install onnx numpy
    .venv/onnx/bin/python tools/golden/onnxnodes.py

Of every listed operator it takes the tests whose tensors are float32, integers or truth values, up to SMALL numbers each, in the layout of the ONNX
project: NAME/model.onnx, NAME/input_0.pb, NAME/output_0.pb. Tests of larger tensors are cut to nothing: their names stand in NAME/large. Tests of
other types are left out, and so are those that spell an operator out by others ("expanded").
"""

import gzip
import io
import os
import tarfile

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "graphs", "imported", "onnx", "testdata", "nodes.tar.gz")
SMALL = 25000
TYPES = {T.FLOAT, T.INT64, T.INT32, T.BOOL}
MORE = {  # what some operators are tested with, or need
    "Einsum": {T.DOUBLE}, "Cast": {T.DOUBLE, T.FLOAT16, T.BFLOAT16, T.UINT8, T.INT8}, "Identity": {T.UINT8, T.INT8},
    "QuantizeLinear": {T.UINT8, T.INT8, T.UINT16, T.INT16, T.UINT4, T.INT4}, "DequantizeLinear": {T.UINT8, T.INT8, T.UINT16, T.INT16, T.UINT4, T.INT4},
}
OPERATORS = """Conv ConvTranspose BatchNormalization InstanceNormalization LayerNormalization GroupNormalization Gemm MatMul Relu LeakyRelu PRelu Elu Selu Celu
ThresholdedRelu Clip Sigmoid HardSigmoid HardSwish Mish Tanh Softplus Softsign Erf Gelu Softmax LogSoftmax MaxPool AveragePool GlobalAveragePool GlobalMaxPool LRN
Add Sub Mul Div Pow Mod Sqrt Exp Log Abs Neg Reciprocal Min Max Mean Sum Floor Ceil Round Sign Sin Cos Equal Less LessOrEqual Greater GreaterOrEqual And Or Xor
Not Where ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp Reshape Flatten Transpose Squeeze
Unsqueeze Concat Split Slice Gather Pad Expand Tile Shape Size Range Constant ConstantOfShape Cast Identity Dropout Resize Upsample DepthToSpace SpaceToDepth Einsum
QuantizeLinear DequantizeLinear""".split()


def wanted(case):
    """Whether the tensors of a test have types that are read."""
    values = list(case.model.graph.input) + list(case.model.graph.output)
    types = TYPES | MORE.get(case.model.graph.node[0].op_type, set())
    if any(v.type.tensor_type.elem_type in (T.FLOAT16, T.BFLOAT16) for v in case.model.graph.output):
        return False  # computed as float32
    return "_expanded" not in case.name and all(v.type.tensor_type.elem_type in types for v in values)


def proto(array, value):
    return numpy_helper.from_array(array, value.name)


def files(case):
    """The files of a test; one that says that it is large where it is."""
    inputs, outputs = ([numpy_helper.to_array(a) if isinstance(a, onnx.TensorProto) else np.asarray(a) for a in arrays] for arrays in case.data_sets[0])
    if sum(a.size for a in list(inputs) + list(outputs)) > SMALL:
        yield "large", b""
        return
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    yield "model.onnx", model.SerializeToString(deterministic=True)
    for kind, arrays, values in (("input", inputs, model.graph.input), ("output", outputs, model.graph.output)):
        for i, array in enumerate(arrays):
            yield f"{kind}_{i}.pb", proto(array, values[i]).SerializeToString(deterministic=True)


def main():
    raw, count = io.BytesIO(), {}
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        version = onnx.__version__.encode()
        tar.addfile(entry("version", version), io.BytesIO(version))
        cases = {}
        for case in collect_testcases():
            nodes = case.model.graph.node
            if len(nodes) == 1 and nodes[0].domain == "" and wanted(case):
                cases.setdefault(nodes[0].op_type, {})[case.name] = case
        for operator in OPERATORS:
            for _, case in sorted(cases.get(operator, {}).items()):
                for name, data in files(case):
                    count[name] = count.get(name, 0) + 1
                    tar.addfile(entry(f"{operator}/{case.name}/{name}", data), io.BytesIO(data))
    os.makedirs(os.path.dirname(OUT), exist_ok=True)
    with open(OUT, "wb") as f, gzip.GzipFile(filename="", fileobj=f, mode="wb", compresslevel=9, mtime=0) as zipped:
        zipped.write(raw.getvalue())
    print(count, os.path.getsize(OUT), "bytes")


def entry(name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    return info


main()
