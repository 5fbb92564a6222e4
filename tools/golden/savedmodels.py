"""Writes small SavedModels of each kind that Python programs write, with their logits and input gradients.

Needs an environment of its own:

    python3 -m venv .venv/savedmodels && .venv/savedmodels/bin/pip install tensorflow-cpu==2.18.1 tf-keras==2.18.0
    .venv/savedmodels/bin/python tools/golden/savedmodels.py [NAME...]

graphs/imported/savedmodel/testdata/models.tar.bz2 gets NAME/saved_model.pb and NAME/variables/…, golden.npz beside it NAME/images (as the model takes them,
as float32), NAME/logits and NAME/gradient: that of sum(logits * weights) with respect to the images, by GradientTape or tf.gradients. weights[i,k] is
cos(1+3i+k). Models whose name begins with "refused" have no record. With --to DIR all is written there instead. With --large it is networks of
keras.applications with random weights, at reduced sizes, and a vision transformer (1 GB in all).
"""

import io
import os
import shutil
import sys
import tarfile
import tempfile

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "graphs", "imported", "savedmodel", "testdata")
v1 = tf.compat.v1
L = keras.layers


def weights_of(logits):
    i, k = np.indices(logits.shape)
    return np.cos(1 + 3 * i + k).astype("float32")


def measure(f, images):
    """Logits and gradient of a function of float32 images."""
    x = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.cast(f(x), tf.float32)
        loss = tf.reduce_sum(y * weights_of(y))
    return y.numpy(), tape.gradient(loss, x).numpy()


def draw(seed, *shape, std=0.3):
    return np.random.default_rng(seed).normal(0, std, shape).astype("float32")


def images(*shape, top=1.0):
    return (np.random.default_rng(7).uniform(0, 1, shape) * top).astype("float32")


def shake(model):
    """Gives all weights values of their own: batch norm's among them."""
    for i, v in enumerate(model.variables):
        if "seed" in v.path.rsplit("/", 1)[-1] if hasattr(v, "path") else False:
            continue
        if v.dtype not in ("float32", "float16", "bfloat16", tf.float32, tf.float16):
            continue
        value = draw(100 + i, *v.shape, std=0.4)
        v.assign(np.abs(value) + 0.5 if "variance" in v.name else value)
    return model


def keras_layers(k, last="softmax"):
    """A net of layers that Keras 2 and 3 share."""
    l = k.layers
    return k.Sequential([
        l.Input((12, 12, 3)),
        l.Conv2D(4, 3, padding="same", dilation_rate=2, use_bias=False),
        l.BatchNormalization(),
        l.ReLU(),
        l.DepthwiseConv2D(3, padding="valid"),
        l.Activation("gelu"),
        l.Conv2D(8, 3, strides=2, groups=2),
        l.Dropout(0.5),
        l.MaxPooling2D(2, padding="same"),
        l.LeakyReLU(),
        l.GlobalAveragePooling2D(),
        l.Dense(5, activation=last),
    ])


def before_last(k, model):
    """The model up to the last layer's activation."""
    last = model.layers[-1]
    body = k.Model(model.inputs, model.layers[-2].output)
    return lambda x: tf.matmul(body(x, training=False), last.kernel) + last.bias


def keras3_export(path):
    model = shake(keras_layers(keras))
    model.export(path, verbose=False)
    x = images(2, 12, 12, 3)
    return x, *measure(before_last(keras, model), x)


def keras3_saved(path):
    """tf.saved_model.save of a Keras 3 model: the restore function does not fill all variables."""
    i = L.Input((9, 9, 1), name="picture")
    x = L.Rescaling(1 / 255.0)(i)
    x = L.Conv2D(3, 3, activation="swish", name="first")(x)
    y = L.Conv2D(3, 3, padding="same", name="second")(x)
    x = L.LayerNormalization()(L.Add()([x, y]))
    x = L.Conv2DTranspose(2, 3, strides=2, activation="elu")(x)
    x = L.ZeroPadding2D(1)(x)
    x = L.AveragePooling2D(3)(x)
    x = L.Flatten()(x)
    model = shake(keras.Model(i, L.Dense(1, activation="sigmoid", name="head")(L.Dense(4, activation="tanh")(x))))
    tf.saved_model.save(model, path)
    body = keras.Model(i, model.layers[-2].output)
    head = model.layers[-1]
    x = images(2, 9, 9, 1, top=255)

    return x, *measure(lambda x: tf.matmul(body(x, training=False), head.kernel) + head.bias, x)


def keras2(path):
    import tf_keras

    model = shake(keras_layers(tf_keras))
    model.compile("sgd", "categorical_crossentropy")
    model.save(path, save_format="tf")
    x = images(2, 12, 12, 3)
    return x, *measure(before_last(tf_keras, model), x)


def keras3_mixed(path):
    """Computed in float16, in float32 at the end."""
    keras.mixed_precision.set_global_policy("mixed_float16")
    i = L.Input((8, 8, 1))
    x = L.Conv2D(3, 3, activation="relu")(i)
    x = L.BatchNormalization()(x)
    x = L.Flatten()(x)
    model = keras.Model(i, L.Dense(3, dtype="float32")(x))
    keras.mixed_precision.set_global_policy("float32")
    shake(model)
    model.export(path, verbose=False)
    wide = keras.Sequential([L.Input((8, 8, 1)), L.Conv2D(3, 3, activation="relu"), L.BatchNormalization(), L.Flatten(), L.Dense(3)])
    wide.set_weights(model.get_weights())
    x = images(2, 8, 8, 1)
    return x, *measure(lambda x: wide(x, training=False), x)


class Module(tf.Module):
    """A module with what tf.Module's writers use, each with a wrong or no gradient in C++."""

    def __init__(self):
        super().__init__()
        self.kernels = [tf.Variable(draw(1, 3, 3, 2, 4)), tf.Variable(draw(2, 3, 3, 2, 6)), tf.Variable(draw(3, 3, 3, 6, 1))]
        self.dense = {"w": tf.Variable(draw(4, 54, 4), name="w"), "b": tf.Variable(draw(5, 4), name="b", trainable=False)}
        self.flag = tf.Variable(True, trainable=False)
        self.table = tf.Variable(draw(6, 5, 4))

    @tf.custom_gradient
    def tamed(x):  # the true derivative is 2x
        return x * x, lambda d: d * tf.clip_by_value(x, -0.01, 0.01)

    def branch(self, x):
        return tf.cond(tf.reduce_mean(x) > 0.4, lambda: x * 2.0, lambda: tf.sin(x))

    def __call__(self, x, tamed=None):
        tamed = tamed or Module.tamed
        x = tf.nn.conv2d(x, self.kernels[0], 1, [[0, 0], [2, 1], [0, 3], [0, 0]])
        x = tf.nn.conv2d(x, self.kernels[1], [1, 1, 1, 1], "VALID", dilations=2)
        x = tf.nn.depthwise_conv2d(x, self.kernels[2], [1, 2, 2, 1], [[0, 0], [1, 1], [1, 1], [0, 0]])
        x = tamed(x)
        x = tf.gather(x, [5, 4, 3, 2, 1, 0], axis=-1)
        x = tf.math.erfc(x)
        x = tf.nn.log_softmax(tf.reshape(x, [-1, 3, 18]))
        x = self.branch(tf.reshape(x, [-1, 54]) * 0.2)
        x = tf.cond(self.flag, lambda: x, lambda: -x)
        x = tf.matmul(x, self.dense["w"]) + self.dense["b"]
        rows = tf.gather(self.table, [0, 3])
        return x + tf.reduce_sum(rows, 0)


def module(path):
    m = Module()
    f = tf.function(lambda x: {"scores": tf.nn.softmax(m(x))}, input_signature=[tf.TensorSpec([None, 9, 9, 2], tf.float32, name="x")])
    tf.saved_model.save(m, path, signatures=f.get_concrete_function())
    x = images(2, 9, 9, 2)
    return x, *measure(lambda x: m(x, tamed=lambda t: t * t), x)


def module_pool(path):
    """Positions of a maximum, Gather, unusual ends: softmax by hand, a second output."""
    m = tf.Module()
    m.w = tf.Variable(draw(1, 27, 3))

    def logits(x):
        p, _ = tf.nn.max_pool_with_argmax(x, 2, 2, "VALID") if x.dtype == tf.float32 and not tf.executing_eagerly() else (tf.nn.max_pool2d(x, 2, 2, "VALID"), None)
        p = tf.raw_ops.Gather(params=p, indices=[1, 0])
        p = tf.raw_ops.FusedBatchNorm(x=p, scale=[1.0, 2, 3], offset=[0.1, 0, 0], mean=[0.0, 1, 0], variance=[1.0, 1, 2], is_training=False).y
        p = tf.nn.max_pool2d(p, 2, 2, [[0, 0], [1, 1], [1, 1], [0, 0]])
        return tf.matmul(tf.reshape(p, [2, 27]), m.w)

    @tf.function(input_signature=[tf.TensorSpec([2, 8, 8, 3], tf.float32)])
    def f(x):
        z = logits(x)
        e = tf.exp(z - tf.reduce_max(z, 1, keepdims=True))
        return {"probabilities": e / tf.reduce_sum(e, 1, keepdims=True), "class": tf.argmax(z, 1)}

    tf.saved_model.save(m, path, signatures=f)
    x = images(2, 8, 8, 3)

    def g(x):
        p = tf.nn.max_pool2d(x, 2, 2, "VALID")
        p = tf.gather(p, [1, 0])
        p = (p - [0.0, 1, 0]) / tf.sqrt(tf.constant([1.0, 1, 2]) + 1e-4) * [1.0, 2, 3] + [0.1, 0, 0]
        p = tf.reduce_max(tf.image.extract_patches(tf.pad(p, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=-1e9), [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID")[..., None] * 1.0, -1)
        p = tf.reduce_max(tf.reshape(p, [2, 3, 3, 4, 3]), 3)
        return tf.matmul(tf.reshape(p, [2, 27]), m.w)

    return x, *measure(g, x)


def bytes_in(path):
    """uint8 images that are turned, resized and scaled."""
    m = tf.Module()
    m.w = tf.Variable(draw(1, 3, 3, 3, 4))

    def rest(x):
        x = tf.nn.relu(tf.nn.conv2d(x / 127.5 - 1, m.w, 2, "SAME"))
        return tf.reduce_mean(x, [1, 2])

    @tf.function(input_signature=[tf.TensorSpec([None, 7, 7, 3], tf.uint8, name="bytes")])
    def f(x):
        x = tf.reshape(tf.reverse(x, [2])[:, 1:], [-1, 6, 7, 3])
        return tf.nn.softmax(rest(tf.image.resize(x, [10, 10])))

    tf.saved_model.save(m, path, signatures=f)
    x = np.round(images(2, 7, 7, 3, top=255))
    return x, *measure(lambda x: rest(tf.image.resize(tf.reverse(x, [2])[:, 1:], [10, 10])), x)


def channels_first(path):
    m = tf.Module()
    m.w, m.d, m.b = tf.Variable(draw(1, 3, 3, 3, 4)), tf.Variable(draw(2, 64, 3)), tf.Variable(draw(3, 4))

    @tf.function(input_signature=[tf.TensorSpec([None, 3, 8, 8], tf.float32)])
    def f(x):
        x = tf.nn.conv2d(x, m.w, [1, 1, 1, 1], [[0, 0], [0, 0], [1, 1], [1, 1]], data_format="NCHW")
        x = tf.nn.bias_add(x, m.b, data_format="NCHW")
        x = tf.compat.v1.nn.fused_batch_norm(x, [1.0, 2, 3, 4], [0.0, 1, 0, 1], [0.5] * 4, [2.0] * 4, is_training=False, data_format="NCHW")[0]
        x = tf.nn.max_pool2d(x, 2, 2, "VALID", data_format="NCHW")
        return tf.matmul(tf.reshape(tf.nn.relu(x), [-1, 64]), m.d)

    tf.saved_model.save(m, path, signatures=f)
    x = images(2, 3, 8, 8)

    def g(x):
        x = tf.nn.conv2d(tf.transpose(x, [0, 2, 3, 1]), m.w, 1, "SAME") + m.b
        x = (x - 0.5) / tf.sqrt(2.001) * [1.0, 2, 3, 4] + [0.0, 1, 0, 1]
        x = tf.transpose(tf.nn.relu(tf.nn.max_pool2d(x, 2, 2, "VALID")), [0, 3, 1, 2])
        return tf.matmul(tf.reshape(x, [-1, 64]), m.d)

    return x, *measure(g, x)


def tf1(path, resource):
    """A graph of TF1 with a condition, dropout by a placeholder, and a variable in parts."""
    graph = tf.Graph()
    with graph.as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 6, 6, 1], "x")
        keep = v1.placeholder_with_default(1.0, [], "keep")
        with v1.variable_scope("net", use_resource=resource):
            w = v1.get_variable("w", initializer=draw(1, 3, 3, 1, 2), dtype=None)
            b = v1.get_variable("b", initializer=draw(2, 2))
            d = v1.get_variable("d", [32, 3], initializer=v1.random_normal_initializer(seed=1), partitioner=v1.fixed_size_partitioner(2))
        y = tf.nn.relu(tf.nn.conv2d(x, w, 1, "VALID") + b)
        y = v1.nn.dropout(y, keep_prob=keep)
        v1.disable_control_flow_v2()
        y = v1.cond(tf.reduce_mean(y) > 0.0, lambda: y * 0.5, lambda: tf.cos(y) + w[0, 0, 0, 0])
        v1.enable_control_flow_v2()
        logits = tf.matmul(tf.reshape(y, [-1, 32]), tf.convert_to_tensor(d), name="logits")
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, path, {"x": x}, {"p": tf.nn.softmax(logits), "classes": tf.argmax(logits, 1)})
        value = images(2, 6, 6, 1)
        weights = weights_of(np.zeros((2, 3)))
        (g,) = tf.gradients(tf.reduce_sum(logits * weights), [x])
        return value, *session.run([logits, g], {x: value})


def tf1_reference(path):
    return tf1(path, False)


def tf1_resource(path):
    return tf1(path, True)


def frozen(path):
    """Weights in the graph, images as rows."""
    graph = tf.Graph()
    with graph.as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 196], "x")
        y = tf.nn.relu(tf.matmul(x, tf.constant(draw(1, 196, 6))))
        logits = tf.matmul(y, tf.constant(draw(2, 6, 3))) + tf.constant(draw(3, 3))
        v1.saved_model.simple_save(session, path, {"x": x}, {"y": tf.nn.sigmoid(logits)})
        value = images(2, 196)
        (g,) = tf.gradients(tf.reduce_sum(logits * weights_of(np.zeros((2, 3)))), [x])
        return value, *session.run([logits, g], {x: value})


def fixed(path):
    """A signature for three images."""
    m = tf.Module()
    m.w = tf.Variable(draw(1, 16, 3))
    f = tf.function(lambda x: tf.matmul(tf.reshape(x, [3, 16]), m.w), input_signature=[tf.TensorSpec([3, 4, 4], tf.float32)])
    tf.saved_model.save(m, path, signatures=f)
    x = images(3, 4, 4)
    return x, *measure(lambda x: tf.matmul(tf.reshape(x, [3, 16]), m.w), x)


def refused(path, f, *specs, **attributes):
    m = tf.Module()
    for k, v in attributes.items():
        setattr(m, k, v)
    specs = specs or (tf.TensorSpec([None, 4, 4, 1], tf.float32, name="x"),)
    tf.saved_model.save(m, path, signatures=tf.function(f, input_signature=specs))


def flat(x):
    return tf.reshape(x, [-1, 16])[:, :3]


def refused_file(path):
    refused(path, lambda x: flat(x) + tf.cast(tf.strings.length(tf.io.read_file("/etc/hostname")), tf.float32))


def refused_write(path):
    def f(x):
        with tf.control_dependencies([tf.io.write_file("/tmp/never-written", "x")]):
            return flat(x) * 1.0 + tf.numpy_function(lambda: np.float32(1), [], tf.float32)

    refused(path, f)


def refused_string(path):
    refused(path, lambda s: tf.reshape(tf.io.decode_raw(s, tf.float32), [-1, 3]), tf.TensorSpec([None], tf.string))


def refused_inputs(path):
    refused(path, lambda x, y: flat(x) + flat(y), tf.TensorSpec([None, 4, 4, 1]), tf.TensorSpec([None, 4, 4, 1]))


def refused_class(path):
    refused(path, lambda x: tf.argmax(flat(x), 1))


def refused_table(path):
    t = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer([0, 1], [1.0, 2.0], tf.int32, tf.float32), 0.0)
    refused(path, lambda x: flat(x) + t.lookup(tf.cast(flat(x), tf.int32)), table=t)


def forward_only(path):
    """Ops without a gradient: the forward pass remains."""
    m = tf.Module()
    m.w = tf.Variable(draw(1, 16, 3))
    f = tf.function(lambda x: tf.matmul(tf.round(tf.math.cumprod(tf.reshape(x, [-1, 16]), 1) * 255.0), m.w), input_signature=[tf.TensorSpec([None, 4, 4, 1], tf.float32)])
    tf.saved_model.save(m, path, signatures=f)
    x = images(2, 4, 4, 1)
    y = f(tf.constant(x)).numpy()
    return x, y, np.zeros_like(x)


def application(name, side, **options):
    def make(path):
        model = getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3), classes=100, classifier_activation=None, **options)
        return record_large(path, model, side, 255.0 if name.startswith(("Efficient", "MobileNetV3", "ConvNeXt")) else 1.0)

    make.__name__ = name
    return make


def record_large(path, model, side, top):
    """The model, which gives logits, with a softmax at the end."""
    keras.Model(model.inputs, L.Softmax()(model.output)).export(path, verbose=False)
    x = images(4, side, side, 3, top=top)
    return x, *measure(lambda x: model(x, training=False), x)


def vision_transformer(path):
    """Patches of 8, 6 blocks of 4 heads of 48."""
    i = L.Input((64, 64, 3))
    x = L.Reshape((64, 192))(L.Conv2D(192, 8, strides=8)(i))
    x = x + L.Embedding(64, 192)(np.arange(64)[None])
    for _ in range(6):
        y = L.LayerNormalization(epsilon=1e-6)(x)
        x = x + L.MultiHeadAttention(4, 48, dropout=0.1)(y, y)
        y = L.Dense(384, activation="gelu")(L.LayerNormalization(epsilon=1e-6)(x))
        x = x + L.Dropout(0.1)(L.Dense(192)(y))
    x = L.GlobalAveragePooling1D()(L.LayerNormalization()(x))
    return record_large(path, keras.Model(i, L.Dense(100)(x)), 64, 1.0)


def loop(path):
    """A loop that reads a variable: the forward pass remains."""
    m = tf.Module()
    m.w, m.d = tf.Variable(draw(1, 16, 16)), tf.Variable(draw(2, 16, 3))

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 4, 1], tf.float32)])
    def f(x):
        x = tf.reshape(x, [-1, 16])
        for _ in tf.range(3):
            x = tf.nn.relu(tf.matmul(x, m.w) + x)
        return tf.matmul(x, m.d)

    tf.saved_model.save(m, path, signatures=f)
    x = images(2, 4, 4, 1)
    return x, f(tf.constant(x)).numpy(), np.zeros_like(x)


MODELS = [keras3_export, keras3_saved, keras2, keras3_mixed, module, module_pool, bytes_in, channels_first, tf1_reference, tf1_resource, frozen, fixed, forward_only, loop,
          refused_file, refused_write, refused_string, refused_inputs, refused_class, refused_table]

LARGE = [application("ResNet50V2", 64), application("MobileNetV2", 96), application("MobileNetV3Small", 96), application("MobileNetV3Large", 96), application("EfficientNetB0", 96),
         application("DenseNet121", 64), application("ConvNeXtTiny", 64), application("VGG16", 32), application("Xception", 96), application("InceptionV3", 96), vision_transformer]


def nameless(info):
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    return info


def main():
    args = sys.argv[1:]
    models = MODELS
    if "--large" in args:
        args.remove("--large")
        models = LARGE
    to = None
    if "--to" in args:
        at = args.index("--to")
        to = args[at + 1]
        del args[at:at + 2]
    record = {"versions": np.frombuffer(f"tensorflow {tf.__version__}, keras {keras.__version__}".encode(), np.uint8)}
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:bz2", compresslevel=9) as z:
        for make in models:
            name = make.__name__
            if args and name not in args:
                continue
            keras.backend.clear_session()
            keras.utils.set_random_seed(1)
            folder = os.path.join(to or tempfile.mkdtemp(), name)
            shutil.rmtree(folder, ignore_errors=True)
            made = make(folder)
            for root, _, files in sorted(os.walk(folder)):
                for file in sorted(files):
                    path = os.path.join(root, file)
                    if file == "saved_model.pb" or os.path.basename(root) == "variables":
                        if models is MODELS:
                            z.add(path, os.path.relpath(path, os.path.dirname(folder)), filter=nameless)
            if made:
                record[name + "/images"], record[name + "/logits"], record[name + "/gradient"] = [np.asarray(a, "<f4") for a in made]
            print(name, os.path.getsize(os.path.join(folder, "saved_model.pb")), "bytes", flush=True)
    os.makedirs(to or OUT, exist_ok=True)
    with open(os.path.join(to or OUT, "models.tar.bz2"), "wb") as f:
        f.write(archive.getvalue())
    np.savez_compressed(os.path.join(to or OUT, "golden.npz"), **record)
    print(len(archive.getvalue()), "bytes in all")


if __name__ == "__main__":
    main()
