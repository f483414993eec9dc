import { expect } from "chai";
import { definePlugin } from "../../../core/contract/index.ts";

describe("definePlugin", () => {
  const define = definePlugin as unknown as (...given: unknown[]) => unknown;

  it("refuses hooks where a function that returns them was meant", () => {
    expect(() => define("loud", { fromClient: (data: unknown) => data })).to.throw(
      TypeError,
      'definePlugin("loud", …): expected a class, or a function that returns hooks, got an object',
    );
  });

  it("refuses a schema that is no zod object", () => {
    expect(() => define("loud", () => ({}), { level: "string" })).to.throw(
      TypeError,
      'definePlugin("loud", …, schema): expected a zod schema, such as z.object({ … }), got an object',
    );
  });

  it("refuses a function where the id was meant", () => {
    expect(() => define(() => ({}))).to.throw(TypeError, "definePlugin: expected the plugin's id first, got a function");
  });
});
