import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { fileDescriptor, type Descriptor } from "../../../../core/runtime/log/descriptor.ts";
import { LogQueue, QUEUE_BYTES } from "../../../../core/runtime/log/log-queue.ts";
import { createCleanup } from "../../../support/cleanup.ts";
import { eventually } from "../../../support/eventually.ts";

describe("the queue of a log", () => {
  const cleanup = createCleanup();
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-log-"));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  });
  afterEach(() => cleanup.run());

  function queueTo(descriptor: Descriptor): LogQueue {
    const queue = new LogQueue(descriptor);
    queue.notice = (dropped) => `dropped ${dropped}\n`;
    cleanup.add(() => queue.close());
    return queue;
  }

  /** A pipe, and what stands still behind it until it reads. */
  function pipe(): { queue: LogQueue; read: () => string } {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    cleanup.add(() => closeSync(reader));
    const buffer = Buffer.alloc(2 * QUEUE_BYTES);
    const decoder = new StringDecoder();
    const read = (): string => {
      try {
        return decoder.write(buffer.subarray(0, readSync(reader, buffer)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EAGAIN") return "";
        throw error;
      }
    };
    return { queue: queueTo(fileDescriptor(path)), read };
  }

  it("writes the lines of one turn of the event loop together, at its end", async () => {
    const writes: Buffer[] = [];
    const { queue, read } = pipe();
    queue.write("a\n");
    queue.write("b\n");
    expect(read(), "within the turn").to.equal("");
    await new Promise(setImmediate);
    for (let text = read(); text !== ""; text = read()) writes.push(Buffer.from(text));
    expect(writes.map(String)).to.deep.equal(["a\nb\n"]);
  });

  it("writes all lines in their order while they come turn after turn, to a file too, and a large batch without a pause", async () => {
    const { queue, read } = pipe();
    const path = join(folder, "log");
    const file = queueTo(fileDescriptor(path));
    const expected = Array.from({ length: 300 }, (_, index) => `${index}\n`).join("");
    for (let index = 0; index < 300; index++) {
      queue.write(`${index}\n`);
      file.write(`${index}\n`);
      // oxlint-disable-next-line no-await-in-loop -- each line has a turn of its own
      await new Promise(setImmediate);
    }
    let text = "";
    await eventually(() => {
      text += read();
      expect(text).to.equal(expected);
      expect(readFileSync(path, "utf8")).to.equal(expected);
    });
    queue.write("small\n");
    await new Promise(setImmediate);
    queue.write(`${"x".repeat(64 * 1024)}\n`);
    await new Promise(setImmediate);
    expect(read().length).to.be.greaterThan(32 * 1024);
  });

  it("keeps 1 MiB for a reader that stands still, counts what comes beyond it, and tells of it in its place", async () => {
    const { queue, read } = pipe();
    const line = (index: number): string => `${String(index).padStart(9, "0")} ${"é".repeat(494)}\n`;
    const sent = 2000;
    for (let index = 0; index < sent; index++) queue.write(line(index));
    queue.flush();
    let text = "";
    await eventually(() => {
      text += read();
      expect(text).to.match(/^dropped \d+$/m);
    });
    queue.write("after\n");
    await eventually(() => {
      text += read();
      expect(text).to.include("after");
    });
    const lines = text.trimEnd().split("\n");
    const dropped = Number(/dropped (\d+)/.exec(text)?.[1]);
    const kept = sent - dropped;
    // What the pipe itself holds was written before or after: it is not the queue's.
    expect(kept).to.be.within(Math.floor(QUEUE_BYTES / 1000), Math.ceil((QUEUE_BYTES + 64 * 1024) / 1000));
    const expected = Array.from({ length: kept }, (_, index) => line(index).trimEnd());
    expect(lines).to.deep.equal([...expected, `dropped ${dropped}`, "after"]);
  });

  it("waits while a disk is full, and loses nothing that fits the queue", async () => {
    const queue = queueTo(fileDescriptor("/dev/full"));
    queue.write("kept\n");
    queue.flush();
    const path = join(folder, "log");
    queue.moveTo(fileDescriptor(path));
    await queue.finished(5000);
    expect(readFileSync(path, "utf8")).to.equal("kept\n");
  });

  it("goes on in another file, each line in one of them", async () => {
    const [before, after] = [join(folder, "log.1"), join(folder, "log")];
    const queue = queueTo(fileDescriptor(after));
    for (let index = 0; index < 100; index++) queue.write(`${index}\n`);
    queue.flush();
    renameSync(after, before);
    queue.moveTo(fileDescriptor(after));
    for (let index = 100; index < 200; index++) queue.write(`${index}\n`);
    await queue.finished(5000);
    const lines = (readFileSync(before, "utf8") + readFileSync(after, "utf8")).trimEnd().split("\n");
    expect(lines).to.deep.equal(Array.from({ length: 200 }, (_, index) => String(index)));
  });

  it("does not wait for a FIFO that nobody reads: it cannot be opened", () => {
    const path = join(folder, "fifo");
    execFileSync("mkfifo", [path]);
    expect(() => fileDescriptor(path)).to.throw("ENXIO");
  });

  it("stops waiting at the end of the process for a reader that reads nothing", () => {
    const { queue } = pipe();
    queue.write("x".repeat(512 * 1024));
    const started = performance.now();
    queue.finishNow(started + 20);
    // A bound that is generous: what it must not do is wait for ever.
    expect(performance.now() - started).to.be.below(5000);
  });
});
