# unwarp in the official TensorFlow image, with the TensorFlow library of that image: none is fetched.
#
#   docker build -t unwarp .
#   docker run --rm -v "$PWD/runs:/work/runs" unwarp train
#
# On NVIDIA GPUs (driver and container toolkit on the host):
#
#   docker build -t unwarp:gpu --build-arg TENSORFLOW_TAG=2.18.0-gpu .
#   docker run --rm --gpus all -v "$PWD/runs:/work/runs" unwarp:gpu train
#
# The program runs as user 1000. --build-arg USER_ID=$(id -u) makes it yours, so that it may write to a mounted
# folder. `docker build --target build …` ends with an image that has Go and the sources, for development.
#
# Without a container engine on the other machine, or for a smaller image: `unwarp bundle DIR` in this image makes a folder
# of the program and the library that needs nothing but the system's C and C++ libraries.
#
# Tested: the steps from `go mod download` on, in order, in a clean folder tree with a virtual environment of
# tensorflow-cpu 2.18.0 in place of the image's Python, without a network after the modules.
# Untested: a container engine, the apt-get, useradd and COPY steps in one, the base images, the GPU tag, a GPU.

ARG TENSORFLOW_TAG=2.18.0

FROM golang:1.25-bookworm AS go

# The program is built in the image that it runs in, whose C library is older than that of the Go image.
FROM tensorflow/tensorflow:${TENSORFLOW_TAG} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY --from=go /usr/local/go /usr/local/go
ENV PATH=/usr/local/go/bin:$PATH GOTOOLCHAIN=local
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# tools/tf finds the image's Python package and puts its real folder, which is beside the GPU libraries, into the
# program's run path. With PIP_NO_INDEX the build fails if the package is not found, instead of fetching another.
RUN PIP_NO_INDEX=1 go run ./tools/tf where \
 && PIP_NO_INDEX=1 go run ./tools/tf go build -o /usr/local/bin/unwarp ./tools/unwarp

FROM tensorflow/tensorflow:${TENSORFLOW_TAG}
ARG USER_ID=1000
RUN useradd --create-home --uid ${USER_ID} unwarp \
 && install -d -o unwarp /work /work/runs
COPY --from=build /usr/local/bin/unwarp /usr/local/bin/unwarp
# TensorFlow reads its variables only at the start of the program.
ENV TF_CPP_MIN_LOG_LEVEL=2
USER unwarp
WORKDIR /work
RUN ["unwarp", "version"]
ENTRYPOINT ["unwarp"]
CMD ["--help"]
