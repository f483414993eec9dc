import { expect } from "chai";
import { definePlugin } from "../../../../core/contract/index.ts";

describe("definePlugin", () => {
  const define = definePlugin as unknown as (...given: unknown[]) => unknown;

  it("refuses hooks in place of a function that returns them", () => {
    expect(() => define("loud", { fromClient: (data: unknown) => data })).to.throw(
      TypeError,
      'definePlugin("loud", …): expected a class, or a function that returns hooks, got an object',
    );
  });

  it("refuses a schema that is not a zod object", () => {
    expect(() => define("loud", () => ({}), { level: "string" })).to.throw(
      TypeError,
      'definePlugin("loud", …, schema): expected a zod schema, such as z.object({ … }), got an object',
    );
  });

  it("refuses a function in place of the id", () => {
    expect(() => define(() => ({}))).to.throw(TypeError, "definePlugin: expected the plugin's id first, got a function");
  });
});
