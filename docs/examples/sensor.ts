import { definePlugin } from "sluice";
import { frames, messages } from "sluice/codec";
import { each } from "sluice/flow";

interface Reading {
  readonly version: number;
  readonly celsius: number;
}

const readings = frames<Reading>({
  // One byte of version, two of length, then the reading.
  size: (buffer) => (buffer.length < 3 ? undefined : 3 + buffer.readUInt16BE(1)),
  max: 1024,
  decode: (frame) => ({ version: frame.readUInt8(0), celsius: frame.readInt16BE(3) / 10 }),
  encode: ({ version, celsius }) => {
    const frame = Buffer.alloc(5);
    frame.writeUInt8(version, 0);
    frame.writeUInt16BE(2, 1);
    frame.writeInt16BE(Math.round(celsius * 10), 3);
    return frame;
  },
});

/** Corrects what a sensor measures. */
export const calibrate = definePlugin("calibrate", ({ offset }: { readonly offset: number }) => ({
  fromClient: (data) =>
    data.pipe(
      messages(
        readings,
        each((reading) => ({ ...reading, celsius: reading.celsius + offset })),
      ),
    ),
}));
