#!/usr/bin/env python3
"""What a training step of the disentangled model costs in Keras, bare TensorFlow and PyTorch.

    .venv/peers/bin/python tools/peers/disentangled.py                           # eq. 5, about 2 minutes
    .venv/peers/bin/python tools/peers/disentangled.py --views --peers torch     # eq. 8

The net is `unwarp`'s own for MNIST (Duan et al., eq. 1 to 4): Hinton's CNN, whose 1,024 units
are two codes of 512; dropout .5 and a linear classifier on both; two decoders (dense to 7x7x64,
transposed 5x5 convolutions of stride 2, 32 channels between) for the canonical image, through a
sigmoid, and for a smooth displacement field (pooled to 7x7, enlarged to 28x28, tanh); bilinear
sampling. The loss is eq. 5: cross-entropy and the Frobenius norm of the reconstruction error.
With --views it is eq. 8: each image has a deformed view (stretched by 2 to 8 pixels, moved by 2 to
8 either way), and a hundredth of the distance of their appearance codes joins the loss. Adam 1e-3,
batch 128, images 28x28x1 of noise on stripes as in protocols.py; BenchmarkProtocol in
trainer/bench_test.go trains the same.

    keras-fit        Model.fit; sampling by four gathers
    tf-function      the same layers in one tf.function with the fused Adam op
    torch            channels_last, grid_sample, fused Adam
    keras-fit-bf16, tf-function-bf16, torch-bf16   the same with mixed_bfloat16, TensorFlow's rewrite
                     of the graph to bfloat16, and autocast

Measured as in train.py. `params` counts trainable numbers; `losses` are the means of the total loss
over the warm-up and each block. Stdout: one JSON object per peer. Stderr: the same for people. Linux only.
"""

import argparse
import functools

from protocols import PROTOCOLS, stripes
from train import BATCH, CLASSES, SIDE, drive, fit_epochs, options, tensorflow

CODE, WIDTH, REACH, GAMMA = 512, 32, .3125, .01
STRETCH = SHIFT = (2, 8)  # pixels, of deformed views


# ---- Keras --------------------------------------------------------------------------


def tf_deform(tf, x):
    """Returns a view of each image of a batch: stretched about its middle, then moved, edges repeated."""
    def pixels(least, most):
        return tf.cast(tf.random.uniform([BATCH, 2], least, most + 1, tf.int32), tf.float32)

    sign = 2 * tf.cast(tf.random.uniform([BATCH, 2], 0, 2, tf.int32), tf.float32) - 1
    scale = SIDE / (SIDE + pixels(*STRETCH))
    offset = (1 - scale) * (SIDE - 1) / 2 - scale * sign * pixels(*SHIFT)
    zero = tf.zeros([BATCH])
    affine = tf.stack([scale[:, 0], zero, offset[:, 0], zero, scale[:, 1], offset[:, 1], zero, zero], 1)
    return tf.raw_ops.ImageProjectiveTransformV3(images=x, transforms=affine, output_shape=[SIDE, SIDE], fill_value=0.,
                                                 interpolation="BILINEAR", fill_mode="NEAREST")


def tf_batches(tf, args):
    def prepare(x, y):
        x = tf.cast(x, tf.float32) / 255
        if args.views:
            return tf.concat([x, tf_deform(tf, x)], 0), tf.concat([y, y], 0)
        return x, y

    data = tf.data.Dataset.from_tensor_slices(stripes(PROTOCOLS["mnist"])).shuffle(10_000).repeat().batch(BATCH, drop_remainder=True)
    return data.map(prepare, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def tf_warp(tf, images, field):
    """Samples images [B,H,W,C] at places moved by field [B,H,W,2] in pixels, edges repeated."""
    n, flat = tf.shape(images)[0], tf.reshape(images, [-1, images.shape[3]])
    line = tf.range(SIDE, dtype=tf.float32)

    def places(moved):
        p = tf.clip_by_value(moved, 0., SIDE - 1.)
        first = tf.minimum(tf.floor(p), SIDE - 2.)
        return tf.cast(first, tf.int32), (p - first)[..., None]

    (x, u), (y, v) = places(line + field[..., 0]), places(line[:, None] + field[..., 1])
    at = tf.range(n)[:, None, None] * (SIDE * SIDE) + y * SIDE + x
    a, b, c, d = (tf.gather(flat, at + k) for k in (0, 1, SIDE, SIDE + 1))
    return (a * (1 - u) + b * u) * (1 - v) + (c * (1 - u) + d * u) * v


def keras_model(tf, keras):
    """Returns the model, from images to logits, appearance codes and reconstructions."""
    layers = keras.layers
    he, glorot = "he_normal", "glorot_uniform"

    class Warp(layers.Layer):
        def call(self, images, field):
            return tf_warp(tf, images, field)

    class Smooth(layers.Layer):
        def call(self, x):
            x = tf.image.resize(tf.nn.avg_pool2d(x, 4, 4, "VALID"), [SIDE, SIDE])
            return tf.tanh(x) * (REACH * SIDE)

    def decode(code, channels, last):
        x = layers.Dense(49 * 2 * WIDTH, activation="relu", kernel_initializer=he)(code)
        x = layers.Reshape((7, 7, 2 * WIDTH))(x)
        x = layers.Conv2DTranspose(WIDTH, 5, 2, "same", activation="relu", kernel_initializer=he)(x)
        return layers.Conv2DTranspose(channels, 5, 2, "same", kernel_initializer=last)(x)

    images = x = keras.Input((SIDE, SIDE, 1))
    for width in (32, 64):
        x = layers.Conv2D(width, 5, padding="same", activation="relu", kernel_initializer=he)(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dense(2 * CODE, activation="relu", kernel_initializer=he)(layers.Flatten()(x))
    logits = layers.Dense(CLASSES, kernel_initializer=glorot, dtype="float32")(layers.Dropout(.5)(x))
    appearance, geometry = x[:, :CODE], x[:, CODE:]
    canonical = layers.Activation("sigmoid", dtype="float32")(decode(appearance, 1, glorot))
    field = Smooth(dtype="float32")(decode(geometry, 2, keras.initializers.TruncatedNormal(stddev=1e-3)))
    return keras.Model(images, [logits, appearance, Warp(dtype="float32")(canonical, field)])


def tf_loss(tf, args, images, labels, logits, appearance, rebuilt):
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    error = tf.sqrt(tf.reduce_sum(tf.square(rebuilt - images), [1, 2, 3]) + 1e-12)
    loss = tf.reduce_mean(entropy + error)
    if not args.views:
        return loss
    a, b = tf.split(tf.cast(appearance, tf.float32), 2)
    change = tf.sqrt(tf.reduce_sum(tf.square(a - b), 1) + 1e-12)
    return 2 * loss + GAMMA * tf.reduce_mean(change)


def versions(tf, keras, model):
    return {"tensorflow": tf.__version__, "keras": keras.__version__, "params": model.count_params()}


def keras_fit(args, meter, bf16=False):
    tf = tensorflow(args)
    import keras

    if bf16:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")

    class Disentangled(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return tf_loss(tf, args, x, y, *y_pred)

    functional = keras_model(tf, keras)
    model = Disentangled(functional.inputs, functional.outputs)
    model.compile(optimizer=keras.optimizers.Adam(1e-3, epsilon=1e-8), jit_compile=False)
    fit_epochs(keras, model, tf_batches(tf, args), meter)
    return {**versions(tf, keras, model), "warmup": meter.steps}


def tf_function(args, meter, bf16=False):
    tf = tensorflow(args)
    import keras

    if bf16:
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    model = keras_model(tf, keras)
    w = [v.value for v in model.trainable_variables]
    slots = [(tf.Variable(tf.zeros_like(v)), tf.Variable(tf.zeros_like(v))) for v in w]
    power1, power2 = tf.Variable(1.0), tf.Variable(1.0)

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            loss = tf_loss(tf, args, images, labels, *model(images, training=True))
        power1.assign(power1 * 0.9)
        power2.assign(power2 * 0.999)
        for v, (m1, m2), g in zip(w, slots, tape.gradient(loss, w)):
            tf.raw_ops.ResourceApplyAdam(
                var=v.handle, m=m1.handle, v=m2.handle, beta1_power=power1, beta2_power=power2,
                lr=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, grad=g)
        return loss

    batches = iter(tf_batches(tf, args))
    meter.drive(lambda: meter.loss(float(step(*next(batches)))))
    return versions(tf, keras, model)


# ---- PyTorch ------------------------------------------------------------------------


def torch_net(torch):
    nn, f = torch.nn, torch.nn.functional

    class Decoder(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.fc = nn.Linear(CODE, 49 * 2 * WIDTH)
            self.up1 = nn.ConvTranspose2d(2 * WIDTH, WIDTH, 5, 2, 2, 1)
            self.up2 = nn.ConvTranspose2d(WIDTH, channels, 5, 2, 2, 1)

        def forward(self, code):
            x = f.relu(self.fc(code)).view(-1, 2 * WIDTH, 7, 7).contiguous(memory_format=torch.channels_last)
            return self.up2(f.relu(self.up1(x)))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(
                nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                nn.Flatten(), nn.Linear(49 * 64, 2 * CODE), nn.ReLU())
            self.dropout, self.classifier = nn.Dropout(.5), nn.Linear(2 * CODE, CLASSES)
            self.appearance, self.geometry = Decoder(1), Decoder(2)
            line = torch.linspace(-1, 1, SIDE)
            y, x = torch.meshgrid(line, line, indexing="ij")
            self.register_buffer("grid", torch.stack([x, y], 2))
            for m in self.modules():
                if isinstance(m, (nn.Conv2d, nn.Linear, nn.ConvTranspose2d)):
                    nn.init.kaiming_normal_(m.weight, mode="fan_in", nonlinearity="relu")
                    nn.init.zeros_(m.bias)
            nn.init.xavier_uniform_(self.classifier.weight)
            nn.init.xavier_uniform_(self.appearance.up2.weight)
            nn.init.normal_(self.geometry.up2.weight, std=1e-3)

        def forward(self, images):
            x = self.encoder(images)
            logits = self.classifier(self.dropout(x))
            appearance, geometry = x[:, :CODE], x[:, CODE:]
            canonical = self.appearance(appearance).float().sigmoid()
            field = f.interpolate(f.avg_pool2d(self.geometry(geometry).float(), 4), (SIDE, SIDE), mode="bilinear")
            # In units of half the side, as grid_sample takes places.
            moved = self.grid + (field.tanh() * (REACH * SIDE * 2 / (SIDE - 1))).permute(0, 2, 3, 1)
            return logits, appearance, f.grid_sample(canonical, moved, padding_mode="border", align_corners=True)

    return Net().to(memory_format=torch.channels_last).train()


def torch_deform(torch, x):
    """Returns a view of each image of a batch, as tf_deform."""
    def pixels(least, most):
        return torch.randint(least, most + 1, (BATCH, 2)).float()

    sign = torch.randint(2, (BATCH, 2)) * 2. - 1
    scale = SIDE / (SIDE + pixels(*STRETCH))
    affine = torch.zeros(BATCH, 2, 3)
    affine[:, 0, 0], affine[:, 1, 1] = scale[:, 0], scale[:, 1]
    affine[:, :, 2] = -scale * sign * pixels(*SHIFT) * 2 / SIDE
    grid = torch.nn.functional.affine_grid(affine, x.shape, align_corners=False)
    return torch.nn.functional.grid_sample(x, grid, padding_mode="border", align_corners=False)


def torch_fit(args, meter, bf16=False):
    import torch

    torch.set_num_threads(args.threads)
    torch.manual_seed(7)
    net = torch_net(torch)
    adam = torch.optim.Adam(net.parameters(), 1e-3, eps=1e-8, fused=True)
    images, labels = stripes(PROTOCOLS["mnist"])
    images, labels = torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels.astype("int64"))

    def batches():
        while True:
            for pick in torch.randperm(len(images))[:len(images) // BATCH * BATCH].split(BATCH):
                x, y = images[pick].to(torch.float32).div_(255), labels[pick]
                if args.views:
                    x, y = torch.cat([x, torch_deform(torch, x)]), torch.cat([y, y])
                yield x.contiguous(memory_format=torch.channels_last), y

    stream = batches()

    def step():
        x, y = next(stream)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits, appearance, rebuilt = net(x)
        error = ((rebuilt - x).square().sum((1, 2, 3)) + 1e-12).sqrt()
        loss = torch.nn.functional.cross_entropy(logits.float(), y) + error.mean()
        if args.views:
            a, b = appearance.float().chunk(2)
            loss = 2 * loss + GAMMA * ((a - b).square().sum(1) + 1e-12).sqrt().mean()
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()
        meter.loss(loss.item())

    meter.drive(step)
    return {"torch": torch.__version__, "params": sum(w.numel() for w in net.parameters())}


PEERS = {
    "keras-fit": keras_fit, "keras-fit-bf16": functools.partial(keras_fit, bf16=True),
    "tf-function": tf_function, "tf-function-bf16": functools.partial(tf_function, bf16=True),
    "torch": torch_fit, "torch-bf16": functools.partial(torch_fit, bf16=True),
}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--views", action="store_true", help="train on eq. 8, each image with its deformed view")
    options(p, PEERS)
    drive(__file__, p, PEERS)


if __name__ == "__main__":
    main()
