import { expect } from "chai";
import { map, of } from "rxjs";
import { SluiceError, type FunctionPlugin } from "sluice";
import { carry, each } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { startForward } from "../support/forward.ts";
import { connect } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const wrong = (value: unknown): never => value as never;

const cases: readonly { readonly what: string; readonly hooks: FunctionPlugin; readonly said: string }[] = [
  {
    what: "a hook that returns nothing",
    hooks: { fromClient: (data) => wrong(void data.pipe(map((chunk) => chunk))) },
    said: "a byte hook must return the Observable it made of its data, and returned undefined",
  },
  {
    what: "each() that returns nothing",
    hooks: { fromClient: (data) => data.pipe(each(() => wrong(undefined))) },
    said: "the function of an each() or carry() returned undefined",
  },
  {
    what: "carry() that returns a string",
    hooks: { fromClient: (data) => data.pipe(carry({ start: () => 0, step: () => wrong("secret") })) },
    said: "the function of an each() or carry() returned a string, of which Buffer.from(text) makes a Buffer",
  },
  {
    what: "each() that promises an array",
    hooks: { fromClient: (data) => data.pipe(each((chunk) => Promise.resolve(wrong([chunk])))) },
    said: "the function of an each() or carry() returned an array, of which Buffer.concat(list) makes a Buffer",
  },
  {
    what: "each() that returns an Observable",
    hooks: { fromClient: (data) => data.pipe(each((chunk) => wrong(of(chunk)))) },
    said: "the function of an each() or carry() returned an Observable",
  },
  {
    what: "an operator that emits a number",
    hooks: { fromClient: (data) => data.pipe(map(() => wrong(7))) },
    said: "a byte hook emitted a number",
  },
  {
    what: "the end of a carry() that returns a string",
    hooks: { fromClient: (data) => data.pipe(carry({ start: () => 0, step: () => null, end: () => wrong("rest") })) },
    said: "the end() of a carry() returned a string, of which Buffer.from(text) makes a Buffer",
  },
];

describe("what a plugin gave in place of a chunk", () => {
  for (const { what, hooks, said } of cases)
    for (const onError of ["close", "bypass"] as const)
      it(`is told, and what to return: ${what}, onError ${onError}`, async () => {
        const { port, event } = await startForward(cleanup, "echo", { plugins: [plugin("odd", hooks, { onError })] });
        const client = await connect(port());
        client.end("hello");
        const { error } = await event("plugin-fault");
        expect(error).to.be.instanceOf(SluiceError).with.property("code", "SLUICE_PLUGIN_CHUNK");
        expect(error.message).to.include(said).and.include("the Buffer to pass on, null to drop it, or a promise of either");
        expect(error.message).to.include("a hook returns the Observable that it made of its data").and.not.include("secret");
      });
});
