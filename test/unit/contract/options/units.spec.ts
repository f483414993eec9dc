import { expect } from "chai";
import { duration, size } from "../../../../core/contract/index.ts";

const durations: Readonly<Record<string, number>> = {
  "250ms": 250,
  "5s": 5_000,
  "2m": 120_000,
  "1h": 3_600_000,
  "1d": 86_400_000,
  "1.5s": 1_500,
};
const sizes: Readonly<Record<string, number>> = {
  "7B": 7,
  "64KiB": 65_536,
  "10MiB": 10_485_760,
  "1GiB": 1_073_741_824,
  "1KB": 1_000,
  "2MB": 2_000_000,
  "1GB": 1_000_000_000,
  "0.5 KiB": 512,
};

describe("durations and sizes", () => {
  for (const [text, milliseconds] of Object.entries(durations)) {
    it(`take ${text} for ${milliseconds} ms`, () => expect(duration().parse(text)).to.equal(milliseconds));
  }
  for (const [text, bytes] of Object.entries(sizes)) {
    it(`take ${text} for ${bytes} bytes`, () => expect(size().parse(text)).to.equal(bytes));
  }

  it("take a number as milliseconds or bytes, 0 too", () => {
    expect([duration().parse(40), duration().parse(0), size().parse(40), size().parse(0)]).to.deep.equal([40, 0, 40, 0]);
  });

  for (const wrong of ["5", "5 S", "5kib", "-5s", "s", "", -1, Number.NaN, Number.POSITIVE_INFINITY, null, undefined]) {
    it(`refuse ${typeof wrong === "string" ? JSON.stringify(wrong) : String(wrong)} and say what is expected`, () => {
      expect(duration().safeParse(wrong).error?.issues[0]?.message).to.include('a duration such as "250ms"');
      expect(size().safeParse(wrong).error?.issues[0]?.message).to.include('a size such as "64KiB"');
    });
  }

  it("show of a wrong value what people can read", () => {
    const told = (value: unknown): string =>
      duration()
        .safeParse(value)
        .error?.issues[0]?.message.replace(/^.*, got /, "") ?? "";
    expect([{ a: 1 }, [1], "x".repeat(5_000), null].map((value) => told(value).length <= 70)).to.deep.equal([true, true, true, true]);
    expect(told({ a: 1 })).to.not.include("[object");
  });
});
