package onnx

import (
	"encoding/binary"
	"math"

	"unwarp/graphs/onnx/format"
)

// decode reads raw values. Numbers of 64 bits lose what float64 cannot hold.
func decode(kind format.DataType, raw []byte, count int64) []float64 {
	read, bits := decoders[kind], kind.Bits()
	if read == nil {
		fail("want numbers or truth values, got values of type %s", kind)
	}
	if int64(len(raw)) < (count*bits+7)/8 {
		fail("want %d values of %s, got %d bytes", count, kind, len(raw))
	}
	out := make([]float64, count)
	for i := range out {
		if bits == 4 {
			out[i] = read([]byte{raw[i/2] >> (4 * (i % 2)) & 15})
			continue
		}
		out[i] = read(raw[int64(i)*bits/8:])
	}
	return out
}

var decoders = map[format.DataType]func(b []byte) float64{
	format.Float:   func(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) },
	format.Double:  func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) },
	format.Float16: func(b []byte) float64 { return halfToFloat(binary.LittleEndian.Uint16(b)) },
	format.Bfloat16: func(b []byte) float64 {
		return float64(math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16))
	},
	format.Uint8:  func(b []byte) float64 { return float64(b[0]) },
	format.Int8:   func(b []byte) float64 { return float64(int8(b[0])) },
	format.Bool:   func(b []byte) float64 { return truth(b[0] != 0) },
	format.Uint4:  func(b []byte) float64 { return float64(b[0]) },
	format.Int4:   func(b []byte) float64 { return float64(int8(b[0]<<4) >> 4) },
	format.Uint16: func(b []byte) float64 { return float64(binary.LittleEndian.Uint16(b)) },
	format.Int16:  func(b []byte) float64 { return float64(int16(binary.LittleEndian.Uint16(b))) },
	format.Uint32: func(b []byte) float64 { return float64(binary.LittleEndian.Uint32(b)) },
	format.Int32:  func(b []byte) float64 { return float64(int32(binary.LittleEndian.Uint32(b))) },
	format.Uint64: func(b []byte) float64 { return float64(binary.LittleEndian.Uint64(b)) },
	format.Int64:  func(b []byte) float64 { return float64(int64(binary.LittleEndian.Uint64(b))) },
}

// halfToFloat is the value of an IEEE number of 16 bits.
func halfToFloat(h uint16) float64 {
	sign, exponent, fraction := 1-2*float64(h>>15), int(h>>10&31), float64(h&1023)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

func truth(v bool) float64 {
	if v {
		return 1
	}
	return 0
}
